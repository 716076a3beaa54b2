/* SPDX-License-Identifier: MIT */

#include "oci/steps.h"

#include <string.h>

#include "base/json.h"

#define NO_GUID "00000000-0000-0000-0000-000000000000"

void oci_steps_deinit(struct oci_steps *s) {
        for (size_t i = 0; i < s->n; i++)
                free(s->items[i].text);
        free(s->items);
        *s = (struct oci_steps){0};
}

static struct oci_step *append(struct oci_steps *s, enum oci_step_kind kind, char *text) {
        s->items = hcs_realloc(s->items, (s->n + 1) * sizeof(*s->items));
        s->items[s->n] = (struct oci_step){.kind = kind, .text = text};
        return &s->items[s->n++];
}

static void append_message(struct oci_steps *s, const char *rpc, char *body) {
        struct oci_step *step = append(s, OCI_STEP_BRIDGE, body);

        step->rpc = rpc;
        step->id = ++s->last_id;
}

static HRESULT note_grant(void *ctx, const char *path, struct hcs_error **err) {
        append(ctx, OCI_STEP_GRANT, hcs_strdup(path));
        return S_OK;
}

static HRESULT note_modify(void *ctx, const char *document, struct hcs_error **err) {
        append(ctx, OCI_STEP_MODIFY, hcs_strdup(document));
        return S_OK;
}

/* Requests to the VM itself name no container. */
static HRESULT note_request(void *ctx, const char *request, struct hcs_error **err) {
        append_message(ctx, "ModifySettings",
                       hcs_asprintf("{\"ContainerId\":\"" NO_GUID "\",\"ActivityId\":\"" NO_GUID "\",\"Request\":%s}\n",
                                    request));
        return S_OK;
}

struct uvm_sink oci_steps_sink(struct oci_steps *s) {
        return (struct uvm_sink){s, note_grant, note_modify, note_request};
}

const char *oci_steps_create(struct oci_steps *s, const char *container_id, const char *config) {
        _cleanup_buf_ struct hcs_buf b = {0};

        hcs_buf_puts(&b, "{\"ContainerId\":");
        hcs_json_print_string(container_id, strlen(container_id), HCS_JSON_GO_NO_HTML, &b);
        hcs_buf_puts(&b, ",\"ActivityId\":\"" NO_GUID "\",\"ContainerConfig\":");
        hcs_json_print_string(config, strlen(config), HCS_JSON_GO_NO_HTML, &b);
        hcs_buf_puts(&b, "}\n");
        append_message(s, "Create", hcs_buf_steal(&b));
        return s->items[s->n - 1].text;
}
