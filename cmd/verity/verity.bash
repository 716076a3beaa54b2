# SPDX-License-Identifier: MIT
# bash completion for verity

_verity() {
        local cur=${COMP_WORDS[COMP_CWORD]} options=
        if ((COMP_CWORD == 1)); then
                mapfile -t COMPREPLY < <(compgen -W "create roothash verify info --help --version" -- "$cur")
                return
        fi
        case ${COMP_WORDS[1]} in
        create) options="-o --as --hash-dev-vhd --no-vhd --uuid --threads --json --help" ;;
        roothash) options="--as --threads --json --help" ;;
        verify)
                options="--as --hash-file --hash-offset --threads --json --no-superblock --hash --salt --data-block-size --hash-block-size
                        --data-blocks --format --help"
                ;;
        info) options="--hash-offset --json --help" ;;
        esac
        case ${COMP_WORDS[COMP_CWORD - 1]} in
        --as)
                mapfile -t COMPREPLY < <(compgen -W "tar image layout" -- "$cur")
                return
                ;;
        --hash)
                mapfile -t COMPREPLY < <(compgen -W "sha1 sha224 sha256 sha384 sha512 sha3-224 sha3-256 sha3-384 sha3-512
                        blake2b-512 blake2s-256" -- "$cur")
                return
                ;;
        --format)
                mapfile -t COMPREPLY < <(compgen -W "0 1" -- "$cur")
                return
                ;;
        esac
        if [[ $cur == -* ]]; then
                mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
        else
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi
}
complete -o filenames -F _verity verity
