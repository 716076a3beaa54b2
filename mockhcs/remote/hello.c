/* SPDX-License-Identifier: MIT */

/* Hello, refusals and failures on the wire; see wire.h. */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/remote/wire.h"
#include "platform/clock.h"
#include "platform/place.h"
#include "platform/process.h"

struct hcs_json *mock_wire_refusal(HRESULT hr, const char *why) {
        struct hcs_json *o = hcs_json_new_object();
        char code[16];

        snprintf(code, sizeof(code), "0x%08X", (unsigned)hr);
        hcs_json_set_string(o, "refused", why);
        hcs_json_set_string(o, "hr", code);
        hcs_json_append(hcs_json_set_new_array(o, "versions"), hcs_json_new_u64(MOCK_WIRE_VERSION));
        return o;
}

HRESULT mock_wire_failure(const struct hcs_json *line, struct hcs_error **err) {
        const char *why = hcs_json_get_string(line, "refused");
        uint64_t code = 0;
        HRESULT hr;

        if (!why)
                why = hcs_json_get_string(line, "error");
        if (!why)
                return S_OK;
        hcs_str_to_u64(hcs_json_get_string(line, "hr") ? hcs_json_get_string(line, "hr") : "", &code);
        hr = (HRESULT)(uint32_t)code;
        return hcs_error_make(err, FAILED(hr) ? hr : E_FAIL, "%s", why);
}

static void say_hello(struct hcs_buf *out) {
        _cleanup_json_ struct hcs_json *hello = hcs_json_new_object();
        _cleanup_free_ char *path = hcs_process_path();

        hcs_json_set_string(hello, "hello", "mockhcs");
        hcs_json_append(hcs_json_set_new_array(hello, "versions"), hcs_json_new_u64(MOCK_WIRE_VERSION));
        hcs_json_set_string(hello, "program", path ? hcs_path_name(path) : NULL);
        mock_wire_put_json(out, hello);
}

static HRESULT take_hello(struct mock_slice frame, struct mock_wire_hello *ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *hello = NULL;
        uint64_t version = 0, build = 0;
        HRESULT hr = hcs_json_parse(frame.p, frame.n, NULL, &hello, err);

        if (SUCCEEDED(hr))
                hr = mock_wire_failure(hello, err);
        if (FAILED(hr))
                return hr;
        if (!hcs_streq(hcs_json_get_string(hello, "hello"), "mockhcs"))
                return hcs_error_make(err, E_INVALIDARG, "whoever answers is no mockhcs service");
        hcs_json_u64(hcs_json_get(hello, "version"), &version);
        if (version != MOCK_WIRE_VERSION)
                return hcs_error_make(err, HCS_WIN32(1306), "the service speaks version %llu, we speak %d",
                                      (unsigned long long)version, MOCK_WIRE_VERSION);
        hcs_json_u64(hcs_json_get(hello, "build"), &build);
        *ret = (struct mock_wire_hello){.build = (uint32_t)build, .notes = hcs_json_bool(hcs_json_get(hello, "notes"))};
        return S_OK;
}

HRESULT mock_wire_greet(struct mock_wire_reader *r, struct mock_wire_hello *ret, struct hcs_error **err) {
        struct hcs_bound bound = {hcs_clock_ns() + (uint64_t)MOCK_WIRE_HELLO_MS * HCS_NS_PER_MS, NULL};
        _cleanup_buf_ struct hcs_buf out = {0};
        struct mock_slice frame;
        size_t n = 0;
        HRESULT hr;

        say_hello(&out);
        hr = hcs_stream_write_bound(r->stream, out.data, out.len, &bound, &n, err);
        if (SUCCEEDED(hr))
                hr = mock_wire_read(r, &bound, &frame, err);
        if (hr == S_FALSE)
                hr = hcs_error_make(err, HCS_WIN32(109), "the service closed the connection");
        if (SUCCEEDED(hr))
                hr = take_hello(frame, ret, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "hello");
        return hr;
}
