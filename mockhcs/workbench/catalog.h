/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_CATALOG_H
#define MOCKHCS_WORKBENCH_CATALOG_H

/*
 * What a trace holds, so that two can be laid side by side: an item of 40 bytes a record, while the text stays in the
 * file. What belongs together hangs together: a call with its return and its completion, a request with its response, a
 * stream with all its bytes. The first of these is the head; heads stand in lanes, the sequences in which order means
 * something:
 *   calls on one object, in their order; those that make another object, apart from these; calls on no object, by
 *   function; events of one object; a stream of a process; requests about one container of a bridge; what its guest
 *   says by itself.
 * Calls on operations and callbacks are plumbing: they stand in no lane.
 *
 * Owned by one thread. Traces of more than 2^32 - 2 records are refused.
 */

#include "mockhcs/trace/lines.h"
#include "mockhcs/workbench/keymap.h"

#define CATALOG_NONE UINT32_MAX

struct catalog_item {
        uint64_t offset : 56; /* of the line */
        uint64_t kind : 8;    /* enum mock_record_kind */
        uint64_t shape;       /* what was asked or said, with what is invented left out */
        uint64_t outcome;     /* CALL, FRAME: how it ended; STDIO: the bytes */
        uint32_t word;        /* hash of the function, event or message */
        uint32_t lane;        /* CATALOG_NONE: no head, or plumbing */
        uint32_t next;        /* the record that goes on with this one */
        uint32_t made;        /* CALL: the handle that it gave */
};

struct catalog_handle {
        uint64_t key;    /* of its symbol */
        uint32_t kind;   /* hash of "system", "bridge" */
        uint32_t lanes;  /* the first one; they go on with `next` */
        uint32_t maker;  /* item of the call that gave it */
        uint32_t number; /* of its symbol */
};

struct catalog_lane {
        uint64_t content; /* all heads with their outcomes */
        uint32_t handle;  /* CATALOG_NONE: calls on no object */
        uint32_t group;   /* which of the handle's: equal in every trace */
        uint32_t next;
        uint32_t first, n; /* in `order` */
        bool free;         /* the order means little: calls that make objects, and those on none */
};

struct catalog {
        struct mock_trace_reader *reader;
        struct catalog_item *items; /* items[i] is line i + 2 */
        uint32_t n, cap;
        struct catalog_handle *handles;
        uint32_t n_handles, cap_handles;
        struct catalog_lane *lanes;
        uint32_t n_lanes, cap_lanes;
        uint32_t *order; /* heads by lane, in each as they came */
        uint32_t n_heads;
        struct keymap names; /* ids of systems that no run invents */
        struct keymap by_handle, by_lane;
        struct keymap calls, operations, requests, streams; /* while reading: who is to be gone on with */
        struct keymap tails;                                /* where long chains end */
        struct keymap functions;                            /* a function of a DLL to its class and its word */
        struct hcs_buf scratch;
};

/* Reads the whole trace. bridge: only the frames of that one ("bridge/2"), nothing else; NULL: all. */
HRESULT catalog_open(const char *path, const char *bridge, struct catalog **ret, struct hcs_error **err);
struct catalog *catalog_free(struct catalog *c);
HCS_DEFINE_CLEANUP(struct catalog *, catalog_free)
/* The handle of that symbol; CATALOG_NONE when nothing is said of it. */
uint32_t catalog_find(const struct catalog *c, const char *symbol);
/* The record of an item, read again. */
HRESULT catalog_read(struct catalog *c, uint32_t item, struct mock_record *ret, struct hcs_error **err);
static inline uint64_t catalog_line(uint32_t item) {
        return (uint64_t)item + 2;
}

#endif
