/* SPDX-License-Identifier: MIT */

/* PCI devices by VMBus id. Stateless. */

#include "guest/storage/pci.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "guest/base/await.h"

HRESULT guest_pci_wait(const struct guest_roots *roots, const char *vmbus_guid, uint64_t deadline_ns, char **ret,
                       struct hcs_error **err) {
        _cleanup_free_ char *id = hcs_strdup(vmbus_guid), *pattern = NULL, *bus = NULL, *device = NULL;
        HRESULT hr;

        for (char *p = id; *p; p++)
                *p = (char)tolower((unsigned char)*p);
        if (!*id || strspn(id, "0123456789abcdef-") != strlen(id))
                return hcs_error_make(err, E_INVALIDARG, "VMBusGUID: `%s' is no GUID", vmbus_guid);
        pattern = hcs_asprintf("%s/bus/vmbus/devices/%s/pci*", roots->sys, id);
        hr = guest_await_path(pattern, deadline_ns, &bus, err);
        if (FAILED(hr))
                return hr;
        free(pattern);
        /* pci0001:00 holds 0001:00:00.0 */
        pattern = hcs_asprintf("%s/%s*", bus, strrchr(bus, '/') + strlen("/pci"));
        hr = guest_await_path(pattern, deadline_ns, &device, err);
        if (SUCCEEDED(hr) && ret)
                *ret = steal_pointer(&device);
        return hr;
}
