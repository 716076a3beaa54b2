# SPDX-License-Identifier: MIT
# bash completion for ext4ls

_ext4ls() {
        local cur=${COMP_WORDS[COMP_CWORD]} options="-l -R -d --json --help" i image=
        case ${COMP_WORDS[1]} in
        stat) options="-L --json --help" ;;
        cat) options="--help" ;;
        extract) options="-C -v --help" ;;
        info) options="--json --help" ;;
        esac
        case ${COMP_WORDS[COMP_CWORD - 1]} in
        -C | --directory)
                mapfile -t COMPREPLY < <(compgen -d -- "$cur")
                return
                ;;
        esac
        if [[ $cur == -* ]]; then
                mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
                return
        fi
        # The first word that is a file is the image; what follows are paths in it.
        for ((i = 1; i < COMP_CWORD; i++)); do
                [[ -z $image && ${COMP_WORDS[i]} != -* && ${COMP_WORDS[i - 1]} != -C && -f ${COMP_WORDS[i]} ]] &&
                        image=${COMP_WORDS[i]}
        done
        if [[ -n $image ]]; then
                local dir=${cur%"${cur##*/}"}
                mapfile -t COMPREPLY < <(compgen -P "$dir" -W "$(ext4ls ls "$image" "${dir:-/}" 2>/dev/null)" -- "${cur##*/}")
                return
        fi
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        if ((COMP_CWORD == 1)); then
                mapfile -O ${#COMPREPLY[@]} -t COMPREPLY < <(compgen -W "ls stat cat extract info --help --version" -- "$cur")
        fi
}
complete -o filenames -F _ext4ls ext4ls
