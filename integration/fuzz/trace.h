/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FUZZ_TRACE_H
#define INTEGRATION_FUZZ_TRACE_H

/* Whole traces: the reader, and a run that is replayed from one. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* T: a trace as it is; R: records behind a header. False: it is another byte. */
bool fuzz_trace(uint8_t which, const uint8_t *data, size_t size);

#endif
