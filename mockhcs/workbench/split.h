/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_SPLIT_H
#define MOCKHCS_WORKBENCH_SPLIT_H

/*
 * One trace as several, each a whole one, in a folder that is made when it is missing:
 *   system     system-1.trace ...: what was done with a system and with what was made through it, and the bridge of its
 *              number; network-1.trace and so on for other objects that no other made; the rest in others.trace
 *   container  the same, and the messages about each container of a bridge apart: bridge-1-ID.trace
 *   thread     thread-1.trace ...: the calls of a thread; events, streams and messages in others.trace
 * Every record stands in one of them. Plumbing goes with the call that it was for.
 */

#include "base/json.h"

enum split_by { SPLIT_BY_SYSTEM, SPLIT_BY_CONTAINER, SPLIT_BY_THREAD };

/* told (may be NULL) gets the name of each file and its records. */
HRESULT trace_split(const char *path, const char *folder, enum split_by by,
                    void (*told)(void *ctx, const char *name, uint64_t records), void *ctx, struct hcs_error **err);

#endif
