/* SPDX-License-Identifier: MIT */

#include "oci/mount.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/str.h"

#define VSMB_PREFIX "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\"

static void put_mappings(struct hcs_buf *b, const char *name, const struct hcs_schema_oci_linux_id_mapping *items,
                         size_t n) {
        hcs_buf_printf(b, " %s:[", name);
        for (size_t i = 0; i < n; i++)
                hcs_buf_printf(b, "%s{ContainerID:%u HostID:%u Size:%u}", i ? " " : "", items[i].containerID,
                               items[i].hostID, items[i].size);
        hcs_buf_putc(b, ']');
}

static const char *or_empty(const char *s) {
        return s ? s : "";
}

char *oci_mount_text(const struct hcs_schema_oci_mount *m) {
        _cleanup_buf_ struct hcs_buf b = {0};

        hcs_buf_printf(&b, "{Destination:%s Type:%s Source:%s Options:[", or_empty(m->destination), or_empty(m->type),
                       or_empty(m->source));
        for (size_t i = 0; i < m->options.n; i++)
                hcs_buf_printf(&b, "%s%s", i ? " " : "", or_empty(m->options.items[i]));
        hcs_buf_putc(&b, ']');
        put_mappings(&b, "UIDMappings", m->uidMappings.items, m->uidMappings.n);
        put_mappings(&b, "GIDMappings", m->gidMappings.items, m->gidMappings.n);
        hcs_buf_putc(&b, '}');
        return hcs_buf_steal(&b);
}

HRESULT oci_mount_wrap(struct hcs_error **err, HRESULT hr, const char *what, const struct hcs_schema_oci_mount *m) {
        _cleanup_free_ char *text = oci_mount_text(m);

        hcs_error_wrap(err, "%s %s", what, text);
        return hr;
}

HRESULT oci_mount_check(const struct hcs_schema_oci_mount *m, struct hcs_error **err) {
        _cleanup_free_ char *text = NULL;

        if (m->destination && *m->destination && m->source && *m->source)
                return S_OK;
        text = oci_mount_text(m);
        return hcs_error_make(err, E_INVALIDARG,
                              "invalid OCI spec - a mount must have both source and a destination: %s", text);
}

bool oci_mount_is_read_only(const struct hcs_schema_oci_mount *m) {
        for (size_t i = 0; i < m->options.n; i++)
                if (hcs_strcaseeq(m->options.items[i], "ro"))
                        return true;
        return false;
}

bool oci_mount_is_disk(const struct hcs_schema_oci_mount *m) {
        return hcs_streq(m->type, "physical-disk") || hcs_streq(m->type, "virtual-disk") ||
               hcs_streq(m->type, "extensible-virtual-disk");
}

const char *oci_mount_source(const struct hcs_schema_oci_mount *m) {
        return or_empty(m->source);
}

HRESULT oci_mount_evd(const char *source, char **ret_type, char **ret_path, struct hcs_error **err) {
        const char *rest = hcs_str_starts(source, "evd://") ? source + strlen("evd://") : source;
        const char *slash = strchr(rest, '/');

        if (!slash || slash == rest)
                return hcs_error_make(err, E_INVALIDARG, "invalid extensible vhd path: %s", source);
        *ret_type = hcs_strndup(rest, (size_t)(slash - rest));
        *ret_path = hcs_strdup(slash + 1);
        return S_OK;
}

/* The pod's pipes in its VM stand below a folder of its name. */
static char *path_in_uvm(const char *uvm_id, const char *name) {
        size_t n = strlen(uvm_id) - (hcs_str_ends(uvm_id, "@vm") ? strlen("@vm") : 0);

        return hcs_asprintf(OCI_PIPE_PREFIX "%.*s\\%s", (int)n, uvm_id, name);
}

bool oci_mount_pipe(const struct hcs_schema_oci_mount *m, const char *uvm_id, struct oci_pipe *ret) {
        static const size_t prefix = sizeof(OCI_PIPE_PREFIX) - 1;
        const char *source = oci_mount_source(m), *destination = or_empty(m->destination);
        struct oci_pipe p = {0};

        if (!hcs_str_starts(destination, OCI_PIPE_PREFIX))
                return false;
        if (hcs_str_starts(source, OCI_PIPE_PREFIX)) {
                p.host_path = uvm_id ? hcs_asprintf(VSMB_PREFIX "IPC$\\%s", source + prefix) : hcs_strdup(source);
        } else if (uvm_id && hcs_str_starts(source, OCI_UVM_PREFIX OCI_PIPE_PREFIX)) {
                p.host_path = path_in_uvm(uvm_id, source + sizeof(OCI_UVM_PREFIX) - 1 + prefix);
                p.is_in_uvm = true;
        } else {
                return false;
        }
        p.name = hcs_strdup(destination + prefix);
        *ret = p;
        return true;
}

void oci_pipe_deinit(struct oci_pipe *p) {
        free(p->host_path);
        free(p->name);
        *p = (struct oci_pipe){0};
}

char *oci_path_join(const char *folder, const char *rest) {
        _cleanup_buf_ struct hcs_buf b = {0};
        size_t root = strlen(folder);

        hcs_buf_puts(&b, folder);
        while (*rest) {
                size_t n = strcspn(rest, "/\\");

                if (n == 2 && rest[0] == '.' && rest[1] == '.') {
                        while (b.len > root && b.data[b.len - 1] != '\\')
                                b.len--;
                        b.len -= b.len > root;
                        b.data[b.len] = '\0';
                } else if (n && !(n == 1 && rest[0] == '.')) {
                        hcs_buf_putc(&b, '\\');
                        hcs_buf_append(&b, rest, n);
                }
                rest += n + (rest[n] != '\0');
        }
        return hcs_buf_steal(&b);
}
