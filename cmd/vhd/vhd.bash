# SPDX-License-Identifier: MIT
# bash completion for vhd

_vhd() {
        local cur=${COMP_WORDS[COMP_CWORD]}
        if ((COMP_CWORD == 1)); then
                mapfile -t COMPREPLY < <(compgen -W "check add strip create convert grow --help --version" -- "$cur")
                return
        fi
        case ${COMP_WORDS[1]}$cur in
        add-*) mapfile -t COMPREPLY < <(compgen -W "-o --id --help" -- "$cur") ;;
        strip-*) mapfile -t COMPREPLY < <(compgen -W "-o --help" -- "$cur") ;;
        create-*) mapfile -t COMPREPLY < <(compgen -W "-o --size --block-size --parent --help" -- "$cur") ;;
        convert-*) mapfile -t COMPREPLY < <(compgen -W "-o --fixed --help" -- "$cur") ;;
        grow-*) mapfile -t COMPREPLY < <(compgen -W "-o --size --help" -- "$cur") ;;
        check-*) mapfile -t COMPREPLY < <(compgen -W "--help" -- "$cur") ;;
        *) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        esac
}
complete -o filenames -F _vhd vhd
