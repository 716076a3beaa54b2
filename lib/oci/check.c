/* SPDX-License-Identifier: MIT */

#include "oci/check.h"

#include "base/json.h"

HRESULT oci_container_prepare(struct hcs_schema_oci_spec *spec, struct oci_warnings *w, struct hcs_error **err) {
        const char *type, *pod;
        HRESULT hr = oci_annotations_process(spec, w, err);

        if (FAILED(hr))
                return hr;
        if (oci_spec_is_wcow(spec) && oci_annotation_bool(spec, OCI_A_WCOW_DISABLE_GMSA, false, w) &&
            hcs_json_string(spec->windows->credentialSpec))
                return hcs_error_make(err, HCS_WIN32(5),
                                      "container config validation failed: gMSA credentials are disabled: operation "
                                      "denied");
        return oci_annotations_pod(spec, &type, &pod, err);
}
