/* SPDX-License-Identifier: MIT */

/* The values inside a line: which kind a member is, and the text that it stands for. Pure functions. */

#include <string.h>

#include "mockhcs/engine/handle.h"
#include "mockhcs/trace/line.h"
#include "mockhcs/trace/names.h"

void mock_line_values_init(struct mock_line_values *it, struct mock_slice object, struct mock_slice exact) {
        *it = (struct mock_line_values){.exact = exact};
        if (!object.p)
                object = (struct mock_slice){"{}", 2};
        mock_scan_init(&it->scan, object.p, object.n);
        mock_scan_enter(&it->scan, '{');
}

static struct mock_slice find_exact(struct mock_slice exact, struct mock_slice name) {
        struct mock_scan s;
        struct mock_slice key;
        struct mock_slice value;

        if (!exact.p)
                return (struct mock_slice){0};
        mock_scan_init(&s, exact.p, exact.n);
        mock_scan_enter(&s, '{');
        while (mock_scan_member(&s, &key) > 0 && mock_scan_value(&s, &value))
                if (key.n == name.n && memcmp(key.p, name.p, key.n) == 0)
                        return mock_slice_string(value);
        return (struct mock_slice){0};
}

/* "namespace" is a text to computecore and a handle to computenetwork: "namespace/1", or "invalid". */
static bool is_symbol_of(struct mock_slice name, struct mock_slice text) {
        if (!mock_slice_is(name, mock_handle_kind_name(MOCK_NAMESPACE)))
                return false;
        return mock_slice_is(text, "invalid") ||
               (text.n > name.n + 1 && memcmp(text.p, name.p, name.n) == 0 && text.p[name.n] == '/');
}

bool mock_line_values_next(struct mock_line_values *it, struct mock_line_value *ret) {
        enum mock_value_kind usual;

        *ret = (struct mock_line_value){0};
        if (mock_scan_member(&it->scan, &ret->name) <= 0 || !mock_scan_value(&it->scan, &ret->raw))
                return false;
        ret->exact = find_exact(it->exact, ret->name);
        usual = mock_name_kind(ret->name);
        if (ret->exact.p) {
                ret->kind = usual == MOCK_TEXT ? MOCK_TEXT : MOCK_DOCUMENT;
        } else if (ret->raw.p[0] == '"') {
                /* A document given as a string: its text. */
                ret->kind = usual == MOCK_HANDLE || usual == MOCK_DOCUMENT ? usual : MOCK_TEXT;
                ret->exact = mock_slice_string(ret->raw);
                if (ret->kind == MOCK_TEXT && is_symbol_of(ret->name, ret->exact))
                        ret->kind = MOCK_HANDLE;
        } else if (usual != MOCK_DOCUMENT && usual != MOCK_ABSENT && ret->raw.p[0] == 'n') {
                ret->kind = MOCK_ABSENT;
        } else if (usual != MOCK_DOCUMENT && mock_slice_u64(ret->raw, &ret->number)) {
                ret->kind = MOCK_NUMBER;
        } else {
                ret->kind = MOCK_DOCUMENT;
        }
        return true;
}

bool mock_line_value_find(struct mock_slice object, struct mock_slice exact, const char *name,
                          struct mock_line_value *ret) {
        struct mock_line_values it;

        mock_line_values_init(&it, object, exact);
        while (mock_line_values_next(&it, ret))
                if (mock_slice_is(ret->name, name))
                        return true;
        *ret = (struct mock_line_value){0};
        return false;
}

static struct mock_slice plain(struct mock_slice raw, struct hcs_buf *scratch) {
        if (!memchr(raw.p, '\\', raw.n))
                return raw;
        hcs_buf_clear(scratch);
        mock_scan_unescape(raw, scratch);
        return (struct mock_slice){hcs_buf_cstr(scratch), scratch->len};
}

struct mock_slice mock_line_value_text(const struct mock_line_value *v, struct hcs_buf *scratch) {
        return v->exact.p ? plain(v->exact, scratch) : v->raw;
}

struct mock_slice mock_line_document(struct mock_slice raw, struct mock_slice exact, const char *name,
                                     struct hcs_buf *scratch) {
        struct mock_slice text = find_exact(exact, (struct mock_slice){name, strlen(name)});

        if (text.p)
                return plain(text, scratch);
        text = mock_slice_string(raw);
        return text.p ? plain(text, scratch) : raw;
}
