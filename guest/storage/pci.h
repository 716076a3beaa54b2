/* SPDX-License-Identifier: MIT */
#ifndef GUEST_STORAGE_PCI_H
#define GUEST_STORAGE_PCI_H

/* Assigned PCI devices, named by their VMBus id. Stateless, any thread, blocking up to the deadline. Source: hcsshim
 * internal/guest/storage/pci. */

#include "guest/base/roots.h"

/* Waits for SYS/bus/vmbus/devices/GUID/pciD:B/D:B:S.F. ret (may be NULL): that folder; caller frees. */
HRESULT guest_pci_wait(const struct guest_roots *roots, const char *vmbus_guid, uint64_t deadline_ns, char **ret,
                       struct hcs_error **err);

#endif
