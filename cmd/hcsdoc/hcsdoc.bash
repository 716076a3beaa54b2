# SPDX-License-Identifier: MIT
# bash completion for hcsdoc

_hcsdoc() {
        local cur=${COMP_WORDS[COMP_CWORD]}
        if ((COMP_CWORD == 1)); then
                mapfile -t COMPREPLY < <(compgen -W "lcow-uvm lcow-uvm-v2 wcow-uvm lcow-container wcow-container annotations --help --version" -- "$cur")
        elif [[ ${COMP_WORDS[1]} == annotations ]]; then
                mapfile -t COMPREPLY < <(compgen -W "$(hcsdoc annotations 2>/dev/null | grep '^[^ ]')" -- "$cur")
        elif [[ $cur == -* ]]; then
                mapfile -t COMPREPLY < <(compgen -W "--explain --steps --pretty --quiet --help" -- "$cur")
        else
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi
}
complete -o filenames -F _hcsdoc hcsdoc
