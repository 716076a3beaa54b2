/* SPDX-License-Identifier: MIT */

/*
 * Streams over overlapped sockets and named pipes. Each read and write waits for its own event, and for the one that
 * hcs_stream_shutdown() sets; what was transferred when a bound ends is not lost. Writers take turns, so that what they
 * write does not mix, and because a socket tells of its room only to the one that asked last: send.c, writes to sockets
 * under a bound. A pipe has no half close, its other end hears of the end when this one is closed; and a write to it
 * that was taken back does not say what the pipe has of it, so that it takes no more.
 */

#include "platform/stream.h"

#include "platform/thread.h"
#include "platform/windows/last_error.h"
#include "platform/windows/pipe_name.h"
#include "platform/windows/socket.h"

struct hcs_stream {
        SOCKET s; /* one of the two */
        HANDLE pipe;
        HANDLE ended;
        HANDLE turn; /* to write: set while nobody does */
        bool torn;   /* the pipe: a write was taken back */
};

static HRESULT new_stream(SOCKET s, HANDLE pipe, struct hcs_stream **ret, struct hcs_error **err) {
        struct hcs_stream *stream = hcs_calloc(1, sizeof(*stream));
        HRESULT hr;

        *stream = (struct hcs_stream){.s = s,
                                      .pipe = pipe,
                                      .ended = CreateEventW(NULL, TRUE, FALSE, NULL),
                                      .turn = CreateEventW(NULL, FALSE, TRUE, NULL)};
        if (!stream->ended || !stream->turn) {
                hr = hcs_windows_error(err, GetLastError(), "make an event");
                hcs_stream_close(stream);
                return hr;
        }
        *ret = stream;
        return S_OK;
}

HRESULT hcs_stream_of_socket(SOCKET s, struct hcs_stream **ret, struct hcs_error **err) {
        return new_stream(s, NULL, ret, err);
}

HRESULT hcs_stream_of_pipe(HANDLE pipe, struct hcs_stream **ret, struct hcs_error **err) {
        return new_stream(INVALID_SOCKET, pipe, ret, err);
}

HRESULT hcs_stream_peer(struct hcs_stream *s, struct hcs_peer *ret, struct hcs_error **err) {
        DWORD flags = 0;
        ULONG pid = 0;

        if (!s->pipe)
                return hcs_error_make(err, HCS_WIN32(10047), "who is at the other end of a socket is not known");
        if (!GetNamedPipeInfo(s->pipe, &flags, NULL, NULL, NULL) ||
            !(flags & PIPE_SERVER_END ? GetNamedPipeClientProcessId(s->pipe, &pid)
                                      : GetNamedPipeServerProcessId(s->pipe, &pid)))
                return hcs_windows_error(err, GetLastError(), "find out who is at the other end of a pipe");
        *ret = (struct hcs_peer){.pid = pid, .is_trusted = hcs_pipe_name_trusts(pid)};
        return S_OK;
}

/* A pipe that was shut down gives no more, also what is there. */
static HRESULT pipe_transfer(struct hcs_stream *s, WSABUF *buf, bool is_write, const struct hcs_bound *b,
                             DWORD *ret_n) {
        OVERLAPPED o = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
        HRESULT hr = S_OK;
        int which = 0;
        BOOL begun;

        if (!o.hEvent)
                return HCS_WIN32(GetLastError());
        if (WaitForSingleObject(s->ended, 0) == WAIT_OBJECT_0) {
                hr = E_HANDLE;
        } else if (is_write && s->torn) {
                hr = HCS_WIN32(ERROR_BAD_PIPE);
        } else if (is_write && FAILED(hr = hcs_bound_check(b))) {
                /* none is begun without time */
        } else {
                begun = is_write ? WriteFile(s->pipe, buf->buf, buf->len, NULL, &o)
                                 : ReadFile(s->pipe, buf->buf, buf->len, NULL, &o);
                if (!begun && GetLastError() != ERROR_IO_PENDING) {
                        hr = HCS_WIN32(GetLastError());
                } else {
                        hr = hcs_event_wait(o.hEvent, s->ended, b, &which);
                        if (FAILED(hr) || which)
                                hcs_take_back(s->pipe, &o);
                        if (GetOverlappedResult(s->pipe, &o, ret_n, TRUE)) {
                                hr = S_OK;
                        } else {
                                s->torn |= is_write && FAILED(hr);
                                if (SUCCEEDED(hr))
                                        hr = which ? E_HANDLE : HCS_WIN32(GetLastError());
                        }
                }
        }
        CloseHandle(o.hEvent);
        /* closed, or closing */
        if (hr == HCS_WIN32(ERROR_BROKEN_PIPE) || hr == HCS_WIN32(ERROR_NO_DATA) ||
            hr == HCS_WIN32(ERROR_PIPE_NOT_CONNECTED))
                hr = E_HANDLE;
        return hr;
}

SOCKET hcs_stream_socket(const struct hcs_stream *s) {
        return s->s;
}

/* One transfer: S_OK with its length, E_HANDLE when the stream was shut down, why the bound ended, or the code of
 * Winsock. */
static HRESULT transfer(struct hcs_stream *s, WSABUF *buf, bool is_write, const struct hcs_bound *b, DWORD *ret_n) {
        OVERLAPPED o = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
        DWORD flags = 0;
        HRESULT hr = S_OK;
        int which = 0, r;

        if (!o.hEvent)
                return HCS_WIN32(GetLastError());
        r = is_write ? WSASend(s->s, buf, 1, NULL, 0, &o, NULL) : WSARecv(s->s, buf, 1, NULL, &flags, &o, NULL);
        if (r == SOCKET_ERROR && WSAGetLastError() != WSA_IO_PENDING) {
                hr = HCS_WIN32(WSAGetLastError());
        } else {
                hr = hcs_event_wait(o.hEvent, s->ended, b, &which);
                if (FAILED(hr) || which)
                        hcs_take_back((HANDLE)s->s, &o);
                if (WSAGetOverlappedResult(s->s, &o, ret_n, TRUE, &flags))
                        hr = S_OK;
                else if (SUCCEEDED(hr))
                        hr = which ? E_HANDLE : HCS_WIN32(WSAGetLastError());
        }
        CloseHandle(o.hEvent);
        return hr;
}

static HRESULT write_piece(struct hcs_stream *s, const char *data, size_t n, const struct hcs_bound *b, size_t *ret_n) {
        WSABUF piece = {.len = n < ULONG_MAX ? (ULONG)n : ULONG_MAX, .buf = (char *)(uintptr_t)data};
        DWORD sent = 0;
        HRESULT hr;

        if (!s->pipe && b && (b->cancel || b->deadline_ns != HCS_FOREVER))
                return hcs_socket_send(s->s, s->ended, data, n, b, ret_n);
        hr = s->pipe ? pipe_transfer(s, &piece, true, b, &sent) : transfer(s, &piece, true, b, &sent);
        *ret_n = sent;
        return hr;
}

static HRESULT fail(HRESULT hr, const char *what, struct hcs_error **err) {
        if (hr == E_ABORT || hr == HCS_E_OPERATION_TIMEOUT)
                return hcs_bound_fail(hr, err);
        return hcs_windows_error(err, (DWORD)hr & 0xffff, what);
}

HRESULT hcs_stream_read_bound(struct hcs_stream *s, void *buf, size_t size, const struct hcs_bound *b, size_t *ret_n,
                              struct hcs_error **err) {
        WSABUF piece = {.len = size < ULONG_MAX ? (ULONG)size : ULONG_MAX, .buf = buf};
        DWORD n = 0;
        HRESULT hr = s->pipe ? pipe_transfer(s, &piece, false, b, &n) : transfer(s, &piece, false, b, &n);

        if (hr == E_HANDLE || hr == HCS_WIN32(WSAESHUTDOWN)) /* the end, as anywhere else */
                hr = S_OK, n = 0;
        if (FAILED(hr))
                return fail(hr, "read", err);
        *ret_n = n;
        return n ? S_OK : S_FALSE;
}

/* As transfer(). */
static HRESULT write_in_turn(struct hcs_stream *s, const char *data, size_t n, const struct hcs_bound *b,
                             size_t *ret_n) {
        HRESULT hr = S_OK;
        int which = 0;

        /* One that is free is taken also without time: what there is room for goes out. */
        if (WaitForSingleObject(s->turn, 0) != WAIT_OBJECT_0)
                hr = hcs_event_wait(s->turn, s->ended, b, &which);
        if (FAILED(hr) || which)
                return which ? E_HANDLE : hr;
        while (*ret_n < n && SUCCEEDED(hr)) {
                size_t sent = 0;

                hr = write_piece(s, data + *ret_n, n - *ret_n, b, &sent);
                *ret_n += sent;
        }
        SetEvent(s->turn);
        return hr;
}

HRESULT hcs_stream_write_bound(struct hcs_stream *s, const void *data, size_t n, const struct hcs_bound *b,
                               size_t *ret_n, struct hcs_error **err) {
        HRESULT hr;

        *ret_n = 0;
        hr = n ? write_in_turn(s, data, n, b, ret_n) : S_OK;
        if (hr == E_HANDLE || hr == HCS_WIN32(WSAESHUTDOWN) || hr == HCS_WIN32(WSAECONNRESET) ||
            hr == HCS_WIN32(WSAECONNABORTED))
                return hcs_error_make(err, HCS_WIN32(ERROR_BROKEN_PIPE), "write: the other end is closed");
        if (s->torn && hr == HCS_WIN32(ERROR_BAD_PIPE))
                return hcs_error_make(err, hr, "write: one before it was given up in its middle");
        return FAILED(hr) ? fail(hr, "write", err) : S_OK;
}

void hcs_stream_close_write(struct hcs_stream *s) {
        if (!s->pipe)
                shutdown(s->s, SD_SEND);
}

void hcs_stream_shutdown(struct hcs_stream *s) {
        SetEvent(s->ended);
        if (!s->pipe)
                shutdown(s->s, SD_BOTH);
}

struct hcs_stream *hcs_stream_close(struct hcs_stream *s) {
        if (s) {
                if (s->pipe)
                        CloseHandle(s->pipe);
                else
                        closesocket(s->s);
                if (s->ended)
                        CloseHandle(s->ended);
                if (s->turn)
                        CloseHandle(s->turn);
                free(s);
        }
        return NULL;
}
