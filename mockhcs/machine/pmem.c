/* SPDX-License-Identifier: MIT */

/*
 * Files as persistent memory. QEMU maps a file whose size is a multiple of 2 MiB; images of layers are VHDs of a fixed
 * size, whose footer and size do not fit. A device that is only read gets a copy without the footer, with zeros up to
 * the next 2 MiB, beside the machine's sockets, and goes with them.
 */

#include <string.h>

#include "mockhcs/machine/document.h"
#include "platform/data_file.h"

#define UNIT        (2ull << 20)
#define FOOTER_SIZE 512u
#define PIECE       (1u << 20)

static HRESULT without_footer(struct hcs_data_file *f, uint64_t *size, struct hcs_error **err) {
        char cookie[8] = "";
        size_t n;
        HRESULT hr;

        if (*size < FOOTER_SIZE)
                return S_OK;
        hr = hcs_data_file_read_at(f, *size - FOOTER_SIZE, cookie, sizeof(cookie), &n, err);
        if (SUCCEEDED(hr) && n == sizeof(cookie) && memcmp(cookie, "conectix", sizeof(cookie)) == 0)
                *size -= FOOTER_SIZE;
        return hr;
}

static HRESULT copy_pieces(struct hcs_data_file *from, struct hcs_data_file *to, uint64_t at, uint64_t size,
                           struct hcs_error **err) {
        _cleanup_free_ char *piece = hcs_malloc(PIECE);
        HRESULT hr = S_OK;

        while (SUCCEEDED(hr) && at < size) {
                size_t n;

                hr = hcs_data_file_read_at(from, at, piece, size - at < PIECE ? (size_t)(size - at) : PIECE, &n, err);
                if (SUCCEEDED(hr) && n == 0)
                        break;
                if (SUCCEEDED(hr))
                        hr = hcs_data_file_write_at(to, at, piece, n, err);
                at += n;
        }
        return hr;
}

static HRESULT copy(struct hcs_data_file *from, const char *path, uint64_t size, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *to = NULL;
        uint64_t moved = 0;
        HRESULT hr = hcs_data_file_create(path, &to, err);

        if (SUCCEEDED(hr))
                hr = hcs_data_file_copy(from, 0, to, 0, size, &moved, err);
        if (SUCCEEDED(hr))
                hr = copy_pieces(from, to, moved, size, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_resize(to, (size + UNIT - 1) / UNIT * UNIT, err);
        return SUCCEEDED(hr) ? hcs_data_file_commit(to, err) : hr;
}

HRESULT machine_pmem_prepare(struct machine_plan *p, const char *path, const char *where, struct vm_pmem *device,
                             struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        uint64_t size = 0;
        char *made;
        HRESULT hr = hcs_data_file_open(path, &f, err);

        if (SUCCEEDED(hr))
                hr = hcs_data_file_size(f, &size, err);
        if (FAILED(hr))
                return hr;
        if (size && size % UNIT == 0) {
                device->path = machine_plan_keep(p, hcs_strdup(path));
                return S_OK;
        }
        if (!device->read_only)
                return hcs_error_make(err, E_INVALIDARG,
                                      "%s: `%s`: persistent memory that is written comes in 2 MiB, without a footer",
                                      where, path);
        hr = without_footer(f, &size, err);
        if (SUCCEEDED(hr) && size == 0)
                hr = hcs_error_make(err, E_INVALIDARG, "%s: `%s` is empty", where, path);
        if (FAILED(hr))
                return hr;
        made = machine_plan_keep(p, hcs_asprintf("%s/pmem-%u", p->vm.vsock_folder, device->number));
        hr = copy(f, made, size, err);
        if (SUCCEEDED(hr))
                device->path = made;
        return hr;
}
