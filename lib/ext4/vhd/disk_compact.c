/* SPDX-License-Identifier: MIT */

/*
 * Blocks are all as long as one another, so the last ones of the file go to the places of those that hold nothing; then
 * the places at the end that nobody has any more are cut off.
 */

#include "ext4/vhd/disk_compact.h"

#include <stdlib.h>

#include "ext4/vhd/image_private.h"

/* A place for a block in the file. */
struct slot {
        struct disk_place place;
        uint64_t block; /* which one is there */
};

struct slots {
        struct slot *items;
        size_t n, room;
};

struct compaction {
        struct disk_image *image;
        uint8_t *buf; /* for one block */
        struct slots used, empty, all;
};

static void add(struct slots *s, uint64_t block, const struct disk_place *place) {
        if (s->n == s->room) {
                s->room = s->room ? 2 * s->room : 64;
                s->items = hcs_realloc(s->items, s->room * sizeof(*s->items));
        }
        s->items[s->n++] = (struct slot){*place, block};
}

static int by_place(const void *a, const void *b) {
        const struct slot *x = a, *y = b;

        return x->place.data < y->place.data ? -1 : x->place.data > y->place.data;
}

static void sort(struct slots *s) {
        if (s->n)
                qsort(s->items, s->n, sizeof(*s->items), by_place);
}

static uint64_t start_of(const struct disk_place *p) {
        return p->bitmap ? p->bitmap : p->data;
}

/* Each block that is there, by what is in it. */
static HRESULT find_slots(struct compaction *c, struct hcs_error **err) {
        struct disk_image *i = c->image;
        HRESULT hr = S_OK;

        for (uint64_t block = 0; SUCCEEDED(hr) && block < i->blocks; block++) {
                struct disk_place place;
                size_t n;

                hr = i->code->find(i, block, &place, err);
                if (FAILED(hr) || place.state != DISK_WHOLE)
                        continue;
                hr = hcs_data_file_read_at(i->file, place.data, c->buf, i->block_size, &n, err);
                if (FAILED(hr))
                        break;
                add(disk_is_zeros(c->buf, i->block_size) ? &c->empty : &c->used, block, &place);
                add(&c->all, block, &place);
        }
        sort(&c->used);
        sort(&c->empty);
        sort(&c->all);
        return hr;
}

/* Two blocks in one place, which cannot be, would be torn apart. */
static HRESULT check_slots(const struct compaction *c, struct hcs_error **err) {
        const struct slots *s = &c->all;

        for (size_t k = 1; k < s->n; k++)
                if (start_of(&s->items[k].place) < s->items[k - 1].place.data + c->image->block_size)
                        return hcs_error_make(err, VHD_E_TABLE_CORRUPT, "blocks %llu and %llu of `%s` overlap",
                                              (unsigned long long)s->items[k - 1].block,
                                              (unsigned long long)s->items[k].block,
                                              hcs_data_file_name(c->image->file));
        return S_OK;
}

/* At most as many bytes as a block has. */
static HRESULT copy_bytes(struct compaction *c, uint64_t from, uint64_t to, size_t n, struct hcs_error **err) {
        size_t got;
        HRESULT hr = hcs_data_file_read_at(c->image->file, from, c->buf, n, &got, err);

        return SUCCEEDED(hr) ? hcs_data_file_write_at(c->image->file, to, c->buf, n, err) : hr;
}

/* With its bitmap, where it has one: others than we look at that. */
static HRESULT move_block(struct compaction *c, struct slot *from, struct slot *to, struct hcs_error **err) {
        struct disk_image *i = c->image;
        struct disk_place place = from->place;
        HRESULT hr = copy_bytes(c, from->place.data, to->place.data, i->block_size, err);

        if (SUCCEEDED(hr) && place.bitmap)
                hr = copy_bytes(c, place.bitmap, to->place.bitmap, (size_t)(place.data - place.bitmap), err);
        if (SUCCEEDED(hr))
                hr = i->code->publish(i, from->block, &to->place, err);
        from->place = to->place;
        to->place = place;
        return hr;
}

/* The last block in use to the first empty place, as long as that is before it. */
static HRESULT move_blocks(struct compaction *c, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t k = 0; SUCCEEDED(hr) && k < c->empty.n; k++)
                hr = c->image->code->withdraw(c->image, c->empty.items[k].block, err);
        for (size_t k = 0, last = c->used.n; SUCCEEDED(hr) && k < c->empty.n && last-- > 0; k++) {
                if (c->used.items[last].place.data < c->empty.items[k].place.data)
                        break;
                hr = move_block(c, &c->used.items[last], &c->empty.items[k], err);
        }
        sort(&c->empty);
        return hr;
}

/* What is at the end of the file and nobody's. */
static HRESULT cut_off(struct compaction *c, struct hcs_error **err) {
        struct disk_image *i = c->image;
        uint64_t end = i->end;

        for (size_t k = c->empty.n; k-- > 0;) {
                const struct disk_place *p = &c->empty.items[k].place;

                if (p->data + i->block_size + (p->bitmap ? DISK_WINDOW : 1) <= end || start_of(p) < i->floor)
                        break;
                end = start_of(p);
        }
        return end < i->end ? i->code->set_end(i, end, err) : S_OK;
}

static HRESULT give_back(struct compaction *c, struct hcs_error **err) {
        HRESULT hr = c->image->code->rearrange(c->image, err);

        if (SUCCEEDED(hr))
                hr = move_blocks(c, err);
        return SUCCEEDED(hr) ? cut_off(c, err) : hr;
}

/* Who stands on a VHD knows it by the time of its file, and nothing that it has from that is another. */
static HRESULT keep_time(struct compaction *c, struct hcs_error **err) {
        struct hcs_data_file *f = c->image->file;
        int64_t changed;
        HRESULT hr = hcs_data_file_changed(f, &changed, err), kept;

        if (FAILED(hr))
                return hr;
        hr = give_back(c, err);
        kept = hcs_data_file_set_changed(f, changed, FAILED(hr) ? NULL : err);
        return FAILED(hr) ? hr : kept;
}

static HRESULT compact(struct compaction *c, struct hcs_error **err) {
        HRESULT hr = find_slots(c, err);

        if (SUCCEEDED(hr))
                hr = check_slots(c, err);
        if (FAILED(hr) || c->empty.n == 0)
                return hr;
        return c->image->facts.format == DISK_VHD ? keep_time(c, err) : give_back(c, err);
}

HRESULT disk_compact(struct hcs_data_file *f, struct hcs_error **err) {
        _cleanup_(disk_image_closep) struct disk_image *i = NULL;
        struct compaction c = {0};
        HRESULT hr = disk_image_open(f, NULL, &i, err);

        if (hr == S_FALSE)
                return hcs_error_make(err, VHD_E_NO_PROVIDER, "`%s` is neither a VHD nor a VHDX",
                                      hcs_data_file_name(f));
        if (SUCCEEDED(hr) && i->facts.type == VHD_FIXED)
                return hcs_error_make(err, VHD_E_INVALID_TYPE, "`%s` is a fixed disk", hcs_data_file_name(f));
        if (FAILED(hr) || i->facts.type == VHD_DIFFERENCING)
                return hr;
        c.image = i;
        c.buf = hcs_malloc(i->block_size);
        hr = compact(&c, err);
        free(c.buf);
        free(c.used.items);
        free(c.empty.items);
        free(c.all.items);
        return hr;
}
