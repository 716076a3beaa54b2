/* SPDX-License-Identifier: MIT */

/*
 * Something done while every other processor is kept busy with nothing: a child on each, which no other task of it gets
 * past. For what makes the kernel patch its own code: QEMU before 8.1, where it translates, may keep the old code for a
 * processor that comes by at that moment, and which then stands still for ever (in an int3 that is no longer there).
 */

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/init/init.h"

#define MAX_PROCESSORS 16 /* a machine of more is none that is translated */

struct hold {
        atomic_uint holding;
        atomic_bool over;
};

static _Noreturn void hold_processor(struct hold *h, int processor) {
        const struct sched_param first = {.sched_priority = 1};
        cpu_set_t only;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        CPU_ZERO(&only);
        CPU_SET((unsigned)processor, &only);
        /* Where this is forbidden, which it is not to the first process, others still get past. */
        (void)(sched_setaffinity(0, sizeof(only), &only) < 0 || sched_setscheduler(0, SCHED_FIFO, &first) < 0);
        atomic_fetch_add(&h->holding, 1);
        while (!atomic_load(&h->over))
                ;
        _exit(0);
}

/* One child on each processor of `all` but the one that this process is bound to. How many there are. */
static unsigned hold_others(struct hold *h, const cpu_set_t *all, int mine, pid_t children[static MAX_PROCESSORS]) {
        unsigned n = 0;

        for (int i = 0; i < CPU_SETSIZE; i++) {
                pid_t pid;

                if (i == mine || !CPU_ISSET((unsigned)i, all))
                        continue;
                pid = fork();
                if (pid == 0)
                        hold_processor(h, i);
                if (pid > 0)
                        children[n++] = pid;
        }
        return n;
}

void init_alone(void (*work)(const char *path), const char *path) {
        pid_t children[MAX_PROCESSORS];
        int mine = sched_getcpu();
        cpu_set_t all, only;
        struct hold *h;
        unsigned n;

        if (mine < 0 || sched_getaffinity(0, sizeof(all), &all) < 0 || CPU_COUNT(&all) > MAX_PROCESSORS) {
                work(path);
                return;
        }
        h = mmap(NULL, sizeof(*h), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (h == MAP_FAILED)
                init_die("map a page for", path);
        CPU_ZERO(&only);
        CPU_SET((unsigned)mine, &only);
        sched_setaffinity(0, sizeof(only), &only);
        n = hold_others(h, &all, mine, children);
        while (atomic_load(&h->holding) < n)
                sched_yield();
        work(path);
        atomic_store(&h->over, true);
        while (n > 0)
                waitpid(children[--n], NULL, 0);
        sched_setaffinity(0, sizeof(all), &all);
        munmap(h, sizeof(*h));
}
