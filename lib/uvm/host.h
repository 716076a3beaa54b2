/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_HOST_H
#define HCS_UVM_HOST_H

/*
 * What the options and documents of a utility VM depend on outside of them: the Windows build, the processors, which
 * boot files there are, how paths are written, where new GUIDs come from. Plain data of its owner, read only; with a
 * host that is described instead of asked, everything above is a pure function.
 *
 * Paths are written as on Windows (drive letters, both slashes, "\" out) or as on Linux, as `windows_paths` says. Their
 * rules are those of Go's filepath, which the original uses.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/error.h"
#include "hcsshim/guid.h"

/* Builds that something begins with. */
enum uvm_build {
        UVM_BUILD_RS5 = 17763,
        UVM_BUILD_KERNEL_DIRECT = 18286,
        UVM_BUILD_19H1 = 18362,
        UVM_BUILD_COLD_DISCARD = 18967,
        UVM_BUILD_21H1 = 19043,
        UVM_BUILD_25H1 = 26100,
};

enum uvm_path_kind { UVM_PATH_ABSENT, UVM_PATH_FILE, UVM_PATH_DIRECTORY };

struct uvm_host {
        uint32_t build;          /* of Windows */
        uint32_t processors;     /* logical ones, as HCS counts them */
        uint32_t own_processors; /* as this program counts them */
        bool is_arm64;
        bool windows_paths;
        const char *log_level;     /* of the shim, in logrus' words */
        const char *program;       /* base name: the default owner */
        const char *program_dir;   /* default boot files lie below it */
        const char *working_dir;   /* of relative paths */
        const char *program_files; /* default boot files lie below it, where they are not beside the program */
        enum uvm_path_kind (*look)(const char *path, void *ctx);
        HRESULT (*new_guid)(GUID *ret, void *ctx); /* NULL: random ones */
        void *ctx;
};

/* This machine: its processors and its files, relative ones as this process sees them; `build` is that of the HCS it
 * speaks to. The texts are constants: nothing is freed. */
void uvm_host_init(struct uvm_host *host, uint32_t build);

HRESULT uvm_host_guid(const struct uvm_host *host, char ret[static HCS_GUID_TEXT_SIZE], struct hcs_error **err);
bool uvm_host_has(const struct uvm_host *host, const char *path);

/* New texts; the caller frees. */
char *uvm_path_clean(const struct uvm_host *host, const char *path);
char *uvm_path_join(const struct uvm_host *host, const char *a, const char *b);
/* NULL for a path of blanks, which Windows refuses. */
char *uvm_path_absolute(const struct uvm_host *host, const char *path);
char *uvm_path_dir(const struct uvm_host *host, const char *path);
char *uvm_path_base(const struct uvm_host *host, const char *path);

#endif
