/* SPDX-License-Identifier: MIT */

/* Refusals, with result documents shaped as those of real hosts. */

#include <stdio.h>
#include <string.h>

#include "mockhcs/emulate/emulate.h"

/* The provider that real documents name for failures of the compute service. */
#define PROVIDER "17103e3f-3c6e-4677-bb17-3b267eb5be57"

static char *document(struct mock_call *call, HRESULT hr, const char *message, const char *detail) {
        _cleanup_json_ struct hcs_json *root = hcs_json_new_object();
        HRESULT spelled = mock_call_spell(call, hr);
        const struct hcs_hresult_info *info = hcs_hresult_lookup(spelled);
        _cleanup_free_ char *text = hcs_asprintf("%s.", info ? info->description : "Unspecified error");
        struct hcs_json *event, *data;
        char code[16];

        snprintf(code, sizeof(code), "0x%08X", (unsigned)spelled);
        /* Signed: clients fail to parse the document otherwise. */
        hcs_json_set_i64(root, "Error", (int32_t)spelled);
        hcs_json_set_string(root, "ErrorMessage", text);
        event = hcs_json_append(hcs_json_set_new_array(root, "ErrorEvents"), hcs_json_new_object());
        hcs_json_set_string(event, "Message", message);
        hcs_json_set_string(event, "Provider", PROVIDER);
        hcs_json_set_u64(event, "EventId", 11000);
        data = hcs_json_set_new_array(event, "Data");
        for (int i = 0; i < 2; i++) {
                struct hcs_json *value = hcs_json_append(data, hcs_json_new_object());

                hcs_json_set_string(value, "Type", "String");
                hcs_json_set_string(value, "Value", i == 0 ? code : detail);
        }
        return hcs_json_text(root, HCS_JSON_GO);
}

void refuse(struct mock_call *call, HRESULT hr, const char *fmt, ...) {
        _cleanup_free_ char *what = NULL;
        va_list ap;

        va_start(ap, fmt);
        what = hcs_vasprintf(fmt, ap);
        va_end(ap);
        mock_call_fail(call, hr, document(call, hr, what, what));
}

void refuse_path(struct mock_call *call, const char *path, const char *what) {
        const char *dot = *path && *path != '[' ? "." : "";
        _cleanup_free_ char *detail = hcs_asprintf("Invalid JSON document '$%s%s'", dot, path);
        _cleanup_free_ char *message = hcs_asprintf("The specified document is invalid: %s (%s).", what, detail);

        mock_call_fail(call, HCS_E_INVALID_JSON, document(call, HCS_E_INVALID_JSON, message, detail));
}

struct hcs_json *document_of(struct mock_call *call, const char *name, bool may_be_empty) {
        struct mock_value *v = mock_call_arg(call, name);
        struct hcs_error *err = NULL;
        struct hcs_json *tree;

        if (mock_value_is_empty(v) && v && may_be_empty)
                mock_value_set_document(v, name, hcs_strdup("{}"));
        if (mock_value_is_empty(v)) {
                refuse_path(call, "", "the document is empty");
                return NULL;
        }
        tree = mock_value_tree(v, &err);
        if (!tree)
                refuse_path(call, hcs_error_path(err) ? hcs_error_path(err) : "", hcs_error_message(err));
        else if (!hcs_json_is(tree, HCS_JSON_OBJECT) && !hcs_json_is(tree, HCS_JSON_NULL))
                refuse_path(call, "", "an object is expected");
        hcs_error_free(err);
        return call->completed ? NULL : tree;
}
