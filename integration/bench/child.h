/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_BENCH_CHILD_H
#define INTEGRATION_BENCH_CHILD_H

/* A program that is run and measured, without a word of it. */

struct bench_usage {
        double seconds, cpu_seconds, mib; /* mib: of memory, at its most */
};

/* Its exit status; -1 when it could not be run, or ended by a signal. argv ends with NULL, argv[0] is a path. */
int bench_child(const char *const *argv, struct bench_usage *ret);

#endif
