/* SPDX-License-Identifier: MIT */

#include "uvm/case.h"

#include "base/json.h"
#include "base/str.h"
#include "oci/annotation.h"
#include "uvm/build.h"

struct described {
        struct uvm_host host;
        const struct hcs_json *boot_files; /* NULL: not said */
        char *boot_dir;                    /* NULL: not said */
        uint32_t guids;                    /* so many were new */
};

/* Recorded cases speak of these too, beside their folder of boot files: as they were on the machine of the recording.
 */
static const struct {
        const char *path;
        enum uvm_path_kind kind;
} elsewhere[] = {{"C:\\golden\\nodumps", UVM_PATH_ABSENT},
                 {"C:\\golden\\notadir", UVM_PATH_FILE},
                 {"C:\\golden\\boot\\initrd\\kernel", UVM_PATH_FILE},
                 {"C:\\golden\\boot\\initrd\\initrd.img", UVM_PATH_FILE}};

static bool is_boot_file(const char *name) {
        static const char *const names[] = {"kernel", "vmlinux", "initrd.img", "rootfs.vhd"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++)
                if (hcs_strcaseeq(name, names[i]))
                        return true;
        return hcs_str_ends(name, ".vmgs") || hcs_str_ends(name, ".vhd");
}

static enum uvm_path_kind look(const char *path, void *ctx) {
        const struct described *d = ctx;
        _cleanup_free_ char *base = uvm_path_base(&d->host, path), *folder = uvm_path_dir(&d->host, path);

        for (size_t i = 0; i < HCS_ARRAY_SIZE(elsewhere); i++)
                if (hcs_strcaseeq(path, elsewhere[i].path))
                        return elsewhere[i].kind;
        if (!d->boot_dir)
                return is_boot_file(base) ? UVM_PATH_FILE : UVM_PATH_DIRECTORY;
        if (!hcs_strcaseeq(folder, d->boot_dir))
                return is_boot_file(base) || hcs_strcaseeq(base, "LinuxBootFiles") ? UVM_PATH_ABSENT
                                                                                   : UVM_PATH_DIRECTORY;
        for (const struct hcs_json *f = hcs_json_first(d->boot_files); f; f = hcs_json_next(f))
                if (hcs_strcaseeq(hcs_json_string(f), base))
                        return UVM_PATH_FILE;
        return UVM_PATH_ABSENT;
}

static HRESULT count_guid(GUID *ret, void *ctx) {
        struct described *d = ctx;
        _cleanup_free_ char *text = hcs_asprintf("00000000-0000-4000-8000-%012x", ++d->guids);

        return hcs_guid_parse(text, ret, NULL);
}

static HRESULT read_number(const struct hcs_json *host, const char *name, uint32_t *slot, struct hcs_error **err) {
        const struct hcs_json *v = hcs_json_get(host, name);
        uint64_t n = *slot;

        if (v && (!hcs_json_u64(v, &n) || n > UINT32_MAX))
                return hcs_error_make(err, E_INVALIDARG, "host.%s: not a number that fits", name);
        *slot = (uint32_t)n;
        return S_OK;
}

static const char *text_of(const struct hcs_json *input, const char *name, const char *otherwise) {
        const char *text = hcs_json_get_string(input, name);

        return text ? text : otherwise;
}

static HRESULT describe(struct described *d, const struct hcs_json *input, struct hcs_error **err) {
        const struct hcs_json *host = hcs_json_get(input, "host"), *files = hcs_json_get(input, "boot_files");
        HRESULT hr;

        *d = (struct described){
                .host = {.build = 26100,
                         .processors = 8,
                         .own_processors = 2,
                         .is_arm64 = hcs_streq(hcs_json_get_string(host, "arch"), "arm64"),
                         .windows_paths = true,
                         .log_level = text_of(host, "log_level", "info"),
                         .program = "hcsdoc",
                         .program_dir = text_of(host, "program_dir", "C:\\Program Files\\hcsshim"),
                         .working_dir = text_of(host, "working_dir", "C:\\"),
                         .program_files = "C:\\Program Files",
                         .look = look,
                         .new_guid = count_guid,
                         .ctx = d},
                .boot_files = hcs_json_is(files, HCS_JSON_ARRAY) ? files : NULL,
        };
        if (hcs_json_get_string(input, "boot_dir"))
                d->boot_dir = uvm_path_clean(&d->host, hcs_json_get_string(input, "boot_dir"));
        hr = read_number(host, "os_build", &d->host.build, err);
        if (SUCCEEDED(hr))
                hr = read_number(host, "logical_processors", &d->host.processors, err);
        if (SUCCEEDED(hr))
                hr = read_number(host, "go_numcpu", &d->host.own_processors, err);
        return hr;
}

static void described_deinit(struct described *d) {
        free(d->boot_dir);
}

void uvm_case_deinit(struct uvm_case *c) {
        hcs_json_free(c->options);
        uvm_plan_deinit(&c->plan);
        *c = (struct uvm_case){0};
}

static void keep_options(struct uvm_case *c, enum hcs_schema_type_id type, const void *options) {
        _cleanup_free_ char *text = hcs_schema_print(hcs_schema_type_at(type), options);

        if (FAILED(hcs_json_parse_cstr(text, &c->options, NULL)))
                c->options = NULL;
}

static HRESULT prepare_spec(struct hcs_schema_oci_spec *spec, const struct hcs_schema_uvm_shim_options *shim,
                            struct oci_warnings *w, struct hcs_error **err) {
        HRESULT hr;

        uvm_shim_options_apply(shim, spec);
        hr = oci_annotations_process(spec, w, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "unable to process OCI Spec annotations");
        return hr;
}

static HRESULT run_lcow(struct described *d, struct hcs_schema_oci_spec *spec, const struct hcs_json *input,
                        struct uvm_case *c, struct oci_warnings *w, struct hcs_error **err) {
        _cleanup_uvm_lcow_options_ struct hcs_schema_uvm_lcow_options *o = NULL;
        HRESULT hr = uvm_lcow_options_from_spec(&d->host, spec, text_of(input, "vm_id", ""),
                                                text_of(input, "owner", ""), w, &o, err);

        if (FAILED(hr))
                return hr;
        uvm_set_text(&o->BundleDirectory, text_of(input, "bundle", ""));
        hr = uvm_lcow_options_override(&o, hcs_json_get(input, "option_overrides"), err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "option_overrides");
                return hr;
        }
        keep_options(c, HCS_SCHEMA_UVM_LCOW_OPTIONS, o);
        return uvm_lcow_document(o, &d->host, &c->plan, w, err);
}

/* What the layers of a sandbox give when nothing is said: the utility VM in the base layer, which is the last but one,
 * or, confidential, the disks beside the guest state file; and a scratch disk in the last. */
static void guess_boot_files(struct hcs_schema_uvm_wcow_options *o, const struct described *d,
                             const struct hcs_schema_oci_spec *spec) {
        size_t n = spec->windows ? spec->windows->layerFolders.n : 0;
        _cleanup_free_ char *scratch = NULL, *folder = NULL;

        if (n < 2)
                return;
        scratch = uvm_path_join(&d->host, spec->windows->layerFolders.items[n - 1], "vm\\sandbox.vhdx");
        UVM_NEW(o->BootFiles);
        if (!o->SecurityPolicyEnabled) {
                UVM_NEW(o->BootFiles->VmbFSFiles);
                uvm_take_text(&o->BootFiles->VmbFSFiles->OSFilesPath,
                              uvm_path_join(&d->host, spec->windows->layerFolders.items[n - 2], "UtilityVM\\Files"));
                uvm_set_text(&o->BootFiles->VmbFSFiles->OSRelativeBootDirPath, "\\EFI\\Microsoft\\Boot");
                uvm_set_text(&o->BootFiles->VmbFSFiles->ScratchVHDPath, scratch);
                return;
        }
        folder = uvm_path_dir(&d->host, o->GuestStateFilePath);
        o->BootFiles->BootType = UVM_BOOT_BLOCK_CIM;
        UVM_NEW(o->BootFiles->BlockCIMFiles);
        uvm_take_text(&o->BootFiles->BlockCIMFiles->BootCIMVHDPath, uvm_path_join(&d->host, folder, "rootfs.vhd"));
        uvm_take_text(&o->BootFiles->BlockCIMFiles->EFIVHDPath, uvm_path_join(&d->host, folder, "boot.vhd"));
        uvm_set_text(&o->BootFiles->BlockCIMFiles->ScratchVHDPath, scratch);
}

static HRESULT run_wcow(struct described *d, struct hcs_schema_oci_spec *spec, const struct hcs_json *input,
                        struct uvm_case *c, struct oci_warnings *w, struct hcs_error **err) {
        _cleanup_uvm_wcow_options_ struct hcs_schema_uvm_wcow_options *o = NULL;
        _cleanup_json_ struct hcs_json *files = hcs_json_new_object();
        HRESULT hr = uvm_wcow_options_from_spec(&d->host, spec, text_of(input, "vm_id", ""),
                                                text_of(input, "owner", ""), w, &o, err);

        if (FAILED(hr))
                return hr;
        uvm_set_text(&o->BundleDirectory, text_of(input, "bundle", ""));
        hcs_json_set(files, "BootFiles", hcs_json_copy(hcs_json_get(input, "boot_files")));
        if (hcs_json_get(input, "boot_files"))
                hr = uvm_wcow_options_override(&o, files, err);
        else
                guess_boot_files(o, d, spec);
        if (SUCCEEDED(hr))
                hr = uvm_wcow_options_override(&o, hcs_json_get(input, "option_overrides"), err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "boot_files and option_overrides");
                return hr;
        }
        keep_options(c, HCS_SCHEMA_UVM_WCOW_OPTIONS, o);
        return uvm_wcow_document(o, &d->host, &c->plan, w, err);
}

static HRESULT run_v2(struct described *d, struct hcs_schema_oci_spec *spec,
                      const struct hcs_schema_uvm_shim_options *shim, const struct hcs_json *input, struct uvm_case *c,
                      struct oci_warnings *w, struct hcs_error **err) {
        struct hcs_schema_uvm_sandbox_options *sandbox = NULL;
        HRESULT hr = uvm_lcow_v2_document(spec, shim, text_of(input, "owner", "containerd-shim-lcow-v2"),
                                          text_of(input, "bundle", ""), &d->host, &c->plan, &sandbox, w, err);

        if (FAILED(hr))
                return hr;
        keep_options(c, HCS_SCHEMA_UVM_SANDBOX_OPTIONS, sandbox);
        hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_UVM_SANDBOX_OPTIONS), sandbox);
        return S_OK;
}

HRESULT uvm_case_run(const struct hcs_json *input, enum uvm_case_kind kind, struct uvm_case *ret,
                     struct oci_warnings *w, struct hcs_error **err) {
        _cleanup_uvm_shim_options_ struct hcs_schema_uvm_shim_options *shim = NULL;
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = NULL;
        const struct hcs_json *options = hcs_json_get(input, "shim_options");
        _cleanup_(described_deinit) struct described d;
        HRESULT hr = describe(&d, input, err);

        if (FAILED(hr))
                return hr;
        if (options && !hcs_json_is(options, HCS_JSON_NULL)) {
                hr = uvm_shim_options_parse(options, &shim, err);
                if (FAILED(hr)) {
                        hcs_error_wrap(err, "shim_options");
                        return hr;
                }
        }
        hr = oci_spec_parse_json(hcs_json_get(input, "spec"), &spec, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "spec");
                return hr;
        }
        if (kind == UVM_CASE_LCOW_V2)
                return run_v2(&d, spec, shim, input, ret, w, err);
        hr = prepare_spec(spec, shim, w, err);
        if (FAILED(hr))
                return hr;
        return kind == UVM_CASE_LCOW ? run_lcow(&d, spec, input, ret, w, err) : run_wcow(&d, spec, input, ret, w, err);
}

HRESULT uvm_document_from_case(const struct hcs_json *input, enum uvm_case_kind kind, struct oci_warnings *w,
                               char **ret_document, struct hcs_error **err) {
        _cleanup_uvm_case_ struct uvm_case c = {0};
        HRESULT hr = uvm_case_run(input, kind, &c, w, err);

        if (SUCCEEDED(hr))
                *ret_document = uvm_plan_text(&c.plan);
        return hr;
}
