/* SPDX-License-Identifier: MIT */

/*
 * Streams of processes. The client gets a pipe of ours for each of the platform's; a thread for each carries over what
 * comes and writes it into the trace first. The platform's end is closed when the client closes its own, and the other
 * way around. The thread owns both of its ends.
 */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/real/passing.h"
#include "platform/pipe.h"

struct tee {
        struct tee *next; /* in the recorder's list */
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

static void add(struct tee *t) {
        hcs_guard(&t->r->lock);
        t->next = t->r->tees;
        t->r->tees = t;
}

static void remove_from_list(struct tee *t) {
        struct tee **at = &t->r->tees;

        hcs_guard(&t->r->lock);
        while (*at != t)
                at = &(*at)->next;
        *at = t->next;
        hcs_cond_broadcast(&t->r->ended);
}

/* With the lock held. */
static bool may_be_replaced(const struct tee *t) {
        for (const struct asking *a = t->r->askings; a; a = a->next)
                if (hcs_streq(a->process, t->process))
                        return true;
        return false;
}

/* Has the client a newer pipe of the same stream, or is it about to have one? Then the end of this one is not that of
 * the stream. */
static bool is_replaced(const struct tee *t) {
        const struct tee *other;

        hcs_guard(&t->r->lock);
        while (may_be_replaced(t))
                hcs_cond_wait(&t->r->ended, &t->r->lock);
        for (other = t->r->tees; other != t; other = other->next)
                if (other->stream == t->stream && hcs_streq(other->process, t->process))
                        return true;
        return false;
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
        if (wanted && !is_replaced(t))
                note(t, NULL, 0, true);
        hcs_pipe_close(t->from);
        hcs_pipe_close(t->to);
        remove_from_list(t);
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
        add(t);
        if (SUCCEEDED(hcs_thread_start_detached(carry, t, &err))) {
                *handle = stream == MOCK_STDIN ? writer : reader;
                return;
        }
        not_recorded(process, err);
        remove_from_list(t);
        hcs_pipe_close(reader);
        hcs_pipe_close(writer);
        free(t);
}

void streams_asked(struct passing *p) {
        hcs_guard(&p->r->lock);
        p->asking.next = p->r->askings;
        p->r->askings = &p->asking;
}

void streams_answered(struct passing *p) {
        struct asking **at = &p->r->askings;

        if (!*p->asking.process)
                return;
        hcs_guard(&p->r->lock);
        while (*at != &p->asking)
                at = &(*at)->next;
        *at = p->asking.next;
        hcs_cond_broadcast(&p->r->ended);
}

static bool same_handles(const HCS_PROCESS_INFORMATION *a, const HCS_PROCESS_INFORMATION *b) {
        return a->StdInput == b->StdInput && a->StdOutput == b->StdOutput && a->StdError == b->StdError;
}

/* What the operation gave before, and the client was given for it. */
static bool given_before(struct passing *p, HCS_PROCESS_INFORMATION *info) {
        const struct kept *k;

        hcs_guard(&p->r->lock);
        k = kept_find(&p->r->kept, MOCK_OPERATION, MOCK_COMPUTECORE, p->on[MOCK_OPERATION]);
        if (!k || !k->given.ProcessId || !same_handles(&k->given, info))
                return false;
        *info = k->ours;
        return true;
}

static void remember(struct passing *p, const HCS_PROCESS_INFORMATION *given, const HCS_PROCESS_INFORMATION *ours) {
        struct kept *k;

        hcs_guard(&p->r->lock);
        k = kept_find(&p->r->kept, MOCK_OPERATION, MOCK_COMPUTECORE, p->on[MOCK_OPERATION]);
        if (!k)
                return;
        k->given = *given;
        k->ours = *ours;
}

void streams_tee(struct passing *p, const char *process, HCS_PROCESS_INFORMATION *info) {
        HCS_PROCESS_INFORMATION given = *info;

        if (!p->r->streams)
                return;
        hcs_guard(&p->r->giving);
        if (given_before(p, info))
                return;
        tee(p->r, process, MOCK_STDIN, &info->StdInput);
        tee(p->r, process, MOCK_STDOUT, &info->StdOutput);
        tee(p->r, process, MOCK_STDERR, &info->StdError);
        remember(p, &given, info);
}
