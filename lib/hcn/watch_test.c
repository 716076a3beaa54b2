/* SPDX-License-Identifier: MIT */

/* Notifications: what arrives, and that nothing does once a watch is stopped. */

#include <stdatomic.h>

#include "platform/thread.h"
#include "testing/fake_network.h"
#include "testing/hcs_test.h"

#define ID "d0b4e0c1-1111-4222-8333-444455556666"

static struct hcn_client *client;
static struct hcn_watch *self;
static struct {
        unsigned n;
        uint32_t type;
        HRESULT status;
        char data[64];
} seen;

static int setup(void **state) {
        memset(&seen, 0, sizeof(seen));
        fake_reset(&(struct fake_answers){.properties = "{}"});
        client = fake_hcn_client();
        return client == NULL;
}

static int teardown(void **state) {
        client = hcn_client_unref(client);
        return fake_open_handles();
}

static void note(void *ctx, const struct hcn_event *e) {
        seen.n++;
        seen.type = e->type;
        seen.status = e->status;
        strncpy(seen.data, e->data ? e->data : "none", sizeof(seen.data) - 1);
        assert_string_equal(e->name, hcn_event_name(e->type));
}

static void stop_self(void *ctx, const struct hcn_event *e) {
        note(ctx, e);
        self = hcn_watch_stop(self);
}

static void the_service_tells_of_every_kind_of_event(void **state) {
        struct hcn_watch *w = NULL;

        assert_ok(hcn_watch_service(client, note, NULL, &w, NULL), NULL);
        fake_notify(HcnNotificationNetworkCreate, S_OK, u"{\"Id\":\"x\"}");
        assert_int_equal(seen.n, 1);
        assert_string_equal(seen.data, "{\"Id\":\"x\"}");
        fake_notify(HcnNotificationNetworkEndpointAttached, E_FAIL, NULL);
        assert_int_equal(seen.type, HcnNotificationNetworkEndpointAttached);
        assert_hresult(seen.status, E_FAIL);
        assert_string_equal(seen.data, "none");
        assert_null(hcn_watch_stop(w));
        fake_notify(HcnNotificationNetworkDelete, S_OK, NULL);
        assert_int_equal(seen.n, 2);
        assert_null(hcn_watch_stop(NULL));
}

static void events_have_names(void **state) {
        assert_string_equal(hcn_event_name(HcnNotificationNetworkPreCreate), "NetworkPreCreate");
        assert_string_equal(hcn_event_name(HcnNotificationNamespaceDelete), "NamespaceDelete");
        assert_string_equal(hcn_event_name(HcnNotificationNetworkEndpointDetached), "NetworkEndpointDetached");
        assert_string_equal(hcn_event_name(HcnNotificationServiceDisconnect), "ServiceDisconnect");
        assert_string_equal(hcn_event_name(0xB), "Unknown");
}

static void a_network_and_a_guest_service_can_be_watched(void **state) {
        static const enum hcn_kind kinds[] = {HCN_KIND_NETWORK, HCN_KIND_GUEST_SERVICE};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(kinds); i++) {
                struct hcn_object *o = NULL;
                struct hcn_watch *w = NULL;

                assert_ok(hcn_object_open(client, kinds[i], ID, &o, NULL), NULL);
                assert_ok(hcn_watch_object(o, note, NULL, &w, NULL), NULL);
                hcn_object_unref(o); /* the watch holds it */
                fake_notify(HcnNotificationGuestNetworkServiceStateChanged, S_OK, u"s");
                assert_int_equal(seen.n, i + 1);
                assert_int_equal(fake_open_handles(), 1);
                hcn_watch_stop(w);
                assert_int_equal(fake_open_handles(), 0);
        }
}

static void a_watch_outlives_the_close_of_its_object(void **state) {
        struct hcn_object *o = NULL;
        struct hcn_watch *w = NULL;

        assert_ok(hcn_object_open(client, HCN_KIND_NETWORK, ID, &o, NULL), NULL);
        assert_ok(hcn_watch_object(o, note, NULL, &w, NULL), NULL);
        assert_ok(hcn_object_close(o, NULL), NULL);
        assert_hresult(hcn_object_modify(o, "{}", NULL), E_HANDLE);
        fake_notify(HcnNotificationNetworkEndpointAttached, S_OK, NULL);
        assert_int_equal(seen.n, 1);
        assert_int_equal(fake_open_handles(), 1);
        hcn_watch_stop(w);
        assert_int_equal(fake_open_handles(), 0);
        hcn_object_unref(o);
        assert_int_equal(fake_open_handles(), 0);
}

static void a_watch_may_be_stopped_from_its_own_callback(void **state) {
        assert_ok(hcn_watch_service(client, stop_self, NULL, &self, NULL), NULL);
        fake_notify(HcnNotificationNamespaceCreate, S_OK, NULL);
        fake_notify(HcnNotificationNamespaceCreate, S_OK, NULL);
        assert_int_equal(seen.n, 1);
        assert_null(self);
}

static void a_watch_without_a_callback_is_refused(void **state) {
        struct hcn_watch *w = NULL;

        assert_hresult(hcn_watch_service(client, NULL, NULL, &w, NULL), E_POINTER);
        assert_null(w);
}

/* The callback waits until the stop has begun: then the stop must wait for the callback. */
static struct hcs_mutex gate_lock;
static struct hcs_cond gate;
static bool inside, may_leave;
static atomic_bool left;

static void linger(void *ctx, const struct hcn_event *e) {
        hcs_mutex_lock(&gate_lock);
        inside = true;
        hcs_cond_broadcast(&gate);
        while (!may_leave)
                hcs_cond_wait(&gate, &gate_lock);
        hcs_mutex_unlock(&gate_lock);
        atomic_store(&left, true);
}

static void notify(void *arg) {
        fake_notify(HcnNotificationNetworkCreate, S_OK, NULL);
}

static void let_go(void *arg) {
        hcs_mutex_lock(&gate_lock);
        may_leave = true;
        hcs_cond_broadcast(&gate);
        hcs_mutex_unlock(&gate_lock);
}

static void stopping_waits_for_the_callback_that_runs(void **state) {
        struct hcs_thread platform, helper;
        struct hcn_watch *w = NULL;

        hcs_mutex_init(&gate_lock);
        hcs_cond_init(&gate);
        assert_ok(hcn_watch_service(client, linger, NULL, &w, NULL), NULL);
        assert_ok(hcs_thread_start(&platform, notify, NULL, NULL), NULL);
        hcs_mutex_lock(&gate_lock);
        while (!inside)
                hcs_cond_wait(&gate, &gate_lock);
        hcs_mutex_unlock(&gate_lock);
        assert_ok(hcs_thread_start(&helper, let_go, NULL, NULL), NULL);
        hcn_watch_stop(w);
        assert_true(atomic_load(&left));
        hcs_thread_join(&platform);
        hcs_thread_join(&helper);
        hcs_cond_deinit(&gate);
        hcs_mutex_deinit(&gate_lock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
HCS_TESTS(TEST(the_service_tells_of_every_kind_of_event), TEST(events_have_names),
          TEST(a_network_and_a_guest_service_can_be_watched), TEST(a_watch_outlives_the_close_of_its_object),
          TEST(a_watch_may_be_stopped_from_its_own_callback), TEST(a_watch_without_a_callback_is_refused),
          TEST(stopping_waits_for_the_callback_that_runs))
