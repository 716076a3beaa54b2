/* SPDX-License-Identifier: MIT */

/*
 * Disks as files that are wrong in some way. What must hold: a disk that is opened is read to its end, lists what it
 * holds in order and within it, and can be written to and opened again without harm.
 */

#include "integration/fuzz/image.h"

#include <stdlib.h>
#include <string.h>

#include "ext4/vhd/bytes.h"
#include "ext4/vhd/measure.h"
#include "ext4/vhd/vhd_create.h"
#include "ext4/vhd/vhdx_create.h"

#define PIECE 4096u

static void must(bool ok) {
        if (!ok)
                abort();
}

static void ranges_are_in_order(struct disk_image *i) {
        struct disk_range r = {0}, before;
        unsigned n = 0;

        do {
                before = r;
                if (disk_image_next(i, before.offset + before.n, &r, NULL) != S_OK)
                        return;
                must(r.n > 0 && r.offset >= before.offset + before.n);
                must(r.offset + r.n <= disk_image_facts(i)->size);
        } while (++n < 64);
}

static void read_ends(struct disk_image *i) {
        uint64_t size = disk_image_facts(i)->size;
        size_t n = size < PIECE ? (size_t)size : PIECE;
        uint8_t bytes[PIECE];
        uint64_t smallest;
        unsigned percent;

        disk_image_read(i, 0, bytes, n, NULL);
        disk_image_read(i, size - n, bytes, n, NULL);
        disk_smallest_size(i, &smallest, NULL);
        if (SUCCEEDED(disk_fragmentation(i, &percent, NULL)))
                must(percent <= 100);
}

static void use(struct hcs_data_file *f) {
        _cleanup_(disk_image_closep) struct disk_image *i = NULL, *again = NULL;
        uint8_t bytes[512];
        uint64_t at;

        if (disk_image_open(f, NULL, &i, NULL) != S_OK)
                return;
        ranges_are_in_order(i);
        read_ends(i);
        at = disk_image_facts(i)->size / 2 / 512 * 512;
        memset(bytes, 7, sizeof(bytes));
        if (disk_image_facts(i)->size < 1024 || FAILED(disk_image_write(i, at, bytes, sizeof(bytes), NULL)))
                return;
        /* A block of a disk that is wrong may be in its table, or in another one: what is read is not compared. */
        if (disk_image_open(f, NULL, &again, NULL) == S_OK &&
            SUCCEEDED(disk_image_read(again, at, bytes, sizeof(bytes), NULL)))
                ranges_are_in_order(again);
}

/* A whole file; with 's' in front its two checksums are made to fit. */
static void fuzz_vhd(bool seal, const uint8_t *data, size_t size) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        _cleanup_free_ uint8_t *bytes = hcs_malloc(size ? size : 1);

        memcpy(bytes, data, size);
        if (seal && size >= 3 * VHD_FOOTER + VHD_FOOTER) {
                vhd_put(bytes + 64, vhd_checksum(bytes, VHD_FOOTER, 64), 4);
                vhd_put(bytes + 512 + 36, vhd_checksum(bytes + 512, VHD_SPARSE, 36), 4);
                vhd_put(bytes + size - VHD_FOOTER + 64, vhd_checksum(bytes + size - VHD_FOOTER, VHD_FOOTER, 64), 4);
        }
        if (FAILED(hcs_data_file_temporary(&f, NULL)) || FAILED(hcs_data_file_write_at(f, 0, bytes, size, NULL)))
                return;
        use(f);
}

/* The table of blocks of a VHDX that is well but for that, dynamic or differencing. */
static void fuzz_vhdx(bool differs, const uint8_t *data, size_t size) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        struct vhdx_create_options o = {.size = 16 << 20};

        if (differs)
                o.parent_relative = o.parent_absolute = "p";
        if (FAILED(hcs_data_file_temporary(&f, NULL)) || FAILED(vhdx_create(f, &o, NULL)) ||
            vhdx_read(f, &i, NULL) != S_OK || FAILED(hcs_data_file_resize(f, 8 << 20, NULL)))
                return;
        hcs_data_file_write_at(f, i.bat_offset, data, size < PIECE ? size : PIECE, NULL);
        use(f);
}

bool fuzz_image(uint8_t which, const uint8_t *data, size_t size) {
        if (which != 'i')
                return false;
        if (size == 0)
                return true;
        if (data[0] == 'x' || data[0] == 'd')
                fuzz_vhdx(data[0] == 'd', data + 1, size - 1);
        else
                fuzz_vhd(data[0] == 's', data + 1, size - 1);
        return true;
}
