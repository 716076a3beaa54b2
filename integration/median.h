/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_MEDIAN_H
#define INTEGRATION_MEDIAN_H

/* What benchmarks tell of their rounds: the value in the middle. Both sort the values. */

#include <stdint.h>
#include <stdlib.h>

static inline int median_by_double(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static inline int median_by_u64(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

static inline double median(double *values, size_t n) {
        qsort(values, n, sizeof(*values), median_by_double);
        return values[n / 2];
}

static inline uint64_t median_u64(uint64_t *values, size_t n) {
        qsort(values, n, sizeof(*values), median_by_u64);
        return values[n / 2];
}

#endif
