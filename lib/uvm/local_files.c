/* SPDX-License-Identifier: MIT */

/* This machine's files for documents. See local_files.h. */

#include "uvm/local_files.h"

#include "base/buf.h"
#include "base/mem.h"
#include "platform/data_file.h"
#include "platform/file.h"
#include "platform/thread.h"

#define MAX_TEXT ((size_t)1 << 20)

static bool stat_local(void *ctx, const char *path, struct uvm_file *ret) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        struct uvm_file file = {.is_directory = true};

        if (hcs_file_is_directory(path)) {
                *ret = file;
                return true;
        }
        if (!hcs_file_exists(path))
                return false;
        file.is_directory = false;
        if (SUCCEEDED(hcs_data_file_open(path, &f, NULL)))
                hcs_data_file_size(f, &file.size, NULL);
        *ret = file;
        return true;
}

static bool stat_trusting(void *ctx, const char *path, struct uvm_file *ret) {
        if (!stat_local(ctx, path, ret))
                *ret = (struct uvm_file){.is_directory = true};
        return true;
}

static char *read_local(void *ctx, const char *path) {
        _cleanup_buf_ struct hcs_buf text = {0};

        return FAILED(hcs_file_read(path, MAX_TEXT, &text, NULL)) ? NULL : hcs_strdup(hcs_buf_cstr(&text));
}

static char *resolve_local(void *ctx, const char *path) {
        return hcs_file_exists(path) ? hcs_strdup(path) : NULL;
}

static char *resolve_trusting(void *ctx, const char *path) {
        return hcs_strdup(path);
}

void uvm_local_files(struct oci_host *host, bool trusting) {
        *host = (struct oci_host){.build = 26100,
                                  .processors = (int32_t)hcs_thread_processors(),
                                  .stat = trusting ? stat_trusting : stat_local,
                                  .read = read_local,
                                  .resolve = trusting ? resolve_trusting : resolve_local};
}
