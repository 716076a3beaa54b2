/* SPDX-License-Identifier: MIT */

/* ext4ls cat: content on standard output. */

#include <errno.h>
#include <getopt.h>

#include "cmd/ext4ls/ext4ls.h"

#define CHUNK ((size_t)1 << 20)

static HRESULT copy(struct ext4_image *image, const struct ext4_inode *node, struct hcs_error **err) {
        _cleanup_free_ uint8_t *chunk = hcs_malloc(CHUNK);
        uint64_t at = 0;
        size_t n;

        if (ext4_inode_type(node) != EXT4_REG)
                return hcs_error_make(err, E_INVALIDARG, "is a %s", type_name(node->mode));
        do {
                HRESULT hr = ext4_content_read(image, node, at, chunk, CHUNK, &n, err);

                if (FAILED(hr))
                        return hr;
                if (fwrite(chunk, 1, n, stdout) < n)
                        return hcs_error_errno(err, errno, "write to standard output");
                at += n;
        } while (n > 0);
        return S_OK;
}

int cmd_cat(int argc, char **argv) {
        static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
        int c, status = EXIT_OK;
        struct opened o;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
                if (c != 'h')
                        return EXIT_USAGE;
                puts("usage: ext4ls cat IMAGE PATH...\n\nSymbolic links are followed, within the image.");
                return EXIT_OK;
        }
        if (argc - optind < 2)
                return tell_usage("cat", "name an image and a path");
        if (!open_image("cat", argv[optind], &o))
                return EXIT_PROBLEMS;
        for (int i = optind + 1; i < argc; i++) {
                struct hcs_error *err = NULL;
                struct ext4_inode node;
                HRESULT hr = ext4_path_find(o.image, argv[i], true, &node, &err);

                if (SUCCEEDED(hr)) {
                        hr = copy(o.image, &node, &err);
                        if (FAILED(hr))
                                hcs_error_wrap(&err, "%.200s", argv[i]);
                }
                if (FAILED(hr))
                        status = tell_error("cat", err);
        }
        close_image(&o);
        return status;
}
