/* SPDX-License-Identifier: MIT */

/* The traces side by side, the record that comes first goes first. See merge.h. */

#include "mockhcs/workbench/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/trace/reader.h"
#include "mockhcs/workbench/output.h"
#include "mockhcs/workbench/renumber.h"
#include "platform/clock.h"

struct source {
        struct mock_trace_reader *reader;
        struct renumbering renumbering;
        uint64_t offset; /* of its time in that of the whole */
        struct mock_record next;
        bool has_next;
};

static void source_deinit(struct source *s) {
        mock_trace_reader_free(s->reader);
        renumbering_deinit(&s->renumbering);
        if (s->has_next)
                mock_record_deinit(&s->next);
}

static HRESULT advance(struct source *s, struct hcs_error **err) {
        HRESULT hr = mock_trace_reader_next(s->reader, &s->next, err);

        s->has_next = hr == S_OK;
        return hr;
}

/* When it was started; false when nobody knows. */
static bool started(const struct source *s, uint64_t *ret) {
        const char *text = hcs_json_get_string(mock_trace_reader_header(s->reader), "started");
        bool zoned;

        return text && hcs_wall_clock_parse(text, ret, &zoned);
}

/* Each begins as long after the earliest as their headers say. */
static const struct source *place_in_time(struct source *sources, size_t n) {
        const struct source *earliest = NULL;
        uint64_t first = UINT64_MAX, t;

        for (size_t i = 0; i < n; i++)
                if (started(&sources[i], &t) && t < first) {
                        first = t;
                        earliest = &sources[i];
                }
        for (size_t i = 0; i < n; i++)
                sources[i].offset = started(&sources[i], &t) ? t - first : 0;
        return earliest ? earliest : &sources[0];
}

/* The header of the earliest; what differs from it in the others is not said. */
static void put_header(struct trace_output *out, const struct source *sources, size_t n,
                       const struct source *earliest) {
        _cleanup_json_ struct hcs_json *h = hcs_json_copy(mock_trace_reader_header(earliest->reader));
        bool redacted = true;

        for (size_t i = 0; i < n; i++)
                redacted &= hcs_json_bool(hcs_json_get(mock_trace_reader_header(sources[i].reader), "redacted"));
        hcs_json_set_bool(h, "redacted", redacted);
        trace_output_json(out, h);
}

static HRESULT merge(struct source *sources, size_t n, struct trace_output *out, uint64_t *ret_records,
                     struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf line = {0};

        for (;;) {
                struct source *first = NULL;
                HRESULT hr;

                for (size_t i = 0; i < n; i++)
                        if (sources[i].has_next &&
                            (!first || sources[i].next.t + sources[i].offset < first->next.t + first->offset))
                                first = &sources[i];
                if (!first)
                        return S_OK;
                first->next.t += first->offset;
                renumbering_apply(&first->renumbering, &first->next);
                hcs_buf_clear(&line);
                mock_record_print(&first->next, &line);
                trace_output_line(out, line.data, line.len - 1);
                ++*ret_records;
                mock_record_deinit(&first->next);
                first->has_next = false;
                hr = advance(first, err);
                if (FAILED(hr))
                        return hr;
        }
}

HRESULT trace_merge(const char *const *paths, size_t n, const char *output, uint64_t *ret_records,
                    struct hcs_error **err) {
        _cleanup_(trace_output_freep) struct trace_output *out = NULL;
        struct source *sources = hcs_calloc(n, sizeof(*sources));
        struct numbers numbers = {0};
        uint64_t records = 0;
        HRESULT hr = S_OK;

        for (size_t i = 0; i < n && SUCCEEDED(hr); i++) {
                sources[i].renumbering.numbers = &numbers;
                hr = mock_trace_reader_open(paths[i], &sources[i].reader, err);
                if (SUCCEEDED(hr))
                        hr = advance(&sources[i], err);
        }
        if (SUCCEEDED(hr))
                hr = trace_output_open(output, &out, err);
        if (SUCCEEDED(hr)) {
                put_header(out, sources, n, place_in_time(sources, n));
                hr = merge(sources, n, out, &records, err);
        }
        for (size_t i = 0; i < n; i++)
                source_deinit(&sources[i]);
        free(sources);
        if (SUCCEEDED(hr))
                hr = trace_output_finish(steal_pointer(&out), err);
        if (SUCCEEDED(hr))
                *ret_records = records;
        return hr;
}
