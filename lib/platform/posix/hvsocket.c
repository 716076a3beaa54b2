/* SPDX-License-Identifier: MIT */

/* Folders of platform/hvsocket.h: work folders with fixed names below the usual base. */

#include "platform/hvsocket.h"

#include "base/str.h"

char *hcs_hvsocket_folder(const GUID *runtime_id) {
        _cleanup_free_ char *base = hcs_work_folder_default_base();
        char name[HCS_GUID_TEXT_SIZE];

        return hcs_asprintf("%s/" HCS_HVSOCKET_ROOM "/%s", base, hcs_guid_format(runtime_id, name));
}

HRESULT hcs_hvsocket_folder_new(const GUID *runtime_id, struct hcs_work_folder **ret, struct hcs_error **err) {
        char name[HCS_GUID_TEXT_SIZE];

        return hcs_work_folder_claim(HCS_HVSOCKET_ROOM, hcs_guid_format(runtime_id, name), ret, err);
}

struct hcs_work_folder *hcs_hvsocket_folder_free(struct hcs_work_folder *f) {
        return hcs_work_folder_free(f);
}
