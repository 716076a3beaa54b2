/* SPDX-License-Identifier: MIT */

#include "ext4/vhd/chain.h"

#include "base/str.h"
#include "ext4/vhd/vhd_create.h"

struct link {
        char *path;
        struct hcs_data_file *file;
        struct disk_image *image;
};

struct disk_chain {
        struct disk_chain_options options;
        size_t n;
        struct link links[DISK_CHAIN_MAX];
};

static void link_deinit(struct link *l) {
        l->image = disk_image_close(l->image);
        l->file = hcs_data_file_close(l->file);
        free(steal_pointer(&l->path));
}

struct disk_chain *disk_chain_close(struct disk_chain *c) {
        if (!c)
                return NULL;
        while (c->n > 0)
                link_deinit(&c->links[--c->n]);
        free(c);
        return NULL;
}

struct disk_image *disk_chain_image(struct disk_chain *c, size_t n) {
        return n < c->n ? c->links[n].image : NULL;
}

struct hcs_data_file *disk_chain_file(struct disk_chain *c, size_t n) {
        return n < c->n ? c->links[n].file : NULL;
}

const char *disk_chain_path(const struct disk_chain *c, size_t n) {
        return n < c->n ? c->links[n].path : NULL;
}

/* S_FALSE: no disk. */
static HRESULT open_link(const char *path, bool writable, struct link *ret, struct hcs_error **err) {
        HRESULT hr = writable ? hcs_data_file_change(path, &ret->file, err) : hcs_data_file_open(path, &ret->file, err);

        if (SUCCEEDED(hr))
                hr = disk_image_open(ret->file, NULL, &ret->image, err);
        ret->path = hcs_strdup(path);
        return hr;
}

/* Is it what the child was made on? */
static HRESULT check_parent(const struct link *child, struct link *parent, struct hcs_error **err) {
        const struct disk_facts *c = disk_image_facts(child->image), *p = disk_image_facts(parent->image);
        uint32_t changed;
        HRESULT hr;

        if (c->format != p->format)
                return hcs_error_make(err, VHD_E_ERROR_IN_PARENT, "`%s` and its parent `%s` are of two formats",
                                      child->path, parent->path);
        if (!hcs_guid_equal(&c->parent, &p->linkage))
                return hcs_error_make(err, VHD_E_PARENT_ID, "`%s` is not the disk that `%s` was made on", parent->path,
                                      child->path);
        if (c->format == DISK_VHDX)
                return S_OK;
        if (c->size != p->size)
                return hcs_error_make(err, VHD_E_PARENT_SIZE, "`%s` holds %llu bytes, and its parent `%s` %llu",
                                      child->path, (unsigned long long)c->size, parent->path,
                                      (unsigned long long)p->size);
        hr = vhd_time_of(parent->file, &changed, err);
        if (SUCCEEDED(hr) && changed != c->parent_time)
                return hcs_error_make(err, VHD_E_PARENT_TIME, "`%s` was changed since `%s` was made on it",
                                      parent->path, child->path);
        return hr;
}

static bool is_in(const struct disk_chain *c, const char *path) {
        for (size_t i = 0; i < c->n; i++)
                if (hcs_streq(c->links[i].path, path))
                        return true;
        return false;
}

static bool is_absent(HRESULT hr) {
        return hr == HCS_WIN32(2) || hr == HCS_WIN32(3);
}

/* The disk at one of the places. S_FALSE: there is none. */
static HRESULT try_place(struct disk_chain *c, const char *said, struct link *ret, struct hcs_error **err) {
        const struct link *child = &c->links[c->n - 1];
        _cleanup_free_ char *path = said ? c->options.find(child->path, said) : NULL;
        HRESULT hr;

        if (!path)
                return S_FALSE;
        if (is_in(c, path))
                return hcs_error_make(err, VHD_E_CYCLE, "`%s` stands on itself", path);
        hr = open_link(path, c->n < c->options.writable, ret, err);
        if (is_absent(hr))
                return S_FALSE;
        if (hr == S_FALSE)
                return hcs_error_make(err, VHD_E_ERROR_IN_PARENT, "`%s` is no disk", path);
        if (FAILED(hr) && hr != HCS_WIN32(5) && hr != HCS_WIN32(32)) /* denied, or shared with nobody */
                return hcs_error_make(err, VHD_E_ERROR_IN_PARENT, "the parent `%s` cannot be used: %s", path,
                                      hcs_error_message(*err));
        return SUCCEEDED(hr) ? check_parent(child, ret, err) : hr;
}

/* At the first of the places where it is; when it is at none, what is wrong with a disk at one of them counts. */
static HRESULT open_parent(struct disk_chain *c, struct hcs_error **err) {
        const struct link *child = &c->links[c->n - 1];
        struct hcs_error *first = NULL;
        HRESULT worst = S_FALSE;

        for (size_t i = 0; i < VHDX_PLACES; i++) {
                struct link link = {0};
                struct hcs_error *why = NULL;
                HRESULT hr = try_place(c, disk_image_facts(child->image)->parents[i], &link, &why);

                if (hr == S_OK) {
                        disk_image_set_parent(child->image, link.image);
                        c->links[c->n++] = link;
                        hcs_error_free(first);
                        return S_OK;
                }
                link_deinit(&link);
                if (worst == S_FALSE && FAILED(hr)) {
                        worst = hr;
                        first = steal_pointer(&why);
                }
                hcs_error_free(why);
        }
        if (worst == S_FALSE)
                return hcs_error_make(err, VHD_E_PARENT_NOT_FOUND, "the parent of `%s` is at none of its places",
                                      child->path);
        return hcs_error_move(err, &first);
}

static bool has_parent(const struct disk_chain *c) {
        return c->options.find && disk_image_facts(c->links[c->n - 1].image)->type == VHD_DIFFERENCING;
}

HRESULT disk_chain_open(const char *path, const struct disk_chain_options *options, struct disk_chain **ret,
                        struct hcs_error **err) {
        _cleanup_(disk_chain_closep) struct disk_chain *c = hcs_calloc(1, sizeof(*c));
        HRESULT hr;

        c->options = *options;
        c->n = 1;
        hr = open_link(path, options->writable > 0, &c->links[0], err);
        while (hr == S_OK && has_parent(c))
                hr = c->n < DISK_CHAIN_MAX ? open_parent(c, err)
                                           : hcs_error_make(err, VHD_E_CYCLE, "more than %u disks stand on one another",
                                                            DISK_CHAIN_MAX);
        if (hr == S_OK)
                *ret = steal_pointer(&c);
        return hr;
}
