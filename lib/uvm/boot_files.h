/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_BOOT_FILES_H
#define HCS_UVM_BOOT_FILES_H

/* The boot files of Linux VMs on a host that is none of Windows: for programs that boot them in QEMU. */

#include "hcsshim/error.h"

/* The folder that was given, or the first that is there: $HCSSHIM_BOOT_FILES, LinuxBootFiles beside this program, the
 * system's. ERROR_FILE_NOT_FOUND says where it was looked for. Caller frees. */
HRESULT uvm_boot_folder(const char *given, char **ret, struct hcs_error **err);
/* "WHAT: `PATH` not found", with a hint where such files come from: HCS_WIN32(2). */
HRESULT uvm_boot_file_missing(struct hcs_error **err, const char *what, const char *path);

#endif
