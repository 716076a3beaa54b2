# SPDX-License-Identifier: MIT
# bash completion for hcsctl

_hcsctl() {
        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' w options='' common="--json --library --api --help"
        for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                [[ $w == -* ]] || { command=$w && break; }
        done
        case $prev in
        --library | --socket | -w)
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                return
                ;;
        --api) options="computecore vmcompute" ;;
        --type) options="Container VirtualMachine" ;;
        --property) options="Statistics ProcessList Memory ProcessorTopology CpuGroup" ;;
        --signal) options="CtrlC CtrlBreak CtrlClose CtrlLogOff CtrlShutdown" ;;
        *)
                case $command in
                "") options="list show exec console kill events snapshot reboot service --help --version" ;;
                list) options="--owner --type --ids $common" ;;
                show) options="--property --query $common" ;;
                exec) options="-i -t -w -e -u $common" ;;
                console) options="-w -e -u $common" ;;
                kill) options="--pid --signal --shutdown $common" ;;
                events) options="$common" ;;
                snapshot) options="save restore --socket --json --help" ;;
                reboot) options="--without-networks --socket --help" ;;
                service) options="status stop --socket --json --help" ;;
                esac
                case $command in
                show | exec | console | kill | events)
                        [[ $cur == -* ]] || options=$(hcsctl list --ids 2>/dev/null)
                        ;;
                snapshot)
                        if [[ $prev == save || $prev == restore ]]; then
                                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                                return
                        fi
                        ;;
                esac
                ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}
complete -F _hcsctl hcsctl
