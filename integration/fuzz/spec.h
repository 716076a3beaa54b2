/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FUZZ_SPEC_H
#define INTEGRATION_FUZZ_SPEC_H

/* OCI specifications, their annotations, and the documents of containers made of them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 'S': a specification; 'w', 'l': the description of a Windows or a Linux container. False: it is another byte. */
bool fuzz_spec(uint8_t which, const uint8_t *data, size_t size);

#endif
