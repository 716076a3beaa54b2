# SPDX-License-Identifier: MIT
# bash completion for mockhcs

_mockhcs() {
        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} options=''
        case $prev in
        --socket | --loopback | --record | --state | --prefix | --beside | --from | --template)
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                return
                ;;
        --backend) options="emulate replay= faults= record=" ;;
        *)
                if [[ $COMP_CWORD -eq 1 ]]; then
                        options="install uninstall status run service --help --version"
                elif [[ ${COMP_WORDS[1]} == service ]]; then
                        options="--socket --loopback --backend --state --idle-exit --foreground --max-clients --max-handles --max-pending --max-frame --max-unread --help"
                elif [[ $cur == -* ]]; then
                        case ${COMP_WORDS[1]} in
                        install) options="--prefix --beside --system --from --replace --help" ;;
                        uninstall) options="--prefix --beside --system --help" ;;
                        status) options="--prefix --beside --system --json --help" ;;
                        run) options="--build --manifest --service --backend --record --from --prefix --template --help" ;;
                        esac
                else
                        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                        return
                fi
                ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
        [[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace
}
complete -F _mockhcs mockhcs
