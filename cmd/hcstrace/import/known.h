/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_IMPORT_KNOWN_H
#define CMD_HCSTRACE_IMPORT_KNOWN_H

/*
 * The compute systems and processes that the logs have spoken of, by their ids. A bounded number is known: the one that
 * nobody has spoken of for longest is forgotten, and opened anew should it come again. Owned by the emitter.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct import_known {
        uint64_t key;        /* of what finds it */
        char *id;            /* of a system */
        uint32_t pid, owner; /* of a process, and the handle of its system */
        uint32_t handle;
        uint32_t newest; /* of a system: the id of the process made last */
        uint64_t made;   /* when its handle was there, ns */
        bool exited;     /* told once, however often the log says it */
        bool streams[3]; /* of a process: pipes that are open */
        /* By whoever holds it: */
        struct import_known *next, *older, *newer;
};

struct import_known_set {
        struct import_known **buckets; /* the newest of an id comes first */
        struct import_known *oldest, *newest;
        size_t n, max;
};
void import_known_init(struct import_known_set *s, size_t max);
void import_known_deinit(struct import_known_set *s);
/* Valid until the next one is added. */
struct import_known *import_known_add_system(struct import_known_set *s, const char *id, uint32_t handle);
struct import_known *import_known_add_process(struct import_known_set *s, uint32_t owner, uint32_t pid,
                                              uint32_t handle);
/* NULL when it is not known. */
struct import_known *import_known_system(struct import_known_set *s, const char *id);
struct import_known *import_known_process(struct import_known_set *s, uint32_t owner, uint32_t pid);

#endif
