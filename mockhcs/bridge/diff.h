/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_BRIDGE_DIFF_H
#define MOCKHCS_BRIDGE_DIFF_H

/*
 * The difference of two recorded bridges. Requests and notifications of A are aligned with those of B that are of the
 * same message and equal, in their order; what is left is aligned with the nearest of the same message
 * in the same place. Answers follow their requests. Values that every run invents (ids of messages, GUIDs, times,
 * process ids, ports) are variables, as in a replay. The order counts among the requests about one container, and not
 * between containers or sides.
 *
 * Differences are told in the order of the traces, so the first one told is where the runs parted.
 */

#include "base/buf.h"
#include "hcsshim/error.h"

struct mock_bridge_difference {
        unsigned same;           /* frames that are in both */
        unsigned differ;         /* of them: with other documents */
        unsigned only_a, only_b; /* frames that one of them lacks */
        unsigned moved;          /* requests that B has earlier among those of their container */
        struct hcs_buf text;     /* a paragraph for each */
};
void mock_bridge_difference_deinit(struct mock_bridge_difference *d);
bool mock_bridge_is_same(const struct mock_bridge_difference *d);

/*
 * a, b: traces. bridge: which one of each ("bridge/2"); NULL: all of them, each with the one of the same name
 * (traces of one bridge: whatever it is called). Adds to *d. E_INVALIDARG names the trace that has no such bridge.
 */
HRESULT mock_bridge_diff(const char *a, const char *b, const char *bridge, struct mock_bridge_difference *d,
                         struct hcs_error **err);

#endif
