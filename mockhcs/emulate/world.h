/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_EMULATE_WORLD_H
#define MOCKHCS_EMULATE_WORLD_H

/*
 * The whole world as one document: systems with their processes, the service's own state, and host networking. It is
 * what a file of mockhcs_world_save() holds:
 *
 *   {"World":1,"Build":26100,"NextPid":..,"NextGuid":..,
 *    "Systems":[{"Id":..,"State":"Running","CreatedBy":"computecore","RuntimeId":..,"Document":{..},"Devices":{..},
 *                "Processes":[{"ProcessId":..,"CommandLine":..,"Created":ns since 1970,"StdIn":true,..}]}],
 *    "CpuGroups":[..],"Credentials":[..],"Templates":{..},"Grants":{..},"Networks":{..}}
 *
 * Handles are not in it, and so neither is what only a handle keeps: systems and processes that have ended. Nor are
 * real processes. A system whose machine runs in QEMU is named with "Machine":true and cannot be put back. With the
 * emulator's lock.
 */

#include "mockhcs/emulate/emulate.h"

#define WORLD_VERSION 1

struct hcs_json *world_describe(struct emulator *em);
/* Puts it back. On failure nothing has changed, and the error names the place. ret_lost: ids of systems that could not
 * come back, an array. */
HRESULT world_restore(struct emulator *em, const struct hcs_json *world, struct emissions *out,
                      struct hcs_json **ret_lost, struct hcs_error **err);
/* The host starts anew: no systems; networks as after a reboot, or none. */
HRESULT world_reboot(struct emulator *em, bool keep_networks, struct emissions *out, struct hcs_error **err);

#endif
