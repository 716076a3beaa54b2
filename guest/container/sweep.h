/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_SWEEP_H
#define GUEST_CONTAINER_SWEEP_H

/* Cleaning up after containers, as jobs that nobody waits for. On the loop's thread. */

#include "guest/container/container.h"

/* Kills what is left in the container's cgroup, as the kernel does for a pid namespace. */
void guest_sweep_processes(struct guest_container *c);
/* Removes what a container deleted while running has left: the runtime's state, its folders. c is only read. */
void guest_sweep_container(const struct guest_container *c);

#endif
