/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSCONFORM_HCS_HCS_H
#define CMD_HCSCONFORM_HCS_HCS_H

/*
 * The groups of the compute service, hcs and process: the same moves through computecore and through vmcompute. A case
 * names systems and processes by variables; codes are written as computecore spells them. In documents ' stands for ",
 * and %a% for the id of the system `a`; further variables are in step.c.
 */

#include "cmd/hcsconform/hcs/face.h"

enum hop {
        H_END,
        H_CREATE,       /* a: variable, b: its id (NULL: one of its own, "": none), doc, hr */
        H_OPEN,         /* a: variable, b: of which system, hr; what: no access is asked for */
        H_CLOSE,        /* a; the variable keeps the handle that is none any more */
        H_SYSTEM,       /* what (enum face_system), a, doc: options, hr */
        H_LIST,         /* doc, hr */
        H_WATCH,        /* a, hr: one more registration */
        H_EVENT,        /* a, what (enum face_event), b: how often, as text */
        H_ORDER,        /* a, what and next (enum face_event): both were heard, and the first one first */
        H_VALUE,        /* path, value of the last document */
        H_SAYS,         /* value: what the last document has in it */
        H_RUN,          /* a: variable, b: system, doc: parameters, hr */
        H_OPEN_PROCESS, /* a: variable, b: of which process (NULL: one that there is not), hr */
        H_CLOSE_PROCESS,
        H_PROCESS,   /* what (enum face_process), a, doc, hr */
        H_WRITE,     /* a, value: to its input */
        H_END_INPUT, /* a */
        H_READ,      /* a, what (1 output, 2 errors), value: what comes, at some time */
        H_DRAINED,   /* a, what: nothing more comes */
        H_EXIT,      /* a, value: its exit code */
        H_SERVICE,   /* doc, hr; what: modify */
        H_GRANT,     /* a: VM (NULL: the group), b: path, hr; what: revoke */
};

struct move {
        enum hop op;
        unsigned what, next;
        const char *a, *b, *doc;
        HRESULT hr;
        const char *path, *value;
};

enum { CORE = 1, V1 = 2, BOTH = 3 };
struct hcs_case {
        const char *name;
        const struct move *moves;
        enum conform_how how;
        const char *source;
        unsigned apis;
        unsigned needs;
        const char *options, *differs;
};
/* Lists end with a case without a name. */
extern const struct hcs_case hcs_system_cases[], hcs_document_cases[], hcs_device_cases[], hcs_service_cases[],
        hcs_handle_cases[], hcs_process_cases[], hcs_program_cases[], hcs_stdio_cases[];

#define MOVES(...)                  \
        (const struct move[]) {     \
                __VA_ARGS__, {      \
                        .op = H_END \
                }                   \
        }
#define CREATE(v, d, code) \
        { .op = H_CREATE, .a = v, .doc = d, .hr = code }
#define CREATE_AS(v, id, d, code) \
        { .op = H_CREATE, .a = v, .b = id, .doc = d, .hr = code }
#define OPEN(v, of, code) \
        { .op = H_OPEN, .a = v, .b = of, .hr = code }
#define CLOSE(v) \
        { .op = H_CLOSE, .a = v }
#define SYSTEM(w, v, d, code) \
        { .op = H_SYSTEM, .what = w, .a = v, .doc = d, .hr = code }
#define START(v, code)     SYSTEM(SYS_START, v, NULL, code)
#define SHUTDOWN(v, code)  SYSTEM(SYS_SHUTDOWN, v, NULL, code)
#define KILL(v, code)      SYSTEM(SYS_TERMINATE, v, NULL, code)
#define CRASH(v, code)     SYSTEM(SYS_CRASH, v, NULL, code)
#define PAUSE(v, code)     SYSTEM(SYS_PAUSE, v, NULL, code)
#define RESUME(v, code)    SYSTEM(SYS_RESUME, v, NULL, code)
#define SAVE(v, d, code)   SYSTEM(SYS_SAVE, v, d, code)
#define QUERY(v, d, code)  SYSTEM(SYS_QUERY, v, d, code)
#define MODIFY(v, d, code) SYSTEM(SYS_MODIFY, v, d, code)
#define LIST(d, code) \
        { .op = H_LIST, .doc = d, .hr = code }
#define WATCH(v, code) \
        { .op = H_WATCH, .a = v, .hr = code }
#define EVENT(v, e, n) \
        { .op = H_EVENT, .what = e, .a = v, .b = n }
#define ORDER(v, one, other) \
        { .op = H_ORDER, .what = one, .next = other, .a = v }
#define VALUE(p, x) \
        { .op = H_VALUE, .path = p, .value = x }
#define SAYS(x) \
        { .op = H_SAYS, .value = x }
#define RUN(v, s, d, code) \
        { .op = H_RUN, .a = v, .b = s, .doc = d, .hr = code }
#define OPEN_PROCESS(v, of, code) \
        { .op = H_OPEN_PROCESS, .a = v, .b = of, .hr = code }
#define CLOSE_PROCESS(v) \
        { .op = H_CLOSE_PROCESS, .a = v }
#define PROCESS(w, v, d, code) \
        { .op = H_PROCESS, .what = w, .a = v, .doc = d, .hr = code }
#define SIGNAL(v, d, code)    PROCESS(PROC_SIGNAL, v, d, code)
#define KILL_PROCESS(v, code) PROCESS(PROC_TERMINATE, v, NULL, code)
#define WRITE(v, x) \
        { .op = H_WRITE, .a = v, .value = x }
#define END_INPUT(v) \
        { .op = H_END_INPUT, .a = v }
#define READ(v, stream, x) \
        { .op = H_READ, .what = stream, .a = v, .value = x }
#define DRAINED(v, stream) \
        { .op = H_DRAINED, .what = stream, .a = v }
#define EXIT(v, x) \
        { .op = H_EXIT, .a = v, .value = x }
#define SERVICE(d, code) \
        { .op = H_SERVICE, .doc = d, .hr = code }
#define SERVICE_MODIFY(d, code) \
        { .op = H_SERVICE, .what = 1, .doc = d, .hr = code }
#define GRANT(vm, p, code) \
        { .op = H_GRANT, .a = vm, .b = p, .hr = code }
#define REVOKE(vm, p, code) \
        { .op = H_GRANT, .what = 1, .a = vm, .b = p, .hr = code }

/* A machine that boots nothing, and a container. */
#define SCHEMA   "'SchemaVersion':{'Major':2,'Minor':1},'Owner':'hcsconform'"
#define TOPOLOGY "'ComputeTopology':{'Memory':{'SizeInMB':256},'Processor':{'Count':1}}"
#define VM_WITH(devices)                                                                                               \
        "{" SCHEMA ",'VirtualMachine':{'StopOnReset':true,'Chipset':{'Uefi':{}}," TOPOLOGY ",'Devices':{" devices "}}" \
        "}"
#define VM        VM_WITH("")
#define CONTAINER "{" SCHEMA ",'Container':{'GuestOs':{'HostName':'conform'},'Storage':%storage%}}"

/* step.c: all moves of a case, through one API. */
bool hcs_moves(const struct face *face, const struct move *moves);

/* machines.c: fn with a machine of its own that was only created and is terminated after it. computecore. */
bool hcs_with_machine(bool (*fn)(HCS_SYSTEM system));

#endif
