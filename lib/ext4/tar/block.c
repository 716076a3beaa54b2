/* SPDX-License-Identifier: MIT */

/*
 * Header fields. The rules are those of the reader that hcsshim uses (Go's archive/tar), because which archives it
 * refuses is part of what a policy was written against: octal with blanks and NULs around, base 256 with a sign, V7,
 * ustar, star and old GNU told apart by magic and trailer. As observed with the golden set.
 */

#include "ext4/tar/block.h"

#include <string.h>

struct field {
        size_t offset, size;
};

static const struct field name_field = {0, 100}, mode_field = {100, 8}, uid_field = {108, 8}, gid_field = {116, 8},
                          size_field = {124, 12}, mtime_field = {136, 12}, checksum_field = {148, 8},
                          link_field = {157, 100}, major_field = {329, 8}, minor_field = {337, 8},
                          ustar_prefix = {345, 155}, star_prefix = {345, 131}, star_atime = {476, 12},
                          star_ctime = {488, 12}, gnu_atime = {345, 12}, gnu_ctime = {357, 12}, real_size = {483, 12};

#define TYPE_OFFSET    156
#define MAGIC_OFFSET   257
#define TRAILER_OFFSET 508

static bool is_blank(uint8_t c) {
        return c == ' ' || c == 0;
}

static bool octal(const uint8_t *p, size_t n, int64_t *ret) {
        uint64_t x = 0;

        while (n > 0 && is_blank(p[0])) {
                p++;
                n--;
        }
        while (n > 0 && is_blank(p[n - 1]))
                n--;
        for (size_t i = 0; i < n && p[i] != 0; i++) {
                if (p[i] < '0' || p[i] > '7' || x >> 61)
                        return false;
                x = x << 3 | (uint64_t)(p[i] - '0');
        }
        *ret = (int64_t)x;
        return true;
}

static bool number(const uint8_t *block, struct field f, int64_t *ret) {
        const uint8_t *p = block + f.offset;
        uint8_t flip = p[0] & 0x40 ? 0xff : 0;
        uint64_t x = 0;

        if (!(p[0] & 0x80))
                return octal(p, f.size, ret);
        /* Two's complement, big endian, the topmost bit being the mark: a negative number is the complement of one
         * that is not. */
        for (size_t i = 0; i < f.size; i++) {
                uint8_t c = p[i] ^ flip;

                if (i == 0)
                        c &= 0x7f;
                if (x >> 56)
                        return false;
                x = x << 8 | c;
        }
        if (x >> 63)
                return false;
        *ret = flip ? (int64_t)~x : (int64_t)x;
        return true;
}

bool tar_block_is_zero(const uint8_t *block) {
        return block[0] == 0 && memcmp(block, block + 1, TAR_BLOCK - 1) == 0;
}

/*
 * The sum of all bytes, and how many have their top bit: eight at a time, in lanes of 16 bits for the one and 8 for the
 * other, which hold what the 64 words of a block add up to.
 */
static void sum_bytes(const uint8_t *block, int64_t *ret_sum, int64_t *ret_high) {
        const uint64_t halves = 0x00ff00ff00ff00ff, ones = 0x0101010101010101;
        uint64_t sum = 0, high = 0;

        for (size_t i = 0; i < TAR_BLOCK; i += 8) {
                uint64_t word;

                memcpy(&word, block + i, 8);
                sum += (word & halves) + (word >> 8 & halves);
                high += word >> 7 & ones;
        }
        high = (high & halves) + (high >> 8 & halves);
        *ret_sum = 0;
        *ret_high = 0;
        for (unsigned i = 0; i < 64; i += 16) {
                *ret_sum += (int64_t)(sum >> i & 0xffff);
                *ret_high += (int64_t)(high >> i & 0xffff);
        }
}

/* The checksum field counts as blanks. Old writers took bytes as signed. */
bool tar_block_is_valid(const uint8_t *block) {
        int64_t value, sum, high;

        sum_bytes(block, &sum, &high);
        for (size_t i = checksum_field.offset; i < checksum_field.offset + checksum_field.size; i++) {
                sum += ' ' - block[i];
                high -= block[i] >> 7;
        }
        return octal(block + checksum_field.offset, checksum_field.size, &value) &&
               (value == sum || value == sum - 256 * high);
}

static void text(const uint8_t *block, struct field f, struct hcs_buf *out) {
        hcs_buf_append(out, block + f.offset, strnlen((const char *)block + f.offset, f.size));
}

static bool is_ascii(const uint8_t *block, struct field f) {
        for (size_t i = 0; i < f.size && block[f.offset + i]; i++)
                if (block[f.offset + i] & 0x80)
                        return false;
        return true;
}

static bool time_of(const uint8_t *block, struct field f, struct tar_time *ret) {
        ret->nanoseconds = 0;
        ret->set = true;
        return number(block, f, &ret->seconds);
}

/*
 * Old GNU headers have times where ustar has the prefix. A writer that put a prefix there all the same is known by
 * times that are no numbers.
 */
static void gnu_fields(const uint8_t *block, struct tar_fields *f, struct hcs_buf *name) {
        bool ok = true;

        f->gnu = true;
        if (block[gnu_atime.offset])
                ok &= time_of(block, gnu_atime, &f->atime);
        if (block[gnu_ctime.offset])
                ok &= time_of(block, gnu_ctime, &f->ctime);
        if (ok)
                return;
        f->atime = (struct tar_time){0};
        f->ctime = (struct tar_time){0};
        if (is_ascii(block, ustar_prefix))
                text(block, ustar_prefix, name);
}

bool tar_block_parse(const uint8_t *block, struct tar_fields *ret, struct hcs_buf *name, struct hcs_buf *link) {
        const uint8_t *magic = block + MAGIC_OFFSET;
        bool ustar = memcmp(magic, "ustar\0", 6) == 0, gnu = memcmp(magic, "ustar  \0", 8) == 0;
        bool star = ustar && memcmp(block + TRAILER_OFFSET, "tar\0", 4) == 0;
        struct tar_fields f = {.type = block[TYPE_OFFSET]};

        if (!tar_block_is_valid(block) || !number(block, size_field, &f.size) || !number(block, mode_field, &f.mode) ||
            !number(block, uid_field, &f.uid) || !number(block, gid_field, &f.gid) ||
            !time_of(block, mtime_field, &f.mtime))
                return false;
        hcs_buf_clear(name);
        hcs_buf_clear(link);
        if (ustar || gnu) {
                if (!number(block, major_field, &f.dev_major) || !number(block, minor_field, &f.dev_minor))
                        return false;
                if (gnu)
                        gnu_fields(block, &f, name);
                else
                        text(block, star ? star_prefix : ustar_prefix, name);
                if (star && (!time_of(block, star_atime, &f.atime) || !time_of(block, star_ctime, &f.ctime)))
                        return false;
                if (name->len > 0)
                        hcs_buf_putc(name, '/');
        }
        text(block, name_field, name);
        text(block, link_field, link);
        *ret = f;
        return true;
}

bool tar_block_sparse(const uint8_t *block, bool is_header, void (*add)(void *ctx, struct tar_span span), void *ctx,
                      bool *ret_more) {
        size_t offset = is_header ? 386 : 0;
        size_t n = is_header ? 4 : 21;

        for (size_t i = 0; i < n; i++, offset += 24) {
                struct tar_span span;

                if (block[offset] == 0)
                        break;
                if (!number(block, (struct field){offset, 12}, &span.offset) ||
                    !number(block, (struct field){offset + 12, 12}, &span.length))
                        return false;
                add(ctx, span);
        }
        *ret_more = block[is_header ? 482 : 504] != 0;
        return true;
}

bool tar_block_real_size(const uint8_t *block, int64_t *ret) {
        return number(block, real_size, ret);
}
