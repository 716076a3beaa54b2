/* SPDX-License-Identifier: MIT */

/* One control request on a connection of its own: for programs that are no clients otherwise. See wire.h. */

#include "mockhcs/remote/wire.h"
#include "platform/clock.h"

/* What comes before the answer is none of our business. */
static HRESULT read_answer(struct mock_wire_reader *r, struct hcs_json **ret, struct hcs_error **err) {
        for (;;) {
                _cleanup_json_ struct hcs_json *line = NULL;
                struct mock_slice frame;
                struct hcs_json *result;
                HRESULT hr = mock_wire_read(r, NULL, &frame, err);

                if (hr == S_FALSE)
                        hr = hcs_error_make(err, HCS_E_SERVICE_DISCONNECT, "the service went away");
                if (SUCCEEDED(hr))
                        hr = hcs_json_parse(frame.p, frame.n,
                                            &(struct hcs_json_options){.max_bytes = MOCK_WIRE_MAX_FRAME}, &line, err);
                if (SUCCEEDED(hr))
                        hr = mock_wire_failure(line, err);
                if (FAILED(hr))
                        return hr;
                if (!hcs_json_get(line, "answer"))
                        continue;
                result = hcs_json_get(line, "result");
                *ret = result ? hcs_json_detach(line, result) : hcs_json_new_object();
                return S_OK;
        }
}

HRESULT mock_wire_ask(const char *socket, const struct hcs_json *request, struct hcs_json **ret,
                      struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *numbered = hcs_json_copy(request);
        _cleanup_buf_ struct hcs_buf frame = {0};
        struct mock_wire_reader r = {0};
        struct mock_wire_hello hello;
        struct hcs_bound bound = {hcs_clock_ns() + (uint64_t)MOCK_WIRE_HELLO_MS * HCS_NS_PER_MS, NULL};
        HRESULT hr = hcs_stream_connect_private(socket, &bound, &r.stream, err);

        if (FAILED(hr))
                return hr;
        hcs_json_set_u64(numbered, "n", 1);
        mock_wire_put_json(&frame, numbered);
        hr = mock_wire_greet(&r, &hello, err);
        if (SUCCEEDED(hr))
                hr = hcs_stream_write(r.stream, frame.data, frame.len, NULL, err);
        if (SUCCEEDED(hr))
                hr = read_answer(&r, ret, err);
        mock_wire_reader_deinit(&r);
        hcs_stream_close(r.stream);
        return hr;
}
