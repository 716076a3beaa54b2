/* SPDX-License-Identifier: MIT */

/*
 * hcstrace guest and hcstrace host: a recorded side of a bridge, played over a transport, through faults when they are
 * wanted. The players know no transport; here are the streams of processes, which they only name.
 */

#include <getopt.h>
#include <stdlib.h>

#include "base/str.h"
#include "cmd/hcstrace/hcstrace.h"
#include "hcsshim/gcs.h"
#include "hcsshim/log.h"
#include "mockhcs/bridge/faulty.h"
#include "mockhcs/bridge/play.h"
#include "platform/stream.h"
#include "platform/thread.h"

static void usage(const char *what) {
        printf("usage: hcstrace %s [OPTIONS] TRACE TRANSPORT\n\n"
               "  --bridge NAME   which one, when the trace holds several (bridge/2)\n"
               "  --timeout S     %s (30)\n"
               "  --faults RULES  what goes wrong with frames: rules, @FILE, or a scenario (docs/faults.md)\n"
               "  --seed N        what is drawn for them (1)\n\n",
               what,
               hcs_streq(what, "guest") ? "how long to wait for a host that does not answer a dial, or does not read"
                                        : "how long to wait for the agent's next word");
        puts(hcs_streq(what, "guest")
                     ? "Dials the host as the guest of the trace did and answers it. TRANSPORT: unix:PATH, or vsock:2."
                     : "Waits for an agent to dial and asks it what the host of the trace asked. TRANSPORT: unix:PATH, "
                       "or\n"
                       "vsock:CID of the guest.");
}

struct arguments {
        const char *what, *trace;
        struct mock_bridge_options options;
        struct hcs_gcs_transport *transport;
        struct fault_rules faults;
        uint64_t seed;
};

static HRESULT dial(void *ctx, uint32_t port, struct hcs_stream **ret, struct hcs_error **err) {
        struct arguments *a = ctx;

        return hcs_gcs_guest_dial(a->transport, port, &(struct hcs_call){.timeout_ms = a->options.timeout_ms}, ret,
                                  err);
}

/* A stream that an agent will dial: input ends at once, output is read to its end. */
struct channel {
        struct hcs_gcs_listener *listener;
        bool is_input;
        int64_t timeout_ms;
};

static void serve_channel(void *arg) {
        struct channel *c = arg;
        struct hcs_stream *s = NULL;
        char buf[4096];
        size_t n;

        if (SUCCEEDED(hcs_gcs_accept(c->listener, &(struct hcs_call){.timeout_ms = c->timeout_ms}, &s, NULL))) {
                if (c->is_input)
                        hcs_stream_close_write(s);
                while (hcs_stream_read(s, buf, sizeof(buf), NULL, &n, NULL) == S_OK)
                        continue;
                hcs_stream_close(s);
        }
        hcs_gcs_listener_close(c->listener);
        free(c);
}

static HRESULT listen_for(void *ctx, uint32_t port, bool is_input, struct hcs_error **err) {
        struct arguments *a = ctx;
        struct channel *c = hcs_calloc(1, sizeof(*c));
        HRESULT hr = hcs_gcs_listen(a->transport, port, &c->listener, err);

        c->is_input = is_input;
        c->timeout_ms = a->options.timeout_ms;
        if (SUCCEEDED(hr))
                hr = hcs_thread_start_detached(serve_channel, c, err);
        if (FAILED(hr)) {
                hcs_gcs_listener_close(c->listener);
                free(c);
        }
        return hr;
}

static HRESULT meet(struct arguments *a, struct hcs_stream **ret, struct hcs_error **err) {
        _cleanup_(hcs_gcs_listener_closep) struct hcs_gcs_listener *l = NULL;
        HRESULT hr;

        if (hcs_streq(a->what, "guest"))
                return dial(a, HCS_GCS_BRIDGE, ret, err);
        hr = hcs_gcs_listen(a->transport, HCS_GCS_BRIDGE, &l, err);
        if (FAILED(hr))
                return hr;
        hcs_log(HCS_LOG_INFO, "waits for a guest", NULL);
        return hcs_gcs_accept(l, &(struct hcs_call){.timeout_ms = a->options.timeout_ms}, ret, err);
}

/* Puts a bridge with faults in between: the played side's stream is an end of it from then on. */
static HRESULT put_faults(struct arguments *a, struct hcs_stream **stream, struct mock_faulty_bridge **ret,
                          struct hcs_error **err) {
        bool guest = hcs_streq(a->what, "guest");
        struct hcs_stream *other = *stream, *near = NULL, *far = NULL;
        HRESULT hr = hcs_stream_pair(&near, &far, err);

        if (FAILED(hr))
                return hr;
        *stream = near;
        return mock_faulty_bridge_new(guest ? other : far, guest ? far : other, &a->faults, a->seed, ret, err);
}

/* What was said last goes on to the other side, and is counted. */
static void end_faults(struct arguments *a, struct mock_faulty_bridge *bridge) {
        if (!bridge)
                return;
        mock_faulty_bridge_wait(bridge, a->options.timeout_ms);
        printf("%u frames met a fault\n", mock_faulty_bridge_count(bridge));
        mock_faulty_bridge_free(bridge);
}

static int play(struct arguments *a) {
        bool guest = hcs_streq(a->what, "guest");
        struct mock_faulty_bridge *bridge = NULL;
        struct mock_bridge_report report = {0};
        struct hcs_stream *stream = NULL;
        struct hcs_error *err = NULL;
        HRESULT hr = meet(a, &stream, &err);

        a->options.dial = dial;
        a->options.listen = listen_for;
        a->options.ctx = a;
        if (SUCCEEDED(hr) && a->faults.n)
                hr = put_faults(a, &stream, &bridge, &err);
        if (SUCCEEDED(hr))
                hr = guest ? mock_bridge_play_guest(a->trace, stream, &a->options, &report, &err)
                           : mock_bridge_play_host(a->trace, stream, &a->options, &report, &err);
        hcs_stream_close(stream);
        end_faults(a, bridge);
        if (FAILED(hr)) {
                mock_bridge_report_deinit(&report);
                return tell_error(a->what, err);
        }
        fputs(hcs_buf_cstr(&report.text), stdout);
        printf("%u as recorded, %u otherwise, %u never came\n", report.matched, report.mismatched, report.left);
        hr = report.mismatched || report.left ? E_FAIL : S_OK;
        mock_bridge_report_deinit(&report);
        return FAILED(hr) ? EXIT_PROBLEMS : EXIT_OK;
}

int cmd_bridge(int argc, char **argv) {
        static const struct option options[] = {
                {"bridge", required_argument, NULL, 'b'}, {"timeout", required_argument, NULL, 't'},
                {"faults", required_argument, NULL, 'f'}, {"seed", required_argument, NULL, 's'},
                {"help", no_argument, NULL, 'h'},         {0}};
        struct arguments a = {.what = argv[0], .options = {.timeout_ms = 30000}, .seed = 1};
        const char *faults = NULL;
        struct hcs_error *err = NULL;
        uint64_t seconds;
        HRESULT hr;
        int c;

        while ((c = next_option(argc, argv, "h", options, NULL)) != -1)
                switch (c) {
                case 'b':
                        a.options.bridge = optarg;
                        break;
                case 't':
                        if (!hcs_str_to_u64(optarg, &seconds) || !seconds || seconds > 1000000)
                                return tell_usage(a.what, "--timeout wants seconds, not `%s'", optarg);
                        a.options.timeout_ms = (int64_t)seconds * 1000;
                        break;
                case 'f':
                        faults = optarg;
                        break;
                case 's':
                        if (!hcs_str_to_u64(optarg, &a.seed))
                                return tell_usage(a.what, "--seed wants a number, not `%s'", optarg);
                        break;
                case 'h':
                        usage(a.what);
                        return EXIT_OK;
                default:
                        return tell_usage(a.what, NULL);
                }
        if (optind + 2 != argc)
                return tell_usage(a.what, "a TRACE and a TRANSPORT are needed");
        a.trace = argv[optind];
        hr = faults ? fault_rules_load(faults, &a.faults, &err) : S_OK;
        if (SUCCEEDED(hr))
                hr = fault_rules_check(&a.faults, true, &err);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_transport_open(argv[optind + 1], &a.transport, &err);
        c = FAILED(hr) ? tell_error(a.what, err) : play(&a);
        hcs_gcs_transport_unref(a.transport);
        fault_rules_deinit(&a.faults);
        return c;
}
