/* SPDX-License-Identifier: MIT */

/* One named argument or output of a call; owned by the call or record that holds it, used by one thread at a time. */

#include "mockhcs/engine/value.h"

#include <string.h>

static void set_string(struct mock_value *v, const char *name, enum mock_value_kind kind, char *text) {
        mock_value_deinit(v);
        v->name = name;
        v->kind = kind;
        v->text = text ? text : hcs_strdup("");
        v->len = strlen(v->text);
}

void mock_value_set_document(struct mock_value *v, const char *name, char *text) {
        set_string(v, name, MOCK_DOCUMENT, text);
}

void mock_value_set_text(struct mock_value *v, const char *name, char *text) {
        set_string(v, name, MOCK_TEXT, text);
}

void mock_value_set_handle(struct mock_value *v, const char *name, const char *symbol) {
        set_string(v, name, MOCK_HANDLE, hcs_strdup(symbol));
}

void mock_value_set_number(struct mock_value *v, const char *name, uint64_t number) {
        mock_value_deinit(v);
        v->name = name;
        v->kind = MOCK_NUMBER;
        v->number = number;
}

void mock_value_copy(struct mock_value *to, const struct mock_value *from) {
        mock_value_deinit(to);
        to->name = from->name;
        to->kind = from->kind;
        to->number = from->number;
        to->len = from->len;
        if (from->text)
                to->text = hcs_strndup(from->text, from->len);
}

void mock_value_deinit(struct mock_value *v) {
        free(v->text);
        hcs_json_free(v->tree);
        *v = (struct mock_value){.name = v->name};
}

bool mock_value_is_empty(const struct mock_value *v) {
        return !v || v->kind == MOCK_ABSENT || (v->kind != MOCK_NUMBER && v->len == 0);
}

struct hcs_json *mock_value_tree(struct mock_value *v, struct hcs_error **err) {
        if (!v || v->kind != MOCK_DOCUMENT || v->len == 0)
                return NULL;
        /* A failed parse is only repeated for a caller who wants to hear why. */
        if (!v->tree && (!v->unparsable || err))
                v->unparsable = FAILED(hcs_json_parse(v->text, v->len, NULL, &v->tree, err));
        return v->tree;
}
