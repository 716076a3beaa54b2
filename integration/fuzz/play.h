/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FUZZ_PLAY_H
#define INTEGRATION_FUZZ_PLAY_H

/* The part of the fuzz target that gives the players of recorded bridges, and the bridge with faults, what is no good.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* P, H: records of a trace without the header, a zero byte, and what a host says to the recorded guest, or a guest to
 * the recorded host. F: rules, a zero byte, two bytes of length, so many bytes of the host's, the rest the guest's.
 * False for another byte. */
bool fuzz_play(uint8_t which, const uint8_t *data, size_t size);

#endif
