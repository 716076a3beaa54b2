/* SPDX-License-Identifier: MIT */

/*
 * Private services at a named pipe. Only our user can open it, nobody from another machine, and who opens it is no
 * more than identified to whoever made it. A name has one owner: besides the flag for the first instance, which Wine
 * takes no notice of, a mutex of that name says so.
 */

#include "platform/windows/pipe_name.h"

#include <sddl.h>

#include "base/str.h"
#include "platform/windows/last_error.h"
#include "platform/windows/socket.h"
#include "platform/windows/text.h"

#define PREFIX    "\\\\.\\pipe\\"
#define PIPE_SIZE 65536u
#define BUSY_MS   20u /* between two looks whether the bound has ended */

struct hcs_pipe_door {
        wchar_t *name;
        HANDLE instance, arrived, lock;
        PSECURITY_DESCRIPTOR security;
};

/* What follows the prefix, or NULL. In a composition of the mock "\\\\" is one backslash, so one may be left of two. */
static const char *rest_of(const char *name) {
        static const char *const prefixes[] = {PREFIX, PREFIX + 1, "//./pipe/"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(prefixes); i++)
                if (strncasecmp(name, prefixes[i], strlen(prefixes[i])) == 0 && name[strlen(prefixes[i])])
                        return name + strlen(prefixes[i]);
        return NULL;
}

static wchar_t *wide_name(const char *name) {
        _cleanup_free_ char *full = hcs_asprintf("%s%s", PREFIX, rest_of(name));

        return hcs_windows_wide(full);
}

bool hcs_pipe_name_is(const char *name) {
        return rest_of(name) != NULL;
}

/* ---- who ---- */

static TOKEN_USER *user_of(HANDLE process) {
        _cleanup_handle_ HANDLE token = NULL;
        TOKEN_USER *user;
        DWORD size = 0;

        if (!OpenProcessToken(process, TOKEN_QUERY, &token))
                return NULL;
        GetTokenInformation(token, TokenUser, NULL, 0, &size);
        user = hcs_calloc(1, size + sizeof(*user));
        if (GetTokenInformation(token, TokenUser, user, size, &size))
                return user;
        free(user);
        return NULL;
}

HRESULT hcs_windows_user(wchar_t **ret, struct hcs_error **err) {
        _cleanup_free_ TOKEN_USER *user = user_of(GetCurrentProcess());
        wchar_t *text;

        if (!user || !ConvertSidToStringSidW(user->User.Sid, &text))
                return hcs_windows_error(err, GetLastError(), "find out whose process this is");
        *ret = hcs_memdup(text, (wcslen(text) + 1) * sizeof(*text));
        LocalFree(text);
        return S_OK;
}

bool hcs_pipe_name_trusts(DWORD process) {
        _cleanup_handle_ HANDLE other = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, process);
        _cleanup_free_ TOKEN_USER *ours = user_of(GetCurrentProcess()), *theirs = other ? user_of(other) : NULL;

        return ours && theirs &&
               (EqualSid(ours->User.Sid, theirs->User.Sid) || IsWellKnownSid(theirs->User.Sid, WinLocalSystemSid));
}

/* ---- connecting ---- */

HRESULT hcs_pipe_name_connect(const char *name, const struct hcs_bound *b, struct hcs_stream **ret,
                              struct hcs_error **err) {
        _cleanup_wide_ wchar_t *wide = wide_name(name);
        struct hcs_stream *s = NULL;
        struct hcs_peer peer;
        HRESULT hr;

        while (!s) {
                HANDLE pipe = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                                          FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);

                if (pipe != INVALID_HANDLE_VALUE) {
                        hr = hcs_stream_of_pipe(pipe, &s, err);
                        if (FAILED(hr))
                                return hr;
                        break;
                }
                if (GetLastError() != ERROR_PIPE_BUSY)
                        return hcs_error_make(err, HCS_WIN32(GetLastError()), "connect to `%s`", name);
                hr = hcs_bound_check(b);
                if (FAILED(hr))
                        return hcs_bound_fail(hr, err);
                WaitNamedPipeW(wide, BUSY_MS);
        }
        hr = hcs_stream_peer(s, &peer, err);
        if (SUCCEEDED(hr) && !peer.is_trusted)
                hr = hcs_error_make(err, E_ACCESSDENIED, "`%s` is served by process %lld, which is another user's",
                                    name, (long long)peer.pid);
        if (FAILED(hr)) {
                hcs_stream_close(s);
                return hr;
        }
        *ret = s;
        return S_OK;
}

/* ---- listening ---- */

static HRESULT new_instance(struct hcs_pipe_door *d, DWORD flags, struct hcs_error **err) {
        SECURITY_ATTRIBUTES security = {sizeof(security), d->security, FALSE};
        HANDLE pipe = CreateNamedPipeW(d->name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | flags,
                                       PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                                       PIPE_UNLIMITED_INSTANCES, PIPE_SIZE, PIPE_SIZE, 0, &security);

        if (pipe == INVALID_HANDLE_VALUE && flags && GetLastError() == ERROR_ACCESS_DENIED)
                return hcs_error_make(err, HCS_WIN32(WSAEADDRINUSE), "another service listens there");
        if (pipe == INVALID_HANDLE_VALUE)
                return hcs_windows_error(err, GetLastError(), "make a pipe");
        d->instance = pipe;
        return S_OK;
}

static HRESULT lock_name(struct hcs_pipe_door *d, struct hcs_error **err) {
        _cleanup_wide_ wchar_t *name = hcs_memdup(d->name, (wcslen(d->name) + 1) * sizeof(*name));

        for (wchar_t *c = name; *c; c++)
                *c = *c == L'\\' ? L'/' : towlower(*c);
        d->lock = CreateMutexW(NULL, FALSE, name);
        if (!d->lock)
                return hcs_windows_error(err, GetLastError(), "lock its name");
        return GetLastError() == ERROR_ALREADY_EXISTS
                       ? hcs_error_make(err, HCS_WIN32(WSAEADDRINUSE), "another service listens there")
                       : S_OK;
}

static HRESULT only_us(struct hcs_pipe_door *d, struct hcs_error **err) {
        _cleanup_wide_ wchar_t *user = NULL;
        wchar_t text[256];
        HRESULT hr = hcs_windows_user(&user, err);

        if (FAILED(hr))
                return hr;
        swprintf(text, HCS_ARRAY_SIZE(text), L"O:%lsD:P(A;;GA;;;%ls)", user, user);
        if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &d->security, NULL))
                return hcs_windows_error(err, GetLastError(), "say who may connect");
        return S_OK;
}

HRESULT hcs_pipe_name_listen(const char *name, struct hcs_listener **ret, struct hcs_error **err) {
        struct hcs_pipe_door *d = hcs_calloc(1, sizeof(*d));
        HRESULT hr;

        d->name = wide_name(name);
        d->arrived = CreateEventW(NULL, TRUE, FALSE, NULL);
        hr = d->arrived ? lock_name(d, err) : hcs_windows_error(err, GetLastError(), "make an event");
        if (SUCCEEDED(hr))
                hr = only_us(d, err);
        if (SUCCEEDED(hr))
                hr = new_instance(d, FILE_FLAG_FIRST_PIPE_INSTANCE, err);
        if (SUCCEEDED(hr))
                return hcs_listener_of_pipe(d, ret, err);
        hcs_pipe_door_free(d);
        return hcs_error_wrap(err, "listen at `%s`", name), hr;
}

/* The next instance is there before the client is given: nobody finds none. Without one the client is sent away, and
 * the next accept starts with it. */
static HRESULT hand_over(struct hcs_pipe_door *d, struct hcs_stream **ret, struct hcs_error **err) {
        HANDLE taken = d->instance;
        HRESULT hr = new_instance(d, 0, err);

        if (FAILED(hr)) {
                DisconnectNamedPipe(taken);
                return hr;
        }
        return hcs_stream_of_pipe(taken, ret, err);
}

HRESULT hcs_pipe_door_accept(struct hcs_pipe_door *d, HANDLE woken, const struct hcs_bound *b, struct hcs_stream **ret,
                             struct hcs_error **err) {
        OVERLAPPED o = {.hEvent = d->arrived};
        HRESULT hr = S_OK;
        int which = 1;
        DWORD n;

        if (!ConnectNamedPipe(d->instance, &o)) {
                DWORD why = GetLastError();

                if (why == ERROR_PIPE_CONNECTED)
                        return hand_over(d, ret, err);
                if (why == ERROR_NO_DATA) { /* it has gone again */
                        DisconnectNamedPipe(d->instance);
                        return hcs_pipe_door_accept(d, woken, b, ret, err);
                }
                if (why != ERROR_IO_PENDING)
                        return hcs_windows_error(err, why, "accept a connection");
                hr = hcs_event_wait(d->arrived, woken, b, &which);
                if (FAILED(hr) || which == 1)
                        hcs_take_back(d->instance, &o);
                if (!GetOverlappedResult(d->instance, &o, &n, TRUE)) { /* who connected meanwhile comes first */
                        if (SUCCEEDED(hr) && which == 0)
                                return hcs_windows_error(err, GetLastError(), "accept a connection");
                        return hcs_bound_fail(FAILED(hr) ? hr : E_ABORT, err);
                }
        }
        return hand_over(d, ret, err);
}

void hcs_pipe_door_end(struct hcs_pipe_door *d) {
        hcs_windows_close_handlep(&d->instance);
        d->instance = NULL;
}

struct hcs_pipe_door *hcs_pipe_door_free(struct hcs_pipe_door *d) {
        if (!d)
                return NULL;
        hcs_pipe_door_end(d);
        hcs_windows_close_handlep(&d->arrived);
        hcs_windows_close_handlep(&d->lock);
        LocalFree(d->security);
        free(d->name);
        free(d);
        return NULL;
}
