/* SPDX-License-Identifier: MIT */

/* The traces side by side, the record that comes first goes first. See merge.h. */

#include "mockhcs/workbench/merge.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "mockhcs/trace/reader.h"
#include "mockhcs/workbench/output.h"
#include "mockhcs/workbench/renumber.h"

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

/* The number that the next n digits make; false when they are none. */
static bool take_digits(const char **p, size_t n, unsigned *ret) {
        *ret = 0;
        for (size_t i = 0; i < n; i++, ++*p) {
                if (**p < '0' || **p > '9')
                        return false;
                *ret = *ret * 10 + (unsigned)(**p - '0');
        }
        return true;
}

/* That many digits, and then that letter. */
static bool take_part(const char **p, size_t n, char behind, unsigned *ret) {
        return take_digits(p, n, ret) && *(*p)++ == behind;
}

/* Nanoseconds since 1970 of an RFC 3339 time in UTC or with an offset; false when it is none. */
static bool parse_time(const char *text, uint64_t *ret) {
        unsigned year, month, day, hour, minute, second;
        uint64_t ns = 0, scale = 100000000;
        const char *p = text ? text : "";

        if (!take_part(&p, 4, '-', &year) || !take_part(&p, 2, '-', &month) || !take_part(&p, 2, 'T', &day) ||
            !take_part(&p, 2, ':', &hour) || !take_part(&p, 2, ':', &minute) || !take_digits(&p, 2, &second) ||
            year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
                return false;
        if (*p == '.')
                for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
                        ns += (uint64_t)(*p - '0') * scale;
        *ret = (uint64_t)timegm(&(struct tm){.tm_year = (int)year - 1900,
                                             .tm_mon = (int)month - 1,
                                             .tm_mday = (int)day,
                                             .tm_hour = (int)hour,
                                             .tm_min = (int)minute,
                                             .tm_sec = (int)second});
        if (*p == '+' || *p == '-') {
                bool east = *p++ == '+';

                if (!take_part(&p, 2, ':', &hour) || !take_digits(&p, 2, &minute))
                        return false;
                *ret = east ? *ret - (hour * 60 + minute) * 60 : *ret + (hour * 60 + minute) * 60;
        }
        *ret = *ret * 1000000000 + ns;
        return true;
}

static const char *started(const struct source *s) {
        return hcs_json_get_string(mock_trace_reader_header(s->reader), "started");
}

/* Each begins as long after the earliest as their headers say. */
static const struct source *place_in_time(struct source *sources, size_t n) {
        const struct source *earliest = NULL;
        uint64_t first = UINT64_MAX, t;

        for (size_t i = 0; i < n; i++)
                if (parse_time(started(&sources[i]), &t) && t < first) {
                        first = t;
                        earliest = &sources[i];
                }
        for (size_t i = 0; i < n; i++)
                sources[i].offset = parse_time(started(&sources[i]), &t) ? t - first : 0;
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
