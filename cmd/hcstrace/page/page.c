/* SPDX-License-Identifier: MIT */

/* The data of the page, line by line as they stand in the trace; one thread, constant memory for one trace. */

#include "cmd/hcstrace/page/page.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "cmd/hcstrace/page/parts.h"
#include "mockhcs/trace/lines.h"
#include "mockhcs/workbench/differences.h"
#include "platform/place.h"

#define BLOCK "<script type=\"application/json\" id=\"%s\">"

/* Codes that occur, each named once. */
struct codes {
        HRESULT items[256];
        size_t n;
};

static void note(struct codes *c, HRESULT hr) {
        for (size_t i = 0; i < c->n; i++)
                if (c->items[i] == hr)
                        return;
        if (c->n < HCS_ARRAY_SIZE(c->items))
                c->items[c->n++] = hr;
}

/* In JSON a '<' stands only in strings, where it can be spelled otherwise: so no element ends or begins in the data. */
static void put_data(FILE *out, const char *text, size_t n) {
        const char *end = text + n;

        while (text < end) {
                const char *less = memchr(text, '<', (size_t)(end - text));

                fwrite(text, 1, (size_t)((less ? less : end) - text), out);
                if (!less)
                        break;
                fputs("\\u003c", out);
                text = less + 1;
        }
}

static HRESULT put_trace(FILE *out, const char *id, const char *path, struct codes *codes, bool *ret_truncated,
                         struct hcs_error **err) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        _cleanup_free_ char *header = NULL;
        HRESULT hr = mock_trace_reader_open(path, &reader, err);

        if (FAILED(hr))
                return hr;
        header = hcs_json_text(mock_trace_reader_header(reader), HCS_JSON_COMPACT);
        fprintf(out, BLOCK, id);
        put_data(out, header, strlen(header));
        for (;;) {
                struct mock_trace_line line;

                hr = mock_trace_reader_next_line(reader, &line, err);
                if (hr != S_OK)
                        break;
                if (FAILED(line.parts.hr))
                        note(codes, line.parts.hr);
                fputc('\n', out);
                put_data(out, line.text.p, line.text.n);
        }
        fputs("</script>\n", out);
        *ret_truncated = mock_trace_reader_truncated(reader);
        return FAILED(hr) ? hr : S_OK;
}

static void put_lines(FILE *out, const char *name, const struct differences *d, enum difference_kind kind) {
        const char *comma = "";

        fprintf(out, ",\"%s\":[", name);
        for (size_t i = 0; i < d->n; i++)
                if (d->items[i].kind == kind) {
                        uint32_t item = kind == DIFFERENCE_ONLY_B ? d->items[i].b : d->items[i].a;

                        fprintf(out, "%s%llu", comma, (unsigned long long)catalog_line(item));
                        comma = ",";
                }
        fputc(']', out);
}

/* Which line is which: numbers of lines in both traces, in turn. */
static HRESULT put_pairs(FILE *out, const char *trace, const char *against, struct hcs_error **err) {
        struct differences d;
        const char *comma = "";
        HRESULT hr = differences_find(trace, against, &(struct differences_options){.limit = 1}, &d, err);

        if (FAILED(hr))
                return hr;
        fprintf(out, BLOCK "{\"same\":[", "pairs");
        for (uint32_t i = 0; i < d.a->n; i++)
                if (d.alignment.of_a[i] != CATALOG_NONE) {
                        fprintf(out, "%s%llu,%llu", comma, (unsigned long long)catalog_line(i),
                                (unsigned long long)catalog_line(d.alignment.of_a[i]));
                        comma = ",";
                }
        fputc(']', out);
        put_lines(out, "changed", &d, DIFFERENCE_CHANGED);
        put_lines(out, "onlyA", &d, DIFFERENCE_ONLY_A);
        put_lines(out, "onlyB", &d, DIFFERENCE_ONLY_B);
        put_lines(out, "moved", &d, DIFFERENCE_MOVED);
        fputs("}</script>\n", out);
        differences_deinit(&d);
        return S_OK;
}

static void put_about(FILE *out, const char *trace, const char *against, bool truncated, const struct codes *codes) {
        _cleanup_json_ struct hcs_json *o = hcs_json_new_object();
        struct hcs_json *names = hcs_json_set_new_object(o, "codes");
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < codes->n; i++) {
                char hex[12];

                snprintf(hex, sizeof(hex), "0x%08X", (unsigned)codes->items[i]);
                if (hcs_hresult_name(codes->items[i]))
                        hcs_json_set_string(names, hex, hcs_hresult_name(codes->items[i]));
        }
        hcs_json_set_string(o, "name", hcs_path_name(trace));
        if (against)
                hcs_json_set_string(o, "other", hcs_path_name(against));
        hcs_json_set_bool(o, "truncated", truncated);
        text = hcs_json_text(o, HCS_JSON_COMPACT);
        fprintf(out, BLOCK, "about-trace");
        put_data(out, text, strlen(text));
        fputs("</script>\n", out);
}

HRESULT page_write(FILE *out, const char *trace, const char *against, struct hcs_error **err) {
        struct codes codes = {0};
        bool truncated = false, ignored;
        HRESULT hr;

        fwrite(page_before, 1, page_before_len, out);
        hr = put_trace(out, "trace", trace, &codes, &truncated, err);
        if (SUCCEEDED(hr) && against)
                hr = put_trace(out, "other", against, &codes, &ignored, err);
        if (SUCCEEDED(hr) && against)
                hr = put_pairs(out, trace, against, err);
        if (FAILED(hr))
                return hr;
        put_about(out, trace, against, truncated, &codes);
        fwrite(page_after, 1, page_after_len, out);
        return fflush(out) || ferror(out) ? hcs_error_errno(err, errno, "write the page") : S_OK;
}
