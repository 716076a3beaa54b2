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

HRESULT hcs_hvsocket_listen(const GUID *vm, const GUID *service,
                            struct hcs_listener *ret[static HCS_HVSOCKET_LISTENERS], size_t *ret_n,
                            struct hcs_error **err) {
        return hcs_error_make(err, HCS_WIN32(10047), "nothing stands in for Hyper-V sockets on Windows");
}

HRESULT hcs_hvsocket_connect(const GUID *vm, const GUID *service, const struct hcs_bound *b, struct hcs_stream **ret,
                             struct hcs_error **err) {
        return hcs_error_make(err, HCS_WIN32(10047), "nothing stands in for Hyper-V sockets on Windows");
}

void hcs_hvsocket_peer(const struct hcs_stream *s, GUID *vm, GUID *service) {
}
