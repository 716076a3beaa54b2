/* SPDX-License-Identifier: MIT */

/* What was taken of a stream, on the wire; see wire.h. */

#include "base/str.h"
#include "mockhcs/remote/wire.h"

void mock_wire_put_took(struct hcs_buf *out, const char *symbol, enum mock_stream stream, uint64_t bytes) {
        size_t begin = mock_wire_begin(out);

        hcs_buf_printf(out, "{\"took\":\"%s\",\"stream\":\"%s\",\"bytes\":%llu}\n", symbol, mock_stream_name(stream),
                       (unsigned long long)bytes);
        mock_wire_end(out, begin);
}

static bool find_stream(const char *name, enum mock_stream *ret) {
        for (enum mock_stream s = MOCK_STDIN; s <= MOCK_STDERR; s++)
                if (hcs_streq(name, mock_stream_name(s))) {
                        *ret = s;
                        return true;
                }
        return false;
}

HRESULT mock_wire_take_took(const struct hcs_json *line, struct mock_wire_took *ret, struct hcs_error **err) {
        struct mock_wire_took took = {.symbol = hcs_json_get_string(line, "took")};

        if (!hcs_json_get(line, "took"))
                return S_FALSE;
        if (!took.symbol)
                return hcs_error_make(err, E_INVALIDARG, "took: a process is expected");
        if (!find_stream(hcs_json_get_string(line, "stream"), &took.stream))
                return hcs_error_make(err, E_INVALIDARG, "took %.40s: stream: stdin, stdout or stderr is expected",
                                      took.symbol);
        if (!hcs_json_u64(hcs_json_get(line, "bytes"), &took.bytes))
                return hcs_error_make(err, E_INVALIDARG, "took %.40s: bytes: a number is expected", took.symbol);
        *ret = took;
        return S_OK;
}
