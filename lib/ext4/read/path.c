/* SPDX-License-Identifier: MIT */

#include "ext4/read/path.h"

#include <string.h>

#include "ext4/read/directory.h"

#define MAX_LINKS 40u /* as the kernel */

/* The directories from the root to here, for "..", and what is left of the path. */
struct way {
        struct hcs_buf parents; /* inode numbers */
        struct hcs_buf rest;
        size_t at; /* in rest */
        unsigned links;
};

static void push(struct way *w, uint32_t ino) {
        hcs_buf_append(&w->parents, &ino, sizeof(ino));
}

static uint32_t top(const struct way *w) {
        uint32_t ino = EXT4_ROOT_INO;

        if (w->parents.len)
                memcpy(&ino, w->parents.data + w->parents.len - sizeof(ino), sizeof(ino));
        return ino;
}

static void pop(struct way *w) {
        if (w->parents.len)
                w->parents.len -= sizeof(uint32_t);
}

static bool is_last(const struct way *w) {
        return w->rest.data[w->at + strspn(w->rest.data + w->at, "/")] == '\0';
}

/* A link's target takes the place of its name. */
static HRESULT follow_link(struct ext4_image *i, struct way *w, const struct ext4_inode *link, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf target = {0};
        HRESULT hr;

        if (++w->links > MAX_LINKS)
                return hcs_error_make(err, EXT4_E_LINK_LOOP, "too many symbolic links");
        hr = ext4_link_target(i, link, &target, err);
        if (FAILED(hr))
                return hr;
        if (target.len == 0)
                return hcs_error_make(err, EXT4_E_NO_FILE, "an empty symbolic link leads nowhere");
        if (target.data[0] == '/')
                hcs_buf_clear(&w->parents);
        hcs_buf_puts(&target, w->rest.data + w->at); /* begins with a slash, if there is any */
        hcs_buf_deinit(&w->rest);
        w->rest = target;
        target = (struct hcs_buf){0};
        w->at = 0;
        return S_OK;
}

/* One name further; *node is where the way has come to. */
static HRESULT step(struct ext4_image *i, struct way *w, bool follow, struct ext4_inode *node, struct hcs_error **err) {
        const char *name = w->rest.data + w->at;
        size_t len = strcspn(name, "/");
        bool last, slash = name[len] == '/';
        uint32_t ino;
        HRESULT hr;

        w->at += len;
        last = is_last(w);
        if (ext4_inode_type(node) != EXT4_DIR)
                return hcs_error_make(err, EXT4_E_NO_PATH, "not a directory");
        if (len == 1 && name[0] == '.')
                return S_OK;
        if (len == 2 && name[0] == '.' && name[1] == '.') {
                pop(w);
                return ext4_inode_read(i, top(w), node, err);
        }
        hr = ext4_directory_find(i, node, name, len, &ino, err);
        if (SUCCEEDED(hr))
                hr = ext4_inode_read(i, ino, node, err);
        if (FAILED(hr))
                return hr;
        if (ext4_inode_type(node) == EXT4_LNK && (!last || follow || slash)) {
                hr = follow_link(i, w, node, err);
                return SUCCEEDED(hr) ? ext4_inode_read(i, top(w), node, err) : hr;
        }
        if (ext4_inode_type(node) == EXT4_DIR)
                push(w, ino);
        else if (slash)
                return hcs_error_make(err, EXT4_E_NO_PATH, "not a directory");
        return S_OK;
}

HRESULT ext4_path_find(struct ext4_image *i, const char *path, bool follow, struct ext4_inode *ret,
                       struct hcs_error **err) {
        struct way w = {0};
        struct ext4_inode node;
        HRESULT hr = ext4_inode_read(i, EXT4_ROOT_INO, &node, err);

        hcs_buf_puts(&w.rest, path);
        if (SUCCEEDED(hr) && ext4_inode_type(&node) != EXT4_DIR)
                hr = hcs_error_make(err, EXT4_E_CORRUPT, "inode %u, the root, is no directory", EXT4_ROOT_INO);
        while (SUCCEEDED(hr)) {
                w.at += strspn(w.rest.data + w.at, "/");
                if (w.rest.data[w.at] == '\0')
                        break;
                hr = step(i, &w, follow, &node, err);
        }
        hcs_buf_deinit(&w.parents);
        hcs_buf_deinit(&w.rest);
        if (FAILED(hr))
                return hcs_error_wrap(err, "%.200s", path), hr;
        *ret = node;
        return S_OK;
}
