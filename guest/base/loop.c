/* SPDX-License-Identifier: MIT */

/*
 * The event loop of loop.h. Timers are a sorted list: an agent has a handful. Posts are a locked list and an eventfd.
 * Events are handled in batches; a source that is taken out is also struck from the batch at hand.
 */

#include "guest/base/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock.h"
#include "platform/thread.h"

#define BATCH 32

struct guest_loop {
        int epoll, wake;
        bool quit;
        bool coarse; /* the kernel counts milliseconds only */
        struct guest_timer *timers;
        struct epoll_event batch[BATCH];
        int n_batch;
        struct hcs_mutex lock; /* guards posts */
        struct guest_post *posts, **posts_end;
};

HRESULT guest_loop_new(struct guest_loop **ret, struct hcs_error **err) {
        struct guest_loop *l = hcs_calloc(1, sizeof(*l));
        struct epoll_event wake = {.events = EPOLLIN};
        int errnum;

        hcs_mutex_init(&l->lock);
        l->posts_end = &l->posts;
        l->wake = -1;
        l->epoll = epoll_create1(EPOLL_CLOEXEC);
        if (l->epoll >= 0)
                l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (l->wake < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &wake) < 0) {
                errnum = errno;
                guest_loop_free(l);
                return hcs_error_errno(err, errnum, "event loop");
        }
        *ret = l;
        return S_OK;
}

struct guest_loop *guest_loop_free(struct guest_loop *l) {
        if (!l)
                return NULL;
        if (l->wake >= 0)
                close(l->wake);
        if (l->epoll >= 0)
                close(l->epoll);
        hcs_mutex_deinit(&l->lock);
        return hcs_free(l);
}

void guest_loop_quit(struct guest_loop *l) {
        l->quit = true;
}

bool guest_loop_watch(struct guest_loop *l, struct guest_source *s, uint32_t events) {
        struct epoll_event e = {.events = events, .data.ptr = s};

        if (s->events == events)
                return true;
        if (events && epoll_ctl(l->epoll, s->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, s->fd, &e) < 0)
                return false;
        if (!events)
                epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->fd, NULL);
        s->events = events;
        for (int i = 0; !events && i < l->n_batch; i++)
                if (l->batch[i].data.ptr == s)
                        l->batch[i].events = 0;
        return true;
}

void guest_loop_clear_timer(struct guest_loop *l, struct guest_timer *t) {
        for (struct guest_timer **p = &l->timers; *p; p = &(*p)->next)
                if (*p == t) {
                        *p = t->next;
                        break;
                }
        t->deadline_ns = 0;
}

void guest_loop_set_timer(struct guest_loop *l, struct guest_timer *t, uint64_t deadline_ns) {
        struct guest_timer **p = &l->timers;

        guest_loop_clear_timer(l, t);
        t->deadline_ns = deadline_ns;
        while (*p && (*p)->deadline_ns <= deadline_ns)
                p = &(*p)->next;
        t->next = *p;
        *p = t;
}

void guest_loop_post(struct guest_loop *l, struct guest_post *p) {
        uint64_t one = 1;

        p->next = NULL;
        hcs_mutex_lock(&l->lock);
        *l->posts_end = p;
        l->posts_end = &p->next;
        hcs_mutex_unlock(&l->lock);
        while (write(l->wake, &one, sizeof(one)) < 0 && errno == EINTR)
                ;
}

static void run_posts(struct guest_loop *l) {
        struct guest_post *p, *next;
        uint64_t count;

        while (read(l->wake, &count, sizeof(count)) < 0 && errno == EINTR)
                ;
        hcs_mutex_lock(&l->lock);
        p = l->posts;
        l->posts = NULL;
        l->posts_end = &l->posts;
        hcs_mutex_unlock(&l->lock);
        for (; p; p = next) {
                next = p->next;
                p->fn(p);
        }
}

/* As exact as the kernel can: a stream that waits a moment in milliseconds may wait for twice as long. */
static int wait_for_events(struct guest_loop *l) {
        struct timespec left = {0};
        uint64_t now, ns;
        int n;

        if (!l->timers)
                return epoll_wait(l->epoll, l->batch, BATCH, -1);
        now = hcs_clock_ns();
        ns = l->timers->deadline_ns > now ? l->timers->deadline_ns - now : 0;
        if (!l->coarse) {
                left.tv_sec = (time_t)(ns / HCS_NS_PER_S);
                left.tv_nsec = (long)(ns % HCS_NS_PER_S);
                n = epoll_pwait2(l->epoll, l->batch, BATCH, &left, NULL);
                if (n >= 0 || errno != ENOSYS)
                        return n;
                l->coarse = true; /* before Linux 5.11 */
        }
        ns = (ns + HCS_NS_PER_MS - 1) / HCS_NS_PER_MS;
        return epoll_wait(l->epoll, l->batch, BATCH, ns > INT32_MAX ? INT32_MAX : (int)ns);
}

static void run_timers(struct guest_loop *l) {
        uint64_t now = l->timers ? hcs_clock_ns() : 0; /* a machine's clock may be far from cheap */

        while (l->timers && l->timers->deadline_ns <= now) {
                struct guest_timer *t = l->timers;

                guest_loop_clear_timer(l, t);
                t->fn(t);
        }
}

void guest_loop_run(struct guest_loop *l) {
        while (!l->quit) {
                l->n_batch = wait_for_events(l);
                for (int i = 0; i < l->n_batch; i++) {
                        struct guest_source *s = l->batch[i].data.ptr;

                        if (!s)
                                run_posts(l);
                        else if (l->batch[i].events)
                                s->fn(s, l->batch[i].events);
                }
                l->n_batch = 0;
                run_timers(l);
        }
        l->quit = false;
}
