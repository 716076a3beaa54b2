/* SPDX-License-Identifier: MIT */

/*
 * Something done while every other processor is kept busy with nothing: a child on each, which no other task of it gets
 * past. For what makes the kernel patch its own code: QEMU before 8.1, where it translates, may keep the old code for a
 * processor that comes by at that moment, and which then stands still for ever (in an int3 that is no longer there).
 */

#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
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

        CPU_ZERO(&only);
        CPU_SET((unsigned)processor, &only);
        /* Where this is forbidden, which it is not to the first process, others still get past. */
        (void)(sched_setaffinity(0, sizeof(only), &only) < 0 || sched_setscheduler(0, SCHED_FIFO, &first) < 0);
        atomic_fetch_add(&h->holding, 1);
        while (!atomic_load(&h->over))
                ;
        _exit(0);
}

/* How many children hold the processors of `all` but the one that this process is bound to. */
static unsigned hold_others(struct hold *h, const cpu_set_t *all, int mine) {
        unsigned n = 0;

        for (int i = 0; i < CPU_SETSIZE; i++) {
                pid_t pid;

                if (i == mine || !CPU_ISSET((unsigned)i, all))
                        continue;
                pid = fork();
                if (pid == 0)
                        hold_processor(h, i);
                n += pid > 0;
        }
        return n;
}

void init_alone(void (*work)(const char *path), const char *path) {
        struct hold *h = mmap(NULL, sizeof(*h), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        int mine = sched_getcpu();
        cpu_set_t all, only;
        unsigned n;

        CPU_ZERO(&only);
        if (h == MAP_FAILED || mine < 0 || sched_getaffinity(0, sizeof(all), &all) < 0 ||
            CPU_COUNT(&all) > MAX_PROCESSORS) {
                work(path);
                return;
        }
        CPU_SET((unsigned)mine, &only);
        sched_setaffinity(0, sizeof(only), &only);
        n = hold_others(h, &all, mine);
        while (atomic_load(&h->holding) < n)
                sched_yield();
        work(path);
        atomic_store(&h->over, true);
        while (n > 0)
                n -= wait(NULL) > 0;
        sched_setaffinity(0, sizeof(all), &all);
        munmap(h, sizeof(*h));
}
