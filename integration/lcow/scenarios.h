/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_LCOW_SCENARIOS_H
#define INTEGRATION_LCOW_SCENARIOS_H

/* What is done in worlds. Each function is one scenario; it says what failed to the world. */

#include "integration/lcow/rig.h"

void scenario_containers(struct world *w); /* layers, mounts, terminals, limits, pause */
void scenario_crash(struct world *w);      /* QEMU is killed */
void scenario_four(struct world *w);       /* VMs at once */

void scenario_lifecycles(struct world *w); /* one container after another */
void scenario_network(struct world *w);    /* a pod in one VM, its peer in another */
void scenario_saved(struct world *w);      /* a container goes on in another VM */

#endif
