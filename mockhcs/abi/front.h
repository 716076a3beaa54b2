/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ABI_FRONT_H
#define MOCKHCS_ABI_FRONT_H

/*
 * What every export does, once: find the engine, turn the arguments into a call document, send it down, turn the
 * outcome back into what the ABI returns. An export is a few lines over these functions. A front lives on the stack of
 * the calling thread. The first argument that is bad decides the result; the call then never reaches a backend.
 */

#include "hcsshim/abi/types.h"
#include "mockhcs/engine/engine.h"

#define MOCK_FRONT_EXPORT __attribute__((visibility("default")))

struct mock_front {
        struct mock_engine *engine; /* NULL: it could not be opened */
        struct mock_call call;
        struct mock_live *op; /* where the completion lands; internal unless the client gave one */
        bool op_is_clients;
        HRESULT hr; /* of the arguments, later of the call */
};

/* Starts a call; f is always usable afterwards and must be ended. */
MOCK_FRONT_EXPORT void mock_front_begin(struct mock_front *f, const struct mock_function *function);
MOCK_FRONT_EXPORT const struct mock_function *mock_front_function(enum mock_dll dll, const char *name);

/* Arguments, in the order of the export. A text must not be empty (E_INVALIDARG), a document may be NULL. */
MOCK_FRONT_EXPORT void mock_front_text(struct mock_front *f, const char *name, PCWSTR text);
MOCK_FRONT_EXPORT void mock_front_document(struct mock_front *f, const char *name, PCWSTR text);
/* A GUID as text; NULL is E_POINTER. */
MOCK_FRONT_EXPORT void mock_front_guid(struct mock_front *f, const char *name, const GUID *guid);
MOCK_FRONT_EXPORT void mock_front_number(struct mock_front *f, const char *name, uint64_t number);
/* E_HANDLE when it is not live; a reference is kept to the end of the call. */
MOCK_FRONT_EXPORT struct mock_live *mock_front_handle(struct mock_front *f, enum mock_handle_kind kind,
                                                      const void *value);
/* The operation that the call is started for: E_HANDLE, or HCS_E_OPERATION_ALREADY_STARTED. */
MOCK_FRONT_EXPORT void mock_front_operation(struct mock_front *f, const void *value);
/* The call makes a handle; out must not be NULL (E_POINTER) and is set to 0. */
MOCK_FRONT_EXPORT void mock_front_creates(struct mock_front *f, enum mock_handle_kind kind, void *out);

/* Sends the call down when all arguments were good; f->hr is what the API returns (computecore family). */
MOCK_FRONT_EXPORT void mock_front_submit(struct mock_front *f);
/* Answers a local call with hr and shows it to the layers. */
MOCK_FRONT_EXPORT void mock_front_local(struct mock_front *f, HRESULT hr);
/* Waits for the completion of a submitted call; its HRESULT becomes f->hr. */
MOCK_FRONT_EXPORT void mock_front_wait(struct mock_front *f);
/* Sends a call and waits; its document goes to `data` after success, to `result` after a failure (NULL: nowhere). */
MOCK_FRONT_EXPORT void mock_front_call(struct mock_front *f, PWSTR *data, PWSTR *result);
/* The value of the handle that the call made; 0 after a failure. */
MOCK_FRONT_EXPORT void *mock_front_created(struct mock_front *f);
/* Closing: unregisters and drains the callback, takes the handle away, then lets the backend know. */
MOCK_FRONT_EXPORT void mock_front_close(struct mock_front *f, struct mock_live *l);
/* The result document of op (NULL: of the call) as a fresh UTF-16 string in *out; untouched where there is none. */
MOCK_FRONT_EXPORT void mock_front_result(struct mock_front *f, struct mock_live *op, PWSTR *out);
/* Ends the call; returns the HRESULT as the DLL spells it, zero extended. */
MOCK_FRONT_EXPORT uint64_t mock_front_end(struct mock_front *f);
/* Submits, waits and ends: a call that gives nothing back but its result. */
MOCK_FRONT_EXPORT uint64_t mock_front_finish(struct mock_front *f);

/* `FRONT(f, COMPUTECORE, "HcsX");` declares and begins f; the row is looked up once per export. */
#define FRONT(f, DLL, export_name)                                                                          \
        static const struct mock_function *f##_row;                                                         \
        struct mock_front f;                                                                                \
        if (!__atomic_load_n(&f##_row, __ATOMIC_RELAXED))                                                   \
                __atomic_store_n(&f##_row, mock_front_function(MOCK_##DLL, export_name), __ATOMIC_RELAXED); \
        mock_front_begin(&f, __atomic_load_n(&f##_row, __ATOMIC_RELAXED))

/* Output strings are NULL from the start: callers reuse variables and free what they find there. */
static inline void mock_front_clear(PWSTR *out) {
        if (out)
                *out = NULL;
}

#endif
