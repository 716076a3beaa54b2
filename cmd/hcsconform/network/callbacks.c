/* SPDX-License-Identifier: MIT */

/* What the service tells of networks, namespaces and guest services: to who registered, in order, until it unregisters.
 */

#include "base/str.h"
#include "cmd/hcsconform/network/network.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define TYPES       0x13u
#define MOST        64u
#define THIS_VM     "50b4e0c1-1111-4222-8333-444455556666"
#define TO_STATE(s) "{'ResourceType':'State','RequestType':'Update','Settings':{'State':'" s "'}}"
#define STEPS(...)               \
        (const struct step[]) {  \
                __VA_ARGS__, END \
        }

/* What one registration heard, as it came; its lock guards it, callbacks of the platform fill it. */
struct heard {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        unsigned counts[TYPES];
        DWORD order[MOST];
        size_t n;
        HCN_CALLBACK registration;
};

static void heard_init(struct heard *h) {
        *h = (struct heard){0};
        hcs_mutex_init(&h->lock);
        hcs_cond_init(&h->changed);
}

static void heard_deinit(struct heard *h) {
        hcs_cond_deinit(&h->changed);
        hcs_mutex_deinit(&h->lock);
}

static void HCS_ABI_CALL hear(DWORD type, void *context, HRESULT status, PCWSTR data) {
        struct heard *h = context;

        hcs_guard(&h->lock);
        if (type < TYPES)
                h->counts[type]++;
        if (h->n < MOST)
                h->order[h->n++] = type;
        hcs_cond_broadcast(&h->changed);
}

static bool await(struct heard *h, DWORD type, const char *what) {
        uint64_t deadline = hcs_clock_ns() + conform_target.patience_ms * HCS_NS_PER_MS;

        hcs_guard(&h->lock);
        while (h->counts[type] == 0)
                if (!hcs_cond_wait_until(&h->changed, &h->lock, deadline))
                        return h->counts[type] || conform_failed("%s was not told", what);
        return true;
}

static unsigned count(struct heard *h, DWORD type) {
        hcs_guard(&h->lock);

        return h->counts[type];
}

static size_t count_all(struct heard *h) {
        hcs_guard(&h->lock);

        return h->n;
}

/* Was the one told, for the first time, before the other? */
static bool comes_before(struct heard *h, DWORD one, DWORD other) {
        hcs_guard(&h->lock);
        for (size_t i = 0; i < h->n; i++) {
                if (h->order[i] == one)
                        return true;
                if (h->order[i] == other)
                        return conform_failed("0x%X was told before 0x%X", (unsigned)other, (unsigned)one);
        }
        return conform_failed("0x%X was not told", (unsigned)one);
}

static bool code(const char *what, HRESULT got) {
        return conform_code(what, S_OK, got, NULL);
}

static const struct hcs_computenetwork_api *api(void) {
        return &conform_target.network;
}

static bool listen_to_all(struct heard *h) {
        heard_init(h);
        return code("register", api()->HcnRegisterServiceCallback(hear, h, &h->registration));
}

/* ok: what came of the case; the registration goes in any case. */
static bool leave_all(struct heard *h, bool ok) {
        if (h->registration)
                ok &= code("unregister", api()->HcnUnregisterServiceCallback(h->registration));
        heard_deinit(h);
        return ok;
}

static bool make_and_delete(struct run *r, struct heard *h) {
        static const struct step make = CREATE(NETWORKS, "n", "{" V2 "}", S_OK), end = REMOVE(NETWORKS, "n", S_OK);

        return run_step(r, &make) && await(h, HcnNotificationNetworkCreate, "the network") && run_step(r, &end) &&
               await(h, HcnNotificationNetworkDelete, "its end");
}

static bool told_of_networks(struct run *r, const void *arg) {
        struct heard h;
        bool ok = listen_to_all(&h) && make_and_delete(r, &h);

        return leave_all(&h, ok);
}

static bool told_in_order(struct run *r, const void *arg) {
        struct heard h;
        bool ok = listen_to_all(&h) && make_and_delete(r, &h) &&
                  comes_before(&h, HcnNotificationNetworkPreCreate, HcnNotificationNetworkCreate) &&
                  comes_before(&h, HcnNotificationNetworkCreate, HcnNotificationNetworkPreDelete) &&
                  comes_before(&h, HcnNotificationNetworkPreDelete, HcnNotificationNetworkDelete);

        return leave_all(&h, ok);
}

static bool told_of_namespaces(struct run *r, const void *arg) {
        static const struct step make = CREATE(NAMESPACES, "s", "{" V2 "}", S_OK), end = REMOVE(NAMESPACES, "s", S_OK);
        struct heard h;
        bool ok = listen_to_all(&h) && run_step(r, &make) &&
                  await(&h, HcnNotificationNamespaceCreate, "the namespace") && run_step(r, &end) &&
                  await(&h, HcnNotificationNamespaceDelete, "its end");

        return leave_all(&h, ok);
}

static bool told_of_guest_services(struct run *r, const void *arg) {
        static const struct step make = CREATE(GUESTSERVICES, "g", "{" V2 ",'VirtualMachineId':'" THIS_VM "'}", S_OK),
                                 end = REMOVE(GUESTSERVICES, "g", S_OK);
        struct heard h;
        bool ok = listen_to_all(&h) && run_step(r, &make) &&
                  await(&h, HcnNotificationGuestNetworkServiceCreate, "the service") && run_step(r, &end) &&
                  await(&h, HcnNotificationGuestNetworkServiceDelete, "its end");

        return leave_all(&h, ok);
}

/*
 * Two registrations of one callback are two contexts; who has gone hears nothing more. What is told wrongly may be told
 * late: by the end of the network its beginning has had its time.
 */
static bool told_until_unregistered(struct run *r, const void *arg) {
        struct heard gone, stays;
        bool ok = listen_to_all(&gone) && make_and_delete(r, &gone);
        size_t before;

        if (gone.registration)
                ok &= code("unregister", api()->HcnUnregisterServiceCallback(gone.registration));
        before = count_all(&gone);
        ok = listen_to_all(&stays) && ok && make_and_delete(r, &stays);
        ok = leave_all(&stays, ok);
        if (ok && count_all(&gone) != before)
                ok = conform_failed("who had unregistered was told");
        heard_deinit(&gone);
        return ok;
}

static bool each_told(struct run *r, const void *arg) {
        struct heard one, other;
        bool ok = listen_to_all(&one), both = listen_to_all(&other) && ok && make_and_delete(r, &one) &&
                                              await(&other, HcnNotificationNetworkCreate, "the other") &&
                                              await(&other, HcnNotificationNetworkDelete, "the other, of the end");

        return leave_all(&other, leave_all(&one, both));
}

/* The endpoint `e` of the network `n` is put into the namespace `s` and out again. */
static bool attach_and_detach(struct run *r, struct heard *h) {
        static const struct step in = HNS("POST", "/namespaces/%s%/addresource",
                                          "{'Type':'Endpoint','Data':{'Id':'%e%'}}", S_OK, NULL, NULL),
                                 out = HNS("POST", "/namespaces/%s%/removeresource",
                                           "{'Type':'Endpoint','Data':{'Id':'%e%'}}", S_OK, NULL, NULL);

        return run_step(r, &in) && await(h, HcnNotificationNetworkEndpointAttached, "the endpoint") &&
               run_step(r, &out) && await(h, HcnNotificationNetworkEndpointDetached, "its leaving");
}

static bool told_of_a_network(struct run *r, const void *arg) {
        static const struct step end = REMOVE(NETWORKS, "n", S_OK), other = REMOVE(NETWORKS, "m", S_OK);
        HCN_CALLBACK registration = NULL;
        struct heard h;
        bool ok;

        heard_init(&h);
        ok = code("register", api()->HcnRegisterNetworkCallback(run_handle(r, "n"), hear, &h, &registration)) &&
             attach_and_detach(r, &h) && run_step(r, &other) && run_step(r, &end) &&
             await(&h, HcnNotificationNetworkDelete, "its end") &&
             (count(&h, HcnNotificationNetworkDelete) == 1 || conform_failed("the end of another was told"));
        if (registration)
                ok &= code("unregister", api()->HcnUnregisterNetworkCallback(registration));
        heard_deinit(&h);
        return ok;
}

static bool told_of_a_guest_service(struct run *r, const void *arg) {
        static const struct step pause = MODIFY(GUESTSERVICES, "g", TO_STATE("Paused"), S_OK);
        HCN_CALLBACK registration = NULL;
        struct heard h;
        bool ok;

        heard_init(&h);
        ok = code("register",
                  api()->HcnRegisterGuestNetworkServiceCallback(run_handle(r, "g"), hear, &h, &registration)) &&
             run_step(r, &pause) && await(&h, HcnNotificationGuestNetworkServiceStateChanged, "the state");
        if (registration)
                ok &= code("unregister", api()->HcnUnregisterGuestNetworkServiceCallback(registration));
        heard_deinit(&h);
        return ok;
}

/* A registration is of one of three functions to take it back; here it is gone already. */
static bool unregistered_once(struct run *r, const void *arg) {
        struct heard h;
        bool ok = listen_to_all(&h) && code("unregister", api()->HcnUnregisterServiceCallback(h.registration)) &&
                  conform_code("again", E_HANDLE, api()->HcnUnregisterServiceCallback(h.registration), NULL);

        heard_deinit(&h);
        return ok;
}

const struct conformance_case callback_cases[] = {
        {"networks that come and go are told of", NULL, NULL, told_of_networks, NULL},
        {"what becomes of a network is told in order", NULL, NULL, told_in_order, NULL},
        {"namespaces that come and go are told of", NULL, NULL, told_of_namespaces, NULL},
        {"guest network services that come and go are told of", NULL, NULL, told_of_guest_services, NULL},
        {"who unregistered is told nothing", NULL, NULL, told_until_unregistered, NULL},
        {"each of two is told", NULL, NULL, each_told, NULL},
        {"a network tells of its endpoints and its end", NULL,
         STEPS(CREATE(NETWORKS, "n", SMALL("L2Bridge"), S_OK), CREATE(NETWORKS, "m", "{" V2 "}", S_OK),
               ENDPOINT("e", "n", "{" V2 "}", S_OK), CREATE(NAMESPACES, "s", "{" V2 "}", S_OK)),
         told_of_a_network, NULL},
        {"a guest network service tells of its state", NULL,
         STEPS(CREATE(GUESTSERVICES, "g", "{" V2 ",'VirtualMachineId':'" THIS_VM "'}", S_OK)), told_of_a_guest_service,
         NULL},
        {"a callback is unregistered once", NULL, NULL, unregistered_once, NULL, NEEDS_EMULATOR},
        {0}};
