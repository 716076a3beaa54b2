/* SPDX-License-Identifier: MIT */

/*
 * Base layers: the hives that containers start from, the layout file, and the pairs of disks that scratches and utility
 * VMs stand on. A host does this with Windows' own files; here the hives are copied and the disks are empty.
 */

#include <stdlib.h>

#include "base/str.h"
#include "ext4/vhd/vhdx.h"
#include "mockhcs/emulate/storage/storage.h"

#define GIB            (1024ull * 1024 * 1024)
#define CONTAINER_DISK (20 * GIB)
#define UTILITY_DISK   (10 * GIB)
#define CONFIG         "Files/Windows/System32/config"
#define LAYOUT         "vhd-with-hives\n"
#define BCD            "Files/EFI/Microsoft/Boot/BCD"
#define TEMPLATE_BASE  "SystemTemplateBase.vhdx"
#define TEMPLATE       "SystemTemplate.vhdx"
#define VOLUMES_SINCE  19645u                /* hcsshim asks for this build before HcsSetupBaseOSVolume */
#define NO_VHD         ((HRESULT)0xC03A0001) /* ERROR_VHD_DRIVE_FOOTER_MISSING */

static const struct {
        const char *file, *hive;
} hives[] = {
        {"DEFAULT", "DefaultUser_Base"}, {"SAM", "Sam_Base"},       {"SECURITY", "Security_Base"},
        {"SOFTWARE", "Software_Base"},   {"SYSTEM", "System_Base"},
};

static char *source_of(const char *layer, size_t hive) {
        return hcs_asprintf("%s/" CONFIG "/%s", layer, hives[hive].file);
}

static HRESULT copy_hives(const char *layer, struct hcs_error **err) {
        _cleanup_free_ char *folder = hcs_asprintf("%s/Hives", layer);
        HRESULT hr;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(hives); i++) {
                _cleanup_free_ char *from = source_of(layer, i);

                if (!hcs_file_exists(from))
                        return hcs_error_make(err, STORAGE_NOT_FOUND, "there is no hive `%s`", from);
        }
        hr = hcs_directory_create(folder, err);
        for (size_t i = 0; SUCCEEDED(hr) && i < HCS_ARRAY_SIZE(hives); i++) {
                _cleanup_free_ char *from = source_of(layer, i), *to = hcs_asprintf("%s/%s", folder, hives[i].hive);

                hr = storage_copy_file(from, to, err);
        }
        return hr;
}

static HRESULT make_disks(const char *folder, const char *base, const char *on_it, uint64_t size,
                          struct hcs_error **err) {
        _cleanup_free_ char *parent = hcs_asprintf("%s/%s", folder, base), *disk = hcs_asprintf("%s/%s", folder, on_it),
                            *relative = hcs_asprintf(".\\%s", base);
        HRESULT hr = storage_disk_create(parent, size, err);

        return SUCCEEDED(hr) ? storage_disk_create_on(disk, parent, relative, err) : hr;
}

static HRESULT make_container_base(const char *layer, struct hcs_error **err) {
        _cleanup_free_ char *layout = hcs_asprintf("%s/layout", layer);
        HRESULT hr = copy_hives(layer, err);

        return SUCCEEDED(hr) ? hcs_file_write(layout, LAYOUT, sizeof(LAYOUT) - 1, err) : hr;
}

/* A folder of the call with Files in it; NULL after it was refused. */
static char *with_files(struct storage *s, struct mock_call *call) {
        char *folder = storage_place(s, call, "path");
        _cleanup_free_ char *files = folder ? hcs_asprintf("%s/Files", folder) : NULL;

        if (!folder || hcs_file_is_directory(files))
                return folder;
        refuse(call, STORAGE_PATH_NOT_FOUND, "there is no folder \"%s\\Files\"", mock_call_text(call, "path"));
        free(folder);
        return NULL;
}

void base_process(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *layer = with_files(s, call);
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (!layer)
                return;
        if (storage_is_below_filter(s, layer)) {
                refuse(call, STORAGE_IN_USE, "a prepared layer stands on \"%s\"", mock_call_text(call, "path"));
                return;
        }
        hr = make_container_base(layer, &err);
        if (SUCCEEDED(hr))
                hr = make_disks(layer, BASE_DISK, BLANK_DISK, CONTAINER_DISK, &err);
        storage_end(call, hr, &err);
}

static HRESULT check_boot(const char *folder, struct hcs_error **err) {
        _cleanup_free_ char *bcd = hcs_asprintf("%s/" BCD, folder);

        return hcs_file_exists(bcd) ? S_OK : hcs_error_make(err, STORAGE_NOT_FOUND, "there is no `%s`", bcd);
}

void base_process_utility(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = with_files(s, call);
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (!folder)
                return;
        hr = check_boot(folder, &err);
        if (SUCCEEDED(hr))
                hr = make_disks(folder, TEMPLATE_BASE, TEMPLATE, UTILITY_DISK, &err);
        storage_end(call, hr, &err);
}

/* The type of layer that the options ask for; false after the call was refused. */
static bool type_of(struct storage *s, struct mock_call *call, bool *ret_vm) {
        const struct hcs_json *options = storage_options(s, call, HCS_SCHEMA_OS_LAYER_OPTIONS);
        const char *type = hcs_json_get_string(options, "Type");

        *ret_vm = hcs_streq(type, "Vm");
        if (options && !*ret_vm && !hcs_streq(type, "Container"))
                refuse_path(call, "Type", "Container or Vm is expected");
        return !call->completed;
}

static HRESULT set_up(const char *layer, bool vm, struct hcs_error **err) {
        return vm ? check_boot(layer, err) : make_container_base(layer, err);
}

/* hcsshim makes the disks itself, and then has the layer set up. */
void base_setup(struct storage *s, struct mock_call *call) {
        struct hcs_error *err = NULL;
        bool vm;
        _cleanup_free_ char *layer = type_of(s, call, &vm) ? with_files(s, call) : NULL;

        if (!layer)
                return;
        if (vm && !*mock_call_text(call, "vhd"))
                refuse(call, E_HANDLE, "a layer of a virtual machine needs its disk");
        else
                storage_end(call, set_up(layer, vm, &err), &err);
}

void base_setup_volume(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *layer = NULL, *volume = NULL;
        struct hcs_error *err = NULL;
        bool vm;

        if (s->em->build < VOLUMES_SINCE) {
                refuse(call, E_NOTIMPL, "HcsSetupBaseOSVolume is of build %u", VOLUMES_SINCE);
                return;
        }
        layer = type_of(s, call, &vm) ? with_files(s, call) : NULL;
        volume = layer ? storage_place(s, call, "mount") : NULL;
        if (volume && !hcs_file_is_directory(volume))
                refuse(call, STORAGE_PATH_NOT_FOUND, "there is no volume \"%s\"", mock_call_text(call, "mount"));
        else if (volume)
                storage_end(call, set_up(layer, vm, &err), &err);
}

/* The disk of the call: is it one? False after the call was refused. */
static bool check_disk(struct mock_call *call) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        struct hcs_error *err = NULL;
        HRESULT hr = hcs_data_file_open(mock_call_text(call, "vhd"), &f, &err);

        if (SUCCEEDED(hr))
                hr = vhdx_read(f, &i, &err);
        if (hr == S_FALSE)
                refuse(call, NO_VHD, "`%s` is no disk", mock_call_text(call, "vhd"));
        else if (FAILED(hr))
                storage_refuse(call, err);
        return hr == S_OK;
}

void base_format(struct storage *s, struct mock_call *call) {
        if (check_disk(call))
                mock_call_done(call, NULL);
}

void base_vhd_mount_path(struct storage *s, struct mock_call *call) {
        char guid[HCS_GUID_TEXT_SIZE];

        if (!check_disk(call))
                return;
        storage_volume_guid(mock_call_text(call, "vhd"), guid);
        mock_call_done(call, hcs_asprintf("\"\\\\\\\\?\\\\Volume{%s}\"", guid));
}
