/* SPDX-License-Identifier: MIT */

/* Windows has Hyper-V sockets itself: nothing stands in for them. */

#include "platform/hvsocket.h"

char *hcs_hvsocket_folder(const GUID *runtime_id) {
        return NULL;
}

HRESULT hcs_hvsocket_folder_new(const GUID *runtime_id, struct hcs_work_folder **ret, struct hcs_error **err) {
        *ret = NULL;
        return S_OK;
}

struct hcs_work_folder *hcs_hvsocket_folder_free(struct hcs_work_folder *f) {
        return NULL;
}
