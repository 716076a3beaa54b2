/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_STATISTICS_H
#define MOCKHCS_WORKBENCH_STATISTICS_H

/*
 * What a trace holds in numbers, in one pass; 16 bytes are kept for each call. An object with
 *   records, calls, failures, unreturned (calls that have no end), threads, duration (ns)
 *   functions   an array: name, calls, failed, unreturned, p50, p95, max, total: ns from the call to its completion,
 *               most time first; requests of a bridge stand among them
 *   codes       code, name (when it has one), count: how calls and messages failed, most first
 *   events      name, count
 *   objects     kind, made: handles that calls gave; closed: of these
 *   streams     stdin, stdout, stderr: bytes
 */

#include "base/json.h"

HRESULT trace_statistics(const char *path, struct hcs_json **ret, struct hcs_error **err);

#endif
