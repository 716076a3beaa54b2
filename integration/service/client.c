/* SPDX-License-Identifier: MIT */

/*
 * A client of a shared world, for tests that need several processes: makes systems, holds them, watches them, runs
 * lifecycles until the service goes away.
 *
 *   client create ID [DOCUMENT]   makes a system and starts it; nobody holds it afterwards
 *   client hold ID [DOCUMENT]     the same, says "held", and goes when its input ends
 *   client watch ID               says "watching", then what happens, until the system exited
 *   client loop                   lifecycles until the service goes; 0 when everything said so as it should
 *   client listen SOCKET PROGRAM [ARGUMENT]...   runs it with that socket handed over, as systemd does
 */

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "hcsshim/hcs.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define CONTAINER                                                                             \
        "{\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"Owner\":\"client\",\"Container\":{}," \
        "\"ShouldTerminateOnLastHandleClosed\":true}"
#define KEPT     "{\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"Owner\":\"client\",\"Container\":{}}"
#define PATIENCE (20 * (uint64_t)HCS_NS_PER_S)

static int tell(const char *what, struct hcs_error *err) {
        _cleanup_free_ char *text = hcs_error_format(err);

        fprintf(stderr, "client: %s: %s\n", what, text);
        hcs_error_free(err);
        return 1;
}

static HRESULT make(struct hcs_client *c, const char *id, const char *document, struct hcs_system **ret,
                    struct hcs_error **err) {
        HRESULT hr = hcs_system_create(c, id, document, NULL, ret, err);

        return SUCCEEDED(hr) ? hcs_system_start(*ret, NULL, NULL, err) : hr;
}

static int create(struct hcs_client *c, char **argv, bool hold) {
        struct hcs_system *s = NULL;
        struct hcs_error *err = NULL;
        HRESULT hr = make(c, argv[0], argv[1] ? argv[1] : KEPT, &s, &err);

        if (SUCCEEDED(hr) && hold) {
                puts("held");
                fflush(stdout);
                while (getchar() != EOF)
                        continue;
        }
        hcs_system_unref(s);
        return FAILED(hr) ? tell(argv[0], err) : 0;
}

struct watching {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        bool over;
};

static void print_event(void *ctx, const struct hcs_event *event) {
        struct watching *w = ctx;

        hcs_guard(&w->lock);
        printf("%s %s\n", event->name, event->data ? event->data : "");
        fflush(stdout);
        w->over |= event->kind == HCS_EVENT_SYSTEM_EXITED || event->kind == HCS_EVENT_SERVICE_DISCONNECT;
        hcs_cond_broadcast(&w->changed);
}

static int watch(struct hcs_client *c, const char *id) {
        struct watching w = {.lock = HCS_MUTEX_INIT};
        struct hcs_system *s = NULL;
        struct hcs_error *err = NULL;
        HRESULT hr = hcs_system_open(c, id, NULL, &s, &err);

        hcs_cond_init(&w.changed);
        if (SUCCEEDED(hr))
                hr = hcs_system_set_callback(s, print_event, &w, &err);
        if (SUCCEEDED(hr)) {
                puts("watching");
                fflush(stdout);
                hcs_mutex_lock(&w.lock);
                while (!w.over)
                        hcs_cond_wait(&w.changed, &w.lock);
                hcs_mutex_unlock(&w.lock);
        }
        if (s)
                hcs_system_close(s, NULL);
        hcs_system_unref(s);
        return FAILED(hr) ? tell(id, err) : 0;
}

/* ---- lifecycles ---- */

struct heard {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        bool disconnected;
};

static void hear(void *ctx, const struct hcs_event *event) {
        struct heard *h = ctx;

        if (event->kind != HCS_EVENT_SERVICE_DISCONNECT)
                return;
        hcs_guard(&h->lock);
        h->disconnected = true;
        hcs_cond_broadcast(&h->changed);
}

static bool wait_for_disconnect(struct heard *h) {
        uint64_t deadline = hcs_clock_ns() + PATIENCE;

        hcs_guard(&h->lock);
        while (!h->disconnected && hcs_cond_wait_until(&h->changed, &h->lock, deadline))
                continue;
        return h->disconnected;
}

static HRESULT run_process(struct hcs_system *s, struct hcs_error **err) {
        struct hcs_process *p = NULL;
        char text[64];
        uint32_t code = 0;
        size_t n = 0, len = 0;
        HRESULT hr = hcs_process_create(s, "{\"CommandLine\":\"cmd /c echo hello\",\"CreateStdOutPipe\":true}", NULL,
                                        &p, err);

        while (SUCCEEDED(hr) && len < sizeof(text) &&
               hcs_process_read(p, HCS_STDOUT, text + len, sizeof(text) - len, &n, NULL) == S_OK)
                len += n;
        if (SUCCEEDED(hr))
                hr = hcs_process_wait(p, NULL, &code, err);
        if (SUCCEEDED(hr) && (len < 5 || memcmp(text, "hello", 5) != 0))
                hr = hcs_error_make(err, E_FAIL, "the process said something else");
        hcs_process_unref(p);
        return hr;
}

/* One life. *ret_held: the system was there when something failed, and its handle had to hear of it. */
static HRESULT live(struct hcs_client *c, const char *id, struct heard *h, bool *ret_held, struct hcs_error **err) {
        struct hcs_system *s = NULL;
        HRESULT hr = hcs_system_create(c, id, CONTAINER, NULL, &s, err);

        if (SUCCEEDED(hr))
                hr = hcs_system_set_callback(s, hear, h, err);
        *ret_held = SUCCEEDED(hr);
        if (SUCCEEDED(hr))
                hr = hcs_system_start(s, NULL, NULL, err);
        if (SUCCEEDED(hr))
                hr = run_process(s, err);
        if (SUCCEEDED(hr))
                hr = hcs_system_terminate(s, NULL, err);
        if (SUCCEEDED(hr))
                hr = hcs_system_wait(s, NULL, err);
        if (FAILED(hr) && *ret_held && !wait_for_disconnect(h))
                hr = hcs_error_make(NULL, E_UNEXPECTED, "no event");
        if (s)
                hcs_system_close(s, NULL);
        hcs_system_unref(s);
        return hr;
}

static int loop(struct hcs_client *c) {
        struct heard h = {.lock = HCS_MUTEX_INIT};
        struct hcs_error *err = NULL;
        HRESULT hr = S_OK;
        bool held = false;

        hcs_cond_init(&h.changed);
        for (unsigned i = 0; SUCCEEDED(hr); i++) {
                _cleanup_free_ char *id = hcs_asprintf("loop-%d-%u", (int)getpid(), i);

                hr = live(c, id, &h, &held, &err);
        }
        if (hr == HCS_E_SERVICE_DISCONNECT || hr == HCS_E_SERVICE_NOT_AVAILABLE) {
                hcs_error_free(err);
                return 0;
        }
        return tell(held ? "a system was held" : "no system was held", err);
}

/* ---- as a service manager ---- */

static int listen_for(char **argv) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        char pid[32];

        snprintf(a.sun_path, sizeof(a.sun_path), "%s", argv[0]);
        if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 16) < 0)
                return 1;
        if (fd != 3 && dup2(fd, 3) < 0)
                return 1;
        snprintf(pid, sizeof(pid), "%d", (int)getpid());
        setenv("LISTEN_PID", pid, 1);
        setenv("LISTEN_FDS", "1", 1);
        execvp(argv[1], argv + 1);
        return 1;
}

int main(int argc, char **argv) {
        struct hcs_client *c = NULL;
        struct hcs_error *err = NULL;
        int code = 2;

        if (argc > 3 && hcs_streq(argv[1], "listen"))
                return listen_for(argv + 2);
        if (FAILED(hcs_client_open(NULL, &c, &err)))
                return tell("open", err);
        if (argc > 2 && (hcs_streq(argv[1], "create") || hcs_streq(argv[1], "hold")))
                code = create(c, argv + 2, hcs_streq(argv[1], "hold"));
        else if (argc > 2 && hcs_streq(argv[1], "watch"))
                code = watch(c, argv[2]);
        else if (argc > 1 && hcs_streq(argv[1], "loop"))
                code = loop(c);
        hcs_client_unref(c);
        return code;
}
