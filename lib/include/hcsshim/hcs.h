/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_HCS_H
#define HCSSHIM_HCS_H

/*
 * The HCS client: compute systems and processes over computecore.dll, or over vmcompute.dll where that is all there
 * is. The platform library is chosen and loaded at run time; nothing links against it.
 *
 *   struct hcs_client *c = NULL;  struct hcs_system *s = NULL;  struct hcs_error *e = NULL;
 *   if (FAILED(hcs_client_open(NULL, &c, &e)) ||
 *       FAILED(hcs_system_create(c, "demo", document, NULL, &s, &e)) || FAILED(hcs_system_start(s, NULL, NULL, &e)))
 *           puts(hcs_error_format(e));
 *
 * Documents are UTF-8 JSON text in both directions; build and read them by hand or with the types of lib/schema.
 * A NULL document means "no options". Documents are handed on as they are, the platform judges them; text that is not
 * UTF-8 is refused with HRESULT_FROM_WIN32(ERROR_NO_UNICODE_TRANSLATION).
 *
 * Ownership. Every object is counted: what a function returns through ret_ belongs to the caller, who drops it with
 * the matching _unref (NULL is fine, returns NULL). Strings returned through ret_ are freed with free(). Arguments are
 * borrowed for the time of the call.
 *
 * Errors. A failing call returns an HRESULT and, when err is not NULL, an error object that carries the operation, the
 * id ("system" or "system:pid"), the ErrorEvents of the platform's result document, and a hint (hcsshim/error.h). Both
 * code families (0xC03701xx of vmcompute, 0x803701xx of computecore) may come back: ask with the hcs_is_ predicates.
 * Codes this library makes itself:
 *   HCS_E_OPERATION_TIMEOUT   the time ran out             E_ABORT                the cancel token was set
 *   E_HANDLE                  the handle was closed        HCS_E_SERVICE_DISCONNECT  the compute service went away
 *   HCS_E_UNEXPECTED_EXIT     the system ended during a start, pause, resume, save or create (vmcompute)
 *   E_UNEXPECTED              an answer is empty or not the document it should be
 *   HCS_WIN32(127)            the loaded library lacks the export    HCS_WIN32(50)  the chosen API has no such call
 *
 * Threads. Every function may be called from any thread at any time, also from inside callbacks. Callbacks run on a
 * thread of the platform, never inside a call of yours. After _close no callback of that object runs (except the one
 * that called it). A callback may close its own object, but should not wait for an operation of vmcompute: that one
 * is completed on the same thread.
 *
 * Time. `struct hcs_call` (hcsshim/call.h) bounds a call; NULL takes the defaults. Where a default is "none" the call
 * waits for ever. create, start, pause, resume, save    240 s  HCSSHIM_TIMEOUT_SYSTEMCREATE, _SYSTEMSTART,
 * _SYSTEMPAUSE, _SYSTEMRESUME, _SYSTEMSAVE (whole seconds > 0, read when the client opens) properties, modify, crash,
 * process calls, enumerate    none live migration                        none, as hcsshim service and access calls
 * synchronous in the platform, cannot be bounded A call that ran out of time is given up, not undone: the platform may
 * still finish it.
 *
 * Behaviour follows hcsshim. Where it knowingly differs:
 *   - vmcompute calls are never left behind on a thread of their own when they take too long (hcsshim's watchdog of
 *     240 s); neither stack abandons a call into the platform.
 *   - A wait that carries a cancel token looks at it every 20 ms.
 *   - _close ends the waits of other threads for the exit.
 *   - The callback context is never 0.
 *   - An exit is remembered: a pause or start that sees it does not take it away from hcs_system_wait, and a second
 *     exit notification changes nothing. A notification nobody waits for never blocks the platform's thread.
 *   - The predicates know both code families, so "already stopped" and "does not exist" are tolerated by shutdown and
 *     terminate over computecore too.
 *   - An unknown exit code is S_FALSE and 0xFFFFFFFF, not a silent -1.
 *   - Statistics of a process-isolated container are asked of HCS, never read from the job object.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/abi/computecore.h"
#include "hcsshim/abi/vmcompute.h"
#include "hcsshim/call.h"
#include "hcsshim/error.h"
#include "hcsshim/guid.h"

#pragma GCC visibility push(default)

struct hcs_client;
struct hcs_system;
struct hcs_process;

/* Which platform library answers. */
enum hcs_api {
        HCS_API_AUTO, /* HCSSHIM_API=computecore|vmcompute, else computecore where it loads, else vmcompute */
        HCS_API_COMPUTECORE,
        HCS_API_VMCOMPUTE,
};

struct hcs_client_options {
        enum hcs_api api;
        /*
         * Where the library is: a file, or a folder that holds it under its usual name. NULL:
         * HCSSHIM_LIBRARY_PATH, else the system's search (System32 only on Windows).
         */
        const char *library_path;
        /* Tables to use instead of loading anything; copied. With both, `api` chooses. */
        const struct hcs_computecore_api *computecore;
        const struct hcs_vmcompute_api *vmcompute;
};

/* ---- client ---- */

/*
 * options may be NULL. E_INVALIDARG for an unknown HCSSHIM_API; HCS_WIN32(126) when no library loads, naming each that
 * was tried. A library once loaded stays loaded.
 */
HRESULT hcs_client_open(const struct hcs_client_options *options, struct hcs_client **ret, struct hcs_error **err);
struct hcs_client *hcs_client_ref(struct hcs_client *c);
struct hcs_client *hcs_client_unref(struct hcs_client *c);
enum hcs_api hcs_client_api(const struct hcs_client *c); /* never HCS_API_AUTO */
const char *hcs_api_name(enum hcs_api api);              /* "computecore", "vmcompute" or "auto" */

/* ---- service ---- */

/* query: SystemQuery ({"Types":[..],"Owners":[..],"Ids":[..],"Names":[..]}), NULL for all. Gives an array of
 * Properties. */
HRESULT hcs_enumerate(struct hcs_client *c, const char *query, const struct hcs_call *call, char **ret_systems,
                      struct hcs_error **err);
/* query: {"PropertyTypes":["ProcessorTopology"]}; gives ServiceProperties. */
HRESULT hcs_service_properties(struct hcs_client *c, const char *query, char **ret, struct hcs_error **err);
/* settings: ModificationRequest. ret_result (may be NULL) receives the document that answers it, or NULL. */
HRESULT hcs_service_modify(struct hcs_client *c, const char *settings, char **ret_result, struct hcs_error **err);
/* Lets the VM's account open the file. Revoking and the group forms exist in computecore only. */
HRESULT hcs_grant_vm_access(struct hcs_client *c, const char *vm_id, const char *path, struct hcs_error **err);
HRESULT hcs_revoke_vm_access(struct hcs_client *c, const char *vm_id, const char *path, struct hcs_error **err);
HRESULT hcs_grant_vm_group_access(struct hcs_client *c, const char *path, struct hcs_error **err);
HRESULT hcs_revoke_vm_group_access(struct hcs_client *c, const char *path, struct hcs_error **err);

/* ---- events ---- */

enum hcs_event_kind {
        HCS_EVENT_SYSTEM_EXITED,
        HCS_EVENT_SYSTEM_CRASH_INITIATED,
        HCS_EVENT_SYSTEM_CRASH_REPORT,
        HCS_EVENT_SYSTEM_RDP_ENHANCED_MODE_STATE_CHANGED,
        HCS_EVENT_SYSTEM_SILO_JOB_CREATED,
        HCS_EVENT_SYSTEM_GUEST_CONNECTION_CLOSED,
        HCS_EVENT_SYSTEM_SHUTDOWN_FAILED,
        HCS_EVENT_PROCESS_EXITED,
        HCS_EVENT_SERVICE_DISCONNECT,
        HCS_EVENT_VM_LIFECYCLE,
        HCS_EVENT_LIVE_MIGRATION,
        HCS_EVENT_OPERATION_INFO,
        HCS_EVENT_UNKNOWN,
};
struct hcs_event {
        enum hcs_event_kind kind;
        const char *name;  /* "SystemExited" */
        uint32_t raw_type; /* the platform's number */
        HRESULT status;    /* vmcompute's status; S_OK over computecore */
        const char *data; /* the event's document, NULL for none; for ProcessExited always the ProcessStatus if known */
};
const char *hcs_event_name(enum hcs_event_kind kind);
/* Everything here is valid during the callback only. */
typedef void (*hcs_event_fn)(void *ctx, const struct hcs_event *event);

/* ---- compute systems ---- */

/* configuration: ComputeSystem (schema 2) or ContainerConfig (schema 1). On failure nothing is left behind. */
HRESULT hcs_system_create(struct hcs_client *c, const char *id, const char *configuration, const struct hcs_call *call,
                          struct hcs_system **ret, struct hcs_error **err);
HRESULT hcs_system_open(struct hcs_client *c, const char *id, const struct hcs_call *call, struct hcs_system **ret,
                        struct hcs_error **err);
struct hcs_system *hcs_system_ref(struct hcs_system *s);
/* The last one closes. */
struct hcs_system *hcs_system_unref(struct hcs_system *s);
/*
 * Gives the platform's handle back. Ends waits of other threads with E_HANDLE, drains callbacks; later calls on s
 * return E_HANDLE. Closing again is S_OK. A system with ShouldTerminateOnLastHandleClosed ends with its last handle.
 */
HRESULT hcs_system_close(struct hcs_system *s, struct hcs_error **err);

/* What the properties said after create or open; valid as long as s. */
const char *hcs_system_id(const struct hcs_system *s);
const char *hcs_system_type(const struct hcs_system *s);           /* "Container" or "VirtualMachine" */
const char *hcs_system_os(const struct hcs_system *s);             /* "windows" or "linux", lower case, "" unknown */
const char *hcs_system_owner(const struct hcs_system *s);          /* "" for none */
bool hcs_system_runtime_id(const struct hcs_system *s, GUID *ret); /* a VM's hvsocket id; false when there is none */

HRESULT hcs_system_start(struct hcs_system *s, const char *options, const struct hcs_call *call,
                         struct hcs_error **err);
/*
 * Shutdown asks the guest, terminate does not. Both only begin it: the exit is what says it happened. Success without a
 * call when the handle is closed or the exit was seen; success when the platform says already stopped, does not exist
 * or pending.
 */
HRESULT hcs_system_shutdown(struct hcs_system *s, const char *options, struct hcs_error **err);
HRESULT hcs_system_terminate(struct hcs_system *s, const char *options, struct hcs_error **err);
HRESULT hcs_system_pause(struct hcs_system *s, const char *options, const struct hcs_call *call,
                         struct hcs_error **err);
HRESULT hcs_system_resume(struct hcs_system *s, const char *options, const struct hcs_call *call,
                          struct hcs_error **err);
/* options: SaveOptions {"SaveType":"ToFile"|"AsTemplate","SaveStateFilePath":..}. */
HRESULT hcs_system_save(struct hcs_system *s, const char *options, const struct hcs_call *call, struct hcs_error **err);
/* options: CrashOptions. computecore only. */
HRESULT hcs_system_crash(struct hcs_system *s, const char *options, const struct hcs_call *call,
                         struct hcs_error **err);

/* Any property query, answered as it comes. E_UNEXPECTED when the answer is empty. */
HRESULT hcs_system_query(struct hcs_system *s, const char *query, const struct hcs_call *call, char **ret,
                         struct hcs_error **err);
/* Schema 1 and 2: {"PropertyTypes":[...]}, NULL-terminated list or NULL for the basic properties. */
HRESULT hcs_system_properties(struct hcs_system *s, const char *const *types, const struct hcs_call *call, char **ret,
                              struct hcs_error **err);
HRESULT hcs_system_properties_v2(struct hcs_system *s, const char *const *types, const struct hcs_call *call,
                                 char **ret, struct hcs_error **err);
/* {"Queries":{name:null,...}}; gives {"PropertyResponses":{name:{"Response":..}|{"Error":..}}}. */
HRESULT hcs_system_properties_v3(struct hcs_system *s, const char *const *queries, const struct hcs_call *call,
                                 char **ret, struct hcs_error **err);
/* request: ModifySettingRequest. */
HRESULT hcs_system_modify(struct hcs_system *s, const char *request, const struct hcs_call *call,
                          struct hcs_error **err);

/*
 * Waits for the exit; an unexpected exit is a success here, see hcs_system_exit_error. Over vmcompute another failure
 * that the exit is told with is returned.
 */
HRESULT hcs_system_wait(struct hcs_system *s, const struct hcs_call *call, struct hcs_error **err);
bool hcs_system_exited(struct hcs_system *s);
/* After the exit: S_OK for an expected one, else HCS_E_UNEXPECTED_EXIT and the error. Before: HCS_E_INVALID_STATE. */
HRESULT hcs_system_exit_error(struct hcs_system *s, struct hcs_error **err);
/* The SystemExitStatus document (computecore), NULL before the exit and over vmcompute; caller frees. */
char *hcs_system_exit_status(struct hcs_system *s);
/*
 * Events that came before (up to 64) are delivered at once, each once, from a thread of the library, which holds a
 * reference while it does: to be sure that the handle is closed, close it and do not only unref. One callback an
 * object: HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET while another is set. NULL takes it away and drains: it does not
 * run any more when this returns, unless it is the one that calls.
 */
HRESULT hcs_system_set_callback(struct hcs_system *s, hcs_event_fn fn, void *ctx, struct hcs_error **err);

/* ---- live migration, source side; computecore only; every one but cancel has the system for itself ---- */

HRESULT hcs_system_migration_initialize(struct hcs_system *s, const char *options, const struct hcs_call *call,
                                        struct hcs_error **err);
/* socket is handed to the platform with the call; the caller keeps it. */
HRESULT hcs_system_migration_start_source(struct hcs_system *s, const char *options, HANDLE socket,
                                          const struct hcs_call *call, struct hcs_error **err);
/* The destination: hcs_system_start with {"DestinationMigrationOptions":..} and the socket. */
HRESULT hcs_system_migration_start_destination(struct hcs_system *s, const char *options, HANDLE socket,
                                               const struct hcs_call *call, struct hcs_error **err);
HRESULT hcs_system_migration_transfer(struct hcs_system *s, const char *options, const struct hcs_call *call,
                                      struct hcs_error **err);
HRESULT hcs_system_migration_finalize(struct hcs_system *s, const char *options, const struct hcs_call *call,
                                      struct hcs_error **err);
HRESULT hcs_system_migration_cancel(struct hcs_system *s, const char *options, const struct hcs_call *call,
                                    struct hcs_error **err);

/* ---- processes ---- */

/* parameters: ProcessParameters (schema 2) or ProcessConfig (schema 1). */
HRESULT hcs_process_create(struct hcs_system *s, const char *parameters, const struct hcs_call *call,
                           struct hcs_process **ret, struct hcs_error **err);
/* Without stdio; hcs_process_stdio_fresh gets some. */
HRESULT hcs_process_open(struct hcs_system *s, uint32_t pid, const struct hcs_call *call, struct hcs_process **ret,
                         struct hcs_error **err);
struct hcs_process *hcs_process_ref(struct hcs_process *p);
struct hcs_process *hcs_process_unref(struct hcs_process *p);
/* As hcs_system_close; also closes the pipes the object still has. The process itself goes on. */
HRESULT hcs_process_close(struct hcs_process *p, struct hcs_error **err);
uint32_t hcs_process_pid(const struct hcs_process *p);

enum hcs_stdio { HCS_STDIN, HCS_STDOUT, HCS_STDERR };
/* Hands a pipe over to the caller, who closes it (not while another thread reads or writes it); 0: there is none. */
HANDLE hcs_process_take_pipe(struct hcs_process *p, enum hcs_stdio stream);
/* Asks for new ends of the pipes (HcsGetProcessInfo) in place of those the object has. */
HRESULT hcs_process_stdio_fresh(struct hcs_process *p, const struct hcs_call *call, struct hcs_error **err);
/*
 * Blocking. Write sends everything. Read: S_OK with *ret_n > 0, S_FALSE at the end of the stream. A pipe that is closed
 * meanwhile, with its process or alone, stays open until the call returns; closing does not interrupt it.
 */
HRESULT hcs_process_write(struct hcs_process *p, const void *data, size_t n, struct hcs_error **err);
HRESULT hcs_process_read(struct hcs_process *p, enum hcs_stdio stream, void *buf, size_t size, size_t *ret_n,
                         struct hcs_error **err);
/* Ends the process's input, and our end of it. No call when the process has exited. */
HRESULT hcs_process_close_stdin(struct hcs_process *p, const struct hcs_call *call, struct hcs_error **err);
/* Closes our end of an output. */
void hcs_process_close_pipe(struct hcs_process *p, enum hcs_stdio stream);

HRESULT hcs_process_resize_console(struct hcs_process *p, uint16_t width, uint16_t height, const struct hcs_call *call,
                                   struct hcs_error **err);
/* settings: ProcessModifyRequest. */
HRESULT hcs_process_modify(struct hcs_process *p, const char *settings, const struct hcs_call *call,
                           struct hcs_error **err);
/*
 * options: {"Signal":"CtrlC"} or {"Signal":15}; NULL sends null. *ret_delivered (may be NULL) is false, and the call a
 * success, when the platform refuses, as in hcsshim. When it says that process or system are gone and no exit comes
 * within a second, waits on p end with an unknown exit code.
 */
HRESULT hcs_process_signal(struct hcs_process *p, const char *options, const struct hcs_call *call, bool *ret_delivered,
                           struct hcs_error **err);
/*
 * Ends the process through handles of its own, so that it works while p is busy. A process or system that is already
 * gone counts as delivered; where the system cannot be opened it is terminated as a whole. A second kill is not sent.
 */
HRESULT hcs_process_kill(struct hcs_process *p, const struct hcs_call *call, bool *ret_delivered,
                         struct hcs_error **err);
/* ProcessStatus document. */
HRESULT hcs_process_properties(struct hcs_process *p, const char *query, const struct hcs_call *call, char **ret,
                               struct hcs_error **err);
/*
 * Waits for the exit. S_OK with the exit code (may be NULL), as unsigned 32 bits (0xC000013A stays that). S_FALSE with
 * 0xFFFFFFFF when the process ended and nobody knows how.
 */
HRESULT hcs_process_wait(struct hcs_process *p, const struct hcs_call *call, uint32_t *ret_exit_code,
                         struct hcs_error **err);
bool hcs_process_exited(struct hcs_process *p);
/* Without waiting: HCS_E_INVALID_STATE while it runs. */
HRESULT hcs_process_exit_code(struct hcs_process *p, uint32_t *ret_exit_code, struct hcs_error **err);
HRESULT hcs_process_set_callback(struct hcs_process *p, hcs_event_fn fn, void *ctx, struct hcs_error **err);

/* ---- callback style ---- */

/*
 * Every call that takes its time, without waiting for it. The functions return at once: a failure means that nothing
 * was begun and fn is not called; otherwise fn is called exactly once, from a thread of the library, never from inside
 * the caller's call and never with a lock held, so it may make any call, begin the next one or drop the last reference.
 * What the call needs (client, system, process, cancel token) is kept until then; texts are copied. A call in flight
 * keeps one thread.
 */
struct hcs_completion {
        HRESULT hr;                    /* what the blocking function returns */
        const struct hcs_error *error; /* why, NULL on success; valid during the callback */
        struct hcs_system *system;     /* of create and open: the callback's to drop; else NULL */
        struct hcs_process *process;   /* the same */
        const char *document;          /* of queries; valid during the callback, NULL for none */
        uint32_t exit_code;            /* of HCS_PROCESS_WAIT */
        bool delivered;                /* of HCS_PROCESS_KILL and HCS_PROCESS_SIGNAL */
};
typedef void (*hcs_completion_fn)(void *ctx, const struct hcs_completion *completion);

enum hcs_system_operation {
        HCS_SYSTEM_START,
        HCS_SYSTEM_SHUTDOWN,
        HCS_SYSTEM_TERMINATE,
        HCS_SYSTEM_PAUSE,
        HCS_SYSTEM_RESUME,
        HCS_SYSTEM_SAVE,
        HCS_SYSTEM_CRASH,
        HCS_SYSTEM_MODIFY,
        HCS_SYSTEM_QUERY,
        HCS_SYSTEM_WAIT,
};
enum hcs_process_operation {
        HCS_PROCESS_WAIT,
        HCS_PROCESS_KILL,
        HCS_PROCESS_SIGNAL,
        HCS_PROCESS_MODIFY,
        HCS_PROCESS_PROPERTIES,
        HCS_PROCESS_CLOSE_STDIN,
};

/* As the blocking functions of these names. document: their options, request or query; may be NULL. */
HRESULT hcs_system_create_async(struct hcs_client *c, const char *id, const char *configuration,
                                const struct hcs_call *call, hcs_completion_fn fn, void *ctx, struct hcs_error **err);
HRESULT hcs_system_open_async(struct hcs_client *c, const char *id, const struct hcs_call *call, hcs_completion_fn fn,
                              void *ctx, struct hcs_error **err);
HRESULT hcs_system_async(struct hcs_system *s, enum hcs_system_operation operation, const char *document,
                         const struct hcs_call *call, hcs_completion_fn fn, void *ctx, struct hcs_error **err);
HRESULT hcs_process_create_async(struct hcs_system *s, const char *parameters, const struct hcs_call *call,
                                 hcs_completion_fn fn, void *ctx, struct hcs_error **err);
HRESULT hcs_process_open_async(struct hcs_system *s, uint32_t pid, const struct hcs_call *call, hcs_completion_fn fn,
                               void *ctx, struct hcs_error **err);
HRESULT hcs_process_async(struct hcs_process *p, enum hcs_process_operation operation, const char *document,
                          const struct hcs_call *call, hcs_completion_fn fn, void *ctx, struct hcs_error **err);

/* Scope-bound cleanup: `__attribute__((cleanup(hcs_system_unrefp)))`. */
static inline void hcs_client_unrefp(struct hcs_client **c) {
        hcs_client_unref(*c);
}
static inline void hcs_system_unrefp(struct hcs_system **s) {
        hcs_system_unref(*s);
}
static inline void hcs_process_unrefp(struct hcs_process **p) {
        hcs_process_unref(*p);
}

#pragma GCC visibility pop

#endif
