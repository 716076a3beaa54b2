/* SPDX-License-Identifier: MIT */
#ifndef GUEST_AGENT_MODIFY_H
#define GUEST_AGENT_MODIFY_H

/*
 * ModifySettings requests: what is to be changed, parsed by the kind of resource. Names and errors are those of the
 * original's parser (hcsshim internal/guest/prot). Any thread; no state.
 */

#include <stdbool.h>

#include "base/json.h"
#include "hcsshim/schema.h"

enum guest_resource {
        GUEST_RESOURCE_SCSI_DEVICE,
        GUEST_RESOURCE_MAPPED_VIRTUAL_DISK,
        GUEST_RESOURCE_MAPPED_DIRECTORY,
        GUEST_RESOURCE_VPMEM_DEVICE,
        GUEST_RESOURCE_COMBINED_LAYERS,
        GUEST_RESOURCE_NETWORK,
        GUEST_RESOURCE_VPCI_DEVICE,
        GUEST_RESOURCE_CONTAINER_CONSTRAINTS,
        GUEST_RESOURCE_SECURITY_POLICY,
        GUEST_RESOURCE_POLICY_FRAGMENT,
        GUEST_RESOURCE_POD_CGROUP_MEMORY_LIMIT,
};

struct guest_modification {
        enum guest_resource resource;
        char *request_type;                 /* "Add" when the request says none */
        const struct hcs_schema_type *type; /* of settings, NULL when the resource has none */
        void *settings;
};
void guest_modification_deinit(struct guest_modification *m);

/* request: the member Request of the message, NULL when absent. */
HRESULT guest_modification_parse(const struct hcs_json *request, struct guest_modification *ret,
                                 struct hcs_error **err);
/* The request as Go prints it back. Caller frees. */
char *guest_modification_print(const struct guest_modification *m);
const char *guest_resource_name(enum guest_resource resource);

#endif
