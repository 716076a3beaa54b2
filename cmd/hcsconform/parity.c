/* SPDX-License-Identifier: MIT */

/*
 * Results of a run as a document, and two of them side by side:
 *   {"conform":1,"target":"emulator","cases":[{"group","name","outcome","message","notes","how","source"}]}
 * The notes of a case that passed say which of the answers that are known the host gave. In the table a case whose
 * expectation was assumed and that passed on a host is observed from then on.
 */

#include <string.h>

#include "base/str.h"
#include "cmd/hcsconform/conform.h"
#include "platform/file.h"

#define VERSION 1
#define LARGEST ((size_t)64 << 20)

const char *how_name(enum conform_how how) {
        static const char *const names[] = {"assumed", "documented", "observed"};

        return names[how];
}

struct hcs_json *results_document(const struct conform_options *o, struct hcs_json *cases) {
        _cleanup_free_ char *target = target_name();
        struct hcs_json *doc = hcs_json_new_object();

        hcs_json_set_u64(doc, "conform", VERSION);
        hcs_json_set_string(doc, "target", target);
        hcs_json_set(doc, "cases", cases);
        return doc;
}

HRESULT results_read(const char *path, struct hcs_json **ret, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf text = {0};
        _cleanup_json_ struct hcs_json *doc = NULL;
        uint64_t version = 0;
        HRESULT hr = hcs_file_read(path, LARGEST, &text, err);

        if (SUCCEEDED(hr))
                hr = hcs_json_parse(hcs_buf_cstr(&text), text.len, NULL, &doc, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "results `%s`", path);
                return hr;
        }
        if (!hcs_json_u64(hcs_json_get(doc, "conform"), &version) || version != VERSION ||
            !hcs_json_is(hcs_json_get(doc, "cases"), HCS_JSON_ARRAY))
                return hcs_error_make(err, HCS_E_INVALID_JSON, "`%s` does not hold results of version %d", path,
                                      VERSION);
        *ret = steal_pointer(&doc);
        return S_OK;
}

static bool is_real(const struct hcs_json *results) {
        return hcs_streq(hcs_json_get_string(results, "target"), "real");
}

static const struct hcs_json *find(const struct hcs_json *results, const struct hcs_json *like) {
        for (const struct hcs_json *c = hcs_json_first(hcs_json_get(results, "cases")); c; c = hcs_json_next(c))
                if (hcs_streq(hcs_json_get_string(c, "name"), hcs_json_get_string(like, "name")) &&
                    hcs_streq(hcs_json_get_string(c, "group"), hcs_json_get_string(like, "group")))
                        return c;
        return NULL;
}

/* In a cell of a table. */
static void put_text(struct hcs_buf *out, const char *text) {
        for (const char *p = text ? text : ""; *p; p++) {
                if (*p == '|' || *p == '\\' || *p == '<')
                        hcs_buf_putc(out, '\\');
                if (*p != '\n')
                        hcs_buf_putc(out, *p);
                else if (p[1])
                        hcs_buf_puts(out, "; ");
        }
}

static void put_outcome(struct hcs_buf *out, const struct hcs_json *c) {
        const char *outcome = hcs_json_get_string(c, "outcome"), *message = hcs_json_get_string(c, "message"),
                   *notes = hcs_json_get_string(c, "notes");

        if (hcs_streq(outcome, "passed")) /* which of the answers that are known */
                message = notes;
        hcs_buf_puts(out, " ");
        hcs_buf_puts(out, outcome ? outcome : "not run");
        if (message && !hcs_streq(outcome, "failed")) {
                hcs_buf_puts(out, ": ");
                put_text(out, message);
        }
        hcs_buf_puts(out, " |");
}

static void put_source(struct hcs_buf *out, const struct hcs_json *c, const struct hcs_json *real) {
        const char *how = hcs_json_get_string(c, "how"), *source = hcs_json_get_string(c, "source");
        bool seen = hcs_streq(hcs_json_get_string(real, "outcome"), "passed");

        hcs_buf_puts(out, " ");
        hcs_buf_puts(out, seen ? "observed" : how ? how : "");
        if (source && *source) {
                hcs_buf_puts(out, ": ");
                put_text(out, source);
        }
        if (seen && !hcs_streq(how, "observed"))
                hcs_buf_printf(out, " (was %s)", how ? how : "unknown");
        hcs_buf_puts(out, " |\n");
}

static unsigned count(const struct hcs_json *results, const char *outcome) {
        unsigned n = 0;

        for (const struct hcs_json *c = hcs_json_first(hcs_json_get(results, "cases")); c; c = hcs_json_next(c))
                n += hcs_streq(hcs_json_get_string(c, "outcome"), outcome);
        return n;
}

static void put_counts(struct hcs_buf *out, const char *name, const struct hcs_json *results) {
        if (!results) {
                hcs_buf_printf(out, "- %s: not run\n", name);
                return;
        }
        hcs_buf_printf(out, "- %s: %u passed, %u failed, %u differ as known, %u skipped\n", name,
                       count(results, "passed"), count(results, "failed") + count(results, "error"),
                       count(results, "differs"), count(results, "skipped"));
}

static void put_row(struct hcs_buf *out, const struct hcs_json *c, const struct hcs_json *real,
                    const struct hcs_json *emulator) {
        const struct hcs_json *on_real = find(real, c);

        hcs_buf_puts(out, "| ");
        put_text(out, hcs_json_get_string(c, "group"));
        hcs_buf_puts(out, ": ");
        put_text(out, hcs_json_get_string(c, "name"));
        hcs_buf_puts(out, " |");
        put_outcome(out, on_real);
        put_outcome(out, find(emulator, c));
        put_source(out, c, on_real);
}

char *parity_table(const struct hcs_json *results, const struct hcs_json *other) {
        const struct hcs_json *real = is_real(results) ? results
                                      : is_real(other) ? other
                                                       : NULL,
                              *emulator = !is_real(results)          ? results
                                          : other && !is_real(other) ? other
                                                                     : NULL;
        struct hcs_buf out = {0};

        hcs_buf_puts(&out, "# Parity\n\n");
        put_counts(&out, "real", real);
        put_counts(&out, "emulator", emulator);
        hcs_buf_puts(&out, "\n| case | real | emulator | source |\n|---|---|---|---|\n");
        for (const struct hcs_json *c = hcs_json_first(hcs_json_get(results, "cases")); c; c = hcs_json_next(c))
                put_row(&out, c, real, emulator);
        /* What the other run had and this one has not. */
        for (const struct hcs_json *c = hcs_json_first(hcs_json_get(other, "cases")); c; c = hcs_json_next(c))
                if (!find(results, c))
                        put_row(&out, c, real, emulator);
        return hcs_buf_steal(&out);
}
