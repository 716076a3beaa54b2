/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ENGINE_CALL_H
#define MOCKHCS_ENGINE_CALL_H

/*
 * The call document: what goes down from an export to the backend, and what comes back. A call lives on the stack
 * of the thread that made it; a backend that completes it later keeps only its number.
 *
 * Names of arguments and outputs, the same for every DLL:
 *   in   id, configuration, options, query, settings, parameters, processId, access, namespace, method, path, object,
 *        vmId, file, system, process, operation, callback, timeout, type, uri ...; for host networking also network,
 *        endpoint, namespace, loadbalancer, sdnroute, guestservice, reservation, protocol, port, count; of layers id,
 *        parent, layers, size, path, folder, mount, layerData, vhd (the path of the disk's file; "" for none)
 *   out  system, process, operation, callback, network (and its siblings), properties, result, processInformation
 * A handle argument that named no live handle has the symbol "invalid"; such a call is answered by the engine and only
 * shown to the layers (note).
 * `result` is the ResultError (or the data of an operation); `properties` is the data of a vmcompute query. Backends
 * always put the data of a query in `result` of the completion; the vmcompute front hands it out as properties.
 */

#include "mockhcs/engine/function.h"
#include "mockhcs/engine/value.h"

struct mock_handle;

#define MOCK_MAX_ARGS 8

enum mock_stream { MOCK_STDIN, MOCK_STDOUT, MOCK_STDERR };
#define MOCK_STREAMS 3
const char *mock_stream_name(enum mock_stream stream); /* "stdin" */

struct mock_process_info {
        bool present;
        uint32_t process_id;
        bool stream[3]; /* which pipes exist, by enum mock_stream */
};

/* How a call ended. For a call that the API refuses, the completion is that refusal. */
struct mock_completion {
        uint64_t number; /* of the call */
        HRESULT hr;
        struct mock_value result;
        struct mock_process_info process;
};

struct mock_call {
        const struct mock_function *function;
        uint64_t number;  /* 1.. per engine, in order of entry */
        uint64_t time_ns; /* since the engine started */
        uint32_t thread;  /* 1.. per engine, in order of appearance */

        struct mock_value args[MOCK_MAX_ARGS];
        size_t n_args;

        /* The live handles behind the arguments `system`, `process`, `operation`, `callback`; NULL where there is none.
         * They stay valid during the call. */
        struct mock_handle *system;
        struct mock_handle *process;
        struct mock_handle *operation;
        struct mock_handle *callback;
        struct mock_handle *entity; /* an object of host networking, or a reservation of ports */
        /* CREATE and OPEN: the handle that the client gets on success; made by the engine before the backend is asked,
         * dropped by it when `hr` is a failure. */
        struct mock_handle *created;

        /* Set by the backend. */
        HRESULT hr;       /* what the API returns, in the computecore family: S_OK also while pending */
        bool completed;   /* completion is valid; false: it comes later through the sink */
        bool heard_first; /* what is due is delivered before the API returns */
        struct mock_completion completion;
};

/* The handle that the call is about; NULL when it is about none. */
struct mock_handle *mock_call_subject(const struct mock_call *call);
/* Is it of host networking, whose documents of failures are other ones? */
bool mock_call_is_network(const struct mock_call *call);
/* May replay answer it again from the latest answer? True for queries, HNSCall GET among them. */
bool mock_call_is_read_only(const struct mock_function *f, const char *method);
/* The argument of that name, or NULL. */
struct mock_value *mock_call_arg(struct mock_call *call, const char *name);
/* Its text, "" when absent. */
const char *mock_call_text(struct mock_call *call, const char *name);
/* Adds an argument and returns it for one of mock_value_set_*(). */
struct mock_value *mock_call_add(struct mock_call *call);
void mock_call_deinit(struct mock_call *call);
/* Is it a modify of a process that closes its stdin? */
bool mock_call_closes_stdin(struct mock_call *call);

/*
 * How backends answer. Each fills hr, completed and completion and returns nothing.
 *   done:   accepted and finished with S_OK; result (taken over) may be NULL.
 *   fail:   refused; hr and a result document (taken over) may be NULL.
 *   refuse: as fail, with a document that says why; what an answer had left there goes.
 *   later:  accepted, completion comes through the sink with call->number.
 */
void mock_call_done(struct mock_call *call, char *result);
void mock_call_fail(struct mock_call *call, HRESULT hr, char *result);
void mock_call_refuse(struct mock_call *call, HRESULT hr, const char *why);
void mock_call_later(struct mock_call *call);
void mock_completion_deinit(struct mock_completion *c);

/* The value as the DLL of the call spells it: 0xC03701xx through vmcompute, 0x803701xx elsewhere. */
HRESULT mock_call_spell(const struct mock_call *call, HRESULT hr);

#endif
