/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_TAR_PAX_H
#define HCS_EXT4_TAR_PAX_H

/*
 * The records of one PAX extended header: the text, and a table of where keys and values are in it, sorted by key, each
 * key once (the last one given). Embedded by its owner; a zeroed struct is empty.
 */

#include "base/buf.h"
#include "ext4/tar/block.h"

struct tar_pax_record {
        uint32_t key, key_len;
        uint32_t value, value_len; /* in text; both are followed by a NUL there */
        uint32_t order;
};

struct tar_pax {
        struct hcs_buf text;
        struct tar_pax_record *records;
        size_t n, cap;
};

void tar_pax_deinit(struct tar_pax *pax);
void tar_pax_clear(struct tar_pax *pax);
/*
 * Parses what text holds. The keys of GNU's sparse format 0.0 are gathered into the one of 0.1. False: not what POSIX
 * says records look like.
 */
bool tar_pax_parse(struct tar_pax *pax);
/* NULL when there is no such record. A value may hold NULs. */
const char *tar_pax_get(const struct tar_pax *pax, const char *key, size_t *ret_len);
static inline const char *tar_pax_key(const struct tar_pax *pax, size_t i) {
        return pax->text.data + pax->records[i].key;
}
static inline const char *tar_pax_value(const struct tar_pax *pax, size_t i) {
        return pax->text.data + pax->records[i].value;
}

/* A decimal number with an optional sign, nothing else. */
bool tar_pax_number(const char *text, size_t len, int64_t *ret);
/* "seconds.fraction"; what is beyond nanoseconds is cut off. */
bool tar_pax_time(const char *text, size_t len, struct tar_time *ret);

#endif
