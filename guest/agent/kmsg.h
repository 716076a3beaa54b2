/* SPDX-License-Identifier: MIT */
#ifndef GUEST_AGENT_KMSG_H
#define GUEST_AGENT_KMSG_H

/* The kernel's messages, passed on to the agent's log as they come. On the loop's thread. Where there is no /dev/kmsg
 * to be read there are none. */

#include "guest/base/loop.h"
#include "guest/base/roots.h"

struct guest_kmsg;

/* Messages whose priority is a larger number than max_level are left out. NULL when they cannot be read. */
struct guest_kmsg *guest_kmsg_new(struct guest_loop *loop, const struct guest_roots *roots, uint64_t max_level);
struct guest_kmsg *guest_kmsg_free(struct guest_kmsg *k);

#endif
