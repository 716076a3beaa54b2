/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_JSON_PRIVATE_H
#define HCS_BASE_JSON_PRIVATE_H

/*
 * What json*.c share. `struct hcs_json` is a cJSON node: the cast happens in the two functions below and nowhere
 * else. A number node keeps its exact text in valuestring when a double does not print back to it.
 */

#include <cjson/cJSON.h>

#include "base/json.h"

static inline cJSON *cj(const struct hcs_json *j) {
        return (cJSON *)(uintptr_t)j;
}
static inline struct hcs_json *hj(const cJSON *c) {
        return (struct hcs_json *)(uintptr_t)c;
}

/* A number whose text must be kept, found by the checking pass, in document order. */
struct hcs_json_number {
        size_t offset;
        size_t len;
};

struct hcs_json_scan {
        struct hcs_json_number *numbers; /* every number of the document that a double does not reproduce */
        size_t n_numbers;
        size_t *ordinals;   /* the position of each among all numbers of the document */
        bool escaped_names; /* a member name is spelled with escapes: duplicates are only visible in the tree */
        bool duplicates;    /* seen, under HCS_JSON_DUPLICATE_LAST */
        bool repair;        /* bad text was seen, under HCS_JSON_REPLACE_BAD: `text` holds the repaired document */
        struct hcs_buf text;
};

void hcs_json_scan_deinit(struct hcs_json_scan *s);
/* The strict check of one document; fills scan (may be NULL). */
HRESULT hcs_json_scan(const char *text, size_t len, const struct hcs_json_options *options, struct hcs_json_scan *scan,
                      struct hcs_error **err);

/* Does a double print back to this number text as we print integers? */
bool hcs_json_number_is_plain(const char *text, size_t len);
/* Exact decimal comparison of two number texts. */
bool hcs_json_number_equal(const char *a, const char *b);

#endif
