/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_HOST_H
#define HCS_OCI_HOST_H

/*
 * The host that documents are made for: its Windows, its processors, and its files as far as documents depend on them.
 * Who makes documents gives one; a described host stands in for a machine that is not there.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "uvm/devices/file.h"

struct oci_host {
        uint32_t build;
        int32_t processors;
        void *ctx;
        /* false: there is no such file. */
        bool (*stat)(void *ctx, const char *path, struct uvm_file *ret);
        /* Its content as text, caller frees; NULL: it cannot be read. */
        char *(*read)(void *ctx, const char *path);
        /* What the path stands for, without links, on its volume; caller frees. NULL: there is no such file. */
        char *(*resolve)(void *ctx, const char *path);
};

/*
 * A host whose files are described: {"C:\\path": {"directory": true} or {"size": n} or {"content": "text"}}. Of a path
 * that is not in it: below a prefix in `closed` (may be NULL) there is nothing, else there is a directory, so that a
 * specification can be looked at where its host is not. Volumes are named by their letter, as Wine does:
 * \\?\Volume{00000000-0000-0000-0000-000000000043}\ is C:\.
 */
struct oci_described_host {
        const struct hcs_json *files;
        const char *closed;
};
void oci_host_describe(struct oci_host *host, struct oci_described_host *description);

#endif
