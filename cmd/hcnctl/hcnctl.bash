# SPDX-License-Identifier: MIT
# bash completion for hcnctl

_hcnctl_ids() {
        hcnctl "$1" list --ids 2>/dev/null
}

_hcnctl() {
        local cur=${COMP_WORDS[COMP_CWORD]} words=() w options=
        for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                [[ $w == --json ]] || words+=("$w")
        done
        case ${#words[@]} in
        0) options="network endpoint namespace loadbalancer route service features hns --json --library --help --version" ;;
        1)
                case ${words[0]} in
                network) options="list show create delete modify add-policy remove-policy update-policy" ;;
                endpoint) options="list show create delete modify add-policy remove-policy update-policy attach detach stats" ;;
                namespace) options="list show create delete modify add-endpoint remove-endpoint sync" ;;
                loadbalancer | lb | route) options="list show create delete modify add-endpoint remove-endpoint" ;;
                service) options="list show create delete modify" ;;
                hns) options="GET POST DELETE" ;;
                esac
                ;;
        *)
                case ${words[1]} in
                list) options="--name --network --filter --ids" ;;
                create) options=$(hcnctl "${words[0]}" create --help 2>/dev/null | grep -oE -- '^  --[a-z-]+' | tr -d ' ') ;;
                attach | detach) options="--namespace --container --host --vm --vm-id --compartment" ;;
                esac
                if [[ $cur != -* && ${words[1]} != list && ${words[1]} != create && ${#words[@]} -eq 2 ]]; then
                        options=$(_hcnctl_ids "${words[0]}")
                fi
                if [[ $cur != -* && ${words[1]} == *-policy && ${#words[@]} -eq 3 ]]; then
                        options="ACL AutomaticDNS DrMacAddress EncapOverhead HostRoute InterfaceConstraint Iov L2Driver L4Proxy L4WFPPROXY LayerConstraint NetAdapterName NetworkACL OutBoundNAT PortMapping PortName ProviderAddress QOS RemoteSubnetRoute SDNRoute SetPolicy SourceMacAddress TierAcl VSwitchExtension VxlanPort"
                fi
                ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
        [[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
complete -F _hcnctl hcnctl
