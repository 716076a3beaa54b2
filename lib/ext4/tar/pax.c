/* SPDX-License-Identifier: MIT */

/* PAX records, "LENGTH KEY=VALUE\n" each. Linear in the size of the header, whatever is in it. */

#include "ext4/tar/pax.h"

#include <string.h>

#include "base/str.h"

#define SPARSE_OFFSET   "GNU.sparse.offset"
#define SPARSE_NUMBYTES "GNU.sparse.numbytes"
#define SPARSE_MAP      "GNU.sparse.map"

void tar_pax_deinit(struct tar_pax *pax) {
        hcs_buf_deinit(&pax->text);
        free(pax->records);
        *pax = (struct tar_pax){0};
}

void tar_pax_clear(struct tar_pax *pax) {
        hcs_buf_clear(&pax->text);
        pax->n = 0;
}

bool tar_pax_number(const char *text, size_t len, int64_t *ret) {
        bool negative = len > 0 && text[0] == '-';
        uint64_t limit = (uint64_t)INT64_MAX + negative, x = 0;
        size_t i = len > 0 && (text[0] == '-' || text[0] == '+');

        if (i == len)
                return false;
        for (; i < len; i++) {
                uint64_t digit = (uint64_t)(uint8_t)text[i] - '0';

                if (digit > 9 || x > (limit - digit) / 10)
                        return false;
                x = 10 * x + digit;
        }
        *ret = negative ? (int64_t)(0 - x) : (int64_t)x;
        return true;
}

bool tar_pax_time(const char *text, size_t len, struct tar_time *ret) {
        const char *point = memchr(text, '.', len);
        size_t whole = point ? (size_t)(point - text) : len;
        struct tar_time t = {.set = true};
        uint32_t unit = 100000000;

        if (!tar_pax_number(text, whole, &t.seconds))
                return false;
        for (size_t i = whole + 1; i < len; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return false;
                t.nanoseconds += (uint32_t)(text[i] - '0') * unit;
                unit /= 10;
        }
        /* The fraction has the sign of the whole. */
        if (text[0] == '-' && t.nanoseconds) {
                t.seconds = (int64_t)((uint64_t)t.seconds - 1);
                t.nanoseconds = 1000000000 - t.nanoseconds;
        }
        *ret = t;
        return true;
}

static void add(struct tar_pax *pax, size_t key, size_t key_len, size_t value, size_t value_len) {
        if (pax->n == pax->cap) {
                pax->cap = pax->cap ? 2 * pax->cap : 16;
                pax->records = hcs_realloc(pax->records, pax->cap * sizeof(*pax->records));
        }
        pax->records[pax->n] = (struct tar_pax_record){(uint32_t)key, (uint32_t)key_len, (uint32_t)value,
                                                       (uint32_t)value_len, (uint32_t)pax->n};
        pax->n++;
}

static bool is_name_key(const char *key) {
        static const char *const keys[] = {"path", "linkpath", "uname", "gname"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(keys); i++)
                if (hcs_streq(key, keys[i]))
                        return true;
        return false;
}

/* Values and keys that GNU's format 0.0 gives one by one become "offset,length,offset,length". */
static bool gather_sparse(const char *key, const char *value, size_t len, struct hcs_buf *map, size_t *n) {
        if (hcs_streq(key, SPARSE_OFFSET) != (*n % 2 == 0) || memchr(value, ',', len))
                return false;
        if (*n > 0)
                hcs_buf_putc(map, ',');
        hcs_buf_append(map, value, len);
        ++*n;
        return true;
}

static bool parse_records(struct tar_pax *pax, struct hcs_buf *map, size_t *sparse) {
        char *text = pax->text.data;
        size_t at = 0, end = pax->text.len;

        while (at < end) {
                char *blank = memchr(text + at, ' ', end - at), *equals;
                size_t key, value, stop;
                int64_t n;

                if (!blank || !tar_pax_number(text + at, (size_t)(blank - text) - at, &n) || n < 5 ||
                    (uint64_t)n > end - at)
                        return false;
                key = (size_t)(blank - text) + 1;
                stop = at + (size_t)n - 1;
                if (key > stop || text[stop] != '\n')
                        return false;
                equals = memchr(text + key, '=', stop - key);
                if (!equals || equals == text + key)
                        return false;
                *equals = '\0';
                text[stop] = '\0';
                value = (size_t)(equals - text) + 1;
                /* A NUL in a name would cut it, one in a key would hide another; other values may hold any bytes. */
                if (strlen(text + key) != (size_t)(equals - text) - key ||
                    (is_name_key(text + key) && strlen(text + value) != stop - value))
                        return false;
                if (hcs_streq(text + key, SPARSE_OFFSET) || hcs_streq(text + key, SPARSE_NUMBYTES)) {
                        if (!gather_sparse(text + key, text + value, stop - value, map, sparse))
                                return false;
                } else {
                        add(pax, key, (size_t)(equals - text) - key, value, stop - value);
                }
                at = stop + 1;
        }
        return true;
}

static int by_key(const void *a, const void *b, void *text) {
        const struct tar_pax_record *x = a, *y = b;
        int order = strcmp((const char *)text + x->key, (const char *)text + y->key);

        return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

bool tar_pax_parse(struct tar_pax *pax) {
        _cleanup_buf_ struct hcs_buf map = {0};
        size_t sparse = 0, kept = 0;

        pax->n = 0;
        if (!parse_records(pax, &map, &sparse))
                return false;
        if (sparse > 0) {
                size_t key = pax->text.len;

                hcs_buf_append(&pax->text, SPARSE_MAP, sizeof(SPARSE_MAP));
                hcs_buf_append(&pax->text, map.data, map.len);
                add(pax, key, sizeof(SPARSE_MAP) - 1, key + sizeof(SPARSE_MAP), map.len);
        }
        if (pax->n > 1)
                qsort_r(pax->records, pax->n, sizeof(*pax->records), by_key, pax->text.data);
        for (size_t i = 0; i < pax->n; i++)
                if (i + 1 == pax->n || strcmp(tar_pax_key(pax, i), tar_pax_key(pax, i + 1)) != 0)
                        pax->records[kept++] = pax->records[i];
        pax->n = kept;
        return true;
}

const char *tar_pax_get(const struct tar_pax *pax, const char *key, size_t *ret_len) {
        size_t low = 0, high = pax->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(key, tar_pax_key(pax, middle));

                if (order == 0) {
                        *ret_len = pax->records[middle].value_len;
                        return tar_pax_value(pax, middle);
                }
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}
