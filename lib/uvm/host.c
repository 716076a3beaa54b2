/* SPDX-License-Identifier: MIT */

#include "uvm/host.h"

#include "base/str.h"
#include "platform/env.h"
#include "platform/file.h"
#include "platform/thread.h"

static enum uvm_path_kind look_here(const char *path, void *ctx) {
        (void)ctx;
        if (hcs_file_is_directory(path))
                return UVM_PATH_DIRECTORY;
        return hcs_file_exists(path) ? UVM_PATH_FILE : UVM_PATH_ABSENT;
}

void uvm_host_init(struct uvm_host *host, uint32_t build) {
        _cleanup_free_ char *os = hcs_env_get("OS"); /* every Windows sets it */
        unsigned processors = hcs_thread_processors();

        *host = (struct uvm_host){.build = build,
                                  .processors = processors,
                                  .own_processors = processors,
                                  .windows_paths = hcs_streq(os, "Windows_NT"),
                                  .log_level = "info",
                                  .program = "hcsshim",
                                  .program_dir = ".",
                                  .working_dir = ".",
                                  .look = look_here};
        host->program_files = host->windows_paths ? "C:\\Program Files" : "/usr/share";
}

HRESULT uvm_host_guid(const struct uvm_host *host, char ret[static HCS_GUID_TEXT_SIZE], struct hcs_error **err) {
        GUID id;
        HRESULT hr = host->new_guid ? host->new_guid(&id, host->ctx) : hcs_guid_v4(&id);

        if (FAILED(hr))
                return hcs_error_make(err, hr, "a new GUID");
        hcs_guid_format(&id, ret);
        return S_OK;
}

bool uvm_host_has(const struct uvm_host *host, const char *path) {
        return host->look(path, host->ctx) != UVM_PATH_ABSENT;
}
