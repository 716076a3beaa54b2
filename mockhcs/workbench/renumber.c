/* SPDX-License-Identifier: MIT */

/* Numbers are given in the order in which they are met. See renumber.h. */

#include "mockhcs/workbench/renumber.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/engine/handle.h"
#include "mockhcs/workbench/fingerprint.h"

#define OTHER_KINDS 15 /* symbols of kinds that this version does not know share a counter */

void renumbering_deinit(struct renumbering *r) {
        keymap_deinit(&r->handles);
        keymap_deinit(&r->calls);
        keymap_deinit(&r->threads);
}

static uint64_t hash(const char *s, size_t n) {
        return fingerprint_bytes(FINGERPRINT_START, s, n);
}

/* "system/3": the length of the kind; 0 when it is no symbol. */
static size_t kind_of(const char *symbol, uint64_t *ret_number) {
        const char *slash = symbol ? strchr(symbol, '/') : NULL;

        return slash && slash > symbol && hcs_str_to_u64(slash + 1, ret_number) ? (size_t)(slash - symbol) : 0;
}

/* A bridge is known as its system. */
static uint64_t key_of(const char *symbol, size_t kind, uint64_t number) {
        bool bridge = kind == 6 && memcmp(symbol, "bridge", 6) == 0;

        return fingerprint_mix(hash(bridge ? "system" : symbol, kind) + number * 2654435761u);
}

static uint32_t *counter_of(struct numbers *n, const char *symbol, size_t kind) {
        if (kind == 6 && memcmp(symbol, "bridge", 6) == 0)
                return &n->by_kind[MOCK_SYSTEM];
        for (int k = 0; k < MOCK_HANDLE_KINDS; k++) {
                const char *name = mock_handle_kind_name((enum mock_handle_kind)k);

                if (strlen(name) == kind && memcmp(name, symbol, kind) == 0)
                        return &n->by_kind[k];
        }
        return &n->by_kind[OTHER_KINDS];
}

_Static_assert((int)MOCK_HANDLE_KINDS <= OTHER_KINDS, "more kinds of handles than counters");

char *renumbering_symbol(struct renumbering *r, const char *symbol) {
        uint64_t number;
        size_t kind = kind_of(symbol, &number);
        uint32_t *place;

        if (!kind)
                return hcs_strdup(symbol);
        place = keymap_place(&r->handles, key_of(symbol, kind, number));
        if (*place == KEYMAP_NONE)
                *place = ++*counter_of(r->numbers, symbol, kind);
        return hcs_asprintf("%.*s/%u", (int)kind, symbol, *place);
}

void renumbering_bind(struct renumbering *r, const char *symbol, const char *whole) {
        uint64_t number, to;
        size_t kind = kind_of(symbol, &number);

        if (kind && kind_of(whole, &to))
                *keymap_place(&r->handles, key_of(symbol, kind, number)) = (uint32_t)to;
}

static uint64_t call_of(struct renumbering *r, uint64_t n) {
        uint32_t *place = keymap_place(&r->calls, n + 1);

        if (*place == KEYMAP_NONE)
                *place = (uint32_t)++r->numbers->call;
        return *place;
}

static void set_symbol(struct renumbering *r, char **symbol) {
        char *now = *symbol ? renumbering_symbol(r, *symbol) : NULL;

        free(*symbol);
        *symbol = now;
}

void renumbering_apply(struct renumbering *r, struct mock_record *record) {
        bool numbered = record->kind == MOCK_RECORD_CALL || record->kind == MOCK_RECORD_RETURN ||
                        (record->kind == MOCK_RECORD_COMPLETE && record->n);

        if (numbered)
                record->n = call_of(r, record->n);
        if (record->kind == MOCK_RECORD_CALL) {
                uint32_t *place = keymap_place(&r->threads, (uint64_t)record->thread + 1);

                if (*place == KEYMAP_NONE)
                        *place = ++r->numbers->thread;
                record->thread = *place;
        }
        for (size_t i = 0; i < record->n_args; i++)
                if (record->args[i].kind == MOCK_HANDLE) {
                        set_symbol(r, &record->args[i].text);
                        record->args[i].len = strlen(record->args[i].text);
                }
        if (record->kind == MOCK_RECORD_COMPLETE && record->subject && hcs_str_starts(record->subject, "call/")) {
                uint64_t n;

                if (hcs_str_to_u64(record->subject + 5, &n)) {
                        free(record->subject);
                        record->subject = hcs_asprintf("call/%llu", (unsigned long long)call_of(r, n));
                }
        } else {
                set_symbol(r, &record->subject);
        }
}
