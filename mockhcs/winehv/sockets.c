/* SPDX-License-Identifier: MIT */

/*
 * AF_HYPERV: making sockets, addresses, listening, accepting, connecting and closing. In the place of each is a TCP
 * socket of the loopback interface, so that waiting, events, completion ports and half closes are Wine's own. See
 * winehv.h. Any thread.
 */

#include "mockhcs/winehv/winehv.h"

#include "base/mem.h"
#include "mockhcs/remote/hyperv_client.h"
#include "platform/env.h"
#include "platform/thread.h"

static struct hcs_mutex client_lock = HCS_MUTEX_INIT, enter_lock = HCS_MUTEX_INIT, check_lock = HCS_MUTEX_INIT;

static struct hyperv_client *client; /* client_lock guards it */

static struct hyperv_client *set_client(struct hyperv_client *fresh) {
        hcs_guard(&client_lock);
        if (fresh)
                client = fresh; /* others may still use the one before: it is left to them */
        return client;
}

/* NULL: there is none, or it has gone. */
static struct hyperv_client *client_so_far(void) {
        struct hyperv_client *c = set_client(NULL);

        return c && !hyperv_client_ended(c) ? c : NULL;
}

/* Who only closes a socket does not wait for one that enters. */
struct hyperv_client *hv_client(uint32_t *ret_error) {
        _cleanup_free_ char *file = NULL;
        struct hyperv_client *c = client_so_far();

        if (c)
                return c;
        hcs_guard(&enter_lock);
        c = client_so_far();
        if (c)
                return c; /* another thread was quicker */
        file = hcs_env_get("WINEHV_SERVICE");
        *ret_error = file ? hyperv_client_new(file, &c) : HYPERV_NO_SERVICE;
        return *ret_error ? NULL : set_client(c);
}

int hv_fail(uint32_t error) {
        WSASetLastError((int)error);
        return SOCKET_ERROR;
}

uint16_t hv_port_of(SOCKET s, bool far_end) {
        struct sockaddr_in address = {0};
        int size = sizeof(address);
        int r = far_end ? winehv_real.getpeername(s, (struct sockaddr *)&address, &size)
                        : winehv_real.getsockname(s, (struct sockaddr *)&address, &size);

        if (r == SOCKET_ERROR || address.sin_family != AF_INET ||
            address.sin_addr.s_addr != htonl(INADDR_LOOPBACK)) /* 127.0.0.2 has the same ports once more */
                return 0;
        return ntohs(address.sin_port);
}

int hv_tell_address(const SOCKADDR_HV *from, struct sockaddr *to, int *size) {
        if (!to || !size || *size < (int)sizeof(*from))
                return hv_fail(WSAEFAULT);
        *(SOCKADDR_HV *)(void *)to = *from;
        *size = sizeof(*from);
        return 0;
}

/* ---- making ---- */

static uint32_t check_kind(int type, int protocol) {
        if (type != SOCK_STREAM)
                return WSAESOCKTNOSUPPORT;
        return protocol != HV_PROTOCOL_RAW ? WSAEPROTONOSUPPORT : 0;
}

static SOCKET adopt(SOCKET s) {
        static const int on = 1;
        struct hv_socket h = {.s = s, .local.Family = AF_HYPERV, .remote.Family = AF_HYPERV};

        if (s == INVALID_SOCKET)
                return s;
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof(on));
        hv_socket_put(&h);
        return s;
}

/* A handle that was closed behind our back is somebody else's now. */
static SOCKET forget(SOCKET s) {
        struct hv_socket old;

        hv_socket_take(s, &old);
        return s;
}

static uint64_t on_socket(const uint64_t *args, void *real) {
        SOCKET(WINAPI * fn)(int, int, int) = real;
        int family = (int)args[0], type = (int)args[1], protocol = (int)args[2];
        uint32_t error = check_kind(type, protocol);

        if (family != AF_HYPERV)
                return forget(fn(family, type, protocol));
        if (error)
                return hv_fail(error), INVALID_SOCKET;
        return adopt(fn(AF_INET, SOCK_STREAM, IPPROTO_TCP));
}

static uint64_t on_wsasocket(const uint64_t *args, void *real) {
        SOCKET(WINAPI * fn)(int, int, int, void *, GROUP, DWORD) = real;
        int family = (int)args[0], type = (int)args[1], protocol = (int)args[2];
        uint32_t error = check_kind(type, protocol);

        if (family != AF_HYPERV)
                return forget(fn(family, type, protocol, (void *)args[3], (GROUP)args[4], (DWORD)args[5]));
        if (error)
                return hv_fail(error), INVALID_SOCKET;
        return adopt(fn(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, (DWORD)args[5]));
}

static void tell_closed(SOCKET s) {
        struct hyperv_client *c;
        struct hv_socket h;

        if (!hv_socket_get(s, &h) || !hv_socket_close(s, &h)) /* also those to the service itself */
                return;
        c = client_so_far(); /* another service knows nothing of it */
        if (c && h.listening)
                hyperv_client_unlisten(c, h.port);
        else if (c)
                hyperv_client_close(c, h.far_port);
}

static uint64_t on_closesocket(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET) = real;

        tell_closed((SOCKET)args[0]);
        return (uint64_t)fn((SOCKET)args[0]);
}

/* A socket is a handle, and go-winio closes it as one. */
static uint64_t on_closehandle(const uint64_t *args, void *real) {
        BOOL(WINAPI * fn)(HANDLE) = real;

        tell_closed((SOCKET)args[0]);
        return (uint64_t)fn((HANDLE)(uintptr_t)args[0]);
}

/* ---- addresses ---- */

static uint32_t bind_somewhere(struct hv_socket *h) {
        struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

        if (winehv_real.bind(h->s, (struct sockaddr *)&any, sizeof(any)) == SOCKET_ERROR)
                return (uint32_t)WSAGetLastError();
        h->port = hv_port_of(h->s, false);
        h->bound = true;
        return 0;
}

static uint64_t on_bind(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET, const struct sockaddr *, int) = real;
        const struct sockaddr *name = (const struct sockaddr *)args[1];
        struct hv_socket h;
        uint32_t error;

        if (!hv_socket_get((SOCKET)args[0], &h))
                return (uint64_t)fn((SOCKET)args[0], name, (int)args[2]);
        if (!name || (int)args[2] < (int)sizeof(SOCKADDR_HV))
                return (uint64_t)hv_fail(WSAEFAULT);
        if (name->sa_family != AF_HYPERV)
                return (uint64_t)hv_fail(WSAEAFNOSUPPORT);
        if (h.bound)
                return (uint64_t)hv_fail(WSAEINVAL);
        error = bind_somewhere(&h);
        if (error)
                return (uint64_t)hv_fail(error);
        h.local = *(const SOCKADDR_HV *)(const void *)name;
        hv_socket_put(&h);
        return 0;
}

/* getsockname() or, for the far end, getpeername(). */
static uint64_t tell(const uint64_t *args, void *real, bool far_end) {
        int(WINAPI * fn)(SOCKET, struct sockaddr *, int *) = real;
        struct hv_socket h;

        if (!hv_socket_get((SOCKET)args[0], &h))
                return (uint64_t)fn((SOCKET)args[0], (struct sockaddr *)args[1], (int *)args[2]);
        if (!hv_check(&h))
                return (uint64_t)hv_fail(WSAECONNABORTED);
        if (far_end ? !h.connected : !h.bound)
                return (uint64_t)hv_fail(far_end ? WSAENOTCONN : WSAEINVAL);
        return (uint64_t)hv_tell_address(far_end ? &h.remote : &h.local, (struct sockaddr *)args[1], (int *)args[2]);
}

static uint64_t on_getsockname(const uint64_t *args, void *real) {
        return tell(args, real, false);
}

static uint64_t on_getpeername(const uint64_t *args, void *real) {
        return tell(args, real, true);
}

/* ---- listening and accepting ---- */

/* Makes it known. A code of Winsock. */
static uint32_t listen_held(SOCKET s) {
        struct hv_socket h;
        struct hyperv_client *c;
        uint32_t error = 0;

        if (!hv_socket_get(s, &h))
                return WSAENOTSOCK; /* it was closed meanwhile */
        if (h.listening)
                return 0; /* another thread was quicker */
        c = hv_client(&error);
        if (c)
                error = hyperv_client_listen(c, &h.local.VmId, &h.local.ServiceId, h.port);
        if (error)
                return error;
        h.listening = true;
        h.told = c;
        if (hv_listener_known(&h))
                return 0;
        hyperv_client_unlisten(c, h.port);
        return WSAENOTSOCK;
}

static uint64_t on_listen(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET, int) = real;
        struct hv_socket h;
        uint32_t error;

        if (!hv_socket_get((SOCKET)args[0], &h))
                return (uint64_t)fn((SOCKET)args[0], (int)args[1]);
        if (!h.bound)
                return (uint64_t)hv_fail(WSAEINVAL);
        /* Before the service connects to it. */
        if (fn(h.s, (int)args[1]) == SOCKET_ERROR)
                return (uint64_t)SOCKET_ERROR;
        if (h.listening)
                return 0;
        hv_listener_hold(h.s);
        error = listen_held(h.s);
        hv_listener_release(h.s);
        if (error)
                return (uint64_t)hv_fail(error);
        hv_listeners_follow();
        return 0;
}

bool hv_identify(SOCKET s, struct hv_socket *h) {
        uint16_t port = hv_port_of(s, true), listener = hv_port_of(s, false);
        uint32_t error;
        struct hyperv_client *c = hv_client(&error);

        if (!c || !port || !hyperv_client_from(c, listener, port, &h->remote.VmId, &h->remote.ServiceId))
                return false;
        h->s = s;
        h->remote.Family = AF_HYPERV;
        h->remote.Reserved = 0;
        h->bound = h->connected = true;
        h->port = listener;
        h->far_port = port;
        return true;
}

bool hv_check(struct hv_socket *h) {
        if (!h->unchecked)
                return true;
        hcs_guard(&check_lock);
        if (!hv_socket_get(h->s, h) || !h->unchecked)
                return true; /* another thread was quicker */
        if (!hv_port_of(h->s, true))
                return true; /* it has not come yet */
        h->unchecked = false;
        if (hv_identify(h->s, h)) {
                hv_socket_put(h);
                return true;
        }
        hv_socket_put(h);
        shutdown(h->s, SD_BOTH);
        return false;
}

/* Strangers are sent away; the next one is taken. */
static SOCKET accept_hv(const struct hv_socket *listener, struct sockaddr *name, int *size) {
        for (;;) {
                SOCKET s = winehv_real.accept(listener->s, NULL, NULL);
                struct hv_socket h = {.local = listener->local};

                if (s == INVALID_SOCKET)
                        return s;
                if (!hv_identify(s, &h)) {
                        closesocket(s);
                        continue;
                }
                hv_socket_put(&h);
                if (name && hv_tell_address(&h.remote, name, size) == SOCKET_ERROR) {
                        closesocket(s);
                        WSASetLastError(WSAEFAULT);
                        return INVALID_SOCKET;
                }
                return s;
        }
}

static uint64_t on_accept(const uint64_t *args, void *real) {
        SOCKET(WINAPI * fn)(SOCKET, struct sockaddr *, int *) = real;
        struct hv_socket h;

        if (!hv_socket_get((SOCKET)args[0], &h))
                return forget(fn((SOCKET)args[0], (struct sockaddr *)args[1], (int *)args[2]));
        return accept_hv(&h, (struct sockaddr *)args[1], (int *)args[2]);
}

static uint64_t on_wsaaccept(const uint64_t *args, void *real) {
        SOCKET(WINAPI * fn)(SOCKET, struct sockaddr *, int *, LPCONDITIONPROC, DWORD_PTR) = real;
        struct hv_socket h;

        if (!hv_socket_get((SOCKET)args[0], &h))
                return forget(fn((SOCKET)args[0], (struct sockaddr *)args[1], (int *)args[2],
                                 (LPCONDITIONPROC)(uintptr_t)args[3], (DWORD_PTR)args[4]));
        if (args[3])
                return hv_fail(WSAEOPNOTSUPP), INVALID_SOCKET;
        return accept_hv(&h, (struct sockaddr *)args[1], (int *)args[2]);
}

/* ---- connecting ---- */

uint32_t hv_prepare_connect(struct hv_socket *h, const struct sockaddr *name, int size, struct sockaddr_in *ret) {
        SOCKADDR_HV to;
        struct hyperv_client *c;
        uint32_t error = 0;
        uint16_t port = 0;

        if (!name || size < (int)sizeof(to))
                return WSAEFAULT;
        to = *(const SOCKADDR_HV *)(const void *)name;
        if (to.Family != AF_HYPERV)
                return WSAEAFNOSUPPORT;
        if (h->connected)
                return WSAEISCONN;
        if (!h->bound)
                error = bind_somewhere(h);
        c = error ? NULL : hv_client(&error);
        if (c)
                error = hyperv_client_connect(c, &to.VmId, &to.ServiceId, h->port, &port);
        if (error)
                return error;
        h->remote = to;
        h->connected = true;
        h->far_port = port;
        *ret = (struct sockaddr_in){
                .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        return 0;
}

/* Where the real function goes to. */
struct target {
        const struct sockaddr *name;
        int size;
        bool is_ours;
        struct sockaddr_in to; /* then */
};

/* False, with the error set: nowhere. */
static bool aim(const uint64_t *args, struct target *t) {
        struct hv_socket h;
        uint32_t error;

        *t = (struct target){.name = (const struct sockaddr *)args[1], .size = (int)args[2]};
        t->is_ours = hv_socket_get((SOCKET)args[0], &h);
        if (!t->is_ours)
                return true;
        error = hv_prepare_connect(&h, t->name, t->size, &t->to);
        if (error) {
                hv_fail(error);
                return false;
        }
        hv_socket_put(&h);
        t->name = (struct sockaddr *)&t->to;
        t->size = sizeof(t->to);
        return true;
}

static uint64_t on_connect(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET, const struct sockaddr *, int) = real;
        struct target t;

        return aim(args, &t) ? (uint64_t)fn((SOCKET)args[0], t.name, t.size) : (uint64_t)SOCKET_ERROR;
}

static uint64_t on_wsaconnect(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET, const struct sockaddr *, int, void *, void *, void *, void *) = real;
        struct target t;

        if (!aim(args, &t))
                return (uint64_t)SOCKET_ERROR;
        if (t.is_ours)
                return (uint64_t)fn((SOCKET)args[0], t.name, t.size, NULL, NULL, NULL, NULL);
        return (uint64_t)fn((SOCKET)args[0], t.name, t.size, (void *)args[3], (void *)args[4], (void *)args[5],
                            (void *)args[6]);
}

static const struct winehv_redirection list[] = {
        {"ws2_32", "socket", 3, on_socket},
        {"ws2_32", "WSASocketA", 6, on_wsasocket},
        {"ws2_32", "WSASocketW", 6, on_wsasocket},
        {"ws2_32", "closesocket", 1, on_closesocket},
        {"kernel32", "CloseHandle", 1, on_closehandle},
        {"kernelbase", "CloseHandle", 1, on_closehandle},
        {"ws2_32", "bind", 3, on_bind},
        {"ws2_32", "getsockname", 3, on_getsockname},
        {"ws2_32", "getpeername", 3, on_getpeername},
        {"ws2_32", "listen", 2, on_listen},
        {"ws2_32", "accept", 3, on_accept},
        {"ws2_32", "WSAAccept", 5, on_wsaaccept},
        {"ws2_32", "connect", 3, on_connect},
        {"ws2_32", "WSAConnect", 7, on_wsaconnect},
};
const struct winehv_group winehv_sockets = {list, HCS_ARRAY_SIZE(list)};
