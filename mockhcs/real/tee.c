/* SPDX-License-Identifier: MIT */

/*
 * One stream of a process that goes through us: a pipe of ours for one of the platform's, and a thread that carries
 * over what comes and writes it into the trace first. The platform's end is closed when the client closes its own, and
 * the other way around. The thread owns both of its ends, and frees the stream. Who has to know that all has passed
 * which was there wakes it, and waits until it finds nothing.
 */

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/real/passing.h"
#include "platform/clock.h"
#include "platform/pipe.h"

/* More than pipes hold: a writer that goes on writing cannot put off that what it wrote before has passed. */
#define ALL_THAT_IS_THERE ((uint64_t)1 << 20)

struct tee {
        struct tee *next; /* in the recorder's list */
        struct real_recorder *r;
        struct owner owner;
        enum mock_stream stream;
        uint64_t number;
        HANDLE from, to;
        struct hcs_poller *poller; /* that its reads are woken by */
        /* Under the recorder's lock. */
        uint64_t carried;         /* bytes */
        uint64_t wanted, drained; /* what was asked for last, and is so: that it is found empty */
        uint64_t enough;          /* bytes carried by when it was */
};

static void note(struct real_recorder *r, const char *process, enum mock_stream stream, const char *data, size_t len) {
        real_write(r, &(struct mock_record){.kind = MOCK_RECORD_STDIO,
                                            .t = real_now_ns(r),
                                            .subject = (char *)(uintptr_t)process,
                                            .stream = stream,
                                            .data = (char *)(uintptr_t)data,
                                            .len = len,
                                            .end = len == 0});
}

void tee_note_end(struct real_recorder *r, const char *process, enum mock_stream stream) {
        note(r, process, stream, NULL, 0);
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
        t->number = ++t->r->n_tees;
        t->next = t->r->tees;
        t->r->tees = t;
}

static void remove_from_list(struct tee *t) {
        struct tee **at = &t->r->tees;

        hcs_guard(&t->r->lock);
        while (*at != t)
                at = &(*at)->next;
        *at = t->next;
        hcs_cond_broadcast(&t->r->passed);
}

static void tee_free(struct tee *t) {
        hcs_poller_free(t->poller);
        free(t);
}

static uint64_t wanted_of(struct tee *t) {
        hcs_guard(&t->r->lock);
        return t->wanted;
}

/* Waits for bytes, or only looks for them when somebody wants to know. */
static HRESULT take(struct tee *t, char *data, size_t size, size_t *ret) {
        for (;;) {
                uint64_t wanted = wanted_of(t);
                HRESULT hr;

                if (wanted > t->drained)
                        hcs_poller_wake(t->poller);
                hr = hcs_pipe_read_unless_woken(t->from, t->poller, data, size, ret, NULL);
                if (hr != HCS_PIPE_WOULD_BLOCK)
                        return hr;
                hcs_guard(&t->r->lock);
                t->drained = wanted;
                hcs_cond_broadcast(&t->r->passed);
        }
}

static void count(struct tee *t, size_t n) {
        hcs_guard(&t->r->lock);
        t->carried += n;
        if (t->wanted == t->drained)
                return;
        if (t->carried >= t->enough)
                t->drained = t->wanted;
        hcs_cond_broadcast(&t->r->passed);
}

bool tee_is_newer(const struct real_recorder *r, const char *process, enum mock_stream stream, uint64_t number) {
        for (const struct tee *t = r->tees; t; t = t->next)
                if (t->number > number && t->stream == stream && hcs_streq(t->owner.process, process))
                        return true;
        return false;
}

/* Has the client a newer pipe of the same stream, or is it about to have one? Then the end of this one is not that of
 * the stream, or is left to the call that asks. */
static bool leave_end_to_newer(const struct tee *t) {
        hcs_guard(&t->r->lock);
        return tee_is_newer(t->r, t->owner.process, t->stream, t->number) ||
               asking_takes_end(t->r, t->owner.process, t->stream, t->number);
}

static void carry(void *arg) {
        struct tee *t = arg;
        char data[16384];
        size_t n = 0;
        bool wanted = true;

        while (wanted && take(t, data, sizeof(data), &n) == S_OK) {
                note(t->r, t->owner.process, t->stream, data, n);
                wanted = hand_on(t, data, n);
                count(t, n);
        }
        if (wanted && !leave_end_to_newer(t))
                tee_note_end(t->r, t->owner.process, t->stream);
        hcs_pipe_close(t->from);
        hcs_pipe_close(t->to);
        remove_from_list(t);
        tee_free(t);
}

/* The client keeps the platform's pipe when there is none of ours. Takes the error over. */
static bool not_recorded(const char *process, struct hcs_error *err) {
        hcs_log(HCS_LOG_WARN, "a stream is not recorded", "process", process, "error", hcs_error_message(err), NULL);
        hcs_error_free(err);
        return false;
}

bool tee_begin(struct real_recorder *r, const struct owner *owner, enum mock_stream stream, HANDLE *handle) {
        bool input = stream == MOCK_STDIN;
        HANDLE reader = NULL, writer = NULL;
        struct hcs_poller *poller = NULL;
        struct hcs_error *err = NULL;
        struct tee *t;

        if (FAILED(hcs_poller_new(&poller, &err)))
                return not_recorded(owner->process, err);
        if (FAILED(hcs_pipe_new(&reader, &writer, &err))) {
                hcs_poller_free(poller);
                return not_recorded(owner->process, err);
        }
        t = hcs_calloc(1, sizeof(*t));
        *t = (struct tee){.r = r, .owner = *owner, .stream = stream, .poller = poller};
        t->from = input ? reader : *handle;
        t->to = input ? *handle : writer;
        add(t);
        if (SUCCEEDED(hcs_thread_start_detached(carry, t, &err))) {
                *handle = input ? writer : reader;
                return true;
        }
        remove_from_list(t);
        tee_free(t);
        hcs_pipe_close(reader);
        hcs_pipe_close(writer);
        return not_recorded(owner->process, err);
}

static bool is_meant(const struct tee *t, const struct owner *owner, bool inputs) {
        return (t->stream == MOCK_STDIN) == inputs && owner_has(owner, &t->owner);
}

static uint64_t ask_all(struct real_recorder *r, const struct owner *owner, bool inputs) {
        r->drains++;
        for (struct tee *t = r->tees; t; t = t->next) {
                if (!is_meant(t, owner, inputs))
                        continue;
                t->wanted = r->drains;
                t->enough = t->carried + ALL_THAT_IS_THERE;
                hcs_poller_wake(t->poller);
        }
        return r->drains;
}

/* False when all have; else how many bytes they have carried. */
static bool is_left(const struct real_recorder *r, const struct owner *owner, bool inputs, uint64_t drain,
                    uint64_t *ret) {
        bool left = false;

        *ret = 0;
        for (const struct tee *t = r->tees; t; t = t->next)
                if (is_meant(t, owner, inputs) && t->wanted >= drain && t->drained < drain) {
                        left = true;
                        *ret += t->carried;
                }
        return left;
}

bool tees_drain(struct real_recorder *r, const struct owner *owner, bool inputs, const struct patience *patience) {
        uint64_t end = hcs_clock_ns() + patience->whole_ns, quiet = 0;
        uint64_t drain, carried, before = UINT64_MAX;

        hcs_guard(&r->lock);
        drain = ask_all(r, owner, inputs);
        while (is_left(r, owner, inputs, drain, &carried)) {
                if (carried != before)
                        quiet = hcs_clock_ns() + patience->quiet_ns;
                before = carried;
                if (!hcs_cond_wait_until(&r->passed, &r->lock, quiet < end ? quiet : end))
                        return false;
        }
        return true;
}

void tees_wait(struct real_recorder *r) {
        hcs_guard(&r->lock);
        while (r->tees)
                hcs_cond_wait(&r->passed, &r->lock);
}
