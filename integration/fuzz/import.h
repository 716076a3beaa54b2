/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FUZZ_IMPORT_H
#define INTEGRATION_FUZZ_IMPORT_H

/* The part of the fuzz target that imports logs and looks at the traces that these become. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* I: a byte that says how, and a log. False for another byte. */
bool fuzz_import(uint8_t which, const uint8_t *data, size_t size);

#endif
