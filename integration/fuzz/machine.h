/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What guests send besides vsock: frames on a cable (`k`), 9P2000.L messages (`9`). False for another parser. */
bool fuzz_machine(uint8_t parser, const uint8_t *data, size_t size);

#endif
