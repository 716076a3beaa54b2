/* SPDX-License-Identifier: MIT */

/*
 * Copies between a process's streams and functions of the caller: a thread for each stream. The outputs are waited for;
 * the input is not, since nothing can end a read of the caller's. Each thread keeps the process.
 */

#include "gcs/internal.h"

#define CHUNK 65536u

struct gcs_relay {
        struct hcs_gcs_relay user;
        struct hcs_mutex lock;
        struct hcs_cond ended;
        unsigned outputs; /* copies that go on */
        HRESULT hr;       /* the first failure */
        char *text;
};

struct copy {
        struct hcs_gcs_process *process;
        enum hcs_gcs_stream stream;
};

void gcs_relay_free(struct gcs_relay *r) {
        if (!r)
                return;
        hcs_cond_deinit(&r->ended);
        hcs_mutex_deinit(&r->lock);
        free(r->text);
        free(r);
}

static void note_failure(struct gcs_relay *r, HRESULT hr, const char *text) {
        hcs_guard(&r->lock);

        if (FAILED(r->hr))
                return;
        r->hr = hr;
        r->text = hcs_strdup(text);
}

static void copy_input(struct copy *c, struct gcs_relay *r, char *buf) {
        struct hcs_error *err = NULL;
        HRESULT hr = S_OK;
        int64_t n;

        while (SUCCEEDED(hr) && (n = r->user.read(r->user.ctx, buf, CHUNK)) > 0)
                hr = hcs_gcs_process_write(c->process, buf, (size_t)n, NULL, &err);
        /* A process that ended before its input did is no failure. */
        if (SUCCEEDED(hr))
                hcs_gcs_process_close_stdin(c->process, NULL, NULL);
        hcs_error_free(err);
}

static void copy_output(struct copy *c, struct gcs_relay *r, char *buf) {
        struct hcs_error *err = NULL;
        HRESULT hr;
        size_t n;

        while ((hr = hcs_gcs_process_read(c->process, c->stream, buf, CHUNK, NULL, &n, &err)) == S_OK)
                if (r->user.write)
                        r->user.write(r->user.ctx, c->stream, buf, n);
        if (FAILED(hr)) {
                note_failure(r, hr, hcs_error_message(err));
                hcs_gcs_process_close_stream(c->process, c->stream);
        }
        hcs_error_free(err);
        hcs_guard(&r->lock);
        r->outputs--;
        hcs_cond_broadcast(&r->ended);
}

static void run(void *arg) {
        struct copy *c = arg;
        _cleanup_free_ char *buf = hcs_malloc(CHUNK);
        struct gcs_relay *r = c->process->relay;

        if (c->stream == HCS_GCS_STDIN)
                copy_input(c, r, buf);
        else
                copy_output(c, r, buf);
        hcs_gcs_process_unref(c->process);
        free(c);
}

static HRESULT start(struct hcs_gcs_process *p, enum hcs_gcs_stream stream, struct hcs_error **err) {
        struct copy *c;
        HRESULT hr;

        if (!p->streams[stream].port || (stream == HCS_GCS_STDIN && !p->relay->user.read))
                return S_OK;
        c = hcs_calloc(1, sizeof(*c));
        *c = (struct copy){hcs_gcs_process_ref(p), stream};
        hr = hcs_thread_start_detached(run, c, err);
        if (SUCCEEDED(hr))
                return hr;
        hcs_gcs_process_unref(p);
        free(c);
        return hr;
}

/* How many outputs there are to copy, from the first of these on. */
static unsigned count_outputs(const struct hcs_gcs_process *p, int first) {
        unsigned n = 0;

        for (int i = first > HCS_GCS_STDOUT ? first : HCS_GCS_STDOUT; i <= HCS_GCS_STDERR; i++)
                n += p->streams[i].port != 0;
        return n;
}

/* Those from the first one on are not copied. */
static void give_up(struct hcs_gcs_process *p, int first, HRESULT hr) {
        note_failure(p->relay, hr, "the copying could not be started");
        hcs_guard(&p->relay->lock);

        p->relay->outputs -= count_outputs(p, first);
        hcs_cond_broadcast(&p->relay->ended);
}

HRESULT hcs_gcs_process_relay(struct hcs_gcs_process *p, const struct hcs_gcs_relay *relay, struct hcs_error **err) {
        struct gcs_relay *r = hcs_calloc(1, sizeof(*r)), *before = NULL;
        HRESULT hr = S_OK;
        int i;

        r->user = *relay;
        r->outputs = count_outputs(p, HCS_GCS_STDOUT); /* before anybody can wait for them */
        hcs_mutex_init(&r->lock);
        hcs_cond_init(&r->ended);
        if (!atomic_compare_exchange_strong(&p->relay, &before, r)) {
                gcs_relay_free(r);
                return hcs_error_make(err, HCS_E_INVALID_STATE, "the process's streams are relayed already");
        }
        for (i = 0; i < 3; i++) {
                hr = start(p, (enum hcs_gcs_stream)i, err);
                if (FAILED(hr))
                        break;
        }
        if (FAILED(hr)) {
                give_up(p, i, hr);
                hcs_gcs_process_close(p); /* ends those that were started */
        }
        return hr;
}

HRESULT hcs_gcs_process_relay_wait(struct hcs_gcs_process *p, const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);
        struct gcs_relay *r = p->relay;
        HRESULT hr = S_OK;

        if (!r)
                return hcs_error_make(err, HCS_E_INVALID_STATE, "the process's streams are not relayed");
        {
                hcs_guard(&r->lock);
                while (r->outputs && SUCCEEDED(hr)) {
                        hr = hcs_bound_check(&b);
                        if (SUCCEEDED(hr))
                                hcs_cond_wait_until(&r->ended, &r->lock, hcs_bound_next(&b));
                }
                if (SUCCEEDED(hr) && SUCCEEDED(r->hr))
                        return S_OK;
        }
        if (FAILED(hr)) {
                hcs_bound_fail(hr, err);
                gcs_process_hint_open_outputs(p, "the guest has not ended", err);
        } else { /* which does not change any more */
                hr = hcs_error_make(err, r->hr, "%s", r->text);
        }
        gcs_process_blame(p, "relay", err);
        return hr;
}
