/* SPDX-License-Identifier: MIT */

/*
 * What linking the mock costs a process that starts: the median time of PLAIN and of LINKED (the same main, the second
 * one linked with our libraries), run in turns. usage: startup PLAIN LINKED
 */

#include <stdio.h>
#include <stdlib.h>

#include "integration/median.h"
#include "platform/clock.h"
#include "platform/process.h"

#define RUNS 301

static uint64_t run(const char *program) {
        char *argv[] = {(char *)(uintptr_t)program, NULL};
        uint64_t start = hcs_clock_ns();
        struct hcs_child *child;
        int code = 1;

        if (FAILED(hcs_child_spawn(argv, NULL, HCS_CHILD_SHARES, &child, NULL)) ||
            FAILED(hcs_child_wait(child, &code, NULL)) || code != 0)
                exit(1);
        return hcs_clock_ns() - start;
}

int main(int argc, char **argv) {
        static uint64_t times[2][RUNS];
        double plain, linked;

        if (argc != 3)
                return 2;
        for (size_t i = 0; i < RUNS; i++)
                for (size_t which = 0; which < 2; which++)
                        times[which][i] = run(argv[1 + which]);
        plain = (double)median_u64(times[0], RUNS);
        linked = (double)median_u64(times[1], RUNS);
        printf("plain   %7.1f us\n", plain / 1e3);
        printf("linked  %7.1f us  %5.2f x plain\n", linked / 1e3, linked / plain);
        return 0;
}
