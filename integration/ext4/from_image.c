/* SPDX-License-Identifier: MIT */

/* Our own reader. */

#include <stdio.h>

#include "ext4/read/attributes.h"
#include "ext4/read/walk.h"
#include "integration/ext4/listing.h"

struct reading {
        struct ext4_image *image;
        struct listing *out;
        bool ok;
};

static void trouble(void *ctx, const char *path, struct hcs_error *e) {
        printf("  image: %s: %s\n", path, hcs_error_message(e));
        hcs_error_free(e);
        ((struct reading *)ctx)->ok = false;
}

static HRESULT content(struct ext4_image *image, const struct ext4_inode *node, char **ret, struct hcs_error **err) {
        struct sha256 *h = sha256_new();
        static uint8_t chunk[1 << 20];
        size_t n = 1;
        HRESULT hr = S_OK;

        for (uint64_t at = 0; SUCCEEDED(hr) && n > 0; at += n) {
                hr = ext4_content_read(image, node, at, chunk, sizeof(chunk), &n, err);
                if (SUCCEEDED(hr))
                        sha256_add(h, chunk, n);
        }
        *ret = sha256_end(h);
        return hr;
}

static HRESULT visit(void *ctx, const char *path, const char *name, const struct ext4_inode *node,
                     struct hcs_error **err) {
        struct reading *r = ctx;
        struct listed f = {.path = hcs_strdup(path),
                           .ino = node->number,
                           .mode = node->mode,
                           .uid = node->uid,
                           .gid = node->gid,
                           .links = node->links,
                           .size = node->size,
                           .major = node->dev_major,
                           .minor = node->dev_minor,
                           .atime = node->atime,
                           .mtime = node->mtime,
                           .ctime = node->ctime};
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set set = {0};
        struct hcs_error *e = NULL;
        struct hcs_buf target = {0};
        HRESULT hr = ext4_attributes_read(r->image, node, &set, &e);

        f.xattrs = listing_xattrs(&set);
        if (SUCCEEDED(hr) && ext4_inode_type(node) == EXT4_REG)
                hr = content(r->image, node, &f.content, &e);
        if (SUCCEEDED(hr) && ext4_inode_type(node) == EXT4_LNK) {
                hr = ext4_link_target(r->image, node, &target, &e);
                f.target = hcs_buf_steal(&target);
        }
        if (FAILED(hr))
                trouble(r, path, e);
        listing_add(r->out, &f);
        return S_OK;
}

bool listing_from_image(const char *image, struct listing *ret) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *file = NULL;
        _cleanup_(ext4_image_freep) struct ext4_image *i = NULL;
        struct reading r = {.out = ret, .ok = true};
        const struct ext4_visitor v = {.visit = visit, .trouble = trouble, .ctx = &r};
        struct hcs_error *err = NULL;
        struct ext4_inode root;
        HRESULT hr = hcs_data_file_open(image, &file, &err);

        if (SUCCEEDED(hr))
                hr = ext4_image_open(file, &i, &err);
        r.image = i;
        if (SUCCEEDED(hr))
                hr = ext4_inode_read(i, EXT4_ROOT_INO, &root, &err);
        if (SUCCEEDED(hr))
                hr = visit(&r, "/", "", &root, &err);
        if (SUCCEEDED(hr))
                hr = ext4_walk(i, &root, "/", &v, &err);
        if (FAILED(hr))
                trouble(&r, "/", err);
        return r.ok;
}
