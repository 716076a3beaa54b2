/* SPDX-License-Identifier: MIT */

/* Paths in the file system that is being written: made clean, looked up, and shown in messages. */

#include <stdio.h>
#include <string.h>

#include "base/utf.h"
#include "ext4/writer_private.h"

const char *ext4_writer_show(const char *name, struct ext4_shown *s) {
        _cleanup_free_ char *visible = hcs_utf8_visible(name);
        size_t n = strlen(visible);

        if (n < sizeof(s->text))
                return strcpy(s->text, visible);
        snprintf(s->text, sizeof(s->text), "%.120s...%s", visible, visible + n - 120);
        return s->text;
}

HRESULT ext4_writer_refuse(HRESULT hr, const char *path, const char *why, struct hcs_error **err) {
        struct ext4_shown s;

        return hcs_error_make(err, hr, "%s: %s", ext4_writer_show(path, &s), why);
}

void ext4_writer_clean_path(const char *path, struct hcs_buf *out) {
        hcs_buf_clear(out);
        while (*path) {
                size_t n = strcspn(path, "/");

                if (n == 2 && path[0] == '.' && path[1] == '.') {
                        while (out->len > 0 && out->data[--out->len] != '/')
                                continue;
                } else if (n > 0 && !(n == 1 && path[0] == '.')) {
                        if (out->len > 0)
                                hcs_buf_putc(out, '/');
                        hcs_buf_append(out, path, n);
                }
                path += n;
                path += *path == '/';
        }
        hcs_buf_append(out, "", 0);
}

size_t ext4_writer_last_name(const struct hcs_buf *path) {
        const char *slash = path->len ? memrchr(path->data, '/', path->len) : NULL;

        return slash ? (size_t)(slash - path->data) + 1 : 0;
}

bool ext4_writer_is_known_parent(const struct ext4_writer *w, size_t len) {
        return w->parent_ino && w->parent.len == len && (len == 0 || memcmp(w->parent.data, w->path.data, len) == 0);
}

void ext4_writer_know_parent(struct ext4_writer *w, size_t len, uint32_t ino) {
        hcs_buf_clear(&w->parent);
        hcs_buf_append(&w->parent, w->path.data, len);
        w->parent_ino = ino;
}

/* The inode of the first len bytes of the cleaned path; 0 when there is none. */
static uint32_t find_dir(struct ext4_writer *w, size_t len) {
        uint32_t ino = EXT4_ROOT_INO;
        const char *p = w->path.data, *end = p + len;

        if (ext4_writer_is_known_parent(w, len))
                return w->parent_ino;
        while (p < end && ino) {
                const char *slash = memchr(p, '/', (size_t)(end - p));

                ino = ext4_tree_find(&w->tree, ino, p, (size_t)((slash ? slash : end) - p));
                p = slash ? slash + 1 : end;
        }
        if (!ino || !ext4_is_dir(ext4_tree_node(&w->tree, ino)))
                return 0;
        ext4_writer_know_parent(w, len, ino);
        return ino;
}

HRESULT ext4_writer_look_up(struct ext4_writer *w, const char *path, struct ext4_place *ret, struct hcs_error **err) {
        size_t at;

        ext4_writer_clean_path(path, &w->path);
        if (w->path.len == 0) {
                *ret = (struct ext4_place){EXT4_ROOT_INO, EXT4_ROOT_INO, "", 0};
                return S_OK;
        }
        at = ext4_writer_last_name(&w->path);
        ret->name = w->path.data + at;
        ret->len = w->path.len - at;
        if (ret->len > EXT4_MAX_NAME)
                return ext4_writer_refuse(EXT4_E_NAME, path, "invalid name", err);
        ret->dir = find_dir(w, at ? at - 1 : 0);
        if (!ret->dir)
                return ext4_writer_refuse(EXT4_E_NO_PATH, path, "path not found", err);
        ret->ino = ext4_tree_find(&w->tree, ret->dir, ret->name, ret->len);
        return S_OK;
}

HRESULT ext4_writer_look_up_existing(struct ext4_writer *w, const char *path, struct ext4_place *ret,
                                     struct hcs_error **err) {
        HRESULT hr = ext4_writer_look_up(w, path, ret, err);

        return SUCCEEDED(hr) && !ret->ino ? ext4_writer_refuse(EXT4_E_NO_FILE, path, "file not found", err) : hr;
}
