/* SPDX-License-Identifier: MIT */

/*
 * What an annotation does is found by leaving it out: the document is made once with all of them and once without each,
 * and where the two differ is what it does.
 */

#include <string.h>

#include "base/str.h"
#include "cmd/hcsdoc/hcsdoc.h"
#include "mockhcs/trace/diff.h"

struct told {
        struct hcs_buf *out;
        unsigned n;
};

static void put_value(struct hcs_buf *out, const struct hcs_json *value) {
        if (value)
                hcs_json_print(value, HCS_JSON_COMPACT, out);
        else
                hcs_buf_puts(out, "nothing");
}

/* Containers of Linux carry their annotations: that one is missing there is no news. */
static bool is_the_annotation(const char *path) {
        return strstr(path, "annotations") != NULL;
}

static void tell(void *ctx, const char *path, const struct hcs_json *without, const struct hcs_json *with) {
        struct told *t = ctx;

        if (is_the_annotation(path))
                return;
        t->n++;
        hcs_buf_printf(t->out, "  %s: ", path);
        put_value(t->out, with);
        hcs_buf_puts(t->out, " (without: ");
        put_value(t->out, without);
        hcs_buf_puts(t->out, ")\n");
}

static void compare(const char *without, const char *with, struct hcs_buf *out) {
        struct told t = {out, 0};
        struct mock_diff_options options = {.found = tell, .ctx = &t};

        mock_diff_text(without, with, &options, NULL);
        if (!t.n)
                hcs_buf_puts(out, "  changes nothing here\n");
}

static struct hcs_json *annotations_of(const struct hcs_json *description) {
        return hcs_json_get_nocase(hcs_json_get(description, "spec"), "annotations");
}

static void explain_one(const struct hcsdoc_kind *kind, const struct hcs_json *description, const char *key,
                        const struct oci_made *all, struct hcs_buf *out) {
        _cleanup_json_ struct hcs_json *less = hcs_json_copy(description);
        const struct oci_annotation *known = oci_annotation_find(key);
        _cleanup_oci_made_ struct oci_made made = {0};
        struct hcs_error *err = NULL;
        const char *value = hcs_json_get_string(annotations_of(description), key);

        hcs_buf_printf(out, "%s = %s\n", key, value ? value : "");
        if (known)
                hcs_buf_printf(out, "  (%s)\n", known->meaning);
        hcs_json_remove(annotations_of(less), key);
        if (FAILED(kind->make(less, &made, &err)))
                hcs_buf_printf(out, "  without it: %s\n", hcs_error_message(err));
        else
                compare(made.document, all->document, out);
        hcs_error_free(err);
}

HRESULT hcsdoc_explain(const struct hcsdoc_kind *kind, const struct hcs_json *description, struct hcs_buf *out,
                       struct hcs_error **err) {
        _cleanup_oci_made_ struct oci_made all = {0};
        HRESULT hr = kind->make(description, &all, err);

        if (FAILED(hr))
                return hr;
        if (!hcs_json_count(annotations_of(description)))
                hcs_buf_puts(out, "no annotations\n");
        for (const struct hcs_json *a = hcs_json_first(annotations_of(description)); a; a = hcs_json_next(a))
                explain_one(kind, description, hcs_json_key(a), &all, out);
        return S_OK;
}
