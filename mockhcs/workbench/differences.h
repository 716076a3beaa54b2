/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_DIFFERENCES_H
#define MOCKHCS_WORKBENCH_DIFFERENCES_H

/*
 * Where two traces part: their heads are aligned (align.h), and what is not the same is told in the order of the first
 * trace, so that the first one told is where they parted. Pairs whose fingerprints are the same are taken to be the
 * same, but in traces of up to 50,000 records every pair is looked at, so that one invented value stands for one other.
 * Owned by one thread.
 */

#include "base/json.h"
#include "mockhcs/workbench/align.h"

enum difference_kind { DIFFERENCE_CHANGED, DIFFERENCE_ONLY_A, DIFFERENCE_ONLY_B, DIFFERENCE_MOVED };

struct difference {
        enum difference_kind kind;
        uint32_t a, b; /* items; CATALOG_NONE for a side that has none */
};

struct differences_options {
        const char *bridge;    /* only this one, by its name in each trace; NULL: all there is */
        unsigned limit;        /* how many are told and explained; the others are counted. 0: all */
        struct hcs_json *list; /* an array that gets an object for each told; may be NULL */
        struct hcs_buf *text;  /* a paragraph for each told; may be NULL */
};

struct differences {
        struct catalog *a, *b;
        struct alignment alignment;
        struct difference *items; /* only what turned out to be one, in the order of A */
        size_t n;
        uint64_t same[MOCK_RECORD_FRAME + 1]; /* pairs by kind of the head */
        uint64_t count[DIFFERENCE_MOVED + 1];
};

/* E_INVALIDARG names the trace that lacks the bridge. */
HRESULT differences_find(const char *a, const char *b, const struct differences_options *options,
                         struct differences *ret, struct hcs_error **err);
void differences_deinit(struct differences *d);

#endif
