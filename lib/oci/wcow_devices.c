/* SPDX-License-Identifier: MIT */

/* Devices of a Windows container, and the files that describe devices which Windows does not know. */

#include <string.h>

#include "base/str.h"
#include "oci/annotation.h"
#include "oci/wcow_private.h"

#define EXTENSIONS_BUILD 20348u

/* Containers of version 1 have none. */
HRESULT wcow_set_devices(struct wcow_documents *d, const struct oci_wcow *c, struct hcs_error **err) {
        size_t n = c->spec->windows->devices.n;

        if (c->schema_v1 || (!c->uvm && c->spec->windows->hyperv))
                return S_OK;
        d->v2->AssignedDevices.items = hcs_calloc(n ? n : 1, sizeof(struct hcs_schema_device));
        for (size_t i = 0; i < n; i++) {
                const struct hcs_schema_oci_windows_device *from = &c->spec->windows->devices.items[i];
                struct hcs_schema_device *to = &d->v2->AssignedDevices.items[d->v2->AssignedDevices.n];

                if (hcs_streq(from->idType, "vpci-location-path")) {
                        to->Type = hcs_strdup("DeviceInstance");
                        to->LocationPath = hcs_strdup(from->id);
                } else if (hcs_streq(from->idType, "class") || hcs_streq(from->idType, "vpci-class-guid")) {
                        to->InterfaceClassGuid = hcs_strdup(from->id);
                } else {
                        return hcs_error_make(err, E_INVALIDARG, "specified device %s has unsupported type %s",
                                              from->id ? from->id : "", from->idType ? from->idType : "");
                }
                d->v2->AssignedDevices.n++;
        }
        return S_OK;
}

static HRESULT read_extension(const struct oci_wcow *c, const char *path, struct hcs_schema_device_extension *ret,
                              struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_DEVICE_EXTENSION);
        _cleanup_free_ char *text = c->host->read(c->host->ctx, path), *error = NULL;
        void *extension = NULL;
        HRESULT hr;

        if (!text)
                return hcs_error_make(err, HCS_WIN32(2), "failed to read extension file at %s", path);
        error = hcs_schema_go_error(type, "hcsschema.DeviceExtension", text, strlen(text));
        if (error)
                return hcs_error_make(err, HCS_E_INVALID_JSON, "failed to unmarshal extension file at %s: %s", path,
                                      error);
        hr = hcs_schema_parse_answer(type, text, &extension, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to unmarshal extension file at %s", path), hr;
        hcs_schema_forget_unknown(type, extension);
        memcpy(ret, extension, sizeof(*ret));
        free(extension);
        return S_OK;
}

static HRESULT find_extensions(const struct oci_wcow *c, const struct hcs_strings *paths, struct hcs_error **err) {
        struct uvm_file f;

        for (size_t i = 0; i < paths->n; i++) {
                _cleanup_free_ char *missing = NULL;

                if (c->host->stat(c->host->ctx, paths->items[i], &f))
                        continue;
                missing = uvm_no_such_file(paths->items[i]);
                return hcs_error_make(err, HCS_WIN32(2), "failed to find path to driver extensions at %s: %s",
                                      paths->items[i], missing);
        }
        if (c->host->build < EXTENSIONS_BUILD)
                return hcs_error_make(err, E_NOTIMPL, "device extensions are not supported on this build (%u)",
                                      c->host->build);
        return S_OK;
}

HRESULT wcow_set_device_extensions(struct wcow_documents *d, const struct oci_wcow *c, struct hcs_error **err) {
        struct hcs_schema_container_definition_device *out;
        struct hcs_strings paths = {0};
        HRESULT hr;

        if (!oci_annotation_strings(c->spec, OCI_A_DEVICE_EXTENSIONS, &paths))
                return S_OK;
        hr = find_extensions(c, &paths, err);
        if (SUCCEEDED(hr)) {
                out = d->v2->AdditionalDeviceNamespace = hcs_calloc(1, sizeof(*out));
                out->device_extension.items = hcs_calloc(paths.n, sizeof(*out->device_extension.items));
                for (size_t i = 0; i < paths.n && SUCCEEDED(hr); i++) {
                        hr = read_extension(c, paths.items[i], &out->device_extension.items[i], err);
                        out->device_extension.n += SUCCEEDED(hr);
                }
        }
        hcs_strings_deinit(&paths);
        return hr;
}
