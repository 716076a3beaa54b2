/* SPDX-License-Identifier: MIT */

/* Options of the containerd shim (containerd.runhcs.v1.Options): defaults for annotations of a sandbox. */

#include "base/json.h"
#include "oci/annotation.h"
#include "uvm/options.h"

static const struct hcs_schema_type *shim_type(void) {
        return hcs_schema_type_at(HCS_SCHEMA_UVM_SHIM_OPTIONS);
}

HRESULT uvm_shim_options_parse(const struct hcs_json *json, struct hcs_schema_uvm_shim_options **ret,
                               struct hcs_error **err) {
        return hcs_schema_parse_json(shim_type(), json, (void **)ret, err);
}

struct hcs_schema_uvm_shim_options *uvm_shim_options_free(struct hcs_schema_uvm_shim_options *o) {
        return hcs_schema_free(shim_type(), o);
}

static void add_text(struct hcs_schema_oci_spec *spec, const char *key, const char *value) {
        if (value && *value && !oci_spec_annotation(spec, key))
                oci_spec_annotate(spec, key, value);
}

static void add_number(struct hcs_schema_oci_spec *spec, const char *key, int32_t value) {
        _cleanup_free_ char *text = hcs_asprintf("%d", value);

        if (value)
                add_text(spec, key, text);
}

void uvm_shim_options_apply(const struct hcs_schema_uvm_shim_options *shim, struct hcs_schema_oci_spec *spec) {
        if (!shim)
                return;
        add_text(spec, OCI_A_BOOT_FILES_ROOT_PATH, shim->boot_files_root_path);
        add_number(spec, OCI_A_PROCESSOR_COUNT, shim->vm_processor_count);
        add_number(spec, OCI_A_MEMORY_SIZE_IN_MB, shim->vm_memory_size_in_mb);
        add_text(spec, OCI_A_NETWORK_CONFIG_PROXY, shim->NCProxyAddr);
        /* The original never reads this one, though it is documented. */
        if (shim->no_inherit_host_timezone && oci_spec_is_wcow(spec))
                add_text(spec, OCI_A_NO_INHERIT_HOST_TIMEZONE, "true");
        for (size_t i = 0; i < shim->default_container_annotations.n; i++) {
                const char *key = shim->default_container_annotations.keys[i];
                const char *value = shim->default_container_annotations.values[i];

                if (!oci_spec_annotation(spec, key))
                        oci_spec_annotate(spec, key, value ? value : "");
        }
}
