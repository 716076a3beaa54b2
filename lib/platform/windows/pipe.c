/* SPDX-License-Identifier: MIT */

/*
 * Pipes of platform/pipe.h: a named pipe each, both ends for overlapped use, so that a client can attach its end to a
 * completion port. Windows tells nobody that a pipe became ready without a read or write of it on its way, which then
 * could not be taken back: the poller looks at its pipes in growing intervals.
 */

#include "platform/pipe.h"

#include <stdatomic.h>
#include <stdio.h>

#include "platform/clock.h"
#include "platform/thread.h"
#include "platform/windows/last_error.h"
#include "platform/windows/pipe_pair.h"
#include "platform/windows/socket.h"
#include "platform/windows/text.h"

#define PIPE_SIZE  65536u
#define LOOK_MAX   10u /* milliseconds between two looks at pipes where nothing happens */
#define CLOSED(h)  ((h) == NULL || (h) == INVALID_HANDLE_VALUE)
#define NAME_TRIES 100

static HRESULT failed(struct hcs_error **err, const char *what) {
        DWORD why = GetLastError();

        if (why == ERROR_NO_DATA || why == ERROR_PIPE_NOT_CONNECTED)
                why = ERROR_BROKEN_PIPE; /* closing */
        return hcs_error_make(err, HCS_WIN32(why), "%s", what);
}

HRESULT hcs_windows_pipe_pair(DWORD access, DWORD flags, bool inherited, HANDLE *ret_first, HANDLE *ret_second,
                              struct hcs_error **err) {
        static atomic_uint made;
        SECURITY_ATTRIBUTES security = {.nLength = sizeof(security), .bInheritHandle = inherited};
        HANDLE first = INVALID_HANDLE_VALUE, second;
        wchar_t name[80];

        for (int i = 0; i < NAME_TRIES && first == INVALID_HANDLE_VALUE; i++) {
                swprintf(name, HCS_ARRAY_SIZE(name), L"\\\\.\\pipe\\hcsshim-%lu-%u-%llu", GetCurrentProcessId(),
                         atomic_fetch_add(&made, 1), (unsigned long long)hcs_clock_ns());
                first = CreateNamedPipeW(name,
                                         PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
                                         PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                                         1, PIPE_SIZE, PIPE_SIZE, 0, NULL);
        }
        if (first == INVALID_HANDLE_VALUE)
                return failed(err, "make a pipe");
        second = CreateFileW(name, access, 0, &security, OPEN_EXISTING, flags, NULL);
        if (second == INVALID_HANDLE_VALUE) {
                HRESULT hr = failed(err, "open a pipe");

                CloseHandle(first);
                return hr;
        }
        *ret_first = first;
        *ret_second = second;
        return S_OK;
}

HRESULT hcs_pipe_new(HANDLE *ret_read, HANDLE *ret_write, struct hcs_error **err) {
        return hcs_windows_pipe_pair(GENERIC_WRITE | FILE_READ_ATTRIBUTES, FILE_FLAG_OVERLAPPED, false, ret_read,
                                     ret_write, err);
}

void hcs_pipe_set_nonblocking(HANDLE h) {
        DWORD mode = PIPE_READMODE_BYTE | PIPE_NOWAIT;

        SetNamedPipeHandleState(h, &mode, NULL, NULL);
}

void hcs_pipe_close(HANDLE h) {
        if (!CLOSED(h))
                CloseHandle(h);
}

/* Waits for an operation that was begun; the low bit of its event keeps it from a completion port. */
static bool finish(HANDLE h, bool done, OVERLAPPED *o, DWORD *ret_n) {
        return (done || GetLastError() == ERROR_IO_PENDING) && GetOverlappedResult(h, o, ret_n, TRUE);
}

static bool begin(OVERLAPPED *o, HANDLE *event) {
        if (!*event)
                *event = CreateEventW(NULL, TRUE, FALSE, NULL);
        *o = (OVERLAPPED){.hEvent = (HANDLE)((uintptr_t)*event | 1)};
        return *event != NULL;
}

/* The end of a read that was begun; `done' says whether it has brought anything. */
static HRESULT read_result(bool done, DWORD n, size_t *ret, struct hcs_error **err) {
        if (!done) {
                if (GetLastError() == ERROR_NO_DATA || GetLastError() == ERROR_OPERATION_ABORTED)
                        return hcs_error_make(err, HCS_PIPE_WOULD_BLOCK, "read from pipe: it would block");
                if (GetLastError() != ERROR_BROKEN_PIPE)
                        return failed(err, "read from pipe");
                n = 0;
        }
        *ret = n;
        return n == 0 ? S_FALSE : S_OK;
}

HRESULT hcs_pipe_read(HANDLE h, void *buf, size_t size, size_t *ret, struct hcs_error **err) {
        _cleanup_handle_ HANDLE event = NULL;
        DWORD n = 0;
        OVERLAPPED o;
        bool done;

        if (!begin(&o, &event))
                return failed(err, "read from pipe");
        done = finish(h, ReadFile(h, buf, size < PIPE_SIZE ? (DWORD)size : PIPE_SIZE, NULL, &o), &o, &n);
        return read_result(done, n, ret, err);
}

/* A nonblocking pipe takes what there is room for or, on some systems, all or nothing: less is tried then. */
HRESULT hcs_pipe_write(HANDLE h, const void *buf, size_t size, size_t *ret, struct hcs_error **err) {
        _cleanup_handle_ HANDLE event = NULL;

        for (size_t part = size < PIPE_SIZE ? size : PIPE_SIZE;; part /= 2) {
                DWORD n = 0;
                OVERLAPPED o;

                if (!begin(&o, &event) || !finish(h, WriteFile(h, buf, (DWORD)part, NULL, &o), &o, &n))
                        return failed(err, "write to pipe");
                if (n > 0 || size == 0) {
                        *ret = n;
                        return S_OK;
                }
                if (part <= 1)
                        return hcs_error_make(err, HCS_PIPE_WOULD_BLOCK, "write to pipe: it would block");
        }
}

struct hcs_poller {
        HANDLE woken;
};

HRESULT hcs_poller_new(struct hcs_poller **ret, struct hcs_error **err) {
        HANDLE woken = CreateEventW(NULL, FALSE, FALSE, NULL);
        struct hcs_poller *p;

        if (!woken)
                return failed(err, "make an event");
        p = hcs_calloc(1, sizeof(*p));
        p->woken = woken;
        *ret = p;
        return S_OK;
}

struct hcs_poller *hcs_poller_free(struct hcs_poller *p) {
        if (!p)
                return NULL;
        CloseHandle(p->woken);
        free(p);
        return NULL;
}

void hcs_poller_wake(struct hcs_poller *p) {
        SetEvent(p->woken);
}

static bool look(struct hcs_poll_entry *entries, size_t n) {
        bool any = false;

        for (size_t i = 0; i < n; i++) {
                struct hcs_poll_entry *e = &entries[i];
                DWORD there = 0;

                e->readable = e->want_read && (!PeekNamedPipe(e->h, NULL, 0, NULL, &there, NULL) || there > 0);
                e->writable = false;
                any |= e->readable;
        }
        return any;
}

/* Whether there is room to write only a write can find out: it may be tried at every look but the first. */
void hcs_poller_wait(struct hcs_poller *p, struct hcs_poll_entry *entries, size_t n, uint64_t deadline_ns) {
        bool writes = false;

        for (size_t i = 0; i < n; i++)
                writes |= entries[i].want_write;
        for (DWORD ms = 1; !look(entries, n); ms = ms * 2 < LOOK_MAX ? ms * 2 : LOOK_MAX) {
                DWORD left = hcs_windows_ms_until(deadline_ns), pause = n && ms < left ? ms : left;

                if (WaitForSingleObject(p->woken, pause) == WAIT_OBJECT_0 || writes ||
                    hcs_windows_ms_until(deadline_ns) == 0)
                        break;
        }
        look(entries, n);
        for (size_t i = 0; i < n; i++)
                entries[i].writable = entries[i].want_write;
}

/* A read that is taken back may have ended before. Waits take no notice of the low bit of an event. */
HRESULT hcs_pipe_read_unless_woken(HANDLE h, struct hcs_poller *p, void *buf, size_t size, size_t *ret,
                                   struct hcs_error **err) {
        _cleanup_handle_ HANDLE event = NULL;
        bool begun, done;
        DWORD n = 0;
        OVERLAPPED o;

        if (!begin(&o, &event))
                return failed(err, "read from pipe");
        begun = ReadFile(h, buf, size < PIPE_SIZE ? (DWORD)size : PIPE_SIZE, NULL, &o);
        if (!begun && GetLastError() == ERROR_IO_PENDING) {
                begun = true;
                if (WaitForMultipleObjects(2, (HANDLE[]){event, p->woken}, FALSE, INFINITE) != WAIT_OBJECT_0)
                        hcs_take_back(h, &o);
        }
        done = begun && GetOverlappedResult(h, &o, &n, TRUE);
        return read_result(done, n, ret, err);
}
