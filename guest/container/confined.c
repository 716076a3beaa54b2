/* SPDX-License-Identifier: MIT */

/* The checks of confined.h. */

#include "guest/container/confined.h"

#include <string.h>

#include "base/str.h"
#include "gcs/message.h"
#include "guest/container/host.h"
#include "guest/container/spec.h"
#include "hcsshim/log.h"

#define ID_LENGTH  64
#define CONTAINERS "/run/gcs/c/"

static bool is_confined(const struct guest_container *c) {
        return *guest_policy_encoded(c->host->policy);
}

static HRESULT check_id(const char *id, const char *what, struct hcs_error **err) {
        size_t n = strspn(id, "0123456789abcdefABCDEF");

        if (hcs_streq(id, HCS_GCS_NULL_ID) || (n == ID_LENGTH && !id[n]))
                return S_OK;
        return hcs_error_make(err, E_FAIL, "invalid %s id: %s (must match ^[0-9a-fA-F]{64}$)", what, id);
}

HRESULT guest_confined_check_ids(const struct guest_container *c, struct hcs_error **err) {
        const char *pod = guest_spec_annotation(c->spec, GUEST_ANNOTATION_VIRTUAL_POD_ID);
        HRESULT hr;

        if (!is_confined(c))
                return S_OK;
        hr = check_id(c->id, "container", err);
        if (SUCCEEDED(hr) && pod && *pod)
                hr = check_id(pod, "virtual pod", err);
        return SUCCEEDED(hr) ? check_id(c->sandbox_id, "sandbox", err) : hr;
}

HRESULT guest_confined_check_settings(const struct guest_container *c, struct hcs_error **err) {
        _cleanup_free_ char *bundle = hcs_asprintf(CONTAINERS "%s", c->id), *root = hcs_asprintf("%s/rootfs", bundle);
        _cleanup_free_ char *own = hcs_asprintf("%s/scratch/%s", bundle, c->id);
        _cleanup_free_ char *shared = hcs_asprintf(CONTAINERS "%s/scratch/%s", c->sandbox_id, c->id);

        if (!is_confined(c))
                return S_OK;
        if (!hcs_streq(c->bundle, bundle))
                return hcs_error_make(err, E_FAIL, "OCIBundlePath \"%s\" must equal expected \"%s\"", c->bundle,
                                      bundle);
        if (!hcs_streq(guest_spec_root_path(c->spec), root))
                return hcs_error_make(err, E_FAIL, "OCISpecification.Root.Path \"%s\" must equal expected \"%s\"",
                                      guest_spec_root_path(c->spec), root);
        if (!hcs_streq(c->scratch, own) && !hcs_streq(c->scratch, shared))
                return hcs_error_make(err, E_FAIL, "ScratchDirPath \"%s\" must be either \"%s\" or \"%s\"", c->scratch,
                                      own, shared);
        if (hcs_json_get(c->spec, "hooks"))
                return hcs_error_make(err, E_FAIL, "OCISpecification.Hooks must be nil.");
        return S_OK;
}

void guest_confined_add_devices(struct guest_container *c) {
        static const char *const names[] = {"sev", "sev-guest"}; /* of older kernels, and of newer ones */

        if (!is_confined(c) || guest_spec_annotation_bool(c->spec, GUEST_ANNOTATION_PRIVILEGED, false))
                return;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", c->host->roots->dev, names[i]);

                if (SUCCEEDED(guest_spec_add_device(c->spec, path, "rwm", true, NULL)))
                        return;
        }
        hcs_log(HCS_LOG_DEBUG, "failed to add SEV device", "cid", c->id, NULL);
}
