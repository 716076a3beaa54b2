/* SPDX-License-Identifier: MIT */
#ifndef HCS_TESTING_FAKE_NETWORK_H
#define HCS_TESTING_FAKE_NETWORK_H

/*
 * A host network service that gives fixed answers and writes down what it is asked, in the form of the golden cases.
 * One at a time in a process: the ABI has no context. Safe for calls from many threads.
 */

#include "base/json.h"
#include "hcsshim/hcn.h"
#include "hcsshim/hns.h"

struct fake_answers {
        const char *enumerate, *properties, *hns; /* NULL: the service answers nothing */
        const struct hcs_json *hresult, *record;  /* by the name of the export; may be NULL */
};
/* Forgets what was before. The answers are borrowed. */
void fake_reset(const struct fake_answers *answers);
/* What was asked since: an array of {"proc":..,...}. Borrowed until the next reset. */
const struct hcs_json *fake_calls(void);
/* Handles that were handed out and not closed. */
int fake_open_handles(void);
/* Calls back everyone who registered. */
void fake_notify(DWORD type, HRESULT status, const uint16_t *data);

extern const struct hcs_computenetwork_api fake_computenetwork;
extern const struct hcs_vmcompute_api fake_vmcompute;
struct hcn_client *fake_hcn_client(void);
struct hns_client *fake_hns_client(void);

#endif
