/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_BRIDGE_FAULTY_H
#define MOCKHCS_BRIDGE_FAULTY_H

/*
 * A bridge on which things go wrong: it stands between a host and any guest, live or recorded, hands frames on in both
 * directions, and does to them what the rules want (mockhcs/faults/rule.h, "frame:NAME"). Bytes that are no frames go
 * on as they are.
 *
 * Owned by its maker. A thread for each direction; the rules' counters are all they share, and the turn to write to the
 * host, whom requests that are refused here are answered to.
 */

#include "hcsshim/stream.h"
#include "mockhcs/faults/rule.h"

struct mock_faulty_bridge;

/* Takes both streams, also on failure. The rules stay the caller's, and must live longer. The same seed does the same
 * to the same frames. */
HRESULT mock_faulty_bridge_new(struct hcs_stream *host, struct hcs_stream *guest, struct fault_rules *rules,
                               uint64_t seed, struct mock_faulty_bridge **ret, struct hcs_error **err);
/* Until both sides have ended, or either is gone, or the time is over. */
void mock_faulty_bridge_wait(struct mock_faulty_bridge *b, int64_t timeout_ms);
/* How many frames something was done to. */
unsigned mock_faulty_bridge_count(struct mock_faulty_bridge *b);
/* Ends both sides. NULL is fine, returns NULL. */
struct mock_faulty_bridge *mock_faulty_bridge_free(struct mock_faulty_bridge *b);

#endif
