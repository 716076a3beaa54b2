/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TRACE_NOISE_H
#define MOCKHCS_TRACE_NOISE_H

/*
 * Marks of what varies by itself from run to run, kept in the header of a trace:
 *   "noise":[{"call":"HcsModifyComputeSystem","part":"args.configuration","path":"$.Settings[*].Nonce"}]
 * call is a function, an event or a message; part is where it stands ("args.NAME", "out.NAME", "result", "data", "hr",
 * "document", "answer", "stdout"); a place in an array is [*]. Owned by one thread while it is made; looking is pure.
 */

#include "base/json.h"

struct mock_noise {
        char **marks; /* sorted */
        size_t n;
};

/* Marks that are none are E_INVALIDARG, with their place. A header without any has none. */
HRESULT mock_noise_read(const struct hcs_json *header, struct mock_noise *ret, struct hcs_error **err);
void mock_noise_deinit(struct mock_noise *n);
/* Is that place, or one above it, marked? path: "$.Settings[3].Nonce". */
bool mock_noise_has(const struct mock_noise *n, const char *call, const char *part, const char *path);
/* Adds a mark unless that place has one; true when it had none. */
bool mock_noise_add(struct mock_noise *n, const char *call, const char *part, const char *path);
/* The marks as the value of "noise". */
struct hcs_json *mock_noise_json(const struct mock_noise *n);

#endif
