/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ENGINE_HANDLE_H
#define MOCKHCS_ENGINE_HANDLE_H

/*
 * A handle that a client holds: a system, a process, an operation, a callback or an object of host networking. Every
 * create or open makes a new one with a symbolic name ("system/1") that traces and reports use. The ABI value is an
 * index with a generation, never a pointer, so a stale or foreign value is E_HANDLE and is counted. Handles are
 * reference counted by the engine.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "mockhcs/engine/function.h"

enum mock_handle_kind {
        MOCK_SYSTEM,
        MOCK_PROCESS,
        MOCK_OPERATION,
        MOCK_CALLBACK,
        /* Host networking: in the order of the verbs (enum mock_hcn_kind). */
        MOCK_NETWORK,
        MOCK_ENDPOINT,
        MOCK_NAMESPACE,
        MOCK_LOADBALANCER,
        MOCK_SDNROUTE,
        MOCK_GUESTSERVICE,
        MOCK_RESERVATION, /* of ports */
        MOCK_HANDLE_KINDS,
};

/* "network": the name of an argument of that kind, and what its symbols begin with. */
const char *mock_handle_kind_name(enum mock_handle_kind kind);
/* Parses "system/3"; false for anything else. */
bool mock_handle_symbol_parse(const char *symbol, enum mock_handle_kind *ret_kind, uint32_t *ret_number);

struct mock_handle {
        enum mock_handle_kind kind;
        enum mock_dll dll;          /* which DLL gave it out */
        uint32_t number;            /* the N of "system/N", 1.. per kind */
        char symbol[24];            /* "system/1" */
        uintptr_t value;            /* what the client holds */
        struct mock_handle *system; /* PROCESS: the system handle it was made through (may be closed by now) */
        /* For the answering backend: whatever it hangs on the handle. The engine neither reads nor frees it; the
         * backend drops it when it sees the close call. Set inside invoke() of the create or open call. */
        void *object;
        atomic_int refs;
};

/* Keep a handle beyond the call: events can be emitted on it until unref; on a closed handle they vanish. */
struct mock_handle *mock_handle_ref(struct mock_handle *h);
struct mock_handle *mock_handle_unref(struct mock_handle *h);

#endif
