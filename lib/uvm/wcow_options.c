/* SPDX-License-Identifier: MIT */

/* A specification's annotations as options of a Windows VM. */

#include "base/str.h"
#include "oci/registry.h"
#include "uvm/build.h"
#include "uvm/common_options.h"

static const struct {
        const char *name, *shorthand, *guest_state;
} isolations[] = {{"SecureNestedPaging", "SNP", "cwcow.snp.vmgs"},
                  {"VirtualizationBasedSecurity", "VBS", "cwcow.vbs.vmgs"},
                  {"GuestStateOnly", NULL, "cwcow.gso.vmgs"}};

/* Boot files of a confidential VM lie in this folder. */
static char *confidential_folder(const struct hcs_schema_uvm_wcow_options *o, const struct uvm_host *host) {
        _cleanup_free_ char *beside = NULL;

        if (o->BootFilesRootPath && *o->BootFilesRootPath)
                return hcs_strdup(o->BootFilesRootPath);
        beside = uvm_path_join(host, host->program_dir, "WindowsBootFiles");
        return uvm_path_join(host, beside, "confidential");
}

static void set_file(char **slot, const struct hcs_schema_oci_spec *spec, const char *key, const struct uvm_host *host,
                     const char *folder, const char *name) {
        uvm_take_text(slot, uvm_path_join(host, folder, name));
        uvm_read_text(spec, key, slot);
}

static HRESULT read_isolation(struct hcs_schema_uvm_wcow_options *o, const struct uvm_host *host,
                              const struct hcs_schema_oci_spec *spec, struct oci_warnings *w, struct hcs_error **err) {
        bool no_hardware = oci_annotation_bool(spec, OCI_A_NO_SECURITY_HARDWARE, false, w);
        const char *name = oci_annotation_string(spec, OCI_A_WCOW_ISOLATION_TYPE, isolations[no_hardware ? 2 : 0].name);
        _cleanup_free_ char *folder = confidential_folder(o, host), *quoted = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(isolations); i++) {
                if (!hcs_streq(name, isolations[i].name) && !hcs_streq(name, isolations[i].shorthand))
                        continue;
                uvm_set_text(&o->IsolationType, isolations[i].name);
                o->AllowOvercommit = false;
                set_file(&o->GuestStateFilePath, spec, OCI_A_WCOW_GUEST_STATE_FILE, host, folder,
                         isolations[i].guest_state);
                set_file(&o->UVMReferenceInfoFile, spec, OCI_A_WCOW_REFERENCE_INFO_FILE, host, folder,
                         "reference_info.cose");
                set_file(&o->UVMHashEnvelopeReferenceInfoFile, spec, OCI_A_UVM_HASH_ENVELOPE_REFERENCE_INFO_FILE, host,
                         folder, "reference_info_hash_envelope.cose");
                return S_OK;
        }
        quoted = hcs_str_go_quoted(name);
        return hcs_error_make(err, E_INVALIDARG, "invalid WCOW isolation type %s", quoted);
}

static HRESULT read_security(struct hcs_schema_uvm_wcow_options *o, const struct uvm_host *host,
                             const struct hcs_schema_oci_spec *spec, struct oci_warnings *w, struct hcs_error **err) {
        uvm_read_text(spec, OCI_A_WCOW_SECURITY_POLICY, &o->SecurityPolicy);
        if (!o->SecurityPolicy || !*o->SecurityPolicy)
                return S_OK;
        o->SecurityPolicyEnabled = true;
        o->LogForwardingEnabled = false;
        o->MemorySizeInMB = oci_annotation_uint64(spec, OCI_A_MEMORY_SIZE_IN_MB, 2048, w);
        if (o->MemorySizeInMB < 2048)
                return hcs_error_make(err, E_INVALIDARG,
                                      "minimum 2048MB of memory is required for confidential pods, got: %llu",
                                      (unsigned long long)o->MemorySizeInMB);
        uvm_read_text(spec, OCI_A_WCOW_SECURITY_POLICY_ENFORCER, &o->SecurityPolicyEnforcer);
        o->DisableSecureBoot = oci_annotation_bool(spec, OCI_A_WCOW_DISABLE_SECURE_BOOT, false, w);
        return read_isolation(o, host, spec, w, err);
}

static HRESULT read_debug(struct hcs_schema_uvm_wcow_options *o, const struct hcs_schema_oci_spec *spec,
                          struct oci_warnings *w, struct hcs_error **err) {
        o->DebugMode = oci_annotation_bool(spec, OCI_A_WCOW_DEBUG_MODE, false, w);
        uvm_read_text(spec, OCI_A_WCOW_DEBUG_DATA_PATH, &o->DebugDataPath);
        if (o->DebugMode && !o->SecurityPolicyEnabled)
                return hcs_error_make(err, E_INVALIDARG, "\"%s\" is only supported for confidential WCOW",
                                      OCI_A_WCOW_DEBUG_MODE);
        if (o->DebugMode && (!o->DebugDataPath || !*o->DebugDataPath))
                return hcs_error_make(err, E_INVALIDARG,
                                      "\"%s\" must be set to a non-empty path when \"%s\" is enabled",
                                      OCI_A_WCOW_DEBUG_DATA_PATH, OCI_A_WCOW_DEBUG_MODE);
        return S_OK;
}

static void read_registry(struct hcs_schema_uvm_wcow_options *o, const struct hcs_schema_oci_spec *spec,
                          struct oci_warnings *w) {
        struct hcs_schema_registry_changes changes = {0};

        oci_registry_values(spec, OCI_A_ADDITIONAL_REGISTRY_KEYS, &changes, w);
        o->AdditionalRegistryKeys.items = changes.AddValues.items;
        o->AdditionalRegistryKeys.n = changes.AddValues.n;
}

HRESULT uvm_wcow_options_from_spec(const struct uvm_host *host, const struct hcs_schema_oci_spec *spec, const char *id,
                                   const char *owner, struct oci_warnings *w, struct hcs_schema_uvm_wcow_options **ret,
                                   struct hcs_error **err) {
        _cleanup_uvm_wcow_options_ struct hcs_schema_uvm_wcow_options *o = NULL;
        HRESULT hr;

        if (!oci_spec_is_isolated(spec))
                return hcs_error_make(err, E_INVALIDARG, "cannot create UVM opts for non-isolated spec");
        if (!oci_spec_is_wcow(spec))
                return hcs_error_make(err, E_INVALIDARG, "cannot create UVM opts spec is not LCOW or WCOW");
        o = uvm_wcow_options_new(host, id, owner);
        hr = uvm_read_common((struct hcs_schema_uvm_options *)o, spec, w, err);
        if (FAILED(hr))
                return hr;
        o->DisableCompartmentNamespace = oci_annotation_bool(spec, OCI_A_DISABLE_COMPARTMENT_NAMESPACE, false, w);
        o->NoDirectMap = oci_annotation_bool(spec, OCI_A_VSMB_NO_DIRECT_MAP, false, w);
        o->NoInheritHostTimezone = oci_annotation_bool(spec, OCI_A_NO_INHERIT_HOST_TIMEZONE, false, w);
        read_registry(o, spec, w);
        o->FullyPhysicallyBacked = oci_annotation_bool(spec, OCI_A_FULLY_PHYSICALLY_BACKED, false, w);
        if (o->FullyPhysicallyBacked)
                o->AllowOvercommit = false;
        o->WritableEFI = oci_annotation_bool(spec, OCI_A_WCOW_WRITABLE_EFI, false, w);
        uvm_read_text(spec, OCI_A_BOOT_FILES_ROOT_PATH, &o->BootFilesRootPath);
        hr = read_security(o, host, spec, w, err);
        if (SUCCEEDED(hr))
                hr = read_debug(o, spec, w, err);
        if (FAILED(hr))
                return hr;
        uvm_read_text(spec, OCI_A_LOG_SOURCES, &o->LogSources);
        o->LogForwardingEnabled = oci_annotation_bool(spec, OCI_A_LOG_FORWARDING_ENABLED, o->LogForwardingEnabled, w);
        o->DefaultLogSourcesEnabled =
                oci_annotation_bool(spec, OCI_A_DEFAULT_LOG_SOURCES_ENABLED, o->DefaultLogSourcesEnabled, w);
        *ret = steal_pointer(&o);
        return S_OK;
}
