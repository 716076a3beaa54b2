/* SPDX-License-Identifier: MIT */

#include "ext4/vhd/footer.h"

#include <string.h>

#include "ext4/vhd/bytes.h"

#define FEATURES       2u /* reserved, always set; bit 0 is for a temporary disk */
#define VERSION        0x00010000u
#define HCSSHIM        0x000a0000u
#define SECTOR         512u
#define RESERVED_FIRST 85u
#define MAX_GEOMETRY   (65535ull * 16 * 255)

static const uint8_t cookie[8] = {'c', 'o', 'n', 'e', 'c', 't', 'i', 'x'};

enum { AT_FEATURES = 8, AT_VERSION = 12, AT_OFFSET = 16, AT_TIME = 24, AT_CREATOR = 28, AT_CREATOR_VERSION = 32 };
enum { AT_OS = 36, AT_ORIGINAL = 40, AT_CURRENT = 48, AT_CYLINDERS = 56, AT_HEADS = 58, AT_SECTORS = 59 };
enum { AT_TYPE = 60, AT_CHECKSUM = 64, AT_ID = 68, AT_STATE = 84 };

/* Four characters; what cannot be printed is a question mark, zeros at the end are nothing. */
static void get_text(const uint8_t *p, char text[static 5]) {
        size_t n = 4;

        while (n > 0 && p[n - 1] == 0)
                n--;
        for (size_t i = 0; i < n; i++)
                text[i] = p[i] < ' ' || p[i] > '~' ? '?' : (char)p[i];
        memset(text + n, 0, 5 - n);
}

static uint32_t checksum_of(const uint8_t *bytes) {
        return vhd_checksum(bytes, VHD_FOOTER, AT_CHECKSUM);
}

void vhd_footer_init(struct vhd_footer *f, uint64_t size) {
        *f = (struct vhd_footer){.features = FEATURES,
                                 .version = VERSION,
                                 .data_offset = VHD_NO_OFFSET,
                                 .creator_version = HCSSHIM,
                                 .original_size = size,
                                 .current_size = size,
                                 .type = VHD_FIXED};
}

void vhd_footer_print(const struct vhd_footer *f, uint8_t bytes[static VHD_FOOTER]) {
        memset(bytes, 0, VHD_FOOTER);
        memcpy(bytes, cookie, sizeof(cookie));
        vhd_put(bytes + AT_FEATURES, f->features, 4);
        vhd_put(bytes + AT_VERSION, f->version, 4);
        vhd_put(bytes + AT_OFFSET, f->data_offset, 8);
        vhd_put(bytes + AT_TIME, f->timestamp, 4);
        memcpy(bytes + AT_CREATOR, f->creator, strnlen(f->creator, 4));
        vhd_put(bytes + AT_CREATOR_VERSION, f->creator_version, 4);
        memcpy(bytes + AT_OS, f->creator_os, strnlen(f->creator_os, 4));
        vhd_put(bytes + AT_ORIGINAL, f->original_size, 8);
        vhd_put(bytes + AT_CURRENT, f->current_size, 8);
        vhd_put(bytes + AT_CYLINDERS, f->cylinders, 2);
        bytes[AT_HEADS] = f->heads;
        bytes[AT_SECTORS] = f->sectors;
        vhd_put(bytes + AT_TYPE, f->type, 4);
        hcs_guid_to_rfc4122(&f->id, bytes + AT_ID);
        bytes[AT_STATE] = f->saved_state;
        vhd_put(bytes + AT_CHECKSUM, checksum_of(bytes), 4);
}

bool vhd_footer_parse(const uint8_t bytes[static VHD_FOOTER], struct vhd_footer *ret) {
        if (memcmp(bytes, cookie, sizeof(cookie)) != 0)
                return false;
        *ret = (struct vhd_footer){.features = (uint32_t)vhd_get(bytes + AT_FEATURES, 4),
                                   .version = (uint32_t)vhd_get(bytes + AT_VERSION, 4),
                                   .data_offset = vhd_get(bytes + AT_OFFSET, 8),
                                   .timestamp = (uint32_t)vhd_get(bytes + AT_TIME, 4),
                                   .creator_version = (uint32_t)vhd_get(bytes + AT_CREATOR_VERSION, 4),
                                   .original_size = vhd_get(bytes + AT_ORIGINAL, 8),
                                   .current_size = vhd_get(bytes + AT_CURRENT, 8),
                                   .cylinders = (uint16_t)vhd_get(bytes + AT_CYLINDERS, 2),
                                   .heads = bytes[AT_HEADS],
                                   .sectors = bytes[AT_SECTORS],
                                   .type = (uint32_t)vhd_get(bytes + AT_TYPE, 4),
                                   .checksum = (uint32_t)vhd_get(bytes + AT_CHECKSUM, 4),
                                   .saved_state = bytes[AT_STATE]};
        get_text(bytes + AT_CREATOR, ret->creator);
        get_text(bytes + AT_OS, ret->creator_os);
        hcs_guid_from_rfc4122(bytes + AT_ID, &ret->id);
        return true;
}

/* What was found so far. */
struct findings {
        unsigned damage;
        struct hcs_buf *texts;
};

static void find(struct findings *f, enum vhd_damage damage, const char *fmt, ...) _printf_(3, 4);
static void find(struct findings *f, enum vhd_damage damage, const char *fmt, ...) {
        va_list ap;

        f->damage |= damage;
        if (!f->texts)
                return;
        va_start(ap, fmt);
        hcs_buf_vprintf(f->texts, fmt, ap);
        va_end(ap);
        hcs_buf_putc(f->texts, '\n');
}

static void check_kind(struct findings *f, const struct vhd_footer *footer) {
        bool fixed = footer->type == VHD_FIXED;

        if (footer->version != VERSION)
                find(f, VHD_BAD_VERSION, "the version is 0x%08x instead of 0x%08x", footer->version, VERSION);
        if ((footer->features & ~1u) != FEATURES)
                find(f, VHD_BAD_FEATURES, "the features are 0x%08x, where 2 or 3 is possible", footer->features);
        if (footer->type < VHD_FIXED || footer->type > VHD_DIFFERENCING)
                find(f, VHD_BAD_TYPE, "the disk type is %u, which is none that there is", footer->type);
        else if (fixed != (footer->data_offset == VHD_NO_OFFSET))
                find(f, VHD_BAD_OFFSET, "the data offset is 0x%llx, which cannot be for a %s disk",
                     (unsigned long long)footer->data_offset, vhd_type_name(footer->type));
        if (footer->saved_state > 1)
                find(f, VHD_BAD_STATE, "the saved state is %u, where 0 or 1 is possible", footer->saved_state);
}

static void check_sizes(struct findings *f, const struct vhd_footer *footer, uint64_t file_size) {
        uint64_t data = file_size - VHD_FOOTER;
        uint64_t sectors = (uint64_t)footer->cylinders * footer->heads * footer->sectors;

        if (footer->type == VHD_FIXED && footer->current_size != data)
                find(f, VHD_BAD_SIZE, "the current size is %llu, and before the footer there are %llu bytes",
                     (unsigned long long)footer->current_size, (unsigned long long)data);
        if (footer->current_size % SECTOR != 0)
                find(f, VHD_UNALIGNED, "the current size of %llu is no multiple of %u",
                     (unsigned long long)footer->current_size, SECTOR);
        /* The most there can be stands for "look at the size". */
        if (sectors > footer->current_size / SECTOR && sectors != MAX_GEOMETRY)
                find(f, VHD_BAD_GEOMETRY, "the geometry of %u/%u/%u has more sectors than the %llu bytes of the disk",
                     footer->cylinders, footer->heads, footer->sectors, (unsigned long long)footer->current_size);
}

unsigned vhd_footer_check(const uint8_t bytes[static VHD_FOOTER], uint64_t file_size, struct hcs_buf *texts) {
        struct findings f = {.texts = texts};
        struct vhd_footer footer;

        if (file_size < VHD_FOOTER || !vhd_footer_parse(bytes, &footer)) {
                find(&f, VHD_BAD_COOKIE, "there is no `conectix` in the last %u bytes", VHD_FOOTER);
                return f.damage;
        }
        if (footer.checksum != checksum_of(bytes))
                find(&f, VHD_BAD_CHECKSUM, "the checksum is 0x%08x, and the footer's is 0x%08x", footer.checksum,
                     checksum_of(bytes));
        check_kind(&f, &footer);
        check_sizes(&f, &footer, file_size);
        for (size_t i = RESERVED_FIRST; i < VHD_FOOTER; i++)
                if (bytes[i] != 0) {
                        find(&f, VHD_BAD_RESERVED, "byte %zu, which is reserved, is 0x%02x", i, bytes[i]);
                        break;
                }
        return f.damage;
}

const char *vhd_type_name(uint32_t type) {
        switch (type) {
        case VHD_FIXED:
                return "fixed";
        case VHD_DYNAMIC:
                return "dynamic";
        case VHD_DIFFERENCING:
                return "differencing";
        default:
                return "unknown";
        }
}
