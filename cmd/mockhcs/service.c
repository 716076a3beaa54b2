/* SPDX-License-Identifier: MIT */

/* mockhcs service: a service of mockhcs/service.h as a process, in the background or for whoever supervises it. */

#include <getopt.h>
#include <stdio.h>

#include "base/str.h"
#include "cmd/mockhcs/mockhcs.h"
#include "mockhcs/service.h"
#include "platform/background.h"
#include "platform/terminal.h"
#include "platform/thread.h"

struct arguments {
        struct mockhcs_service_options options;
        bool foreground;
};

static void usage(void) {
        puts("usage: mockhcs service [--socket PATH] [--backend COMPOSITION] [OPTIONS]\n\n"
             "Answers clients that run with MOCKHCS=remote=PATH: they share systems and networks. Goes on by itself\n"
             "as soon as it listens, or stays (--foreground) for a supervisor; SIGTERM and ^C end it.\n\n"
             "  --socket PATH       $XDG_RUNTIME_DIR/hcsshim/service.sock, else /tmp/hcsshim-UID/service.sock; or the\n"
             "                      socket that systemd hands over\n"
             "  --loopback FILE     listens on a port of the loopback interface, too, for programs under Wine: FILE, "
             "which\n"
             "                      is made, says on which, with a secret (MOCKHCS=remote=FILE there)\n"
             "  --backend TEXT      what answers, as in MOCKHCS: emulate (the default), replay=FILE, "
             "faults=...,emulate\n"
             "  --state FILE        the world as it was when the last service on this file ended\n"
             "  --idle-exit SECS    ends when there was no client for so long, and nothing that would be lost\n"
             "  --foreground        stays\n"
             "  --max-clients N     256 by default\n"
             "  --max-handles N     of one client; 65536\n"
             "  --max-pending N     calls of one client that have not completed; 4096\n"
             "  --max-frame BYTES   of one request; 268435456\n"
             "  --max-unread BYTES  that wait for one client; 67108864\n\n"
             "Exit codes: 0 it ended, or goes on by itself; 1 it cannot; 2 wrong usage; 75 the socket is taken.");
}

static bool number(const char *text, uint64_t max, size_t *ret) {
        uint64_t n;

        if (!hcs_str_to_u64(text, &n) || n == 0 || n > max)
                return false;
        *ret = (size_t)n;
        return true;
}

/* -1: go on. */
static int parse(int argc, char **argv, struct arguments *a) {
        static const struct option options[] = {{"socket", required_argument, NULL, 's'},
                                                {"loopback", required_argument, NULL, 'l'},
                                                {"backend", required_argument, NULL, 'b'},
                                                {"state", required_argument, NULL, 't'},
                                                {"idle-exit", required_argument, NULL, 'i'},
                                                {"foreground", no_argument, NULL, 'f'},
                                                {"max-clients", required_argument, NULL, 1},
                                                {"max-handles", required_argument, NULL, 2},
                                                {"max-pending", required_argument, NULL, 3},
                                                {"max-frame", required_argument, NULL, 4},
                                                {"max-unread", required_argument, NULL, 5},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        struct mockhcs_service_limits *limits = &a->options.limits;
        size_t *const numbers[] = {&limits->clients, &limits->handles, &limits->pending, &limits->frame_bytes,
                                   &limits->unread_bytes};
        size_t seconds;
        int c;

        while ((c = next_option(argc, argv, "", options, NULL)) != -1) {
                if (c == 's') {
                        a->options.socket = optarg;
                } else if (c == 'l') {
                        a->options.loopback = optarg;
                } else if (c == 'b') {
                        a->options.backend = optarg;
                } else if (c == 't') {
                        a->options.state = optarg;
                } else if (c == 'f') {
                        a->foreground = true;
                } else if (c == 'i') {
                        if (!number(optarg, 86400 * 366, &seconds))
                                return tell_usage(argv[0], "--idle-exit %s: a number of seconds is expected", optarg);
                        a->options.idle_exit = (unsigned)seconds;
                } else if (c >= 1 && c <= 5) {
                        if (!number(optarg, (uint64_t)1 << 32, numbers[c - 1]))
                                return tell_usage(argv[0], "%s: a number from 1 to 4294967296 is expected", optarg);
                } else {
                        return end_of_options(argv[0], c, usage);
                }
        }
        if (optind != argc)
                return tell_usage(argv[0], "`%s' is one argument too many", argv[optind]);
        return -1;
}

/* What the thread that hears signals knows; it outlives the service. */
static struct {
        struct hcs_mutex lock;
        struct mockhcs_service *service; /* NULL before it is there, and afterwards */
        bool asked;
} running = {.lock = HCS_MUTEX_INIT};

static void asked(void *ctx, enum hcs_interrupt what) {
        if (what != HCS_INTERRUPT_END)
                return;
        hcs_guard(&running.lock);
        running.asked = true;
        if (running.service)
                mockhcs_service_stop(running.service);
}

static void set_running(struct mockhcs_service *service) {
        hcs_guard(&running.lock);
        running.service = service;
        if (service && running.asked)
                mockhcs_service_stop(service);
}

int run_service(int argc, char **argv) {
        struct mockhcs_service *service = NULL;
        struct arguments a = {0};
        struct hcs_error *err = NULL;
        HRESULT hr = S_OK;
        int code = parse(argc, argv, &a);

        if (code >= 0)
                return code;
        if (!a.foreground)
                hr = hcs_background_begin(&err);
        if (SUCCEEDED(hr))
                hr = hcs_interrupts_watch(asked, NULL, &err);
        if (SUCCEEDED(hr))
                hr = mockhcs_service_open(&a.options, &service, &err);
        if (FAILED(hr))
                return tell_error(argv[0], err), hr == HCS_WIN32(10048) ? EXIT_TAKEN : EXIT_PROBLEMS;
        set_running(service);
        if (a.foreground) {
                printf("listens on %s\n", mockhcs_service_socket(service));
                fflush(stdout);
        }
        hcs_background_ready();
        mockhcs_service_wait(service);
        set_running(NULL);
        hr = mockhcs_service_close(service, &err);
        return FAILED(hr) ? tell_error(argv[0], err) : EXIT_OK;
}
