/* SPDX-License-Identifier: MIT */

#include "ext4/layer.h"

#include "ext4/vhd/vhd.h"

void layer_options_init(struct layer_options *o) {
        *o = (struct layer_options){.convert = {.writer.max_disk_size = LAYER_MAX_DISK, .overlay = true}};
}

static HRESULT add_verity(struct hcs_data_file *out, const struct layer_options *o, struct layer *l,
                          struct hcs_error **err) {
        struct verity_superblock sb;
        uint64_t end;
        HRESULT hr;

        verity_superblock_init(&sb);
        hr = verity_set_size(&sb, l->image_size, err);
        if (FAILED(hr))
                return hr;
        if (o->id)
                sb.uuid = *o->id;
        else if (FAILED(hcs_guid_v4(&sb.uuid)))
                return hcs_error_make(err, E_FAIL, "no random UUID for the super block");
        hr = verity_write(&sb, out, o->hashes ? o->hashes : out, o->hashes ? 0 : l->image_size, &o->hashing, &l->root,
                          &end, err);
        if (FAILED(hr))
                return hr;
        if (!o->hashes)
                l->size = end;
        else if (o->vhd)
                hr = vhd_append(o->hashes, end, o->id, err);
        return hr;
}

HRESULT layer_complete(struct hcs_data_file *out, uint64_t image_size, const struct layer_options *o, struct layer *ret,
                       struct hcs_error **err) {
        struct layer l = {.image_size = image_size, .size = image_size};
        HRESULT hr = o->verity ? add_verity(out, o, &l, err) : S_OK;

        if (SUCCEEDED(hr) && o->vhd) {
                hr = vhd_append(out, l.size, o->id, err);
                l.size += VHD_FOOTER;
        }
        if (FAILED(hr))
                return hr;
        *ret = l;
        return S_OK;
}

HRESULT layer_write(struct hcs_data_file *tar, struct hcs_data_file *out, const struct layer_options *o,
                    struct layer *ret, struct hcs_error **err) {
        uint64_t size;
        HRESULT hr = ext4_convert(tar, out, &o->convert, &size, err);

        return SUCCEEDED(hr) ? layer_complete(out, size, o, ret, err) : hr;
}

HRESULT layer_root_of(struct hcs_data_file *tar, const struct layer_options *o, struct layer *ret,
                      struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *image = NULL;
        struct verity_superblock sb;
        struct layer l = {0};
        HRESULT hr = hcs_data_file_temporary(&image, err);

        if (SUCCEEDED(hr))
                hr = ext4_convert(tar, image, &o->convert, &l.image_size, err);
        l.size = l.image_size;
        verity_superblock_init(&sb);
        if (SUCCEEDED(hr))
                hr = verity_set_size(&sb, l.image_size, err);
        if (SUCCEEDED(hr))
                hr = verity_root_of(&sb, image, &o->hashing, &l.root, err);
        if (FAILED(hr))
                return hr;
        *ret = l;
        return S_OK;
}
