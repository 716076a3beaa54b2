/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REPLAY_VARIABLES_H
#define MOCKHCS_REPLAY_VARIABLES_H

/*
 * Values that a client invents anew in every run: GUIDs, long hexadecimal ids, times, the random numbers in names of
 * temporary files, ephemeral ports, whatever stands as the id of a compute system, and the folders of layers. Bound at
 * first sight, substituted everywhere after, in both directions. Looked up by hash: a trace may hold a hundred thousand
 * of them. Guarded by the replay's lock.
 */

#include "base/buf.h"
#include "base/json.h"

struct variable {
        char *recorded, *live;
        unsigned number; /* of its kind: <guid:1> */
        const char *kind;
        uint32_t next, next_live; /* in the bucket of its recorded and of its live value */
};

struct variables {
        struct variable *items;
        uint32_t n, cap;
        uint32_t *buckets; /* twice `n_buckets`: by recorded value, then by live value */
        uint32_t n_buckets;
        uint32_t n_odd;  /* variables that are no single word: looked for letter by letter */
        bool any_differ; /* else substitution has nothing to do */
        uint32_t mark;   /* bindings beyond this are tentative */
};

/* The length of an invented value at the start of s, of which n bytes may be read, and its kind ("guid", "id", "time",
 * "number"); 0 when there is none. in_path: numbers count. */
size_t variables_invented(const char *s, size_t n, bool in_path, const char **ret_kind);
/* Ports that a system gives out by itself begin here. */
#define VARIABLES_FIRST_PORT 32768
bool variables_is_port(const char *key, size_t n);

void variables_deinit(struct variables *v);
/* Is `live` what `recorded` stands for? May bind pairs of invented values; use commit and rollback around a try. */
bool variables_same_text(struct variables *v, const char *key, const char *recorded, const char *live);
/* The same for what is known to be a full path: the folders that two of them differ in stand for each other too. */
bool variables_same_path(struct variables *v, const char *key, const char *recorded, const char *live);
/* For mock_diff(): ctx is the variables. */
bool variables_same(void *ctx, const char *key, const struct hcs_json *expected, const struct hcs_json *got);
bool variables_same_key(void *ctx, const char *expected, const char *got);
/* For mock_diff(): how a recorded value is shown, "<guid:1>" with what it is in this run; false: as it is. */
bool variables_describe(void *ctx, const char *recorded, struct hcs_buf *out);
/* Binds whatever the two are; false when either is bound already. */
bool variables_bind(struct variables *v, const char *kind, const char *recorded, const char *live);
void variables_commit(struct variables *v);
void variables_rollback(struct variables *v);
/* The text with every recorded value replaced by its live one; caller frees. */
char *variables_substitute(const struct variables *v, const char *text);

#endif
