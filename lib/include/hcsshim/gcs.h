/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_GCS_H
#define HCSSHIM_GCS_H

/*
 * The host's side of the GCS bridge: the connection to the agent in a utility VM, and the containers and processes
 * there. Protocol 4, for Linux and Windows guests.
 *
 *   struct hcs_gcs_transport *t = NULL;  struct hcs_gcs_listener *l = NULL;  struct hcs_stream *s = NULL;
 *   struct hcs_gcs_connection *gc = NULL;  struct hcs_gcs_process *p = NULL;  struct hcs_error *e = NULL;
 *   if (FAILED(hcs_gcs_transport_open("unix:run/v.sock", &t, &e)) ||
 *       FAILED(hcs_gcs_listen(t, HCS_GCS_BRIDGE, &l, &e)) ||    ... now start the VM ...
 *       FAILED(hcs_gcs_accept(l, NULL, &s, &e)) || FAILED(hcs_gcs_connect(s, t, NULL, NULL, &gc, &e)) ||
 *       FAILED(hcs_gcs_exec(gc, "{\"CommandArgs\":[\"ls\"],\"CreateStdOutPipe\":true}", NULL, &p, &e)))
 *           puts(hcs_error_format(e));
 *
 * Documents are UTF-8 JSON text in both directions: by hand, or with the types "gcs." and "guest." of hcsshim/schema.h.
 * They are checked to be JSON and sent as the original's encoder prints them, members in the order given. NULL is null.
 *
 * Ownership. Every object is counted: what a function returns through ret_ belongs to the caller, who drops it with the
 * matching _unref (NULL is fine, returns NULL). Containers and processes keep their connection. Strings returned
 * through ret_ are freed with free(). Arguments are borrowed for the time of the call, unless it says that they are
 * taken.
 *
 * Errors. The operation is the message's name, the id is the container's ("" while negotiating, the null GUID for the
 * VM itself), with ":pid" where there is one; the hint names the message's number. Texts begin as those of hcsshim:
 *   "guest RPC failure: ..."      the guest refused; the code is its Result, its error records are the events
 *   "bridge response unmarshal failed: ..."  HCS_E_INVALID_JSON: the answer is not what it should be. Ends the bridge.
 *   "bridge closed: ...: <cause>" HCS_E_CONNECTION_CLOSED: the bridge has ended, and why
 *   HCS_E_OPERATION_TIMEOUT, E_ABORT   this call was given up (hcsshim/call.h); its answer, should it come, is checked,
 *                                 logged and dropped
 *   E_HANDLE                      the object was closed
 *
 * What ends a bridge: the guest closes it; a frame with a size below 16 or above 65536; an answer to nothing that was
 * asked; an answer or notification that is not the document it should be; any other message than these two; a
 * notification for a container that this connection does not know; and a request without a time of its own that has no
 * answer after the connection's timeout. Then every waiter is told, and every container and process counts as gone.
 *
 * Threads. Every function may be called from any thread at any time. Requests overlap, answers come in any order. A
 * connection has one thread of its own, which reads; callbacks of taps and logs run on the threads they say.
 *
 * Time. NULL takes the defaults: no time of its own for a call, which the connection's timeout (5 minutes) then ends
 * together with the bridge; shutdown and terminate 30 s; waits for ever.
 *
 * Behaviour follows hcsshim. Where it knowingly differs:
 *   - A bound ends any call, not only those that are safe to repeat.
 *   - Who waits when the bridge dies is told the cause, not only that it is closed.
 *   - An id whose create failed, or whose container is closed, may be created again.
 *   - A guest that does not dial a process's streams is an error after 30 s, not a read that never returns.
 *   - An output is closed at its end without being asked: the guest answers the wait for a process only then.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/call.h"
#include "hcsshim/error.h"
#include "hcsshim/log.h"
#include "hcsshim/stream.h"

#pragma GCC visibility push(default)

struct hcs_gcs_transport;
struct hcs_gcs_listener;
struct hcs_gcs_connection;
struct hcs_gcs_container;
struct hcs_gcs_process;

/* ---- transports ---- */

/* Ports on which a host listens and the guest dials, in the order in which hcsshim accepts them. */
#define HCS_GCS_ENTROPY 1u
#define HCS_GCS_LOG     109u
#define HCS_GCS_BRIDGE  0x40000000u
/* Those of Windows guests are services of Hyper-V sockets that are no ports; a port with the first 32 bits of its GUID
 * stands for each: acef5661-84a1-4e44-856b-6245e69f4620, ae8da506-a019-4553-a52b-902bc0fa0411 (the bridge of a
 * confidential guest), 172dad59-976d-45f2-8b6c-6d1b13f2ac4d. */
#define HCS_GCS_WINDOWS_BRIDGE  0xacef5661u
#define HCS_GCS_WINDOWS_SIDECAR 0xae8da506u
#define HCS_GCS_WINDOWS_LOG     0x172dad59u

/* Where programs of Linux guests are found, for who says nothing else: the PATH that containerd gives a container. */
#define HCS_GCS_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * Ways to a guest, by name:
 *   "unix:PATH"   Unix sockets in the Firecracker convention: a guest's connection to port P arrives at PATH_P; to
 *                 reach port P of the guest, connect to PATH, say "CONNECT P\n", hear "OK <number>\n"
 *   "vsock:CID"   AF_VSOCK of the kernel
 *   "hyperv:ID"   AF_HYPERV of Windows: ID is the GUID of the machine (its runtime id), the port's service is
 *                 <port in hexadecimal>-facb-11e6-bd58-64006a7986d3
 *   "memory:"     inside this process, for tests
 * E_INVALIDARG names one that is none. What the system has no sockets for fails when it is listened on or dialled, with
 * HCS_WIN32(10047) WSAEAFNOSUPPORT.
 */
HRESULT hcs_gcs_transport_open(const char *name, struct hcs_gcs_transport **ret, struct hcs_error **err);
struct hcs_gcs_transport *hcs_gcs_transport_ref(struct hcs_gcs_transport *t);
struct hcs_gcs_transport *hcs_gcs_transport_unref(struct hcs_gcs_transport *t);
/* Listens before the VM starts, or the guest is refused. */
HRESULT hcs_gcs_listen(struct hcs_gcs_transport *t, uint32_t port, struct hcs_gcs_listener **ret,
                       struct hcs_error **err);
/* The next connection of the guest. E_ABORT also when the listener is woken. */
HRESULT hcs_gcs_accept(struct hcs_gcs_listener *l, const struct hcs_call *call, struct hcs_stream **ret,
                       struct hcs_error **err);
/* The VM is gone: ends an accept of another thread and all later ones, once what had dialled before is taken. */
void hcs_gcs_listener_wake(struct hcs_gcs_listener *l);
/* NULL is fine, returns NULL. */
struct hcs_gcs_listener *hcs_gcs_listener_close(struct hcs_gcs_listener *l);
/* From the host to a port of the guest. */
HRESULT hcs_gcs_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_call *call, struct hcs_stream **ret,
                     struct hcs_error **err);
/* What the guest does: connects to a port of the host. For who plays one; the CID of vsock: and the ID of hyperv: are
 * the host's then. HCS_WIN32(10061), or what the system says, when nobody listens. */
HRESULT hcs_gcs_guest_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_call *call,
                           struct hcs_stream **ret, struct hcs_error **err);

/* ---- connection ---- */

/*
 * Sees every frame of a bridge as it goes over it: what is sent on the thread that sends, before it is sent; what is
 * received on the connection's thread, before it is acted upon. Bytes that are no frame any more (a bad size, a frame
 * that was cut off) come once, with type and id as they stand in the header or 0, and `broken`. A tap must not call
 * into the connection.
 */
struct hcs_gcs_tap_frame {
        bool from_guest;
        bool broken;
        uint32_t type;
        uint64_t id;
        const void *body; /* during the callback only */
        size_t len;
};
typedef void (*hcs_gcs_tap_fn)(void *ctx, const struct hcs_gcs_tap_frame *frame);

/*
 * Sees what goes over the streams of processes: input before it is sent, on the thread that writes; output after it was
 * read, on the thread that reads; and the end of each, with `end` and no data. port is the stream's. With the port
 * HCS_GCS_BRIDGE it is the bridge that the guest has ended, on the connection's thread. As long as there is a process
 * of the connection, this may be called. A tap must not call into the connection.
 */
enum hcs_gcs_stream { HCS_GCS_STDIN, HCS_GCS_STDOUT, HCS_GCS_STDERR };
struct hcs_gcs_tap_bytes {
        uint32_t port;
        enum hcs_gcs_stream stream;
        const void *data; /* during the callback only */
        size_t len;
        bool end;
};
typedef void (*hcs_gcs_tap_bytes_fn)(void *ctx, const struct hcs_gcs_tap_bytes *bytes);

struct hcs_gcs_options {
        const char *name;      /* of the VM, for the log; NULL: none */
        bool warm;             /* the guest was connected to before: only negotiate */
        const char *time_zone; /* TimeZoneInformation for a Windows guest; NULL: none */
        int64_t timeout_ms;    /* of a request, then the bridge ends; 0: 5 minutes, HCS_NO_TIMEOUT: none */
        int64_t stdio_ms;      /* for the guest to dial a stream of a process; 0: 30 s */
        hcs_gcs_tap_fn tap;
        hcs_gcs_tap_bytes_fn tap_bytes;
        void *tap_ctx; /* of both */
};

/*
 * Negotiates, and says Create and Start to a guest that asks for it. Takes bridge, also on failure. A reconnect is a
 * second call with the stream that the guest dialled again, options.warm set, and hcs_gcs_container_attach and
 * hcs_gcs_process_attach for what runs there.
 */
HRESULT hcs_gcs_connect(struct hcs_stream *bridge, struct hcs_gcs_transport *t, const struct hcs_gcs_options *options,
                        const struct hcs_call *call, struct hcs_gcs_connection **ret, struct hcs_error **err);
struct hcs_gcs_connection *hcs_gcs_connection_ref(struct hcs_gcs_connection *gc);
/* The last one closes. */
struct hcs_gcs_connection *hcs_gcs_connection_unref(struct hcs_gcs_connection *gc);
/* Ends the bridge; every waiter is told, and no tap is called after it. Closing again changes nothing. */
void hcs_gcs_connection_close(struct hcs_gcs_connection *gc);
/* Until the bridge has ended. S_OK, with the cause for hcs_gcs_connection_error. */
HRESULT hcs_gcs_connection_wait(struct hcs_gcs_connection *gc, const struct hcs_call *call, struct hcs_error **err);
/* Why the bridge ended: S_OK when it was closed on our side, HCS_E_INVALID_STATE while it lives. */
HRESULT hcs_gcs_connection_error(struct hcs_gcs_connection *gc, struct hcs_error **err);

uint32_t hcs_gcs_protocol(const struct hcs_gcs_connection *gc); /* 4 */
const char *hcs_gcs_os(const struct hcs_gcs_connection *gc);    /* "linux" or "windows", lower case */
/* GuestDefinedCapabilities as v1.GuestDefinedCapabilities, e.g. "SignalProcessSupported". */
const char *hcs_gcs_capabilities(const struct hcs_gcs_connection *gc);
bool hcs_gcs_has_capability(const struct hcs_gcs_connection *gc, const char *name);
/* The W3C trace context that later requests carry; NULL: none. */
void hcs_gcs_set_trace(struct hcs_gcs_connection *gc, const char *traceparent, const char *tracestate);
/* Ports for streams of processes are handed out upwards from here; set only raises it. For a reconnect. */
uint32_t hcs_gcs_next_port(struct hcs_gcs_connection *gc);
void hcs_gcs_set_next_port(struct hcs_gcs_connection *gc, uint32_t port);
uint64_t hcs_gcs_next_id(struct hcs_gcs_connection *gc);

/* request: guest.ModificationRequest, to the VM. */
HRESULT hcs_gcs_modify(struct hcs_gcs_connection *gc, const char *request, const struct hcs_call *call,
                       struct hcs_error **err);
/* The same of its parts; settings may be NULL for none, as may be the texts. */
HRESULT hcs_gcs_modify_resource(struct hcs_gcs_connection *gc, const char *request_type, const char *resource_type,
                                const char *settings, const struct hcs_call *call, struct hcs_error **err);
/* property_type: "LogForwardService"; settings: guest.LogForwardServiceRPCRequest, NULL for none. */
HRESULT hcs_gcs_modify_service(struct hcs_gcs_connection *gc, const char *property_type, const char *settings,
                               const struct hcs_call *call, struct hcs_error **err);
HRESULT hcs_gcs_dump_stacks(struct hcs_gcs_connection *gc, const struct hcs_call *call, char **ret,
                            struct hcs_error **err);
HRESULT hcs_gcs_delete_container_state(struct hcs_gcs_connection *gc, const char *id, const struct hcs_call *call,
                                       struct hcs_error **err);
/* Ends the VM. Success is an answer or the end of the bridge: a guest that powers off does not answer.
 * HCS_E_CONNECTION_CLOSED when the bridge ended before the whole request was sent: then somebody else has to end the
 * VM.
 */
HRESULT hcs_gcs_shutdown(struct hcs_gcs_connection *gc, bool forced, const struct hcs_call *call,
                         struct hcs_error **err);
/*
 * Any request by its name ("GetProperties"): members of the document beyond the base, as an object or NULL. *ret_answer
 * (may be NULL) is the answer as the guest wrote it, also when its Result is a failure.
 */
HRESULT hcs_gcs_request(struct hcs_gcs_connection *gc, const char *message, const char *container, const char *members,
                        const struct hcs_call *call, char **ret_answer, struct hcs_error **err);

/* ---- containers ---- */

/* configuration: gcs.LinuxHostedSystem, HostedSystem or guest.CWCOWHostedSystem. HCS_E_SYSTEM_ALREADY_EXISTS for an id
 * that this connection has. */
HRESULT hcs_gcs_container_create(struct hcs_gcs_connection *gc, const char *id, const char *configuration,
                                 const struct hcs_call *call, struct hcs_gcs_container **ret, struct hcs_error **err);
/* One that runs already, after a reconnect. */
HRESULT hcs_gcs_container_attach(struct hcs_gcs_connection *gc, const char *id, struct hcs_gcs_container **ret,
                                 struct hcs_error **err);
struct hcs_gcs_container *hcs_gcs_container_ref(struct hcs_gcs_container *c);
struct hcs_gcs_container *hcs_gcs_container_unref(struct hcs_gcs_container *c);
/* Ends waits of other threads with E_HANDLE. The container itself goes on. */
void hcs_gcs_container_close(struct hcs_gcs_container *c);
const char *hcs_gcs_container_id(const struct hcs_gcs_container *c);

HRESULT hcs_gcs_container_start(struct hcs_gcs_container *c, const struct hcs_call *call, struct hcs_error **err);
/* parameters: ProcessParameters or gcs.LinuxProcessParameters; see hcs_gcs_command. */
HRESULT hcs_gcs_container_exec(struct hcs_gcs_container *c, const char *parameters, const struct hcs_call *call,
                               struct hcs_gcs_process **ret, struct hcs_error **err);
HRESULT hcs_gcs_container_modify(struct hcs_gcs_container *c, const char *request, const struct hcs_call *call,
                                 struct hcs_error **err);
/* resources: "linux.resources" of an OCI spec, or "windows.resources" for a Windows guest. */
HRESULT hcs_gcs_container_update(struct hcs_gcs_container *c, const char *resources, const struct hcs_call *call,
                                 struct hcs_error **err);
/* types: NULL terminated, or NULL for the basic ones. Gives v1.ContainerProperties. */
HRESULT hcs_gcs_container_properties(struct hcs_gcs_container *c, const char *const *types, const struct hcs_call *call,
                                     char **ret, struct hcs_error **err);
/* Gives Properties. */
HRESULT hcs_gcs_container_properties_v2(struct hcs_gcs_container *c, const char *const *types,
                                        const struct hcs_call *call, char **ret, struct hcs_error **err);
/* Asks it to end, or ends it. Both only begin it. Success when the guest does not know the container any more. */
HRESULT hcs_gcs_container_shutdown(struct hcs_gcs_container *c, const struct hcs_call *call, struct hcs_error **err);
HRESULT hcs_gcs_container_terminate(struct hcs_gcs_container *c, const struct hcs_call *call, struct hcs_error **err);
HRESULT hcs_gcs_container_delete_state(struct hcs_gcs_container *c, const struct hcs_call *call,
                                       struct hcs_error **err);
/* Until the guest says that it ended, or the bridge ends: a success in both cases. A notification that came before is
 * remembered. */
HRESULT hcs_gcs_container_wait(struct hcs_gcs_container *c, const struct hcs_call *call, struct hcs_error **err);
bool hcs_gcs_container_exited(struct hcs_gcs_container *c);
/* The gcs.ContainerNotification that told the end; NULL before it, and when only the bridge ended. Caller frees. */
char *hcs_gcs_container_exit_notification(struct hcs_gcs_container *c);

/* ---- processes ---- */

/* In the VM itself. */
HRESULT hcs_gcs_exec(struct hcs_gcs_connection *gc, const char *parameters, const struct hcs_call *call,
                     struct hcs_gcs_process **ret, struct hcs_error **err);
/* One that runs already, after a reconnect; its streams are not got back. container NULL: in the VM itself. */
HRESULT hcs_gcs_process_attach(struct hcs_gcs_connection *gc, const char *container, uint32_t pid,
                               struct hcs_gcs_process **ret, struct hcs_error **err);
struct hcs_gcs_process *hcs_gcs_process_ref(struct hcs_gcs_process *p);
struct hcs_gcs_process *hcs_gcs_process_unref(struct hcs_gcs_process *p);
/* Closes our ends of the streams and ends what other threads wait for there. The process itself goes on. */
void hcs_gcs_process_close(struct hcs_gcs_process *p);
uint32_t hcs_gcs_process_pid(const struct hcs_gcs_process *p);

/* The port of a stream; 0 for one the process was not given. */
uint32_t hcs_gcs_process_port(const struct hcs_gcs_process *p, enum hcs_gcs_stream stream);
/*
 * Blocking. Write sends everything; one that fails may have sent a part, and the stream is of no use after it. Read:
 * S_OK with *ret_n > 0, S_FALSE at the end of the stream, at which our end is closed. Whoever reads an output must read
 * it to its end or close it, or the wait for the process never ends. E_INVALIDARG for what is no output, and without
 * room to read to; HCS_WIN32(6) for a stream the process was not given; HCS_E_CONNECTION_TIMEOUT when the guest never
 * dials it, and HCS_E_CONNECTION_CLOSED with the bridge's cause, at once, when the bridge ended before the guest
 * dialled it.
 */
HRESULT hcs_gcs_process_write(struct hcs_gcs_process *p, const void *data, size_t n, const struct hcs_call *call,
                              struct hcs_error **err);
HRESULT hcs_gcs_process_read(struct hcs_gcs_process *p, enum hcs_gcs_stream stream, void *buf, size_t size,
                             const struct hcs_call *call, size_t *ret_n, struct hcs_error **err);
/* The process reads the end of its input. Again: no effect. */
HRESULT hcs_gcs_process_close_stdin(struct hcs_gcs_process *p, const struct hcs_call *call, struct hcs_error **err);
void hcs_gcs_process_close_stream(struct hcs_gcs_process *p, enum hcs_gcs_stream stream);

/*
 * Copies between the process's streams and the caller's, a thread each. Members may be NULL: an output without a
 * function is read and dropped. read: as read(2), 0 at the end, < 0 fails; it may still be blocked when the process has
 * ended.
 */
struct hcs_gcs_relay {
        void *ctx;
        int64_t (*read)(void *ctx, void *buf, size_t size);
        void (*write)(void *ctx, enum hcs_gcs_stream stream, const void *data, size_t n);
};
HRESULT hcs_gcs_process_relay(struct hcs_gcs_process *p, const struct hcs_gcs_relay *relay, struct hcs_error **err);
/* Until both outputs have ended. The first failure of any copy. A time that runs out says which outputs the guest has
 * not ended. */
HRESULT hcs_gcs_process_relay_wait(struct hcs_gcs_process *p, const struct hcs_call *call, struct hcs_error **err);

HRESULT hcs_gcs_process_resize_console(struct hcs_gcs_process *p, uint16_t width, uint16_t height,
                                       const struct hcs_call *call, struct hcs_error **err);
/* options: {"Signal":15} or {"Signal":"CtrlC"}; NULL kills. *ret_delivered (may be NULL) is false, and the call a
 * success, when the guest does not find the process. */
HRESULT hcs_gcs_process_signal(struct hcs_gcs_process *p, const char *options, const struct hcs_call *call,
                               bool *ret_delivered, struct hcs_error **err);
HRESULT hcs_gcs_process_kill(struct hcs_gcs_process *p, const struct hcs_call *call, bool *ret_delivered,
                             struct hcs_error **err);
/* Fails when the guest's answer is a failure or the bridge ends. A time that runs out says which outputs are still
 * open on our side. */
HRESULT hcs_gcs_process_wait(struct hcs_gcs_process *p, const struct hcs_call *call, uint32_t *ret_exit_code,
                             struct hcs_error **err);
/* Without waiting: HCS_E_INVALID_STATE "process not exited". */
HRESULT hcs_gcs_process_exit_code(struct hcs_gcs_process *p, uint32_t *ret_exit_code, struct hcs_error **err);

/*
 * Process parameters out of a process of an OCI spec, as hcsshim makes them. For a container of a Linux guest the spec
 * goes along as it is; for others it is spelled out, in Windows with one escaped command line.
 */
enum hcs_gcs_command_host { HCS_GCS_LINUX_CONTAINER, HCS_GCS_LINUX_VM, HCS_GCS_WINDOWS };
struct hcs_gcs_command {
        enum hcs_gcs_command_host host;
        const char *process; /* "process" of an OCI spec; NULL only for the first process of a Linux container */
        bool in, out, err;   /* the streams it shall have */
};
/* E_INVALIDARG without a process where one is needed. Caller frees. */
HRESULT hcs_gcs_command_parameters(const struct hcs_gcs_command *command, char **ret, struct hcs_error **err);

/* ---- the other ports ---- */

/* Accepts one connection, writes 512 random bytes and closes it: what the guest's init wants first. */
HRESULT hcs_gcs_serve_entropy(struct hcs_gcs_listener *l, const struct hcs_call *call, struct hcs_error **err);

/*
 * The guest's log: a stream of JSON objects {"time","level","msg",...} that goes into our log (hcsshim/log.h), with the
 * fields "uvm-id" and "vm.time". Levels above error are taken as error, unknown ones as info. From the first thing that
 * is no JSON object on, all that comes is one last record "gcs terminated" with the text in "stderr" (its end, when it
 * is long): an agent that dies writes there.
 */
struct hcs_gcs_log;
struct hcs_gcs_log_options {
        const char *name; /* the VM's, as "uvm-id" */
        /* What came, as it came, on the log's thread; NULL: nobody else wants it. */
        void (*raw)(void *ctx, const void *data, size_t n);
        void *ctx;
};
/* Takes stream. */
HRESULT hcs_gcs_log_new(struct hcs_stream *stream, const struct hcs_gcs_log_options *options, struct hcs_gcs_log **ret,
                        struct hcs_error **err);
/* Until the guest closed it. */
HRESULT hcs_gcs_log_wait(struct hcs_gcs_log *log, const struct hcs_call *call, struct hcs_error **err);
/* Ends it. NULL is fine, returns NULL. */
struct hcs_gcs_log *hcs_gcs_log_free(struct hcs_gcs_log *log);

/* Scope-bound cleanup. */
static inline void hcs_gcs_transport_unrefp(struct hcs_gcs_transport **t) {
        hcs_gcs_transport_unref(*t);
}
static inline void hcs_gcs_listener_closep(struct hcs_gcs_listener **l) {
        hcs_gcs_listener_close(*l);
}
static inline void hcs_gcs_connection_unrefp(struct hcs_gcs_connection **gc) {
        hcs_gcs_connection_unref(*gc);
}
static inline void hcs_gcs_container_unrefp(struct hcs_gcs_container **c) {
        hcs_gcs_container_unref(*c);
}
static inline void hcs_gcs_process_unrefp(struct hcs_gcs_process **p) {
        hcs_gcs_process_unref(*p);
}

#pragma GCC visibility pop

#endif
