/* SPDX-License-Identifier: MIT */

/*
 * The children of children.h: SIGCHLD by signalfd, one waitpid() loop, a table of watches and a ring of ends nobody
 * asked for yet. Reaping and the table are under one lock, so that a child is never reaped between its start and its
 * entry in the table.
 */

#include "guest/base/children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define RING 1024 /* ends kept for a later watch; one is asked for within the time of a runtime call */

struct ended {
        pid_t pid;
        int status;
};

struct guest_children {
        struct guest_loop *loop;
        struct guest_source signal;
        struct hcs_mutex lock; /* guards all below */
        struct guest_watch *watches;
        struct ended ring[RING];
        unsigned ring_next;
};

int guest_exit_code(int status) {
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static struct guest_watch *take_watch(struct guest_children *c, pid_t pid) {
        for (struct guest_watch **p = &c->watches, *w; (w = *p); p = &w->next)
                if (w->pid == pid) {
                        *p = w->next;
                        return w;
                }
        return NULL;
}

static void reap(struct guest_source *s, uint32_t events) {
        struct guest_children *c = (struct guest_children *)((char *)s - offsetof(struct guest_children, signal));
        struct signalfd_siginfo info;

        while (read(s->fd, &info, sizeof(info)) > 0)
                ;
        for (;;) {
                struct guest_watch *w;
                int status;
                pid_t pid;

                hcs_mutex_lock(&c->lock);
                pid = waitpid(-1, &status, WNOHANG);
                w = pid > 0 ? take_watch(c, pid) : NULL;
                if (pid > 0 && !w)
                        c->ring[c->ring_next++ % RING] = (struct ended){pid, status};
                hcs_mutex_unlock(&c->lock);
                if (pid <= 0)
                        return;
                if (w)
                        w->fn(w, status);
        }
}

HRESULT guest_children_new(struct guest_loop *loop, struct guest_children **ret, struct hcs_error **err) {
        struct guest_children *c;
        sigset_t mask;
        int fd;

        sigemptyset(&mask);
        sigaddset(&mask, SIGCHLD);
        sigprocmask(SIG_BLOCK, &mask, NULL);
        fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd < 0)
                return hcs_error_errno(err, errno, "signalfd");
        if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
                int errnum = errno;

                close(fd);
                return hcs_error_errno(err, errnum, "become subreaper");
        }
        c = hcs_calloc(1, sizeof(*c));
        c->loop = loop;
        c->signal = (struct guest_source){.fd = fd, .fn = reap};
        hcs_mutex_init(&c->lock);
        guest_loop_watch(loop, &c->signal, EPOLLIN);
        *ret = c;
        return S_OK;
}

struct guest_children *guest_children_free(struct guest_children *c) {
        if (!c)
                return NULL;
        guest_loop_watch(c->loop, &c->signal, 0);
        close(c->signal.fd);
        hcs_mutex_deinit(&c->lock);
        return hcs_free(c);
}

static void add_stream(posix_spawn_file_actions_t *actions, int fd, int as) {
        if (fd < 0)
                posix_spawn_file_actions_addopen(actions, as, "/dev/null", as ? O_WRONLY : O_RDONLY, 0);
        else
                posix_spawn_file_actions_adddup2(actions, fd, as);
}

static int spawn(const struct guest_spawn *what, pid_t *ret_pid) {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attr;
        sigset_t none, all;
        int r;

        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attr);
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attr, &none);
        posix_spawnattr_setsigdefault(&attr, &all);
        posix_spawnattr_setpgroup(&attr, 0);
        posix_spawnattr_setflags(&attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                (what->tty ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP)));
        if (what->tty) {
                /* The first terminal that a session leader opens becomes its controlling terminal. */
                posix_spawn_file_actions_addopen(&actions, 0, what->tty, O_RDWR, 0);
                posix_spawn_file_actions_adddup2(&actions, 0, 1);
                posix_spawn_file_actions_adddup2(&actions, 0, 2);
        } else {
                add_stream(&actions, what->in, 0);
                add_stream(&actions, what->out, 1);
                add_stream(&actions, what->err, 2);
        }
        if (what->cwd && *what->cwd)
                posix_spawn_file_actions_addchdir_np(&actions, what->cwd);
        r = posix_spawnp(ret_pid, what->argv[0], &actions, &attr, what->argv, what->envp ? what->envp : environ);
        posix_spawnattr_destroy(&attr);
        posix_spawn_file_actions_destroy(&actions);
        return r;
}

HRESULT guest_children_spawn(struct guest_children *c, const struct guest_spawn *what, struct guest_watch *w,
                             pid_t *ret_pid, struct hcs_error **err) {
        pid_t pid;
        int r;

        hcs_mutex_lock(&c->lock);
        r = spawn(what, &pid);
        if (r == 0 && w) {
                w->pid = pid;
                w->next = c->watches;
                c->watches = w;
        }
        hcs_mutex_unlock(&c->lock);
        if (r)
                return hcs_error_errno(err, r, "start `%s`", what->argv[0]);
        *ret_pid = pid;
        return S_OK;
}

static void post_end(struct guest_post *p) {
        struct guest_watch *w = (struct guest_watch *)((char *)p - offsetof(struct guest_watch, post));

        w->fn(w, w->status);
}

/* The end kept for pid; one that is still there has not ended, whatever the ring says of an earlier one. */
static bool take_end(struct guest_children *c, pid_t pid, int *ret_status) {
        bool there = kill(pid, 0) == 0 || errno == EPERM, found = false;

        for (unsigned i = 0; i < RING; i++)
                if (c->ring[i].pid == pid) {
                        *ret_status = c->ring[i].status;
                        c->ring[i].pid = 0;
                        found = true;
                }
        if (!there && !found)
                *ret_status = 255 << 8; /* gone without a trace */
        return !there;
}

void guest_children_watch(struct guest_children *c, struct guest_watch *w) {
        bool ended;

        hcs_mutex_lock(&c->lock);
        ended = take_end(c, w->pid, &w->status);
        if (!ended) {
                w->next = c->watches;
                c->watches = w;
        }
        hcs_mutex_unlock(&c->lock);
        if (ended) {
                w->post.fn = post_end;
                guest_loop_post(c->loop, &w->post);
        }
}

void guest_children_unwatch(struct guest_children *c, struct guest_watch *w) {
        hcs_mutex_lock(&c->lock);
        for (struct guest_watch **p = &c->watches; *p; p = &(*p)->next)
                if (*p == w) {
                        *p = w->next;
                        break;
                }
        hcs_mutex_unlock(&c->lock);
}

struct waiter {
        struct guest_watch watch;
        struct hcs_mutex lock;
        struct hcs_cond cond;
        bool ended;
        int status;
};

static void on_end(struct guest_watch *watch, int status) {
        struct waiter *w = (struct waiter *)((char *)watch - offsetof(struct waiter, watch));

        hcs_guard(&w->lock);
        w->ended = true;
        w->status = status;
        hcs_cond_signal(&w->cond);
}

HRESULT guest_children_run(struct guest_children *c, const struct guest_spawn *what, uint64_t timeout_ns,
                           int *ret_status, struct hcs_error **err) {
        struct waiter w = {.watch.fn = on_end};
        uint64_t deadline = hcs_clock_ns() + timeout_ns;
        bool late = false;
        pid_t pid;
        HRESULT hr;

        hcs_mutex_init(&w.lock);
        hcs_cond_init(&w.cond);
        hr = guest_children_spawn(c, what, &w.watch, &pid, err);
        hcs_mutex_lock(&w.lock);
        while (SUCCEEDED(hr) && !w.ended)
                if (!hcs_cond_wait_until(&w.cond, &w.lock, deadline) && !w.ended) {
                        late = true;
                        deadline = HCS_FOREVER;
                        kill(-pid, SIGKILL);
                }
        hcs_mutex_unlock(&w.lock);
        hcs_cond_deinit(&w.cond);
        hcs_mutex_deinit(&w.lock);
        if (FAILED(hr))
                return hr;
        if (late)
                return hcs_error_make(err, HCS_WIN32(1460), "`%s` did not end within %llu ms and was killed",
                                      what->argv[0], (unsigned long long)(timeout_ns / HCS_NS_PER_MS));
        *ret_status = w.status;
        return S_OK;
}
