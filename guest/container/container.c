/* SPDX-License-Identifier: MIT */

/* A container's place in the tables, its end, and what needs no thread. Creation is in create.c, operations that block
 * are in operations.c. */

#include "guest/container/container.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "guest/base/failure.h"
#include "guest/container/host.h"
#include "guest/container/sweep.h"

struct guest_container *guest_container_free(struct guest_container *c) {
        struct guest_process *p;

        if (!c)
                return NULL;
        guest_process_free(c->init);
        while ((p = c->others)) {
                c->others = p->next;
                guest_process_free(p);
        }
        guest_streams_close(&c->pipes);
        if (c->master >= 0)
                close(c->master);
        hcs_json_free(c->spec);
        free(c->id);
        free(c->activity_id);
        free(c->bundle);
        free(c->scratch);
        free(c->sandbox_id);
        free(c->sandbox_root);
        free(c->cgroup);
        free(c->log_path);
        free(c->network_namespace);
        return hcs_free(c);
}

static void take_out(struct guest_container **list, struct guest_container *c) {
        for (; *list; list = &(*list)->next)
                if (*list == c) {
                        *list = c->next;
                        return;
                }
}

void guest_container_unlink(struct guest_container *c) {
        take_out(&c->host->containers, c);
}

static bool has_live_process(const struct guest_container *c) {
        if (c->init && !c->init->exited)
                return true;
        for (const struct guest_process *p = c->others; p; p = p->next)
                if (!p->over)
                        return true;
        return c->init && c->init->held && c->state == GUEST_CONTAINER_RUNNING;
}

/* A container whose state was deleted goes with its last process and its last job. */
static void check_forgotten(struct guest_container *c) {
        if (!c->is_forgotten || c->pins || has_live_process(c) || (c->init && c->init->relay))
                return;
        take_out(&c->host->forgotten, c);
        if (!c->is_clean)
                guest_sweep_container(c);
        guest_container_free(c);
}

void guest_container_forget(struct guest_container *c, bool is_clean) {
        c->is_clean = c->is_clean || is_clean;
        if (c->is_forgotten)
                return;
        guest_container_unlink(c);
        c->is_forgotten = true;
        c->next = c->host->forgotten;
        c->host->forgotten = c;
        check_forgotten(c);
}

void guest_container_pin(struct guest_container *c) {
        c->pins++;
}

void guest_container_unpin(struct guest_container *c) {
        c->pins--;
        check_forgotten(c);
}

HRESULT guest_container_find_process(struct guest_container *c, uint32_t pid, struct guest_process **ret,
                                     struct hcs_error **err) {
        if (c->init && (uint32_t)c->init->pid == pid) {
                *ret = c->init;
                return S_OK;
        }
        for (struct guest_process *p = c->others; p; p = p->next)
                if ((uint32_t)p->pid == pid) {
                        *ret = p;
                        return S_OK;
                }
        return guest_fail(err, GUEST_E_NOT_FOUND);
}

void guest_container_set_exit_type(struct guest_container *c, int sig) {
        if (sig == SIGTERM)
                c->exit_type = GUEST_EXIT_GRACEFUL;
        else if (sig == SIGKILL)
                c->exit_type = GUEST_EXIT_FORCED;
}

HRESULT guest_container_signal(struct guest_container *c, int sig, struct hcs_error **err) {
        if (c->init->exited || kill(c->init->pid, sig) < 0)
                return hcs_error_make(err, E_FAIL, "signal %d to container %s: it is not running", sig, c->id);
        guest_container_set_exit_type(c, sig);
        return S_OK;
}

/* The kernel ends what is in a pid namespace with its first process. Where a container has none, we do. */
void guest_container_init_ended(struct guest_container *c) {
        if (!c->owns_pid_namespace)
                guest_sweep_processes(c);
}

void guest_container_process_over(struct guest_container *c, struct guest_process *p, bool first_told) {
        if (p == c->init) {
                if (first_told && !c->notified) {
                        c->notified = true;
                        c->host->notify_exit(c->host->ctx, c);
                }
        } else if (p->told) {
                for (struct guest_process **at = &c->others; *at; at = &(*at)->next)
                        if (*at == p) {
                                *at = p->next;
                                break;
                        }
                guest_process_free(p);
        }
        check_forgotten(c);
}
