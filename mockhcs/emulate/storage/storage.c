/* SPDX-License-Identifier: MIT */

/* The storage of the emulator: which function answers which verb, under its lock. See storage.h. */

#include "mockhcs/emulate/storage/storage.h"

#include <stdlib.h>

#include "hcsshim/error.h"

typedef void (*answer)(struct storage *s, struct mock_call *call);

static const answer answers[] = {
        [MOCK_CREATE_GUEST_STATE_FILE] = state_file_create,
        [MOCK_CREATE_RUNTIME_STATE_FILE] = state_file_create,
        [MOCK_GET_PROCESSOR_COMPATIBILITY] = state_file_processor,
        [MOCK_ACTIVATE_LAYER] = layer_activate,
        [MOCK_DEACTIVATE_LAYER] = layer_deactivate,
        [MOCK_PREPARE_LAYER] = layer_prepare,
        [MOCK_UNPREPARE_LAYER] = layer_unprepare,
        [MOCK_CREATE_LAYER] = layer_create,
        [MOCK_CREATE_SANDBOX_LAYER] = layer_create_sandbox,
        [MOCK_EXPAND_SANDBOX] = layer_expand,
        [MOCK_DESTROY_LAYER] = layer_destroy,
        [MOCK_COPY_LAYER] = layer_copy,
        [MOCK_EXPORT_LAYER] = layer_export,
        [MOCK_IMPORT_LAYER] = layer_import,
        [MOCK_GET_LAYER_MOUNT_PATH] = layer_mount_path,
        [MOCK_GET_BASE_IMAGES] = layer_base_images,
        [MOCK_LAYER_EXISTS] = layer_exists,
        [MOCK_NAME_TO_GUID] = layer_name_to_guid,
        [MOCK_PROCESS_BASE_IMAGE] = base_process,
        [MOCK_PROCESS_UTILITY_IMAGE] = base_process_utility,
        [MOCK_STORAGE_IMPORT] = layer_import,
        [MOCK_STORAGE_EXPORT] = layer_export,
        [MOCK_STORAGE_EXPORT_LEGACY] = layer_export_legacy,
        [MOCK_STORAGE_DESTROY] = layer_destroy,
        [MOCK_STORAGE_SETUP_LAYER] = base_setup,
        [MOCK_STORAGE_SETUP_VOLUME] = base_setup_volume,
        [MOCK_STORAGE_INITIALIZE] = layer_initialize,
        [MOCK_STORAGE_INITIALIZE_LEGACY] = layer_initialize,
        [MOCK_STORAGE_ATTACH_FILTER] = filter_attach,
        [MOCK_STORAGE_DETACH_FILTER] = filter_detach,
        [MOCK_STORAGE_FORMAT_VHD] = base_format,
        [MOCK_STORAGE_VHD_MOUNT_PATH] = base_vhd_mount_path,
        [MOCK_STORAGE_ATTACH_OVERLAY] = filter_attach,
        [MOCK_STORAGE_DETACH_OVERLAY] = filter_detach,
};

struct storage *storage_new(struct emulator *em, const char *root) {
        struct storage *s = hcs_calloc(1, sizeof(*s));

        s->em = em;
        s->root = root ? hcs_strdup(root) : NULL;
        s->root_is_given = root != NULL;
        hcs_mutex_init(&s->lock);
        return s;
}

struct storage *storage_free(struct storage *s) {
        if (!s)
                return NULL;
        while (s->filters)
                storage_filter_remove(s, s->filters);
        while (s->volumes)
                storage_unmount(s, s->volumes);
        hcs_work_folder_free(s->work);
        hcs_mutex_deinit(&s->lock);
        free(s->root);
        free(s);
        return NULL;
}

void storage_call(struct storage *s, struct mock_call *call) {
        hcs_mutex_lock(&s->lock);
        answers[call->function->verb](s, call);
        hcs_mutex_unlock(&s->lock);
}

void storage_refuse(struct mock_call *call, struct hcs_error *err) {
        refuse(call, hcs_error_hresult(err), "%s", hcs_error_message(err));
        hcs_error_free(err);
}

void storage_end(struct mock_call *call, HRESULT hr, struct hcs_error **err) {
        if (FAILED(hr))
                storage_refuse(call, *err);
        else
                mock_call_done(call, NULL);
}
