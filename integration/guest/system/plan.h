/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_GUEST_SYSTEM_PLAN_H
#define INTEGRATION_GUEST_SYSTEM_PLAN_H

/* The machine of these tests as both sides know it. */

#define PORT       200 /* where the checks say their lines */
#define RELAY_PORT 201 /* where vsockexec -r sends what its program says */

/* Disks of controller 0 but where another is named. */
#define LUN_LAYER       0
#define LUN_CHANGED     1
#define LUN_PARTITIONED 2
#define LUN_LATE        9
#define LUN_PLAIN       5  /* controller 1 */
#define LUN_SCRATCH     63 /* controller 3 */

#define SCRATCH_MB 512 /* less is too little for mkfs.xfs */
#define PART_MB    2   /* of persistent memory 1, which has two layers */

#define NIC_MAC      "02-15-5D-00-00-01"
#define NIC_DHCP_MAC "02-15-5D-00-00-02"

#endif
