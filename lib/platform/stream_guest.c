/* SPDX-License-Identifier: MIT */

/* Asking a device in the convention of Firecracker for a port of its guest. */

#include <stdio.h>
#include <string.h>

#include "platform/stream.h"

/* "OK <number>\n", a byte at a time: what follows the line is the guest's. */
static HRESULT read_greeting(struct hcs_stream *s, const struct hcs_bound *b, struct hcs_error **err) {
        char line[32] = "";

        for (size_t n = 0; n + 1 < sizeof(line); n++) {
                size_t got;
                HRESULT hr = hcs_stream_read_bound(s, line + n, 1, b, &got, err);

                if (FAILED(hr))
                        return hr;
                if (hr == S_FALSE)
                        return hcs_error_make(err, HCS_WIN32(10061), "the guest refused the connection");
                if (line[n] == '\n')
                        break;
        }
        if (strncmp(line, "OK ", 3) == 0 && strchr(line, '\n'))
                return S_OK;
        line[strcspn(line, "\r\n")] = '\0';
        return hcs_error_make(err, HCS_E_PROTOCOL_ERROR, "\"OK <number>\" is expected, not \"%s\"", line);
}

HRESULT hcs_stream_connect_guest(const char *path, uint32_t port, const struct hcs_bound *b, struct hcs_stream **ret,
                                 struct hcs_error **err) {
        _cleanup_(hcs_stream_closep) struct hcs_stream *s = NULL;
        char request[32];
        size_t n;
        HRESULT hr = hcs_stream_connect_unix(path, b, &s, err);

        snprintf(request, sizeof(request), "CONNECT %u\n", (unsigned)port);
        if (SUCCEEDED(hr))
                hr = hcs_stream_write_bound(s, request, strlen(request), b, &n, err);
        if (SUCCEEDED(hr))
                hr = read_greeting(s, b, err);
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&s);
        return hr;
}
