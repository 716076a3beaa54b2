/* SPDX-License-Identifier: MIT */
#ifndef GUEST_NETWORK_NAMESPACES_H
#define GUEST_NETWORK_NAMESPACES_H

/*
 * The network namespaces of the host networking service as the guest knows them: an id, the adapters that the host put
 * into it, and the process whose kernel namespace they are moved to. Either side may come first; a sync brings them
 * together. Ids compare without case. Locks itself: any thread; adding and syncing block.
 * Source: hcsshim internal/guest/runtime/hcsv2/network.go.
 */

#include <sys/types.h>

#include "base/json.h"
#include "guest/base/roots.h"
#include "hcsshim/schema.h"

struct guest_namespaces;

struct guest_namespaces *guest_namespaces_new(const struct guest_roots *roots);
struct guest_namespaces *guest_namespaces_free(struct guest_namespaces *n);

/* Makes the namespace, if need be. */
void guest_namespaces_add(struct guest_namespaces *n, const char *id);
/* GUEST_E_NOT_FOUND's code, HCS_WIN32(ERROR_NOT_FOUND): "namespace 'ID' not found". */
HRESULT guest_namespaces_find(struct guest_namespaces *n, const char *id, struct hcs_error **err);
/* An unknown one is fine; one that has adapters is E_FAIL. */
HRESULT guest_namespaces_remove(struct guest_namespaces *n, const char *id, struct hcs_error **err);

/*
 * Puts an adapter into its NamespaceID, which is made if need be, once its link is found (deadline_ns), and syncs. An
 * adapter of that id already in it is E_FAIL. The adapter is copied.
 */
HRESULT guest_namespaces_add_adapter(struct guest_namespaces *n,
                                     const struct hcs_schema_guest_lcow_network_adapter *adapter, uint64_t deadline_ns,
                                     struct hcs_error **err);
/* Forgets it; its link stays where it is and goes with its namespace. Unknown ones are fine. */
HRESULT guest_namespaces_remove_adapter(struct guest_namespaces *n, const char *id, const char *adapter_id,
                                        struct hcs_error **err);

/* The process whose namespace adapters go to: once, E_FAIL the second time. Moves nothing. */
HRESULT guest_namespaces_assign(struct guest_namespaces *n, const char *id, pid_t pid, struct hcs_error **err);
/* Moves and configures the adapters that are not in the process's namespace yet. Nothing to do without a process. */
HRESULT guest_namespaces_sync(struct guest_namespaces *n, const char *id, struct hcs_error **err);

/* What resolv.conf is made of: for each adapter {"DNSSuffix", "DNSServerList"} as the host wrote it. An unknown
 * namespace is HCS_WIN32(ERROR_NOT_FOUND). Caller frees. */
HRESULT guest_namespaces_dns(struct guest_namespaces *n, const char *id, struct hcs_json **ret, struct hcs_error **err);

#endif
