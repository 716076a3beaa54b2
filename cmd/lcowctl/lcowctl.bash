# SPDX-License-Identifier: MIT
# bash completion for lcowctl

_lcowctl() {
        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} options=''
        case $prev in
        --layer | --image | --spec | --boot-files-path | --cache | --record | --replay)
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                return
                ;;
        --guest-log) options="error warning info debug trace" ;;
        --mount) options="type=bind,src= type=tmpfs,dst= type=scsi,src=" ;;
        *)
                case $COMP_CWORD:$command in
                1:*) options="run images prune --help --version" ;;
                *:run)
                        options="--layer --image --spec --tty --env --workdir --user --hostname --mount --limit-memory --limit-cpus
                                --annotation --stats --boot-files-path --kernel-args --cpus --memory --network --scratch-size
                                --timeout --cache --record --replay --trace --guest-log --name --json --quiet --help"
                        ;;
                *:images | *:prune) options="--cache --json --help" ;;
                esac
                ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}
complete -F _lcowctl lcowctl
