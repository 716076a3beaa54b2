/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_EMULATE_EMULATE_H
#define MOCKHCS_EMULATE_EMULATE_H

/*
 * The emulator: a model of compute systems, processes and the service, that answers calls as HCS would. One lock guards
 * the whole model; it is never held while the sink is called: what is to be said is collected in `struct emissions` and
 * sent after the lock was given back. Each behaviour's source is in docs/emulator.md.
 */

#include "hcsshim/guid.h"
#include "hcsshim/schema.h"
#include "mockhcs/engine/backend.h"
#include "mockhcs/machine/machine.h"
#include "platform/thread.h"
#include "platform/work_folder.h"

#define EMULATE_BUCKETS 1024

struct emulator;
struct hcs_job;
struct program;
struct real_process;

enum system_state { SYSTEM_CREATED, SYSTEM_RUNNING, SYSTEM_PAUSED, SYSTEM_SAVED_AS_TEMPLATE, SYSTEM_STOPPED };
enum exit_type { EXIT_NONE, EXIT_GRACEFUL, EXIT_FORCED, EXIT_UNEXPECTED };

/* Handles that clients hold on one object. */
struct holders {
        struct mock_handle **items; /* referenced */
        size_t n, cap;
};

struct process {
        struct process *next; /* in its system */
        struct compute_system *system;
        struct holders holders;
        struct mock_handle *creator; /* the first of them, which has the pipes; NULL once it is closed */
        uint32_t pid;
        char *command;
        uint64_t created_ns;
        bool exited;
        uint32_t exit_code;
        bool stream[3];
        struct program *program;   /* what it does; NULL once it has exited, and where it is a real one */
        struct real_process *real; /* a process of the host, until it has exited, or NULL */
};

struct compute_system {
        struct compute_system *next; /* in its bucket */
        char *id;
        enum system_state state;
        enum exit_type exit_type;
        bool is_v1, is_vm, is_linux, hosted, dies_with_last_handle, stopping;
        enum mock_dll created_by;
        char owner[256];
        char runtime_id[HCS_GUID_TEXT_SIZE];
        struct hcs_json *document;
        struct hcs_json *devices; /* resource path -> settings */
        struct holders holders;
        struct process *processes;
        uint64_t started_ns;
        /* Virtual machines. */
        struct hcs_work_folder *folder; /* of its sockets, see platform/hvsocket.h; NULL where there is none */
        char *hvsocket;                 /* its path */
        struct system_machine *machine; /* what runs; NULL: all of it is on paper */
        struct system_guest *guest;     /* of one on paper, or NULL */
        struct hcs_job *job;            /* of its real processes, or NULL */
        const char *busy;               /* what its machine is just being asked to do, or NULL */
};

struct emission {
        enum { EMIT_EVENT, EMIT_OUTPUT, EMIT_COMPLETE } kind;
        struct mock_handle *on;
        const char *name;
        HRESULT hr;
        char *data;
        size_t len;
        enum mock_stream stream;
        bool end;
        uint64_t number;
};
struct emissions {
        struct emission *items;
        size_t n, cap;
};

struct emulator {
        struct mock_backend backend; /* first */
        struct hcs_mutex lock;
        struct compute_system *systems[EMULATE_BUCKETS];
        size_t n_systems;
        uint32_t next_pid;
        uint64_t next_guid, delay_ns;
        uint64_t epoch; /* one more with every restart of the world: what was put off before it is void */
        uint32_t build, processors;
        bool real_processes; /* those of Windows containers are of the host */
        struct hcs_schema_profile profile;
        struct hcs_json *script;
        struct hcs_json *cpu_groups;  /* array of CpuGroupConfig */
        struct hcs_json *credentials; /* array of ContainerCredentialGuardInstance */
        struct hcs_json *templates;   /* saved states: id or file -> document */
        struct hcs_json *grants;
        struct net_model *net;   /* host networking: mockhcs/emulate/network */
        struct storage *storage; /* layers: mockhcs/emulate/storage */
        struct emu_machine_settings machine_settings;
        uint32_t n_machines_made;
        unsigned machine_threads; /* of systems and real processes, and of such that are gone */
        struct hcs_cond machines_gone;
};

static inline struct emulator *emulator_of(struct mock_backend *b) {
        return (struct emulator *)b;
}

/* emission.c */
void emit_event(struct emissions *out, struct mock_handle *on, const char *name, HRESULT hr, const char *data);
void emit_output(struct emissions *out, struct mock_handle *on, enum mock_stream stream, const char *data, size_t len,
                 bool end);
void emit_complete(struct emissions *out, uint64_t number);
/* The same for an outcome of any kind; its result is taken over. */
void emit_completion(struct emissions *out, struct mock_completion *c);
void emissions_send(struct emulator *em, struct emissions *out);
void holders_add(struct holders *h, struct mock_handle *handle);
bool holders_remove(struct holders *h, struct mock_handle *handle); /* true when the last one went */
void holders_deinit(struct holders *h);

/* result.c: refuse a call with a result document. The path form names a place in a document. */
void refuse(struct mock_call *call, HRESULT hr, const char *fmt, ...) _printf_(3, 4);
void refuse_path(struct mock_call *call, const char *path, const char *what);
/* The parsed document of an argument; NULL after the call was refused. An empty one is `{}` when may_be_empty. */
struct hcs_json *document_of(struct mock_call *call, const char *name, bool may_be_empty);

/* check.c */
HRESULT emulate_profile_parse(struct emulator *em, const char *text, struct hcs_error **err);
/* Is the document one of this schema type? False after the call was refused. */
bool document_fits(struct emulator *em, struct mock_call *call, enum hcs_schema_type_id type,
                   const struct hcs_json *doc);
/* The same for a part of a document, at a path like "Settings". */
bool settings_fit(struct emulator *em, struct mock_call *call, enum hcs_schema_type_id type, const char *path,
                  const struct hcs_json *part);
/* The options of a call, which may be empty; HCS_SCHEMA_TYPE_COUNT: any object. False after the call was refused. */
bool options_fit(struct emulator *em, struct mock_call *call, enum hcs_schema_type_id type);

/* device.c */
void system_devices_from_document(struct compute_system *s);
/* What is attached at a resource path, or NULL. */
const struct hcs_json *device_get(const struct compute_system *s, const char *path);
/* settings: copied, NULL for a device without. */
void device_set(struct compute_system *s, const char *path, const struct hcs_json *settings);
void device_remove(struct compute_system *s, const char *path);
/* The path as the table has it: GUIDs in one spelling. Caller frees. */
char *device_key(const char *path);

/* One change of the device table, as a modify request asks for it. */
struct device_change {
        enum emu_request request;
        char *path;                /* of the resource, as the table has it */
        char *key;                 /* where it is in the table; of a list, with the element's name */
        struct hcs_json *settings; /* NULL: none */
};
void device_change_deinit(struct device_change *c);
/* modify.c: makes it, and lets networks know. */
void device_change_apply(struct emulator *em, struct compute_system *s, const struct device_change *c,
                         struct emissions *out);

/* system.c */
struct compute_system *system_of(struct mock_call *call);
struct compute_system *system_find(struct emulator *em, const char *id);
const char *system_state_name(const struct compute_system *s);
void system_create(struct emulator *em, struct mock_call *call, struct emissions *out);
void system_open(struct emulator *em, struct mock_call *call, struct emissions *out);
void system_close(struct emulator *em, struct mock_call *call, struct emissions *out);
void system_start(struct emulator *em, struct mock_call *call, struct emissions *out);
void system_stop_call(struct emulator *em, struct mock_call *call,
                      struct emissions *out); /* shutdown, terminate, crash */
void system_pause(struct emulator *em, struct mock_call *call, struct emissions *out);
void system_resume(struct emulator *em, struct mock_call *call, struct emissions *out);
void system_save(struct emulator *em, struct mock_call *call, struct emissions *out);
void system_migrate(struct emulator *em, struct mock_call *call, struct emissions *out);
void system_free(struct compute_system *s);
/* What kind of system the document describes; false after the call was refused. */
bool system_classify(struct mock_call *call, struct compute_system *s, const struct hcs_json *doc);
void system_enter(struct emulator *em, struct compute_system *s);
void system_set_running(struct emulator *em, struct compute_system *s);
/* It has ended: its processes too, and who has a handle is told. */
void system_stop(struct emulator *em, struct compute_system *s, enum exit_type type, struct emissions *out);
void system_tell_crash(const struct compute_system *s, const char *report, struct emissions *out);

/* process.c */
void process_create(struct emulator *em, struct mock_call *call, struct emissions *out);
void process_open(struct emulator *em, struct mock_call *call, struct emissions *out);
void process_close(struct emulator *em, struct mock_call *call, struct emissions *out);
void process_terminate(struct emulator *em, struct mock_call *call, struct emissions *out);
void process_signal(struct emulator *em, struct mock_call *call, struct emissions *out);
void process_info(struct emulator *em, struct mock_call *call, struct emissions *out);
void process_properties(struct emulator *em, struct mock_call *call, struct emissions *out);
void process_modify(struct emulator *em, struct mock_call *call, struct emissions *out);
void process_exit(struct emulator *em, struct process *p, uint32_t code, struct emissions *out);
void process_exit_later(struct emulator *em, struct process *p, uint64_t delay_ns);
void process_say(struct process *p, enum mock_stream stream, const char *data, size_t len, struct emissions *out);
void process_input(struct emulator *em, const struct mock_stdio *chunk, struct emissions *out);
void process_free(struct process *p);

/* properties.c, modify.c, service.c */
void system_properties(struct emulator *em, struct mock_call *call, struct emissions *out);
void systems_enumerate(struct emulator *em, struct mock_call *call, struct emissions *out);
void system_modify(struct emulator *em, struct mock_call *call, struct emissions *out);
void service_properties(struct emulator *em, struct mock_call *call, struct emissions *out);
void service_modify(struct emulator *em, struct mock_call *call, struct emissions *out);
void service_report(struct emulator *em, struct mock_call *call, struct emissions *out);
void service_access(struct emulator *em, struct mock_call *call, struct emissions *out);

/* network/: calls of computenetwork and HNSCall, and compute systems that come, go and get adapters. */
struct net_model;
void net_call(struct emulator *em, struct mock_call *call, struct emissions *out);
void hns_call(struct emulator *em, struct mock_call *call, struct emissions *out);
void net_system_created(struct emulator *em, const struct compute_system *s, struct emissions *out);
void net_system_stopped(struct emulator *em, const struct compute_system *s, struct emissions *out);
void net_system_adapter(struct emulator *em, const struct compute_system *s, const struct hcs_json *settings, bool add,
                        struct emissions *out);

#endif
