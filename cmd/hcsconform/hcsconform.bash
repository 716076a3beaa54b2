# SPDX-License-Identifier: MIT
# bash completion for hcsconform

_hcsconform() {
        local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
        case $before in
        --target) mapfile -t COMPREPLY < <(compgen -W "real emulate" -- "$cur") ;;
        --group) mapfile -t COMPREPLY < <(compgen -W "hcs process network storage" -- "$cur") ;;
        --library-path | --record) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        --junit | --results | --compare | --parity | --recorder | --image) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        *) mapfile -t COMPREPLY < <(compgen -W "--target --group --case --image --patience --library-path --record --recorder --replay
                --through-service --strict --junit --results --compare --parity --list --help --version" -- "$cur") ;;
        esac
}
complete -o filenames -F _hcsconform hcsconform
