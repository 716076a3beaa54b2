/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_GUEST_PRIVATE_H
#define MOCKHCS_GUEST_PRIVATE_H

/* The inside of a guest. Everything that changes is guarded by its lock; nothing is sent or read with it. */

#include "gcs/frame_stream.h"
#include "gcs/message.h"
#include "mockhcs/emulate/program.h"
#include "mockhcs/guest/guest.h"
#include "platform/stream.h"
#include "platform/thread.h"

#define GUEST_NOT_FOUND HCS_E_SYSTEM_NOT_FOUND

struct guest_container {
        struct guest_container *next;
        char *id;
        struct hcs_json *config; /* of its create */
        uint32_t init;           /* the process that it is; 0: not started */
        bool gone;
};

struct guest_process {
        struct guest_process *next;
        struct paper_guest *guest;
        char *container;
        uint32_t pid;
        bool is_init, killed, exited;
        const char *end; /* of a container whose init this is: "UnexpectedExit" */
        uint32_t exit_code;
        struct program *program;
        struct hcs_stream *streams[3];
        uint32_t ports[3];
        uint64_t request; /* the ExecuteProcess that is to be answered */
};

/* A WaitForProcess that has no answer yet. */
struct guest_wait {
        struct guest_wait *next;
        uint64_t request;
        uint32_t pid;
};

struct paper_guest {
        struct paper_guest_options options;
        char *name, *folder;
        struct hcs_mutex lock, sending; /* sending: one frame at a time */
        struct hcs_cond changed;
        struct hcs_stream *bridge, *log, *entropy;
        struct guest_container *containers;
        struct guest_process *processes;
        struct guest_wait *waits;
        uint32_t next_pid;
        unsigned threads; /* of processes */
        bool dead;
};

/* guest.c */
/* A port of the host; NULL when nobody listens there or the machine is gone. */
struct hcs_stream *guest_dial(struct paper_guest *g, uint32_t port);
/* members: "" or ",\"ProcessId\":1". */
void guest_answer(struct paper_guest *g, enum hcs_gcs_rpc rpc, uint64_t request, const char *members);
void guest_refuse(struct paper_guest *g, enum hcs_gcs_rpc rpc, uint64_t request, HRESULT hr, const char *fmt, ...)
        _printf_(5, 6);
void guest_notify_exit(struct paper_guest *g, const char *container, const char *type);

/* request.c */
void guest_handle(struct paper_guest *g, const struct hcs_gcs_frame *f);
void guest_containers_free(struct paper_guest *g);
/* With the lock. */
struct guest_container *guest_container_find(struct paper_guest *g, const char *id);

/* process.c */
void guest_execute(struct paper_guest *g, uint64_t request, const struct hcs_json *doc);
void guest_wait_for(struct paper_guest *g, uint64_t request, const struct hcs_json *doc);
void guest_signal(struct paper_guest *g, uint64_t request, const struct hcs_json *doc);
/* Ends a container's processes; end: what its exit is called. With the lock. */
void guest_kill_processes(struct paper_guest *g, const char *container, uint32_t code, const char *end);
/* Those of a guest that is gone, when their threads have ended. */
void guest_processes_free(struct paper_guest *g);

#endif
