/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ENGINE_HANDLE_TABLE_H
#define MOCKHCS_ENGINE_HANDLE_TABLE_H

/*
 * From the value that a client holds to the live handle: an index with a generation, so that a stale, foreign or
 * invented value is found out and never followed. Guarded by the engine's lock.
 */

#include "mockhcs/engine/live.h"

struct mock_handle_slot {
        struct mock_live *live;
        uint32_t generation;
        uint32_t next_free;
};
struct mock_handle_table {
        struct mock_handle_slot *slots;
        uint32_t n, cap, free_list;          /* free_list: index + 1, 0 for none */
        uint32_t numbers[MOCK_HANDLE_KINDS]; /* symbolic numbers given out, by kind */
};

void mock_handle_table_deinit(struct mock_handle_table *t);
/* A new handle with a symbolic name and one reference, not yet visible to clients. */
struct mock_live *mock_live_new(struct mock_engine *e, struct mock_handle_table *t, enum mock_handle_kind kind,
                                enum mock_dll dll);
/* Makes it visible: gives it its value and takes a reference. */
void mock_handle_table_publish(struct mock_handle_table *t, struct mock_live *l);
/* Takes it away from clients; the caller gets the table's reference. */
void mock_handle_table_remove(struct mock_handle_table *t, struct mock_live *l);
/* The live handle of that value, kind and DLL, or NULL. No reference is taken. */
struct mock_live *mock_handle_table_find(struct mock_handle_table *t, const void *value, enum mock_handle_kind kind,
                                         enum mock_dll dll);

#endif
