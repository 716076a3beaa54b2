/* SPDX-License-Identifier: MIT */

/*
 * What must hold: a play comes to an end whatever the trace and the other side hold, its report has words for what it
 * counts, and a failure has its error; a bridge without rules hands on every byte, frame or not, and no other.
 */

#include "integration/fuzz/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hcsshim/log.h"
#include "mockhcs/bridge/faulty.h"
#include "mockhcs/bridge/play.h"
#include "platform/stream.h"

#define HEADER    "{\"trace\":\"hcs\",\"version\":1,\"redacted\":false}\n"
#define MAX_DIALS 16

static void must(bool ok) {
        if (!ok)
                abort();
}

/* ---- players ---- */

/* The other ends of the streams that a played guest dials. */
struct dials {
        struct hcs_stream *ends[MAX_DIALS];
        size_t n;
};

static HRESULT dial(void *ctx, uint32_t port, struct hcs_stream **ret, struct hcs_error **err) {
        struct dials *d = ctx;

        if (d->n == MAX_DIALS)
                return hcs_error_make(err, E_FAIL, "enough");
        must(SUCCEEDED(hcs_stream_pair(&d->ends[d->n], ret, NULL)));
        must(SUCCEEDED(hcs_stream_write(d->ends[d->n], "hello", 5, NULL, NULL)));
        hcs_stream_close_write(d->ends[d->n++]);
        return S_OK;
}

static HRESULT no_port(void *ctx, uint32_t port, bool is_input, struct hcs_error **err) {
        return port % 2 ? S_OK : hcs_error_make(err, E_FAIL, "port %u is taken", port);
}

static void check(HRESULT hr, struct hcs_error *err, struct mock_bridge_report *r, bool is_host) {
        must(FAILED(hr) == (err != NULL));
        /* A played host says what it misses where it gave up, and counts the rest. */
        must(r->text.len || !(r->mismatched || (r->left && !is_host)) || FAILED(hr));
        hcs_error_free(err);
        mock_bridge_report_deinit(r);
}

static void play(const uint8_t *data, size_t size, bool is_host) {
        const uint8_t *zero = memchr(data, '\0', size);
        size_t n = zero ? (size_t)(zero - data) : size;
        /* Nobody reads on the other side: what is too much for the socket is not waited for. */
        struct mock_bridge_options options = {.dial = dial, .listen = no_port, .timeout_ms = 20};
        struct hcs_stream *ours = NULL, *theirs = NULL;
        struct mock_bridge_report report;
        struct hcs_error *err = NULL;
        struct dials dials = {0};
        int fd = memfd_create("trace", MFD_CLOEXEC);
        char path[64];

        options.ctx = &dials;
        must(fd >= 0 && write(fd, HEADER, strlen(HEADER)) == (ssize_t)strlen(HEADER) &&
             write(fd, data, n) == (ssize_t)n);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        must(SUCCEEDED(hcs_stream_pair(&ours, &theirs, NULL)));
        if (zero)
                must(SUCCEEDED(hcs_stream_write(theirs, zero + 1, size - n - 1, NULL, NULL)));
        hcs_stream_close_write(theirs);
        if (is_host)
                check(mock_bridge_play_host(path, ours, &options, &report, &err), err, &report, true);
        else
                check(mock_bridge_play_guest(path, ours, &options, &report, &err), err, &report, false);
        for (size_t i = 0; i < dials.n; i++)
                hcs_stream_close(dials.ends[i]);
        hcs_stream_close(ours);
        hcs_stream_close(theirs);
        close(fd);
}

/* ---- faults ---- */

struct side {
        struct hcs_stream *stream;
        const uint8_t *data;
        size_t size;
};

static void say(struct side *s) {
        must(SUCCEEDED(hcs_stream_write(s->stream, s->data, s->size, NULL, NULL)));
        hcs_stream_close_write(s->stream);
}

/* What came to one side; without rules that is what the other one said. */
static void hear(struct side *s, const struct side *other, bool exact) {
        size_t at = 0, n = 0;
        uint8_t buf[4096];

        while (hcs_stream_read(s->stream, buf, sizeof(buf), NULL, &n, NULL) == S_OK) {
                must(!exact || (at + n <= other->size && memcmp(other->data + at, buf, n) == 0));
                at += n;
        }
        must(!exact || at == other->size);
}

static void fuzz_faults(const uint8_t *data, size_t size) {
        const uint8_t *zero = memchr(data, '\0', size);
        struct side host = {0}, guest = {0};
        struct hcs_stream *to_host = NULL, *to_guest = NULL;
        struct mock_faulty_bridge *bridge = NULL;
        struct fault_rules rules = {0};
        struct hcs_error *err = NULL;
        size_t n;

        if (!zero || size - (size_t)(zero - data) < 3)
                return;
        if (zero > data && FAILED(fault_rules_parse((const char *)data, &rules, &err))) {
                must(err != NULL);
                hcs_error_free(err);
                return;
        }
        size -= (size_t)(zero - data) + 3;
        n = zero[1] | (size_t)zero[2] << 8;
        host.data = zero + 3;
        host.size = n < size ? n : size;
        guest.data = host.data + host.size;
        guest.size = size - host.size;
        must(SUCCEEDED(hcs_stream_pair(&host.stream, &to_host, NULL)));
        must(SUCCEEDED(hcs_stream_pair(&guest.stream, &to_guest, NULL)));
        must(SUCCEEDED(mock_faulty_bridge_new(to_host, to_guest, &rules, 1, &bridge, NULL)));
        say(&host);
        say(&guest);
        /* A rule may hold a frame for an hour. */
        mock_faulty_bridge_wait(bridge, rules.n ? 5 : 10000);
        must(rules.n || mock_faulty_bridge_count(bridge) == 0);
        mock_faulty_bridge_free(bridge);
        hear(&host, &guest, !rules.n);
        hear(&guest, &host, !rules.n);
        hcs_stream_close(host.stream);
        hcs_stream_close(guest.stream);
        fault_rules_deinit(&rules);
}

static void drop(void *ctx, enum hcs_log_level level, const char *line) {
}

bool fuzz_play(uint8_t which, const uint8_t *data, size_t size) {
        if (which != 'P' && which != 'H' && which != 'F')
                return false;
        hcs_log_set_sink(drop, NULL);
        if (which == 'F')
                fuzz_faults(data, size);
        else
                play(data, size, which == 'H');
        return true;
}
