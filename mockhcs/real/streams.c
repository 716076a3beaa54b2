/* SPDX-License-Identifier: MIT */

/*
 * Streams of processes. The client gets a pipe of ours for each of the platform's; a thread for each carries over what
 * comes and writes it into the trace first. The platform's end is closed when the client closes its own, and the other
 * way around. The thread owns both of its ends.
 */

#include <stdio.h>

#include "hcsshim/log.h"
#include "mockhcs/real/passing.h"
#include "platform/pipe.h"

struct tee {
        struct real_recorder *r;
        char process[24];
        enum mock_stream stream;
        HANDLE from, to;
};

static void note(const struct tee *t, const char *data, size_t len, bool end) {
        real_write(t->r, &(struct mock_record){.kind = MOCK_RECORD_STDIO,
                                               .t = real_now_ns(t->r),
                                               .subject = (char *)(uintptr_t)t->process,
                                               .stream = t->stream,
                                               .data = (char *)(uintptr_t)data,
                                               .len = len,
                                               .end = end});
}

static bool hand_on(const struct tee *t, const char *data, size_t len) {
        for (size_t done = 0; done < len;) {
                size_t n = 0;

                if (FAILED(hcs_pipe_write(t->to, data + done, len - done, &n, NULL)))
                        return false;
                done += n;
        }
        return true;
}

static void carry(void *arg) {
        _cleanup_free_ struct tee *t = arg;
        char data[16384];
        size_t n = 0;
        bool wanted = true;

        while (wanted && hcs_pipe_read(t->from, data, sizeof(data), &n, NULL) == S_OK) {
                note(t, data, n, false);
                wanted = hand_on(t, data, n);
        }
        if (wanted)
                note(t, NULL, 0, true);
        hcs_pipe_close(t->from);
        hcs_pipe_close(t->to);
        hcs_guard(&t->r->lock);
        t->r->n_streams--;
        hcs_cond_broadcast(&t->r->ended);
}

/* Takes the error over. */
static void not_recorded(const char *process, struct hcs_error *err) {
        hcs_log(HCS_LOG_WARN, "a stream is not recorded", "process", process, "error", hcs_error_message(err), NULL);
        hcs_error_free(err);
}

/* The client keeps the platform's pipe when there is none of ours. */
static void tee(struct real_recorder *r, const char *process, enum mock_stream stream, HANDLE *handle) {
        HANDLE reader = NULL, writer = NULL;
        struct hcs_error *err = NULL;
        struct tee *t;

        if (!*handle)
                return;
        if (FAILED(hcs_pipe_new(&reader, &writer, &err))) {
                not_recorded(process, err);
                return;
        }
        t = hcs_calloc(1, sizeof(*t));
        *t = (struct tee){.r = r, .stream = stream};
        snprintf(t->process, sizeof(t->process), "%s", process);
        t->from = stream == MOCK_STDIN ? reader : *handle;
        t->to = stream == MOCK_STDIN ? *handle : writer;
        hcs_mutex_lock(&r->lock);
        r->n_streams++;
        hcs_mutex_unlock(&r->lock);
        if (SUCCEEDED(hcs_thread_start_detached(carry, t, &err))) {
                *handle = stream == MOCK_STDIN ? writer : reader;
                return;
        }
        not_recorded(process, err);
        hcs_mutex_lock(&r->lock);
        r->n_streams--;
        hcs_mutex_unlock(&r->lock);
        hcs_pipe_close(reader);
        hcs_pipe_close(writer);
        free(t);
}

void streams_tee(struct real_recorder *r, const char *process, HCS_PROCESS_INFORMATION *info) {
        if (!r->streams)
                return;
        tee(r, process, MOCK_STDIN, &info->StdInput);
        tee(r, process, MOCK_STDOUT, &info->StdOutput);
        tee(r, process, MOCK_STDERR, &info->StdError);
}
