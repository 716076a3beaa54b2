/* SPDX-License-Identifier: MIT */

/* The reader: one buffer that holds the current line and what was read ahead. Owned by one thread. */

#include "mockhcs/trace/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/trace/lines.h"

#define CHUNK    (256 * 1024)
#define MAX_LINE ((size_t)64 << 20)

#ifndef O_CLOEXEC
#define O_CLOEXEC 0
#endif
#ifndef O_BINARY
#define O_BINARY 0
#endif

struct mock_trace_reader {
        char *name;
        int fd;
        char *data;
        size_t cap;
        size_t first;    /* of the next line in data */
        size_t used;     /* bytes in data */
        uint64_t offset; /* of data[first] in the file */
        uint64_t line;   /* number of the next line */
        bool eof;
        bool truncated;
        struct hcs_json *header;
};

struct mock_trace_reader *mock_trace_reader_free(struct mock_trace_reader *r) {
        if (!r)
                return NULL;
        if (r->fd > 0)
                close(r->fd);
        hcs_json_free(r->header);
        free(r->data);
        free(r->name);
        free(r);
        return NULL;
}

static HRESULT read_more(struct mock_trace_reader *r, struct hcs_error **err) {
        ssize_t n;

        if (r->first) {
                memmove(r->data, r->data + r->first, r->used - r->first);
                r->used -= r->first;
                r->first = 0;
        }
        if (r->cap - r->used < CHUNK / 2) {
                r->cap = r->cap ? 2 * r->cap : CHUNK;
                r->data = hcs_realloc(r->data, r->cap);
        }
        do
                n = read(r->fd, r->data + r->used, r->cap - r->used);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return hcs_error_errno(err, errno, "read `%s`", r->name);
        r->used += (size_t)n;
        r->eof = n == 0;
        return S_OK;
}

HRESULT mock_trace_reader_fail(struct mock_trace_reader *r, uint64_t line, HRESULT hr, size_t column, const char *what,
                               struct hcs_error **err) {
        return hcs_error_make(err, hr, "%s: line %llu, column %zu: %s", r->name, (unsigned long long)line, column,
                              what);
}

/* The bytes of the next line; S_FALSE at the end of the file. ret_whole: it has its newline. */
static HRESULT next_bytes(struct mock_trace_reader *r, struct mock_slice *ret, bool *ret_whole,
                          struct hcs_error **err) {
        size_t seen = r->first;

        for (;;) {
                char *newline = r->used > seen ? memchr(r->data + seen, '\n', r->used - seen) : NULL;
                size_t done;
                HRESULT hr;

                if (newline || r->eof) {
                        size_t len = (newline ? (size_t)(newline - r->data) : r->used) - r->first;

                        if (!newline && len == 0)
                                return S_FALSE;
                        *ret = (struct mock_slice){r->data + r->first, len};
                        *ret_whole = newline;
                        return S_OK;
                }
                if (r->used - r->first > MAX_LINE)
                        return mock_trace_reader_fail(r, r->line, HCS_WIN32(223), MAX_LINE,
                                                      "the line is longer than 64 MiB", err);
                done = r->used - r->first;
                hr = read_more(r, err);
                if (FAILED(hr))
                        return hr;
                seen = r->first + done;
        }
}

/* What a recorder had prepared and its process, which ended without closing it, did not need: nothing is lost. */
static bool is_unused(struct mock_slice text) {
        return text.n > 0 && text.p[0] == '\0' && memcmp(text.p, text.p + 1, text.n - 1) == 0;
}

HRESULT mock_trace_reader_next_line(struct mock_trace_reader *r, struct mock_trace_line *ret, struct hcs_error **err) {
        struct mock_line_error why = {0};
        struct mock_slice text;
        bool whole = false;
        HRESULT hr = next_bytes(r, &text, &whole, err);

        if (hr != S_OK)
                return hr;
        if (!whole && is_unused(text))
                return S_FALSE;
        ret->number = r->line;
        ret->offset = r->offset;
        r->first += text.n + whole;
        r->offset += text.n + whole;
        r->line++;
        hr = mock_line_parse(text.p, text.n, &ret->parts, &why);
        if (SUCCEEDED(hr)) {
                ret->text = text;
                return S_OK;
        }
        if (!whole) {
                char number[24];

                snprintf(number, sizeof(number), "%llu", (unsigned long long)ret->number);
                hcs_log(HCS_LOG_WARN, "the last line of the trace was cut off and is ignored", "file", r->name, "line",
                        number, NULL);
                r->truncated = true;
                return S_FALSE;
        }
        return mock_trace_reader_fail(r, ret->number, hr, why.column, why.text, err);
}

HRESULT mock_trace_reader_next(struct mock_trace_reader *r, struct mock_record *ret, struct hcs_error **err) {
        struct hcs_error *why = NULL;
        struct mock_trace_line line;
        struct mock_record record = {0};
        HRESULT hr = mock_trace_reader_next_line(r, &line, err);

        if (hr != S_OK)
                return hr;
        hr = mock_record_from_line(line.text.p, line.text.n, &line.parts, &record, &why);
        if (FAILED(hr)) {
                hr = mock_trace_reader_fail(r, line.number, hr, 1, hcs_error_message(why), err);
                hcs_error_free(why);
                return hr;
        }
        record.line = line.number;
        record.offset = line.offset;
        *ret = record;
        return S_OK;
}

static HRESULT read_header(struct mock_trace_reader *r, struct hcs_error **err) {
        struct mock_trace_line line;
        uint64_t version;
        const char *what;
        struct hcs_error *why = NULL;
        HRESULT hr = mock_trace_reader_next_line(r, &line, &why);

        if (hr == S_OK && line.parts.kind == MOCK_RECORD_HEADER)
                hr = hcs_json_parse(line.text.p, line.text.n, NULL, &r->header, &why);
        if (FAILED(hr) && hr != HCS_E_INVALID_JSON && hr != E_INVALIDARG)
                return hcs_error_move(err, &why);
        hcs_error_free(why);
        what = hcs_json_get_string(r->header, "trace");
        if (!hcs_streq(what, "hcs"))
                return hcs_error_make(err, E_INVALIDARG,
                                      "%s: line 1: not a trace (expected {\"trace\":\"hcs\",\"version\":1,...})",
                                      r->name);
        if (!hcs_json_u64(hcs_json_get(r->header, "version"), &version) || version != 1) {
                char buf[40];

                return hcs_error_make(err, E_INVALIDARG,
                                      "%s: line 1: unknown version %s of the trace format, known is 1", r->name,
                                      hcs_json_number_text(hcs_json_get(r->header, "version"), buf, sizeof(buf)));
        }
        return S_OK;
}

HRESULT mock_trace_reader_open(const char *path, struct mock_trace_reader **ret, struct hcs_error **err) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *r = hcs_calloc(1, sizeof(*r));
        HRESULT hr;

        r->name = hcs_strdup(path);
        r->line = 1;
        r->fd = hcs_streq(path, "-") ? 0 : open(path, O_RDONLY | O_CLOEXEC | O_BINARY);
        if (r->fd < 0)
                return hcs_error_errno(err, errno, "open `%s`", path);
        hr = read_header(r, err);
        if (FAILED(hr))
                return hr;
        *ret = steal_pointer(&r);
        return S_OK;
}

const struct hcs_json *mock_trace_reader_header(const struct mock_trace_reader *r) {
        return r->header;
}

HRESULT mock_trace_reader_seek(struct mock_trace_reader *r, uint64_t offset, uint64_t line, struct hcs_error **err) {
        uint64_t start = r->offset - r->first;

        /* Most jumps are short and land in what is still in memory. */
        if (offset >= start && offset < start + r->used) {
                r->first = (size_t)(offset - start);
                r->offset = offset;
                r->line = line;
                return S_OK;
        }
        if (lseek(r->fd, (off_t)offset, SEEK_SET) < 0)
                return hcs_error_errno(err, errno, "seek in `%s`", r->name);
        r->first = 0;
        r->used = 0;
        r->offset = offset;
        r->line = line;
        r->eof = false;
        return S_OK;
}

bool mock_trace_reader_truncated(const struct mock_trace_reader *r) {
        return r->truncated;
}
