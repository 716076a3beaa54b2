/* SPDX-License-Identifier: MIT */

#include "oci/host.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

static const struct hcs_json *described(const struct oci_described_host *d, const char *path) {
        for (const struct hcs_json *f = hcs_json_first(d->files); f; f = hcs_json_next(f))
                if (strcasecmp(hcs_json_key(f), path) == 0)
                        return f;
        return NULL;
}

static bool described_stat(void *ctx, const char *path, struct uvm_file *ret) {
        const struct oci_described_host *d = ctx;
        const struct hcs_json *file = described(d, path);
        const char *content = hcs_json_get_string(file, "content");
        struct uvm_file f = {.is_directory = !file || hcs_json_bool(hcs_json_get(file, "directory"))};

        if (!file && (hcs_str_starts(path, "\\\\.\\pipe\\") ||
                      (d->closed && strncasecmp(path, d->closed, strlen(d->closed)) == 0)))
                return false;
        if (content)
                f.size = strlen(content);
        else
                hcs_json_u64(hcs_json_get(file, "size"), &f.size);
        *ret = f;
        return true;
}

static char *described_read(void *ctx, const char *path) {
        return hcs_strdup(hcs_json_get_string(described(ctx, path), "content"));
}

static char *described_resolve(void *ctx, const char *path) {
        struct uvm_file f;

        if (!described_stat(ctx, path, &f))
                return NULL;
        if (!*path || path[1] != ':')
                return hcs_strdup(path);
        return hcs_asprintf("\\\\?\\Volume{00000000-0000-0000-0000-0000000000%02x}%s",
                            (unsigned)(unsigned char)*path & 0xdfu, path + 2);
}

void oci_host_describe(struct oci_host *host, struct oci_described_host *description) {
        host->ctx = description;
        host->stat = described_stat;
        host->read = described_read;
        host->resolve = described_resolve;
}
