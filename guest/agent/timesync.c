/* SPDX-License-Identifier: MIT */

/* The supervisor of timesync.h. */

#include "guest/agent/timesync.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "hcsshim/log.h"
#include "platform/clock.h"
#include "platform/file.h"

#define FIRST_WAIT_S 1u
#define LAST_WAIT_S  600u

struct guest_timesync {
        struct guest_loop *loop;
        struct guest_children *children;
        struct guest_watch watch;
        struct guest_timer restart;
        char *config;
        unsigned wait_s;
};

static char *find_clock(const struct guest_roots *roots) {
        _cleanup_free_ char *folder = hcs_asprintf("%s/class/ptp", roots->sys);
        DIR *d = opendir(folder);
        char *found = NULL;
        struct dirent *e;

        while (d && !found && (e = readdir(d))) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s/clock_name", folder, e->d_name);
                _cleanup_buf_ struct hcs_buf name = {0};

                if (*e->d_name != '.' && SUCCEEDED(hcs_file_read(path, 256, &name, NULL)) &&
                    hcs_streq(hcs_buf_cstr(&name), "hyperv\n"))
                        found = hcs_strdup(e->d_name);
        }
        if (d)
                closedir(d);
        return found;
}

/* The original waits longer each time as well, whatever it was that went wrong. */
static void try_again(struct guest_timesync *t, const char *what, const char *key, const char *value) {
        char wait[16];

        snprintf(wait, sizeof(wait), "%u", t->wait_s);
        hcs_log(HCS_LOG_WARN, what, key, value, "retryInSeconds", wait, NULL);
        guest_loop_set_timer(t->loop, &t->restart, hcs_clock_ns() + t->wait_s * (uint64_t)HCS_NS_PER_S);
        t->wait_s = t->wait_s * 2 > LAST_WAIT_S ? LAST_WAIT_S : t->wait_s * 2;
}

static void start(struct guest_timesync *t) {
        const char *const argv[] = {"chronyd", "-n", "-f", t->config, NULL};
        struct guest_spawn spawn = {.argv = (char *const *)argv, .in = -1, .out = -1, .err = -1};
        struct hcs_error *err = NULL;
        pid_t pid;

        if (SUCCEEDED(guest_children_spawn(t->children, &spawn, &t->watch, &pid, &err)))
                return;
        try_again(t, "chronyd cannot be started", "error", hcs_error_message(err));
        hcs_error_free(err);
}

static void on_end(struct guest_watch *w, int status) {
        struct guest_timesync *t = (struct guest_timesync *)((char *)w - offsetof(struct guest_timesync, watch));
        char code[16];

        snprintf(code, sizeof(code), "%d", guest_exit_code(status));
        try_again(t, "chronyd ended, it is started again", "exitCode", code);
}

static void on_restart(struct guest_timer *timer) {
        start((struct guest_timesync *)((char *)timer - offsetof(struct guest_timesync, restart)));
}

HRESULT guest_timesync_new(struct guest_loop *loop, struct guest_children *children, const struct guest_roots *roots,
                           struct guest_timesync **ret, struct hcs_error **err) {
        _cleanup_free_ char *clock = find_clock(roots), *text = NULL, *config = NULL;
        struct guest_timesync *t;
        HRESULT hr;

        if (!clock)
                return hcs_error_make(err, HCS_WIN32(1168),
                                      "no PTP device found with name \"hyperv\" (outside of Hyper-V use "
                                      "-disable-time-sync)");
        text = hcs_asprintf("refclock PHC /dev/%s poll 3 dpoll -2 offset 0 stratum 2\nmakestep 0.1 -1\n", clock);
        config = hcs_asprintf("%s/chronyd.conf", roots->run);
        hr = hcs_file_write(config, text, strlen(text), err);
        if (FAILED(hr))
                return hr;
        t = hcs_calloc(1, sizeof(*t));
        t->loop = loop;
        t->children = children;
        t->config = steal_pointer(&config);
        t->wait_s = FIRST_WAIT_S;
        t->watch.fn = on_end;
        t->restart.fn = on_restart;
        start(t);
        *ret = t;
        return S_OK;
}

struct guest_timesync *guest_timesync_free(struct guest_timesync *t) {
        if (!t)
                return NULL;
        guest_loop_clear_timer(t->loop, &t->restart);
        guest_children_unwatch(t->children, &t->watch);
        free(t->config);
        return hcs_free(t);
}
