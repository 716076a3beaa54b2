/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FUZZ_WORKBENCH_H
#define INTEGRATION_FUZZ_WORKBENCH_H

/* What is done with whole traces: two of them at a time, through everything the workbench has. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* C: records of two traces, each behind a header, a NUL between them; D: two traces as they are. False: it is another
 * byte. */
bool fuzz_workbench(uint8_t which, const uint8_t *data, size_t size);

#endif
