/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_GUEST_HOST_H
#define INTEGRATION_GUEST_HOST_H

/*
 * The host of the conformance suite: a bridge and streams over Unix sockets, and nothing known of the agent behind
 * them. PATH_<port> is where an agent (or the vsock device of its VM) dials port <port>. Single threaded: what it waits
 * for it reads itself. Every wait has a limit; one that passes, and every failed check(), ends the case at hand.
 */

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/json.h"
#include "gcs/frame.h"
#include "gcs/message.h"

#define UVM           HCS_GCS_NULL_ID
#define WAIT_FOR_EVER 4294967295u

struct host {
        const char *path;         /* of the sockets */
        const char *const *agent; /* how to start it; NULL: somebody else does */
        pid_t agent_pid;
        int listener, bridge;
        struct hcs_gcs_reader reader;
        uint64_t next_id;
        uint32_t next_port;
        struct hcs_json *answers;       /* by id, as text */
        struct hcs_json *notifications; /* in the order they came */
        int64_t limit_ms;
        unsigned connections;

        jmp_buf failed;
        struct hcs_buf reason;
};

void host_init(struct host *h, const char *path, const char *const *agent);
void host_deinit(struct host *h);

/* Ends the case. */
void host_fail(struct host *h, const char *file, int line, const char *fmt, ...)
        __attribute__((noreturn, format(printf, 4, 5)));
#define fail(...) host_fail(h, __FILE__, __LINE__, __VA_ARGS__)
#define check(c, fmt, ...)                                   \
        do {                                                 \
                if (!(c))                                    \
                        fail("%s: " fmt, #c, ##__VA_ARGS__); \
        } while (0)

/* Accepts the bridge, after starting the agent when that is ours to do; does not negotiate. */
void host_accept(struct host *h);
void host_negotiate(struct host *h);
/* Hangs up. The agent lives, or not, as it likes. */
void host_hang_up(struct host *h);
/* Ends an agent that is ours. */
void host_kill_agent(struct host *h);
/* Is the agent of ours still the one that was started? True when it is not ours. */
bool host_agent_lives(struct host *h);

void host_send_bytes(struct host *h, const void *bytes, size_t n);
/* A frame with an id of the host's choosing, which is returned. */
uint64_t host_send(struct host *h, uint32_t type, const char *body);
void host_send_frame(struct host *h, uint32_t type, uint64_t id, const char *body, size_t len);
/* The answer to it; its category and rpc must be those of the request. Caller frees. */
struct hcs_json *host_wait(struct host *h, uint64_t id);
/* Is it there without waiting longer than ms? */
bool host_has_answer(struct host *h, uint64_t id, int ms);
/* Reads until the agent hangs up. */
void host_wait_closed(struct host *h);

/* A request by its rpc, body as printf. Caller frees the answer. */
struct hcs_json *host_call(struct host *h, uint32_t rpc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same, and Result must be that. The message is returned (caller frees). */
char *host_call_failing(struct host *h, uint32_t rpc, HRESULT expected, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
/* The same for success. */
void host_call_ok(struct host *h, uint32_t rpc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
HRESULT host_result(const struct hcs_json *answer);
/* ModifySettings of the VM: settings as printf, and what must come of it. The message of a failure: caller frees. */
void host_modify(struct host *h, const char *request, const char *resource, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
char *host_modify_failing(struct host *h, const char *request, const char *resource, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

/* Waits for a notification of that container; its Type. It is taken out. Caller frees. */
char *host_notification(struct host *h, const char *container);
size_t host_notification_count(struct host *h, const char *container);

/* A process, and the host's ends of its streams (-1 for none). */
struct process {
        const char *container;
        uint32_t pid;
        int in, out, err;
};
enum { STREAM_IN = 1, STREAM_OUT = 2, STREAM_ERR = 4, STREAM_ALL = 7 };

/* Starts it; params: ProcessParameters as JSON without its Create...Pipe members. */
struct process host_exec(struct host *h, const char *container, unsigned streams, const char *params);
/* The same, expected to fail. Caller frees the message. */
char *host_exec_failing(struct host *h, const char *container, unsigned streams, HRESULT expected, const char *params);
uint32_t host_wait_process(struct host *h, const struct process *p);
void host_close(int *fd);
/* All of a stream, to its end; the stream is not closed. Caller frees. */
char *host_read_all(struct host *h, int fd);
void host_write(struct host *h, int fd, const char *text);

/* What a finished process left. */
struct outcome {
        char *out, *err;
        uint32_t exit_code;
};
void outcome_deinit(struct outcome *o);
/* It must have ended with that code, having said out (NULL: anything). Deinitialises it. */
void outcome_check(struct host *h, struct outcome *o, uint32_t code, const char *out);
/* Starts, feeds, reads and waits. */
void host_run(struct host *h, const char *container, const char *params, const char *input, struct outcome *ret);
/* A shell script in the VM; its output without the last newline. It must succeed. Caller frees. */
char *host_sh(struct host *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* text as a JSON string. Caller frees. */
char *quoted(const char *text);

#endif
