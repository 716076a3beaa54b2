/* SPDX-License-Identifier: MIT */

#include "uvm/options.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "uvm/build.h"

static void set_common(struct hcs_schema_uvm_options *o, const struct uvm_host *host, const char *id,
                       const char *owner) {
        uvm_set_text(&o->ID, id ? id : "");
        uvm_set_text(&o->Owner, owner && *owner ? owner : host->program);
        o->MemorySizeInMB = 1024;
        o->AllowOvercommit = true;
        o->ProcessorCount = host->own_processors == 1 ? 1 : 2;
        o->SCSIControllerCount = 1;
}

void uvm_lcow_options_set_boot_files(struct hcs_schema_uvm_lcow_options *o, const struct uvm_host *host,
                                     const char *path, struct oci_warnings *w) {
        _cleanup_free_ char *folder = uvm_path_absolute(host, path), *vhd = NULL, *vmlinux = NULL;

        if (!folder) {
                struct hcs_json *entry = oci_warn(w, "could not make boot files path absolute");

                hcs_json_set_string(entry, "path", "");
                hcs_json_set_string(entry, "error", "invalid argument");
                folder = hcs_strdup(path);
        }
        if (hcs_strcaseeq(folder, o->BootFilesPath))
                return;
        uvm_set_text(&o->BootFilesPath, folder);
        vhd = uvm_path_join(host, folder, "rootfs.vhd");
        if (uvm_host_has(host, vhd)) {
                uvm_set_text(&o->RootFSFile, "rootfs.vhd");
                o->PreferredRootFSType = UVM_ROOT_VHD;
        }
        vmlinux = uvm_path_join(host, folder, "vmlinux");
        if (o->KernelDirect && uvm_host_has(host, vmlinux))
                uvm_set_text(&o->KernelFile, "vmlinux");
}

struct hcs_schema_uvm_lcow_options *uvm_lcow_options_new(const struct uvm_host *host, const char *id,
                                                         const char *owner) {
        struct hcs_schema_uvm_lcow_options *o = hcs_calloc(1, sizeof(*o));
        _cleanup_free_ char *beside = uvm_path_join(host, host->program_dir, "LinuxBootFiles");
        _cleanup_free_ char *installed = uvm_path_join(host, host->program_files, "Linux Containers");

        set_common((struct hcs_schema_uvm_options *)o, host, id, owner);
        uvm_set_text(&o->KernelFile, "kernel");
        o->KernelDirect = host->build >= UVM_BUILD_KERNEL_DIRECT && !host->is_arm64;
        uvm_set_text(&o->RootFSFile, "initrd.img");
        o->UseGuestConnection = true;
        uvm_take_text(&o->ExecCommandLine, hcs_asprintf("/bin/gcs -v4 -log-format json -loglevel %s", host->log_level));
        o->ForwardStderr = true;
        o->VPMemDeviceCount = host->is_arm64 ? 0 : UVM_DEFAULT_VPMEM_COUNT;
        o->VPMemSizeBytes = UVM_DEFAULT_VPMEM_SIZE;
        o->VPMemNoMultiMapping = host->build < UVM_BUILD_19H1;
        uvm_set_text(&o->UVMReferenceInfoFile, "reference_info.cose");
        uvm_set_text(&o->UVMHashEnvelopeReferenceInfoFile, "reference_info_hash_envelope.cose");
        uvm_lcow_options_set_boot_files(o, host, uvm_host_has(host, beside) ? beside : installed, NULL);
        return o;
}

struct hcs_schema_uvm_wcow_options *uvm_wcow_options_new(const struct uvm_host *host, const char *id,
                                                         const char *owner) {
        struct hcs_schema_uvm_wcow_options *o = hcs_calloc(1, sizeof(*o));

        set_common((struct hcs_schema_uvm_options *)o, host, id, owner);
        o->LogForwardingEnabled = true;
        o->DefaultLogSourcesEnabled = true;
        return o;
}

static const struct hcs_schema_type *lcow_type(void) {
        return hcs_schema_type_at(HCS_SCHEMA_UVM_LCOW_OPTIONS);
}

static const struct hcs_schema_type *wcow_type(void) {
        return hcs_schema_type_at(HCS_SCHEMA_UVM_WCOW_OPTIONS);
}

struct hcs_schema_uvm_lcow_options *uvm_lcow_options_free(struct hcs_schema_uvm_lcow_options *o) {
        return hcs_schema_free(lcow_type(), o);
}

struct hcs_schema_uvm_wcow_options *uvm_wcow_options_free(struct hcs_schema_uvm_wcow_options *o) {
        return hcs_schema_free(wcow_type(), o);
}

static HRESULT override(const struct hcs_schema_type *type, void **o, const struct hcs_json *members,
                        struct hcs_error **err) {
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ struct hcs_json *json = NULL;
        void *changed;
        HRESULT hr;

        if (!hcs_json_count(members))
                return S_OK;
        text = hcs_schema_print(type, *o);
        hr = hcs_json_parse_cstr(text, &json, err);
        if (FAILED(hr))
                return hr;
        for (const struct hcs_json *m = hcs_json_first(members); m; m = hcs_json_next(m)) {
                const struct hcs_schema_field *f = hcs_schema_field_find(type, hcs_json_key(m), false);

                if (!f)
                        return hcs_error_make(err, E_INVALIDARG, "no such option: \"%s\"", hcs_json_key(m));
                hcs_json_set(json, f->name, hcs_json_copy(m));
        }
        hr = hcs_schema_parse_json(type, json, &changed, err);
        if (FAILED(hr))
                return hr;
        hcs_schema_free(type, *o);
        *o = changed;
        return S_OK;
}

HRESULT uvm_lcow_options_override(struct hcs_schema_uvm_lcow_options **o, const struct hcs_json *members,
                                  struct hcs_error **err) {
        return override(lcow_type(), (void **)o, members, err);
}

HRESULT uvm_wcow_options_override(struct hcs_schema_uvm_wcow_options **o, const struct hcs_json *members,
                                  struct hcs_error **err) {
        return override(wcow_type(), (void **)o, members, err);
}
