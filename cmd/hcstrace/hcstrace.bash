# SPDX-License-Identifier: MIT
# bash completion for hcstrace

_hcstrace() {
        local cur=${COMP_WORDS[COMP_CWORD]} options=
        if ((COMP_CWORD == 1)); then
                mapfile -t COMPREPLY < <(compgen -W "record replay verify torture import guest host diff stats merge split minimise prune noise redact show validate --help --version" -- "$cur")
                return
        fi
        case ${COMP_WORDS[1]} in
        record) options="-o --update --no-redact --emulate --no-streams --help" ;;
        replay | verify) options="--order --speed --json --tap --junit --help" ;;
        torture) options="--scenario --faults --seed --runs --timeout --emulate --strict --output --json --tap --junit --list --help" ;;
        import) options="-o --no-redact --verbose --json --zone --day --offset --help" ;;
        guest | host) options="--bridge --timeout --faults --seed --help" ;;
        diff) options="--bridge --limit --json --help" ;;
        show) options="--handle --all --full --json --html --against -o --help" ;;
        stats) options="--json --help" ;;
        merge) options="-o --update --help" ;;
        split) options="--by -o --json --help" ;;
        minimise) options="-o --prefix --timeout --runs --help" ;;
        prune) options="-o --report --help" ;;
        noise) options="-o --clear --json --help" ;;
        redact) options="-o --member --text --output --key --restore --help" ;;
        validate) options="--type --profile --guest-answer --list --json --tap --junit --help" ;;
        esac
        case ${COMP_WORDS[COMP_CWORD - 1]} in
        --bridge) options="bridge/1 bridge/2" ;;
        --timeout) options="10 30 60 300" ;;
        --scenario) options=$(hcstrace torture --list 2>/dev/null | grep -o '^[a-z-]*') ;;
        --by) options="system container thread" ;;
        --order) options="handle global any" ;;
        --profile) options="lenient strict:17763 strict:19041 strict:20348 strict:22000 strict:26100" ;;
        --type) options=$(hcstrace validate --list 2>/dev/null) ;;
        esac
        if [[ $cur == -* || ${COMP_WORDS[COMP_CWORD - 1]} == --* ]]; then
                mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
        fi
        [[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
complete -F _hcstrace hcstrace
