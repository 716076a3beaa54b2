/* SPDX-License-Identifier: MIT */

/* The life of a process.h. Exit is a chain: the watch reports the end, a container without a pid namespace of its own
 * loses its other processes with its first, the relay drains, then the process is over. */

#include "guest/container/process.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"
#include "guest/base/failure.h"
#include "guest/container/host.h"
#include "hcsshim/log.h"
#include "platform/clock.h"

static struct guest_waiter *take_waiter(struct guest_process *p) {
        struct guest_waiter *w = p->waiters;

        if (w) {
                p->waiters = w->next;
                guest_loop_clear_timer(p->host->loop, &w->timer);
        }
        return w;
}

/* Everything is done with it: those who wait are told, and a process nobody needs any more is dropped. */
static void set_over(struct guest_process *p) {
        struct guest_waiter *w;
        bool first;

        p->over = true;
        p->relay = guest_relay_free(p->relay);
        first = p->waiters && !p->told;
        p->told = p->told || p->waiters;
        while ((w = take_waiter(p)))
                w->fn(w, GUEST_WAIT_OVER, p->exit_code);
        if (p->container)
                guest_container_process_over(p->container, p, first);
        else if (p->told)
                guest_host_drop_external(p->host, p);
}

static void on_relay_done(void *ctx) {
        set_over(ctx);
}

static void drain(struct guest_process *p) {
        if (p->relay)
                guest_relay_finish(p->relay);
        else
                set_over(p);
}

static void on_end(struct guest_watch *w, int status) {
        struct guest_process *p = (struct guest_process *)((char *)w - offsetof(struct guest_process, watch));
        char pid[16], code[16];

        p->exited = true;
        p->exit_code = (uint32_t)guest_exit_code(status);
        snprintf(pid, sizeof(pid), "%d", w->pid); /* who starts it may not have told the process yet */
        snprintf(code, sizeof(code), "%u", p->exit_code);
        hcs_log(HCS_LOG_DEBUG, "process exited", "cid", p->container ? p->container->id : "", "pid", pid, "exitCode",
                code, NULL);
        if (p->container && p->is_init)
                guest_container_init_ended(p->container);
        if (!p->held)
                drain(p);
}

struct guest_process *guest_process_alloc(struct guest_host *host, struct guest_container *container, bool is_init) {
        struct guest_process *p = hcs_calloc(1, sizeof(*p));

        p->host = host;
        p->container = container;
        p->is_init = is_init;
        p->held = true;
        p->watch.fn = on_end;
        return p;
}

struct guest_process *guest_process_new(struct guest_host *host, struct guest_container *container, pid_t pid,
                                        bool is_init) {
        struct guest_process *p = guest_process_alloc(host, container, is_init);

        p->pid = pid;
        p->watch.pid = pid;
        guest_children_watch(host->children, &p->watch);
        return p;
}

struct guest_process *guest_process_free(struct guest_process *p) {
        struct guest_waiter *w;

        if (!p)
                return NULL;
        while ((w = take_waiter(p)))
                w->fn(w, GUEST_WAIT_CANCELLED, 0);
        guest_children_unwatch(p->host->children, &p->watch);
        guest_relay_free(p->relay);
        return hcs_free(p);
}

void guest_process_relay_config(struct guest_process *p, struct guest_relay_config *ret, char name[static 64],
                                int tee) {
        snprintf(name, 64, "%.40s/%d", p->container ? p->container->id : "uvm", p->pid);
        *ret = (struct guest_relay_config){
                .loop = p->host->loop,
                .name = name,
                .close_timeout_ns = p->host->close_timeout_ns,
                .tee = tee,
                .done = on_relay_done,
                .ctx = p,
        };
}

void guest_process_release(struct guest_process *p, struct guest_relay *relay) {
        p->relay = relay;
        p->held = false;
        if (p->exited && !p->over)
                drain(p);
}

static void on_timeout(struct guest_timer *t) {
        struct guest_waiter *w = (struct guest_waiter *)((char *)t - offsetof(struct guest_waiter, timer));

        guest_waiter_cancel(w);
        w->fn(w, GUEST_WAIT_TIMEOUT, 0);
}

void guest_waiter_cancel(struct guest_waiter *w) {
        for (struct guest_waiter **p = &w->process->waiters; *p; p = &(*p)->next)
                if (*p == w) {
                        *p = w->next;
                        break;
                }
        guest_loop_clear_timer(w->process->host->loop, &w->timer);
}

void guest_process_wait(struct guest_process *p, struct guest_waiter *w, uint32_t timeout_ms) {
        struct guest_waiter **end = &p->waiters;

        w->process = p;
        w->next = NULL;
        w->timer = (struct guest_timer){.fn = on_timeout};
        while (*end)
                end = &(*end)->next;
        *end = w;
        if (p->over)
                set_over(p);
        else if (timeout_ms != UINT32_MAX)
                guest_loop_set_timer(p->host->loop, &w->timer, hcs_clock_ns() + (uint64_t)timeout_ms * HCS_NS_PER_MS);
}

HRESULT guest_process_signal(struct guest_process *p, int sig, struct hcs_error **err) {
        if (p->exited)
                return guest_fail(err, GUEST_E_NOT_FOUND);
        if (kill(p->pid, sig) < 0)
                return errno == ESRCH ? guest_fail(err, GUEST_E_NOT_FOUND)
                                      : hcs_error_errno(err, errno, "signal %d to process %d", sig, p->pid);
        if (p->is_init)
                guest_container_set_exit_type(p->container, sig);
        return S_OK;
}

HRESULT guest_process_resize(struct guest_process *p, uint16_t height, uint16_t width, struct hcs_error **err) {
        if (!p->relay)
                return hcs_error_make(err, E_FAIL, "pid: %d, is not a tty and cannot be resized", p->pid);
        return guest_relay_resize(p->relay, height, width, err);
}
