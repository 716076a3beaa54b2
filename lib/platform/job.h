/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_JOB_H
#define HCS_PLATFORM_JOB_H

/*
 * A group of programs that ends as one, each with pipes of its own: a job object, on Windows only. What these programs
 * start is in it as well. The job is counted, and any thread may use it. A child is owned by whoever started it, one
 * thread at a time, and may outlive the job, which ends it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/error.h"
#include "platform/pipe.h"

struct hcs_job;
struct hcs_job_child;

bool hcs_job_possible(void);
/* E_NOTIMPL where there are none. */
HRESULT hcs_job_new(struct hcs_job **ret, struct hcs_error **err);
struct hcs_job *hcs_job_ref(struct hcs_job *job);
/* The last one ends all that is in it. NULL is fine, returns NULL. */
struct hcs_job *hcs_job_unref(struct hcs_job *job);
/* Ends all that is in it now. NULL is fine. */
void hcs_job_end(struct hcs_job *job);

struct hcs_job_start {
        const char *application;        /* NULL: the first word of the command line, looked for as Windows does */
        const char *command_line;       /* as it is */
        const char *directory;          /* NULL: ours */
        const char *const *environment; /* "NAME=value" that replace or extend ours, NULL terminated; or NULL */
        bool streams[3];                /* standard input, output, error: a pipe, else NUL */
};
/* HCS_WIN32(ERROR_FILE_NOT_FOUND) and its like name the command. */
HRESULT hcs_job_spawn(struct hcs_job *job, const struct hcs_job_start *start, struct hcs_job_child **ret,
                      struct hcs_error **err);

uint32_t hcs_job_child_id(const struct hcs_job_child *child);
/* Our end of a stream, nonblocking, or 0; the caller's from then on. */
HANDLE hcs_job_child_take(struct hcs_job_child *child, int stream);
/* Wakes the poller once the program has ended. The poller outlives the child. */
HRESULT hcs_job_child_wakes(struct hcs_job_child *child, struct hcs_poller *poller, struct hcs_error **err);
/* Has it ended? */
bool hcs_job_child_ended(const struct hcs_job_child *child, uint32_t *ret_exit_code);
/* What a console tells its programs, by the numbers of Windows. */
enum hcs_job_event {
        HCS_JOB_CTRL_C = 0,
        HCS_JOB_CTRL_BREAK = 1,
        HCS_JOB_CLOSE = 2,
        HCS_JOB_LOGOFF = 5,
        HCS_JOB_SHUTDOWN = 6
};
/* Tells it and what it started; who does not handle it ends with HCS_JOB_EVENT_EXIT. The last three end it anyway, when
 * it has handled them or after five seconds. False: it cannot be told, as a program of 32 bits. */
bool hcs_job_child_tell(struct hcs_job_child *child, enum hcs_job_event event);
#define HCS_JOB_EVENT_EXIT 0xC000013Au /* STATUS_CONTROL_C_EXIT */
/* Ends it by force, and not what it started. One that has ended is left alone. */
void hcs_job_child_kill(struct hcs_job_child *child, uint32_t exit_code);
/* It runs on if it does. */
struct hcs_job_child *hcs_job_child_free(struct hcs_job_child *child);

/* What is in it now. Times in ns, of the creation since 1970; memory in bytes. */
struct hcs_job_member {
        uint32_t id;
        char image[64];
        uint64_t created_ns, user_ns, kernel_ns;
        uint64_t commit, working_set;
        uint64_t reads, writes, read_bytes, written_bytes;
};
/* Caller frees the array. One that ends meanwhile is left out. */
size_t hcs_job_members(struct hcs_job *job, struct hcs_job_member **ret);

/* Sums since it was made, with what has ended where the system keeps them; members: of those that run. */
struct hcs_job_use {
        uint64_t user_ns, kernel_ns;
        uint64_t reads, writes, read_bytes, written_bytes;
        uint64_t commit, peak_commit, working_set;
};
void hcs_job_use(struct hcs_job *job, struct hcs_job_use *ret);

#endif
