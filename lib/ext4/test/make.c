/* SPDX-License-Identifier: MIT */

#include "ext4/test/make.h"

#include <stdio.h>

#include "ext4/tar/block.h"

static void octal(char *field, size_t width, uint64_t value) {
        snprintf(field, width, "%0*llo", (int)width - 1, (unsigned long long)value);
}

void make_checksum(struct hcs_buf *tar, size_t offset) {
        uint8_t *h = (uint8_t *)tar->data + offset;
        unsigned sum = 0;

        memset(h + 148, ' ', 8);
        for (size_t i = 0; i < TAR_BLOCK; i++)
                sum += h[i];
        snprintf((char *)h + 148, 8, "%06o", sum);
}

void make_entry_of_size(struct hcs_buf *tar, char type, const char *name, int64_t size, const void *data, size_t n) {
        static const char zeros[TAR_BLOCK];
        char h[TAR_BLOCK] = {0};

        snprintf(h, 100, "%s", name);
        octal(h + 100, 8, type == '5' ? 0755 : 0644);
        octal(h + 108, 8, 0);
        octal(h + 116, 8, 0);
        octal(h + 136, 12, 1600000000);
        if (size >= 0 && size < (int64_t)1 << 33) {
                octal(h + 124, 12, (uint64_t)size);
        } else {
                h[124] = size < 0 ? (char)0xff : (char)0x80;
                memset(h + 125, size < 0 ? 0xff : 0, 3);
                for (int i = 0; i < 8; i++)
                        h[128 + i] = (char)((uint64_t)size >> (56 - 8 * i));
        }
        h[156] = type;
        strcpy(h + 257, "ustar");
        h[263] = '0';
        h[264] = '0';
        hcs_buf_append(tar, h, sizeof(h));
        make_checksum(tar, tar->len - TAR_BLOCK);
        hcs_buf_append(tar, data, n);
        hcs_buf_append(tar, zeros, -n % TAR_BLOCK);
}

void make_entry(struct hcs_buf *tar, char type, const char *name, const char *link, const void *data, size_t n) {
        size_t at = tar->len;

        make_entry_of_size(tar, type, name, (int64_t)n, data, n);
        if (link) {
                snprintf(tar->data + at + 157, 100, "%s", link);
                make_checksum(tar, at);
        }
}

void make_record(struct hcs_buf *pax, const char *key, const void *value, size_t n) {
        size_t base = strlen(key) + n + 3, len = base + 1;

        while ((size_t)snprintf(NULL, 0, "%zu", len) + base != len)
                len = (size_t)snprintf(NULL, 0, "%zu", len) + base;
        hcs_buf_printf(pax, "%zu %s=", len, key);
        hcs_buf_append(pax, value, n);
        hcs_buf_putc(pax, '\n');
}

void make_pax(struct hcs_buf *tar, const struct hcs_buf *records) {
        make_entry(tar, 'x', "PaxHeaders/entry", NULL, records->data, records->len);
}

void make_end(struct hcs_buf *tar) {
        static const char zeros[2 * TAR_BLOCK];

        hcs_buf_append(tar, zeros, sizeof(zeros));
}

struct hcs_data_file *make_file(const void *data, size_t n) {
        struct hcs_data_file *f;

        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        assert_ok(hcs_data_file_write_at(f, 0, data, n, NULL), NULL);
        return f;
}

HRESULT make_image(const struct hcs_buf *tar, const struct ext4_convert_options *options, struct hcs_data_file **ret,
                   struct hcs_error **err) {
        static const struct ext4_convert_options none;
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = make_file(tar->data, tar->len), *out = NULL;
        uint64_t size;
        HRESULT hr;

        assert_ok(hcs_data_file_temporary(&out, NULL), NULL);
        hr = ext4_convert(in, out, options ? options : &none, &size, err);
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&out);
        return hr;
}

void assert_says(struct hcs_error **err, const char *text) {
        assert_non_null(*err);
        if (!strstr(hcs_error_message(*err), text)) {
                print_error("`%s' does not say `%s'\n", hcs_error_message(*err), text);
                fail();
        }
        *err = hcs_error_free(*err);
}
