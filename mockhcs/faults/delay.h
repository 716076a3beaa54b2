/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_FAULTS_DELAY_H
#define MOCKHCS_FAULTS_DELAY_H

/* Times of rules; how they are written is told in rule.h. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_delay_kind { FAULT_FIXED, FAULT_UNIFORM, FAULT_JITTER, FAULT_NORMAL, FAULT_PERCENTILES };

#define FAULT_MAX_PERCENTILES 8

struct fault_delay {
        enum fault_delay_kind kind;
        uint64_t a, b; /* ns */
        struct {
                double percent;
                uint64_t ns;
        } points[FAULT_MAX_PERCENTILES]; /* both rise */
        size_t n_points;
};

/* False when the text is no time, or one of more than a day. */
bool fault_delay_parse(const char *text, struct fault_delay *ret);
/* The nanoseconds for two chances, each from 0 up to (but not) 1. */
uint64_t fault_delay_draw(const struct fault_delay *d, double chance, double chance2);

#endif
