/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_FINGERPRINT_H
#define MOCKHCS_WORKBENCH_FINGERPRINT_H

/*
 * What a document says, as 64 bits, with what every run invents anew left out: GUIDs, long hexadecimal ids, times,
 * ports that the system gave out, ids of processes, and the ids of the systems of that trace. Members count in any
 * order, numbers by value, documents in strings as documents. Two documents of one fingerprint say the same; of two
 * different ones they may still (a redacted value equals anything), which only a look at both tells. Pure functions.
 */

#include "mockhcs/trace/scan.h"
#include "mockhcs/workbench/keymap.h"

#define FINGERPRINT_START UINT64_C(0xcbf29ce484222325)
/* Goes on from h: the same for any way the bytes come in pieces. */
uint64_t fingerprint_bytes(uint64_t h, const void *data, size_t n);
/* Spreads the bits, so that sums of such numbers tell their terms apart. */
uint64_t fingerprint_mix(uint64_t h);
/* Of one JSON value that was checked before. names: the hashes of texts that stand for nothing but themselves in that
 * trace (ids of systems); may be NULL. */
uint64_t fingerprint_document(struct mock_slice json, const struct keymap *names);
/* Of a plain text. */
uint64_t fingerprint_text(struct mock_slice text, const struct keymap *names);
/* Is a number of that name invented: a process id, a port, a count of time? */
bool fingerprint_is_invented(const char *key, size_t n, const char *number, size_t n_number);

#endif
