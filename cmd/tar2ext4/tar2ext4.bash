# SPDX-License-Identifier: MIT
# bash completion for tar2ext4

_tar2ext4() {
        local cur=${COMP_WORDS[COMP_CWORD]}
        if [[ $cur == -* ]]; then
                mapfile -t COMPREPLY < <(compgen -W "-i -o -overlay -inline -convert-slash -libarchive-xattrs -verity -vhd -only-vhd -h -version" -- "$cur")
        else
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi
}
complete -o filenames -F _tar2ext4 tar2ext4
