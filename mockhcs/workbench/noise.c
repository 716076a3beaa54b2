/* SPDX-License-Identifier: MIT */

/* Pairs that do not say the same are compared, and each place that differs becomes a mark. */

#include "mockhcs/workbench/noise.h"

#include "mockhcs/workbench/align.h"
#include "mockhcs/workbench/compare.h"
#include "mockhcs/workbench/output.h"

static void found(void *ctx, const char *call, const char *part, const char *path, const struct hcs_json *a,
                  const struct hcs_json *b) {
        mock_noise_add(ctx, call, part, path);
}

static HRESULT find(struct catalog *a, struct catalog *b, const struct alignment *al, struct mock_noise *noise,
                    uint64_t *unmarked, struct hcs_error **err) {
        struct comparison c = {.a = a, .b = b, .noise = noise, .found = found, .ctx = noise};
        HRESULT hr = S_OK;

        for (uint32_t i = 0; i < a->n && SUCCEEDED(hr); i++) {
                uint32_t j = al->of_a[i];
                unsigned n;

                if (a->items[i].lane == CATALOG_NONE)
                        continue;
                if (j == CATALOG_NONE)
                        ++*unmarked;
                else if (a->items[i].shape != b->items[j].shape || a->items[i].outcome != b->items[j].outcome)
                        hr = comparison_of(&c, i, j, &n, NULL, err);
        }
        for (uint32_t j = 0; j < b->n; j++)
                *unmarked += b->items[j].lane != CATALOG_NONE && al->of_b[j] == CATALOG_NONE;
        comparison_deinit(&c);
        return hr;
}

HRESULT trace_noise_find(const char *path, const char *other, struct mock_noise *noise, uint64_t *ret_unmarked,
                         struct hcs_error **err) {
        _cleanup_(catalog_freep) struct catalog *a = NULL, *b = NULL;
        struct alignment al;
        uint64_t unmarked = 0;
        HRESULT hr = catalog_open(path, NULL, &a, err);

        if (SUCCEEDED(hr))
                hr = catalog_open(other, NULL, &b, err);
        if (FAILED(hr))
                return hr;
        alignment_make(a, b, &al);
        hr = find(a, b, &al, noise, &unmarked, err);
        alignment_deinit(&al);
        *ret_unmarked += unmarked;
        return hr;
}

HRESULT trace_noise_write(const char *path, const struct mock_noise *noise, const char *output,
                          struct hcs_error **err) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        _cleanup_(trace_output_freep) struct trace_output *out = NULL;
        _cleanup_json_ struct hcs_json *header = NULL;
        HRESULT hr = mock_trace_reader_open(path, &reader, err);

        if (SUCCEEDED(hr))
                hr = trace_output_open(output, &out, err);
        if (FAILED(hr))
                return hr;
        header = hcs_json_copy(mock_trace_reader_header(reader));
        hcs_json_set(header, "noise", mock_noise_json(noise));
        trace_output_json(out, header);
        for (;;) {
                struct mock_trace_line line;

                hr = mock_trace_reader_next_line(reader, &line, err);
                if (hr != S_OK)
                        break;
                trace_output_line(out, line.text.p, line.text.n);
        }
        reader = mock_trace_reader_free(reader);
        return FAILED(hr) ? hr : trace_output_finish(steal_pointer(&out), err);
}
