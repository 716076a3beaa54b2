/* SPDX-License-Identifier: MIT */

#include "uvm/prepare.h"

#include <stdio.h>

#include "platform/data_file.h"
#include "platform/file.h"

#define CHUNK ((size_t)1 << 20)

static HRESULT copy_content(struct hcs_data_file *from, struct hcs_data_file *to, struct hcs_error **err) {
        _cleanup_free_ char *chunk = hcs_malloc(CHUNK);
        uint64_t at = 0, moved;
        size_t n = 0;
        HRESULT hr;

        do {
                hr = hcs_data_file_copy(from, at, to, at, UINT64_C(1) << 30, &moved, err);
                if (SUCCEEDED(hr) && moved == 0) {
                        hr = hcs_data_file_read_at(from, at, chunk, CHUNK, &n, err);
                        if (SUCCEEDED(hr) && n)
                                hr = hcs_data_file_write_at(to, at, chunk, n, err);
                        moved = n;
                }
                at += moved;
        } while (SUCCEEDED(hr) && moved);
        return hr;
}

HRESULT uvm_copy_file(const char *from, const char *to, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = NULL, *out = NULL;
        HRESULT hr = hcs_data_file_open(from, &in, err);

        if (SUCCEEDED(hr))
                hr = hcs_data_file_create(to, &out, err);
        if (SUCCEEDED(hr))
                hr = copy_content(in, out, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_commit(out, err);
        return hr;
}

static HRESULT take(const struct uvm_step *s, const char *id, struct hcs_client *client, struct hcs_error **err) {
        switch (s->kind) {
        case UVM_STEP_COPY:
                return uvm_copy_file(s->path, s->target, err);
        case UVM_STEP_GRANT_GROUP:
                return hcs_grant_vm_group_access(client, s->path, err);
        case UVM_STEP_GRANT_VM:
                return hcs_grant_vm_access(client, id, s->path, err);
        case UVM_STEP_MAKE_DIRECTORY:
                return hcs_file_is_directory(s->path) ? S_OK : hcs_directory_create(s->path, err);
        case UVM_STEP_SET_DISK_ID:
                return hcs_error_make(err, HCS_WIN32(50), "%s: its identifier cannot be set here", s->path);
        }
        return S_OK;
}

static void remove_copies(const struct uvm_plan *plan, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (plan->steps[i].kind == UVM_STEP_COPY)
                        remove(plan->steps[i].target);
}

HRESULT uvm_plan_prepare(const struct uvm_plan *plan, const char *id, struct hcs_client *client,
                         struct hcs_error **err) {
        for (size_t i = 0; i < plan->n_steps; i++) {
                HRESULT hr = take(&plan->steps[i], id, client, err);

                if (FAILED(hr)) {
                        remove_copies(plan, i);
                        hcs_error_wrap(err, "preparing %s", id);
                        return hr;
                }
        }
        return S_OK;
}

void uvm_plan_undo(const struct uvm_plan *plan) {
        remove_copies(plan, plan->n_steps);
}
