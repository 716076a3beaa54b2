/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_VM_PATTERN_H
#define INTEGRATION_VM_PATTERN_H

/* The bytes that both ends of a test know: those at an offset of a stream, told apart by a seed. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint8_t pattern_byte(uint64_t at, uint32_t seed) {
        return (uint8_t)((at * 2654435761u >> 11) ^ (at >> 3) ^ seed);
}

static inline void pattern_fill(uint8_t *data, size_t n, uint64_t at, uint32_t seed) {
        for (size_t i = 0; i < n; i++)
                data[i] = pattern_byte(at + i, seed);
}

static inline bool pattern_is(const uint8_t *data, size_t n, uint64_t at, uint32_t seed) {
        for (size_t i = 0; i < n; i++)
                if (data[i] != pattern_byte(at + i, seed))
                        return false;
        return true;
}

#define GUEST_CONTROL 0x40000000u /* port of the host that the guest dials first, as its agent would */
#define GUEST_ECHO    7000u       /* ports of the guest: gives back what it gets */
#define GUEST_SINK    7001u       /* swallows */

#endif
