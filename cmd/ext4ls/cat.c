/* SPDX-License-Identifier: MIT */

/* ext4ls cat: content on standard output. */

#include <errno.h>
#include <getopt.h>

#include "cmd/ext4ls/ext4ls.h"

#define CHUNK ((size_t)1 << 20)

static HRESULT copy(const struct shown_entry *e, struct hcs_error **err) {
        _cleanup_free_ uint8_t *chunk = hcs_malloc(CHUNK);
        uint64_t at = 0;
        size_t n;

        if (ext4_inode_type(e->node) != EXT4_REG)
                return hcs_error_make(err, E_INVALIDARG, "is a %s", type_name(e->node->mode));
        do {
                HRESULT hr = ext4_content_read(e->image, e->node, at, chunk, CHUNK, &n, err);

                if (FAILED(hr))
                        return hr;
                if (fwrite(chunk, 1, n, stdout) < n)
                        return hcs_error_errno(err, errno, "write to standard output");
                at += n;
        } while (n > 0);
        return S_OK;
}

static void usage(void) {
        puts("usage: ext4ls cat IMAGE PATH...\n\nSymbolic links are followed, within the image.");
}

int cmd_cat(int argc, char **argv) {
        static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
        int c = next_option(argc, argv, "h", options, NULL);

        return c != -1 ? end_of_options("cat", c, usage) : each_path("cat", argc, argv, true, copy);
}
