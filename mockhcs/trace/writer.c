/* SPDX-License-Identifier: MIT */

/*
 * The writer. Lines are handed to the kernel in one piece, so a killed process has lost nothing that was written. A
 * line that only went out in part is taken back, so that the next one is not glued to it. A line is made under the
 * lock: that takes less time than a second lock for room to make it in.
 */

#include "mockhcs/trace/writer.h"

#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "platform/append_file.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define KEPT ((size_t)64 << 10) /* room for lines that is kept for the next ones */

struct mock_trace_writer {
        struct hcs_mutex lock;
        struct hcs_buf lines; /* that are being made */
        struct hcs_append_file *file;
        char *name;
        bool said;
        uint64_t lost;
};

struct mock_trace_writer *mock_trace_writer_free(struct mock_trace_writer *w) {
        if (!w)
                return NULL;
        hcs_append_file_close(w->file);
        hcs_buf_deinit(&w->lines);
        hcs_mutex_deinit(&w->lock);
        free(w->name);
        free(w);
        return NULL;
}

/* Writes the lines out; under the lock. */
static void put(struct mock_trace_writer *w, size_t n_records) {
        int why = hcs_append_file_write(w->file, w->lines.data, w->lines.len);

        if (why) {
                w->lost += n_records;
                if (!w->said)
                        hcs_log(HCS_LOG_ERROR, "cannot write the trace; the run goes on without", "file", w->name,
                                "error", strerror(why), NULL);
                w->said = true;
        }
        if (w->lines.cap > KEPT)
                hcs_buf_deinit(&w->lines);
        w->lines.len = 0;
}

static void print_header(const struct mock_trace_header *h, struct hcs_buf *out) {
        _cleanup_json_ struct hcs_json *j = hcs_json_new_object();
        struct hcs_json *faults;
        char now[40];

        hcs_json_set_string(j, "trace", "hcs");
        hcs_json_set_u64(j, "version", 1);
        hcs_json_set_string(j, "recorder", h->recorder ? h->recorder : "mockhcs");
        if (h->os || h->build) {
                struct hcs_json *host = hcs_json_set_new_object(j, "host");

                if (h->os)
                        hcs_json_set_string(host, "os", h->os);
                if (h->build)
                        hcs_json_set_u64(host, "build", h->build);
        }
        if (!h->started || *h->started)
                hcs_json_set_string(j, "started",
                                    h->started ? h->started : hcs_wall_clock_format(hcs_wall_clock_ns(), now));
        hcs_json_set_bool(j, "redacted", h->redacted);
        if (h->faults && SUCCEEDED(hcs_json_parse_cstr(h->faults, &faults, NULL)))
                hcs_json_set(j, "faults", faults);
        hcs_json_print(j, HCS_JSON_COMPACT, out);
        hcs_buf_putc(out, '\n');
}

HRESULT mock_trace_writer_open(const char *path, const struct mock_trace_header *header, struct mock_trace_writer **ret,
                               struct hcs_error **err) {
        struct hcs_append_file *file = NULL;
        _cleanup_free_ char *name = NULL;
        struct mock_trace_writer *w;
        HRESULT hr = hcs_append_file_open(path, &file, &name, err);

        if (FAILED(hr))
                return hr;
        if (!hcs_streq(name, path))
                hcs_log(HCS_LOG_WARN, "another process records to this file; this one writes beside it", "file", path,
                        "instead", name, NULL);
        w = hcs_calloc(1, sizeof(*w));
        hcs_mutex_init(&w->lock);
        w->name = steal_pointer(&name);
        w->file = file;
        print_header(header, &w->lines);
        put(w, 1);
        *ret = w;
        return S_OK;
}

void mock_trace_write(struct mock_trace_writer *w, const struct mock_record *r) {
        mock_trace_write_all(w, &r, 1);
}

void mock_trace_write_all(struct mock_trace_writer *w, const struct mock_record *const *records, size_t n) {
        hcs_mutex_lock(&w->lock);
        hcs_buf_reserve(&w->lines, 1000);
        for (size_t i = 0; i < n; i++)
                mock_record_print(records[i], &w->lines);
        put(w, n);
        hcs_mutex_unlock(&w->lock);
}

uint64_t mock_trace_writer_lost(const struct mock_trace_writer *w) {
        return w->lost;
}
