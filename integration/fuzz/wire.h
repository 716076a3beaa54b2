/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_WIRE_H
#define FUZZ_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The wire of a service: W, lines of a client that said hello, each a frame; w, bytes of one that did not; Y, what a
 * service sends to a client that waits for an answer. False for another parser.
 */
bool fuzz_wire(uint8_t parser, const uint8_t *data, size_t size);

#endif
