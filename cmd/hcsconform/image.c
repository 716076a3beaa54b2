/* SPDX-License-Identifier: MIT */

/* What cases stand on; see image.h. */

#include "cmd/hcsconform/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cmd/hcsconform/suite.h"
#include "ext4/vhd/vhdx_create.h"
#include "hcsshim/storage.h"
#include "platform/place.h"

#define DISK_SIZE (1ull << 30)
/* An emulator asks for no layers. */
#define PAPER                                                                                                         \
        "{\"Layers\":[{\"Id\":\"75bc0ef3-128f-5605-b880-4aa024ad9fb0\",\"Path\":\"C:\\\\layers\\\\base\"}],\"Path\":" \
        "\"\\\\\\\\?\\\\Volume{4ed7b8ad-3c1e-4f6b-a4b4-4b1a2f7c1d11}\\\\\"}"
#define PAPER_DISK "C:/hcsconform/disk.vhdx"

static struct {
        struct hcs_storage *client;
        struct hcs_documents layers;
        char *scratch, *storage, *disk;
        bool mounted;
} image;

const char *image_storage(void) {
        return image.storage ? image.storage : PAPER;
}

const char *image_disk(void) {
        return image.disk ? image.disk : PAPER_DISK;
}

/* Without its quotes: the documents of cases have them. */
static char *in_json(const char *text) {
        _cleanup_json_ struct hcs_json *j = hcs_json_new_string(text);
        _cleanup_free_ char *quoted = hcs_json_text(j, HCS_JSON_COMPACT);

        return hcs_strndup(quoted + 1, strlen(quoted) - 2);
}

static HRESULT make_disk(struct hcs_error **err) {
        _cleanup_free_ char *path = hcs_path_join(conform_target.work, "disk.vhdx");
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        HRESULT hr = hcs_data_file_create(path, &f, err);

        if (SUCCEEDED(hr))
                hr = vhdx_create(f, &(struct vhdx_create_options){.size = DISK_SIZE}, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_commit(f, err);
        if (SUCCEEDED(hr))
                image.disk = in_json(path);
        return hr;
}

/* The Storage member: the layers of the image, and the volume of the scratch, which ends with a backslash there. */
static HRESULT describe(const char *volume, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *storage = hcs_json_new_object(), *data = NULL;
        _cleanup_free_ char *text = NULL, *path = hcs_asprintf("%s%s", volume, hcs_str_ends(volume, "\\") ? "" : "\\");
        HRESULT hr =
                hcs_layer_data(image.client, (const char *const *)image.layers.items, image.layers.n, NULL, &text, err);

        if (SUCCEEDED(hr))
                hr = hcs_json_parse_cstr(text, &data, err);
        if (FAILED(hr))
                return hr;
        hcs_json_set(storage, "Layers", hcs_json_copy(hcs_json_get(data, "Layers")));
        hcs_json_set_string(storage, "Path", path);
        image.storage = hcs_json_text(storage, HCS_JSON_COMPACT);
        return S_OK;
}

static HRESULT make_scratch(struct hcs_error **err) {
        const struct hcs_storage_options options = {.vmcompute = &conform_target.vmcompute,
                                                    .computestorage = &conform_target.storage};
        const char *const *layers;
        _cleanup_free_ char *volume = NULL;
        HRESULT hr = hcs_storage_open(&options, &image.client, err);

        if (FAILED(hr))
                return hr;
        for (const char *at = conform_target.image; *at;) {
                size_t n = strcspn(at, ",");

                hcs_documents_take(&image.layers, hcs_strndup(at, n));
                at += n + (at[n] == ',');
        }
        layers = (const char *const *)image.layers.items;
        image.scratch = hcs_path_join(conform_target.work, "scratch");
        hr = hcs_layer_create_scratch(image.client, image.scratch, layers, image.layers.n, err);
        if (SUCCEEDED(hr))
                hr = hcs_layer_mount(image.client, image.scratch, layers, image.layers.n, &volume, err);
        image.mounted = SUCCEEDED(hr);
        return SUCCEEDED(hr) ? describe(volume ? volume : "", err) : hr;
}

HRESULT image_prepare(struct hcs_error **err) {
        HRESULT hr = make_disk(err);

        if (SUCCEEDED(hr) && conform_target.image)
                hr = make_scratch(err);
        if (FAILED(hr))
                hcs_error_wrap(err, "what the cases stand on");
        return hr;
}

void image_release(void) {
        if (image.mounted)
                hcs_layer_unmount(image.client, image.scratch, NULL);
        if (image.scratch)
                hcs_layer_destroy(image.client, image.scratch, NULL);
        image.client = hcs_storage_unref(image.client);
        hcs_documents_deinit(&image.layers);
        free(image.scratch);
        free(image.storage);
        free(image.disk);
        memset(&image, 0, sizeof(image));
}
