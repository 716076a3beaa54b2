/* SPDX-License-Identifier: MIT */

/* What a file describes: a specification alone, a whole description, or a golden case around one. */

#include "base/str.h"
#include "cmd/hcsdoc/hcsdoc.h"

HRESULT hcsdoc_description(const char *text, size_t len, struct hcs_json **ret, struct hcs_error **err) {
        static const struct hcs_json_options options = {.max_bytes = 4 * OCI_MAX_SPEC,
                                                        .flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_ALLOW_BOM};
        _cleanup_json_ struct hcs_json *json = NULL;
        struct hcs_json *input, *whole;
        HRESULT hr = hcs_json_parse(text, len, &options, &json, err);

        if (FAILED(hr))
                return hr;
        if (!hcs_json_is(json, HCS_JSON_OBJECT))
                return hcs_error_make(err, HCS_E_INVALID_JSON, "$: an object is expected");
        input = hcs_json_get(json, "input");
        if (hcs_json_is(input, HCS_JSON_OBJECT)) {
                *ret = hcs_json_detach(json, input);
        } else if (hcs_json_is(hcs_json_get(json, "spec"), HCS_JSON_OBJECT)) {
                *ret = steal_pointer(&json);
        } else {
                whole = hcs_json_new_object();
                hcs_json_set(whole, "spec", steal_pointer(&json));
                *ret = whole;
        }
        return S_OK;
}

/* Without layers that are mounted nothing but a job can be meant by a job's annotation, or by no container's name. */
static bool is_job(const struct hcs_json *description) {
        const struct hcs_json *spec = hcs_json_get(description, "spec");
        const struct hcs_json *annotations = hcs_json_get_nocase(spec, "annotations");
        bool isolated = hcs_json_get_nocase(hcs_json_get_nocase(spec, "windows"), "hyperv") != NULL;

        if (hcs_json_get(description, "mounted_layers"))
                return false;
        if (hcs_json_get(description, "host_processors") && !hcs_json_get(description, "id"))
                return true;
        return !isolated && hcs_streq(hcs_json_get_string(annotations, OCI_A_HOST_PROCESS_CONTAINER), "true");
}

HRESULT hcsdoc_wcow_container(const struct hcs_json *description, struct oci_made *ret, struct hcs_error **err) {
        return is_job(description) ? oci_make_job(description, ret, err) : oci_make_wcow(description, ret, err);
}
