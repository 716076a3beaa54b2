/* SPDX-License-Identifier: MIT */
#ifndef GUEST_NETWORK_ADAPTER_H
#define GUEST_NETWORK_ADAPTER_H

/*
 * One network adapter: finding its link, moving it to a container's namespace, and setting it up there. Stateless, any
 * thread, blocking. Source: hcsshim internal/guest/network/{network,netns}.go.
 */

#include <net/if.h>
#include <sys/types.h>

#include "guest/base/roots.h"
#include "hcsshim/schema.h"

/*
 * The link of an adapter. With VMBus: below SYS/bus/vmbus/devices/ID/net, or below its PCI device when it is assigned
 * (VPCIAssigned). Without VMBus (QEMU): the link with its MacAddress ("00-15-5D-..." or with colons).
 */
HRESULT guest_adapter_link(const struct guest_roots *roots, const struct hcs_schema_guest_lcow_network_adapter *adapter,
                           uint64_t deadline_ns, char ret[static IF_NAMESIZE], struct hcs_error **err);
/* Takes the link down and moves it to the network namespace of a process. */
HRESULT guest_adapter_move(const char *link, pid_t pid, struct hcs_error **err);
/*
 * In the namespace of a process: MTU (less EncapOverhead), up, addresses, rules, routes; by DHCP when there are no
 * IPConfigs. Addresses and routes are checked before anything is changed.
 */
HRESULT guest_adapter_configure(const struct guest_roots *roots, const char *link, pid_t pid,
                                const struct hcs_schema_guest_lcow_network_adapter *adapter, struct hcs_error **err);

#endif
