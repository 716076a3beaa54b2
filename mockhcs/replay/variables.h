/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REPLAY_VARIABLES_H
#define MOCKHCS_REPLAY_VARIABLES_H

/*
 * Values that a client invents anew in every run: GUIDs, long hexadecimal ids, times, and whatever stands as the id of
 * a compute system. Bound at first sight, substituted everywhere after, in both directions. Guarded by the replay's
 * lock.
 */

#include "base/buf.h"
#include "base/json.h"

struct variable {
        char *recorded, *live;
        unsigned number; /* of its kind: <guid:1> */
        const char *kind;
};

struct variables {
        struct variable *items;
        size_t n, cap;
        bool any_differ; /* else substitution has nothing to do */
        size_t mark;     /* bindings beyond this are tentative */
};

void variables_deinit(struct variables *v);
/* Is `live` what `recorded` stands for? May bind pairs of invented values; use mark and rollback around a try. */
bool variables_same_text(struct variables *v, const char *key, const char *recorded, const char *live);
/* For mock_diff(): ctx is the variables. */
bool variables_same(void *ctx, const char *key, const struct hcs_json *expected, const struct hcs_json *got);
bool variables_same_key(void *ctx, const char *expected, const char *got);
/* Binds whatever the two are, if they differ. */
void variables_bind(struct variables *v, const char *kind, const char *recorded, const char *live);
void variables_commit(struct variables *v);
void variables_rollback(struct variables *v);
/* The text with every recorded value replaced by its live one; caller frees. */
char *variables_substitute(const struct variables *v, const char *text);

#endif
