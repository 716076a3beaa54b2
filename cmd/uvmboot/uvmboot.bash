# SPDX-License-Identifier: MIT
# bash completion for uvmboot

_uvmboot() {
        local cur=${COMP_WORDS[COMP_CWORD]} i
        for ((i = 1; i < COMP_CWORD; i++)); do
                [[ ${COMP_WORDS[i]} == -- ]] && return
        done
        case ${COMP_WORDS[COMP_CWORD - 1]} in
        --accel) mapfile -t COMPREPLY < <(compgen -W "auto kvm tcg" -- "$cur") ;;
        --vsock) mapfile -t COMPREPLY < <(compgen -W "own vhost-device-vsock kernel" -- "$cur") ;;
        --root-fs-type) mapfile -t COMPREPLY < <(compgen -W "initrd vhd" -- "$cur") ;;
        --log-level) mapfile -t COMPREPLY < <(compgen -W "error warning info debug trace" -- "$cur") ;;
        --output-handling) mapfile -t COMPREPLY < <(compgen -W "stdout" -- "$cur") ;;
        --boot-files-path | --artefacts | --share) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        --kernel-file | --mount-scsi | --mount-vpmem | --layer | --record | --replay) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        --cpus | --memory | --cid | --annotation | --vpmem-max-count | --timeout | --count | --parallel | --kernel-args | --exec | --host-exec) ;;
        *)
                mapfile -t COMPREPLY < <(compgen -W "lcow --exec --host-exec --tty --gcs --console --boot-files-path --kernel-file
                        --root-fs-type --kernel-args --cpus --memory --accel --vsock --cid --network --mount-scsi --mount-vpmem
                        --vpmem-max-count --share --layer --stats --annotation --allow-overcommit --enable-deferred-commit
                        --fwd-stdout --fwd-stderr --output-handling --log-level --disable-time-sync --timeout --trace
                        --record --replay --artefacts --count --parallel --measure --json --debug --quiet --help
                        --version --" -- "$cur")
                ;;
        esac
}
complete -F _uvmboot uvmboot
