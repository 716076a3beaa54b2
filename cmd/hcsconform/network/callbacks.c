/* SPDX-License-Identifier: MIT */

/* What the service tells of networks: to who registered, until it unregisters. */

#include "cmd/hcsconform/network/network.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define PATIENCE (60ull * HCS_NS_PER_S)

/* How often each was heard; its lock guards it, callbacks of the platform fill it. */
struct heard {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        unsigned created, deleted;
};

static void HCS_ABI_CALL hear(DWORD type, void *context, HRESULT status, PCWSTR data) {
        struct heard *h = context;

        hcs_guard(&h->lock);
        h->created += type == HcnNotificationNetworkCreate;
        h->deleted += type == HcnNotificationNetworkDelete;
        hcs_cond_broadcast(&h->changed);
}

static bool await(struct heard *h, const unsigned *count, const char *what) {
        uint64_t deadline = hcs_clock_ns() + PATIENCE;

        hcs_guard(&h->lock);
        while (*count == 0)
                if (!hcs_cond_wait_until(&h->changed, &h->lock, deadline))
                        return *count || conform_failed("%s was not told", what);
        return true;
}

static bool code(const char *what, HRESULT got) {
        return conform_code(what, S_OK, got, NULL);
}

static bool make_and_delete(struct run *r, struct heard *h) {
        static const struct step make = CREATE(NETWORKS, "n", "{" V2 "}", S_OK), end = REMOVE(NETWORKS, "n", S_OK);

        return run_step(r, &make) && await(h, &h->created, "the network") && run_step(r, &end) &&
               await(h, &h->deleted, "its end");
}

static bool told_of_networks(struct run *r, const void *arg) {
        const struct hcs_computenetwork_api *api = &conform_target.network;
        HCN_CALLBACK registration = NULL;
        struct heard h = {0};
        bool ok;

        hcs_mutex_init(&h.lock);
        hcs_cond_init(&h.changed);
        ok = code("register", api->HcnRegisterServiceCallback(hear, &h, &registration));
        if (ok) {
                ok = make_and_delete(r, &h);
                ok &= code("unregister", api->HcnUnregisterServiceCallback(registration));
        }
        hcs_cond_deinit(&h.changed);
        hcs_mutex_deinit(&h.lock);
        return ok;
}

const struct conformance_case callback_cases[] = {
        {"networks that come and go are told of", NULL, NULL, told_of_networks, NULL}, {0}};
