/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_NETWORK_H
#define FUZZ_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Host networking, for the parser `n`: its own first byte says where the text arrives. False for another parser. */
bool fuzz_network(uint8_t parser, const uint8_t *data, size_t size);

#endif
