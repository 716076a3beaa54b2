/* SPDX-License-Identifier: MIT */

/* dm-verity of layers, as the guest wants it said. See verity_info.h. */

#include "uvm/verity_info.h"

#include "base/hex.h"
#include "base/json.h"
#include "ext4/read/image.h"
#include "ext4/verity/verity.h"

HRESULT uvm_verity_info(const char *path, const char *root_hash, struct hcs_json **ret, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *file = NULL;
        _cleanup_(ext4_image_freep) struct ext4_image *image = NULL;
        char root_text[VERITY_ROOT_TEXT], salt[2 * VERITY_MAX_SALT + 1];
        struct hcs_error *why = NULL;
        struct verity_superblock sb;
        struct verity_root root;
        _cleanup_json_ struct hcs_json *info = NULL;
        uint64_t size, tree;
        HRESULT hr = hcs_data_file_open(path, &file, err);

        if (SUCCEEDED(hr))
                hr = ext4_image_open(file, &image, err);
        if (FAILED(hr))
                return hr;
        size = ext4_image_size(image);
        hr = verity_read(file, size, &sb, &tree, &why);
        if (SUCCEEDED(hr))
                hr = verity_read_root(&sb, file, file, tree, &root, &why);
        if (FAILED(hr) && root_hash) {
                hcs_error_wrap(&why, "`%s` has no tree of dm-verity", path);
                return hcs_error_move(err, &why);
        }
        hcs_error_free(why);
        if (FAILED(hr)) {
                *ret = NULL;
                return S_OK;
        }
        info = hcs_json_new_object();
        hcs_json_set_u64(info, "Ext4SizeInBytes", size);
        hcs_json_set_u64(info, "Version", sb.hash_type);
        hcs_json_set_string(info, "Algorithm", sb.algorithm);
        hcs_json_set_bool(info, "SuperBlock", true);
        hcs_json_set_string(info, "RootDigest", root_hash ? root_hash : verity_root_format(&root, root_text));
        hcs_json_set_string(info, "Salt", hcs_hex_format(sb.salt, sb.salt_size, salt));
        hcs_json_set_u64(info, "BlockSize", sb.data_block_size);
        *ret = steal_pointer(&info);
        return S_OK;
}
