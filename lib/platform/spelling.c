/* SPDX-License-Identifier: MIT */

/* Names as Windows finds them, in either case; see place.h. */

#include <string.h>

#include "base/utf.h"
#include "platform/file.h"
#include "platform/place.h"

/* Letters whose small form is so far behind the large one, first to last of the small ones. */
static const struct {
        uint32_t first, last, distance;
} ranges[] = {
        {'a', 'z', 32},     {0xe0, 0xf6, 32},   {0xf8, 0xfe, 32},   {0x3ac, 0x3ac, 38},
        {0x3ad, 0x3af, 37}, {0x3b1, 0x3c1, 32}, {0x3c3, 0x3cb, 32}, {0x3cc, 0x3cc, 64},
        {0x3cd, 0x3ce, 63}, {0x430, 0x44f, 32}, {0x450, 0x45f, 80},
};

/* Latin letters that come in pairs, the large one first: even numbers in some parts of the table, odd in others. */
static uint32_t fold_pair(uint32_t c) {
        if ((c >= 0x100 && c <= 0x12f) || (c >= 0x132 && c <= 0x137) || (c >= 0x14a && c <= 0x177))
                return c & ~1u;
        if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
                return (c - 1) | 1u;
        return c;
}

/* Latin, Greek and Cyrillic: a letter and its other case have as many bytes in UTF-8. */
static uint32_t fold(uint32_t c) {
        for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
                if (c >= ranges[i].first && c <= ranges[i].last)
                        return c - ranges[i].distance;
        return fold_pair(c);
}

static bool is_same_name(const char *a, const char *b) {
        size_t n = strlen(a), at = 0;

        if (n != strlen(b))
                return false;
        while (at < n) {
                uint32_t x = 0, y = 0;
                size_t of_a = hcs_utf8_decode(a + at, n - at, &x), of_b = hcs_utf8_decode(b + at, n - at, &y);

                if (of_a == 0 || of_a != of_b) /* no UTF-8: as it is */
                        return strcmp(a + at, b + at) == 0;
                if (fold(x) != fold(y))
                        return false;
                at += of_a;
        }
        return true;
}

/* The last part of the path. False: there is none of that name. */
static bool find_last(char *path) {
        char *slash = strrchr(path, '/');
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};
        HRESULT hr;

        if (hcs_file_exists(path))
                return true;
        *slash = '\0';
        hr = hcs_folder_list(slash == path ? "/" : path, &names, NULL);
        *slash = '/';
        for (size_t i = 0; SUCCEEDED(hr) && i < names.n; i++)
                if (is_same_name(names.items[i], slash + 1)) {
                        memcpy(slash + 1, names.items[i], strlen(names.items[i]));
                        return true;
                }
        return false;
}

void hcs_path_find_spelling(char *path, size_t from) {
        bool found = true;

        if (hcs_file_exists(path))
                return;
        for (char *p = path + from; found && (p = strchr(p, '/')); p++) {
                if (p == path + from)
                        continue;
                *p = '\0';
                found = find_last(path);
                *p = '/';
        }
        if (found)
                find_last(path);
}
