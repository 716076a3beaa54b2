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
#define LOOK_MAX_MS 5000u /* between two looks for a service that is not there */
#define AT_ONCE     256u  /* as many as a program may have */

static struct hcs_mutex listeners = HCS_MUTEX_INIT;

void hv_listeners_lock(void) {
        hcs_mutex_lock(&listeners);
}

void hv_listeners_unlock(void) {
        hcs_mutex_unlock(&listeners);
}

/* False: there is none, or it was tried already. */
static bool tell_one(struct hyperv_client *c, SOCKET *passed, size_t *n_passed) {
        struct hv_socket h;

        hcs_guard(&listeners);
        if (*n_passed == AT_ONCE || !hv_socket_untold(c, passed, *n_passed, &h))
                return false;
        passed[(*n_passed)++] = h.s;
        if (hyperv_client_listen(c, &h.local.VmId, &h.local.ServiceId, h.port) == 0) {
                h.told = c;
                hv_socket_put(&h);
        }
        return true;
}

static void follow(void *arg) {
        DWORD pause = LOOK_MS;

        for (;;) {
                SOCKET passed[AT_ONCE];
                size_t n = 0;
                uint32_t error;
                struct hyperv_client *c;

                Sleep(pause);
                c = hv_client(&error);
                pause = c ? LOOK_MS : pause * 2 < LOOK_MAX_MS ? pause * 2 : LOOK_MAX_MS;
                while (c && tell_one(c, passed, &n))
                        continue;
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
