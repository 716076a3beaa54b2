/* SPDX-License-Identifier: MIT */

/* What annotations say together: those that stand for others, those that cannot be together, the role in a pod. */

#include "base/buf.h"
#include "base/str.h"
#include "oci/annotation.h"

struct process {
        struct oci_warnings *w;
        struct hcs_buf errors; /* one a line */
};

/* "msg": the text of its error; the two annotations and their values. */
static void conflict(struct process *p, const char *msg, const char *error, const char *key, const char *value,
                     const char *other, const char *other_value) {
        struct hcs_json *entry = oci_warn(p->w, msg);

        hcs_json_set_string(entry, "oci-annotation", key);
        hcs_json_set_string(entry, "value", value);
        hcs_json_set_string(entry, "oci-annotation-conflict", other);
        hcs_json_set_string(entry, "value-conflict", other_value);
        hcs_json_set_string(entry, "error", error);
        hcs_buf_printf(&p->errors, "%s%s", p->errors.len ? "\n" : "", error);
}

/* Caller frees. */
static char *pair_error(const char *what, const char *key, const char *value, const char *other,
                        const char *other_value) {
        _cleanup_free_ char *k = hcs_str_go_quoted(key), *v = hcs_str_go_quoted(value);
        _cleanup_free_ char *o = hcs_str_go_quoted(other), *ov = hcs_str_go_quoted(other_value);

        return hcs_asprintf("%s %s = %s and %s = %s", what, k, v, o, ov);
}

static void expand(struct process *p, struct hcs_schema_oci_spec *spec) {
        static const char *const meant[] = {OCI_A_WCOW_DISABLE_GMSA, OCI_A_DISABLE_WRITABLE_FILE_SHARES,
                                            OCI_A_VSMB_NO_DIRECT_MAP, OCI_A_DISABLE_HOST_PROCESS_CONTAINER};
        const char *key = OCI_A_DISABLE_UNSAFE_OPERATIONS, *value = oci_spec_annotation(spec, key);

        for (size_t i = 0; value && i < HCS_ARRAY_SIZE(meant); i++) {
                const char *present = oci_spec_annotation(spec, meant[i]);
                _cleanup_free_ char *error = NULL;

                if (!present || hcs_streq(present, value)) {
                        if (!present)
                                oci_spec_annotate(spec, meant[i], value);
                        continue;
                }
                error = pair_error("annotation expansion conflict:", key, value, meant[i], present);
                conflict(p, "annotation expansion would overwrite conflicting value", error, key, value, meant[i],
                         present);
        }
}

static void check_host_process(struct process *p, const struct hcs_schema_oci_spec *spec) {
        const char *no = OCI_A_DISABLE_HOST_PROCESS_CONTAINER, *yes = OCI_A_HOST_PROCESS_CONTAINER;
        bool forbidden = oci_annotation_bool(spec, no, false, p->w),
             wanted = oci_annotation_bool(spec, yes, false, p->w);
        _cleanup_free_ char *error = NULL;

        if (!forbidden || !wanted)
                return;
        error = pair_error("specified annotations conflict: host process container annotations", no,
                           oci_spec_annotation(spec, no), yes, oci_spec_annotation(spec, yes));
        conflict(p, "Host process container and disable host process container cannot both be true", error, no,
                 oci_spec_annotation(spec, no), yes, oci_spec_annotation(spec, yes));
}

HRESULT oci_annotations_process(struct hcs_schema_oci_spec *spec, struct oci_warnings *w, struct hcs_error **err) {
        struct process p = {.w = w};
        HRESULT hr = S_OK;

        expand(&p, spec);
        check_host_process(&p, spec);
        if (p.errors.len)
                hr = hcs_error_make(err, E_INVALIDARG, "%s", hcs_buf_cstr(&p.errors));
        hcs_buf_deinit(&p.errors);
        return hr;
}

HRESULT oci_annotations_pod(const struct hcs_schema_oci_spec *spec, const char **ret_type, const char **ret_id,
                            struct hcs_error **err) {
        static const char type_key[] = OCI_A_KUBERNETES_CONTAINER_TYPE, id_key[] = OCI_A_KUBERNETES_SANDBOX_ID;
        const char *type = oci_spec_annotation(spec, type_key), *id = oci_annotation_string(spec, id_key, "");

        if (type && !hcs_streq(type, "sandbox") && !hcs_streq(type, "container"))
                return hcs_error_make(err, E_INVALIDARG, "invalid '%s': '%s'", type_key, type);
        if (type && !*id)
                return hcs_error_make(err, E_INVALIDARG, "cannot specify '%s' without '%s'", type_key, id_key);
        if (!type && *id)
                return hcs_error_make(err, E_INVALIDARG, "cannot specify '%s' without '%s'", id_key, type_key);
        *ret_type = type ? type : "";
        *ret_id = id;
        return S_OK;
}
