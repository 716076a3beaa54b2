/* SPDX-License-Identifier: MIT */

/* ext4ls extract where files have no owners, devices and links as ext4 has them. */

#include "cmd/ext4ls/ext4ls.h"

int cmd_extract(int argc, char **argv) {
        struct hcs_error *err = NULL;

        hcs_error_make(&err, E_NOTIMPL,
                       "Windows has no place for what is in an ext4 image; `ext4ls cat` gives single files");
        return tell_error(argv[0], err);
}
