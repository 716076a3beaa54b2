/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_RENUMBER_H
#define MOCKHCS_WORKBENCH_RENUMBER_H

/*
 * New numbers for the calls, handles and threads of a trace that becomes a part of another one. The counters are those
 * of the whole, shared by all its parts; bridges count with systems, so that bridge/N stays that of system/N. Owned by
 * one thread.
 */

#include "mockhcs/trace/record.h"
#include "mockhcs/workbench/keymap.h"

struct numbers {
        uint32_t by_kind[16]; /* the newest of each; [0] are systems and bridges */
        uint64_t call;
        uint32_t thread;
};

struct renumbering {
        struct numbers *numbers;
        struct keymap handles; /* symbol to new number */
        struct keymap calls;
        struct keymap threads;
};

void renumbering_deinit(struct renumbering *r);
/* The symbol in the whole; one that is no symbol stays. Caller frees. */
char *renumbering_symbol(struct renumbering *r, const char *symbol);
/* Makes this symbol of the part stand for that one of the whole. */
void renumbering_bind(struct renumbering *r, const char *symbol, const char *whole);
/* All of a record: number, thread, handles among its values, subject. */
void renumbering_apply(struct renumbering *r, struct mock_record *record);

#endif
