/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_IMPORT_ORDER_H
#define CMD_HCSTRACE_IMPORT_ORDER_H

/*
 * Records on their way into a trace, put in order of time. A log tells a call when it has ended, and calls overlap: so
 * records are held until enough newer ones are there (a number of records, and of bytes). Numbers of calls are given
 * when they go out. Owned by the emitter.
 */

#include "cmd/hcstrace/import/import.h"
#include "mockhcs/trace/writer.h"

struct import_order;
struct import_order *import_order_new(const struct import_options *options);
struct import_order *import_order_free(struct import_order *o);
/* Is anything written? Otherwise records need not be made. */
bool import_order_writes(const struct import_order *o);
/*
 * Takes over what r holds. r->t: ns since 1970, or of an unknown day. A call gets the key by which its return names it:
 * r->n of a return is that. dated: the time has a day. returns: the return of this call is the next to be put.
 */
uint64_t import_order_put(struct import_order *o, struct mock_record *r, bool dated, bool returns);
/* All that is held goes out. Fails when the trace could not be made. */
HRESULT import_order_finish(struct import_order *o, struct hcs_error **err);

#endif
