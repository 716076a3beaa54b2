/* SPDX-License-Identifier: MIT */

/*
 * A service that is started again knows nothing of who listened with the one before. A thread of the program's looks
 * whether it is still the same, and tells the new one of all listeners; what it refuses, because a machine is not there
 * yet, is tried again. It begins with the first listener and stays. See winehv.h.
 */

#include "mockhcs/winehv/winehv.h"

#include "base/mem.h"
#include "hcsshim/log.h"
#include "mockhcs/remote/hyperv_client.h"
#include "platform/thread.h"

#define LOOK_MS     500u
#define LOOK_MAX_MS 5000u /* between two looks for a service that is not there, or refuses a listener */
#define AT_ONCE     256u  /* as many as a program may have */

/* Those that are held: few, and not for long. */
struct held {
        struct held *next;
        SOCKET s;
        bool closed; /* meanwhile; the number may be another socket's by now */
};

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE released = CONDITION_VARIABLE_INIT;
static struct held *held;

static struct held **held_slot(SOCKET s) {
        struct held **at = &held;

        while (*at && (*at)->s != s)
                at = &(*at)->next;
        return at;
}

void hv_listener_hold(SOCKET s) {
        struct held *mine = hcs_calloc(1, sizeof(*mine));

        mine->s = s;
        AcquireSRWLockExclusive(&lock);
        while (*held_slot(s))
                SleepConditionVariableSRW(&released, &lock, INFINITE, 0);
        mine->next = held;
        held = mine;
        ReleaseSRWLockExclusive(&lock);
}

void hv_listener_release(SOCKET s) {
        struct held **at, *mine;

        AcquireSRWLockExclusive(&lock);
        at = held_slot(s);
        mine = *at;
        *at = mine->next;
        ReleaseSRWLockExclusive(&lock);
        WakeAllConditionVariable(&released);
        free(mine);
}

bool hv_listener_known(const struct hv_socket *h) {
        bool closed;

        AcquireSRWLockExclusive(&lock);
        closed = (*held_slot(h->s))->closed;
        if (!closed)
                hv_socket_put(h);
        ReleaseSRWLockExclusive(&lock);
        return !closed;
}

bool hv_socket_close(SOCKET s, struct hv_socket *ret) {
        struct held *other;
        bool was_ours;

        AcquireSRWLockExclusive(&lock);
        was_ours = hv_socket_take(s, ret);
        other = *held_slot(s);
        if (was_ours && other)
                other->closed = true;
        ReleaseSRWLockExclusive(&lock);
        return was_ours && !other && (ret->listening || ret->far_port);
}

/* True: the service knows of it, or it listens no more. */
static bool tell(struct hyperv_client *c, SOCKET s) {
        struct hv_socket h;

        if (!hv_socket_get(s, &h) || !h.listening || h.told == c)
                return true; /* closed meanwhile */
        if (hyperv_client_listen(c, &h.local.VmId, &h.local.ServiceId, h.port))
                return false;
        h.told = c;
        if (!hv_listener_known(&h))
                hyperv_client_unlisten(c, h.port);
        return true;
}

/* True: there is none that it does not know of. */
static bool tell_all(struct hyperv_client *c) {
        SOCKET passed[AT_ONCE];
        struct hv_socket h;
        bool all = true;

        for (size_t n = 0; n < AT_ONCE && hv_socket_untold(c, passed, n, &h); n++) {
                passed[n] = h.s;
                hv_listener_hold(h.s);
                all &= tell(c, h.s);
                hv_listener_release(h.s);
        }
        return all;
}

static void follow(void *arg) {
        DWORD pause = LOOK_MS;

        for (;;) {
                uint32_t error;
                struct hyperv_client *c;

                Sleep(pause);
                c = hv_client(&error);
                if (c && tell_all(c))
                        pause = LOOK_MS;
                else
                        pause = pause * 2 < LOOK_MAX_MS ? pause * 2 : LOOK_MAX_MS;
        }
}

static void begin(void) {
        struct hcs_error *err = NULL;

        if (SUCCEEDED(hcs_thread_start_detached(follow, NULL, &err)))
                return;
        hcs_log(HCS_LOG_WARN, "a service that is started again will not know who listens", "error",
                hcs_error_message(err), NULL);
        hcs_error_free(err);
}

void hv_listeners_follow(void) {
        static struct hcs_once once = HCS_ONCE_INIT;

        hcs_once(&once, begin);
}
