/* SPDX-License-Identifier: MIT */

/* All that is sent, one JSON object a line, as the events of golden cases. */

#include <string.h>

#include "base/str.h"
#include "cmd/hcsdoc/hcsdoc.h"

void hcsdoc_put_line(struct hcs_json *line, struct hcs_buf *out) {
        hcs_json_print(line, HCS_JSON_COMPACT, out);
        hcs_buf_putc(out, '\n');
        hcs_json_free(line);
}

static struct hcs_json *step_line(const struct oci_step *s) {
        struct hcs_json *line = hcs_json_new_object();

        hcs_json_set_string(line, "dir", s->kind == OCI_STEP_BRIDGE ? "host->guest" : "host->hcs");
        switch (s->kind) {
        case OCI_STEP_GRANT:
                hcs_json_set_string(line, "proc", "vmcompute.GrantVmAccess");
                hcs_json_set_string(line, "filepath", s->text);
                break;
        case OCI_STEP_MODIFY:
                hcs_json_set_string(line, "proc", "computecore.HcsModifyComputeSystem");
                hcs_json_set_string(line, "configuration", s->text);
                break;
        case OCI_STEP_BRIDGE:
                hcs_json_set_string(line, "rpc", s->rpc);
                hcs_json_set_u64(line, "id", s->id);
                hcs_json_set_string(line, "body_text", s->text);
                break;
        }
        return line;
}

/* Hosted containers are made by the guest. */
static bool is_for_guest(const char *document) {
        return hcs_str_starts(document, "{\"SchemaVersion\":") || hcs_str_starts(document, "{\"Spec\":");
}

static const char *call_of(const struct hcsdoc_kind *kind, const char *document) {
        return is_for_guest(document) ? "Create" : kind->sends;
}

void hcsdoc_steps(const struct hcsdoc_kind *kind, const struct hcs_json *description, const struct oci_made *made,
                  struct hcs_buf *out) {
        bool is_last = false;
        struct hcs_json *line;

        if (kind->prepare)
                kind->prepare(description, out);
        for (size_t i = 0; i < made->steps.n; i++) {
                is_last = made->document && hcs_streq(made->steps.items[i].text, made->document);
                hcsdoc_put_line(step_line(&made->steps.items[i]), out);
        }
        if (!made->document || is_last)
                return;
        line = hcs_json_new_object();
        hcs_json_set_string(line, is_for_guest(made->document) ? "rpc" : "proc", call_of(kind, made->document));
        hcs_json_set_string(line, "configuration", made->document);
        hcsdoc_put_line(line, out);
}
