/* SPDX-License-Identifier: MIT */

/* Eight threads at one model: objects of their own and objects in common, lists, callbacks that call back in, and
 * registrations that several take back at once. */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computenetwork.h"

#include <stdlib.h>

#include "base/mem.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/networks.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define THREADS 8
#define ROUNDS  60
#define SHARED  "a0b4e0c1-1111-4222-8333-444455556666"

struct worker {
        struct hcs_thread thread;
        unsigned number, refused, wrong;
};

static struct mockhcs *mock;
static void *common;
static unsigned heard;

static int setup(void **state) {
        networks_use_linked(HNSCall);
        if (FAILED(mockhcs_open("emulate", &mock, NULL)))
                return 1;
        return FAILED(networks_create(NETWORKS, NULL, NULL,
                                      "{\"Name\":\"common\",\"Type\":\"Overlay\",\"Ipams\":[{\"Subnets\":[{"
                                      "\"IpAddressPrefix\":\"10.0.0.0/16\"}]}]}",
                                      &common));
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        return 0;
}

/* A callback may use the API. */
static void HCS_ABI_CALL on_event(DWORD type, void *context, HRESULT status, PCWSTR data) {
        char *ids = NULL;

        networks_enumerate(NETWORKS, NULL, &ids);
        free(ids);
        __atomic_fetch_add(&heard, 1, __ATOMIC_SEQ_CST);
}

static void expect(struct worker *w, HRESULT hr, HRESULT allowed) {
        w->refused += hr == allowed;
        w->wrong += FAILED(hr) && hr != allowed;
}

static void own_objects(struct worker *w, unsigned round) {
        _cleanup_free_ char *id = hcs_asprintf("%08x-0000-4000-8000-%012x", w->number + 1, round + 1), *list = NULL,
                            *change =
                                    hcs_asprintf("{\"ResourceType\":\"Endpoint\",\"RequestType\":\"Add\",\"Settings\":{"
                                                 "\"EndpointId\":\"%s\"}}",
                                                 id),
                            *path = hcs_asprintf("/endpoints/%s", id), *answer = NULL;
        void *endpoint = NULL, *space = NULL;

        expect(w, networks_create(ENDPOINTS, common, id, "{}", &endpoint), S_OK);
        expect(w, networks_create(NAMESPACES, NULL, id, "{}", &space), S_OK);
        expect(w, networks_modify(NAMESPACES, space, change), S_OK);
        expect(w, networks_hns("GET", path, "", &answer), S_OK);
        expect(w, networks_enumerate(ENDPOINTS, NULL, &list), S_OK);
        w->wrong += !list || !strstr(list, id) || !answer || !strstr(answer, "\"State\":2");
        expect(w, networks_delete(round % 2 ? ENDPOINTS : NAMESPACES, id), S_OK);
        expect(w, networks_delete(round % 2 ? NAMESPACES : ENDPOINTS, id), S_OK);
        networks_close(ENDPOINTS, endpoint);
        networks_close(NAMESPACES, space);
}

static void shared_object(struct worker *w) {
        void *network = NULL;
        char *text = NULL;

        expect(w, networks_create(NETWORKS, NULL, SHARED, "{\"Name\":\"shared\",\"Type\":\"Private\"}", &network),
               HCN_E_NETWORK_ALREADY_EXISTS);
        if (network) {
                expect(w, networks_query(NETWORKS, network, NULL, &text), HCS_WIN32(0x490));
                free(text);
                networks_close(NETWORKS, network);
        }
        expect(w, networks_delete(NETWORKS, SHARED), HCS_WIN32(0x490));
}

static void work(void *arg) {
        struct worker *w = arg;

        for (unsigned r = 0; r < ROUNDS; r++) {
                HCN_CALLBACK callback = NULL;

                if (r % 10 == 0)
                        expect(w, (HRESULT)HcnRegisterNetworkCallback(common, on_event, w, &callback), S_OK);
                own_objects(w, r);
                shared_object(w);
                if (callback)
                        expect(w, (HRESULT)HcnUnregisterNetworkCallback(callback), S_OK);
        }
}

static void eight_threads_do_not_get_in_each_others_way(void **state) {
        struct worker workers[THREADS];
        _cleanup_free_ char *endpoints = NULL, *report = NULL;
        struct worker watching = {0};
        HCN_CALLBACK callback = NULL;

        /* The threads' own registrations may be gone before anything was delivered to them. */
        assert_hresult(HcnRegisterNetworkCallback(common, on_event, &watching, &callback), S_OK);
        for (unsigned i = 0; i < THREADS; i++) {
                workers[i] = (struct worker){.number = i};
                assert_ok(hcs_thread_start(&workers[i].thread, work, &workers[i], NULL), NULL);
        }
        for (unsigned i = 0; i < THREADS; i++) {
                hcs_thread_join(&workers[i].thread);
                assert_int_equal(workers[i].wrong, 0);
        }
        assert_hresult(networks_enumerate(ENDPOINTS, NULL, &endpoints), S_OK);
        assert_string_equal(endpoints, "[]");
        mockhcs_drain(mock);
        assert_true(__atomic_load_n(&heard, __ATOMIC_SEQ_CST) > 0);
        assert_hresult(HcnUnregisterNetworkCallback(callback), S_OK);
        networks_close(NETWORKS, common);
        if (mockhcs_leaks(mock, &report))
                fail_msg("%s", report);
}

static HCN_CALLBACK itself;
static unsigned calls;

static void HCS_ABI_CALL on_event_once(DWORD type, void *context, HRESULT status, PCWSTR data) {
        __atomic_fetch_add(&calls, 1, __ATOMIC_SEQ_CST);
        *(HRESULT *)context = (HRESULT)HcnUnregisterServiceCallback(itself);
}

static void a_registration_is_taken_back_from_within_its_callback(void **state) {
        HRESULT taken_back = E_FAIL;
        void *space = NULL;

        calls = 0;
        assert_hresult(HcnRegisterServiceCallback(on_event_once, &taken_back, &itself), S_OK);
        for (int i = 0; i < 3; i++) {
                assert_hresult(networks_create(NAMESPACES, NULL, NULL, "{}", &space), S_OK);
                networks_close(NAMESPACES, space);
                mockhcs_drain(mock);
        }
        assert_hresult(taken_back, S_OK);
        assert_int_equal(__atomic_load_n(&calls, __ATOMIC_SEQ_CST), 1);
        assert_hresult(HcnUnregisterServiceCallback(itself), E_HANDLE);
        networks_close(NETWORKS, common);
}

/* What a callback may touch until its registration is taken back, and nobody after. */
struct guest {
        HCN_CALLBACK callback;
        bool gone;
        unsigned late, taken_back;
};

static void HCS_ABI_CALL on_event_of_guest(DWORD type, void *context, HRESULT status, PCWSTR data) {
        struct guest *g = context;

        __atomic_fetch_add(&g->late, __atomic_load_n(&g->gone, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
}

static void take_back(void *arg) {
        struct guest *g = arg;
        HRESULT hr = (HRESULT)HcnUnregisterServiceCallback(g->callback);

        if (hr == S_OK) {
                __atomic_store_n(&g->gone, true, __ATOMIC_SEQ_CST);
                __atomic_fetch_add(&g->taken_back, 1, __ATOMIC_SEQ_CST);
        }
}

static void of_two_threads_that_take_a_registration_back_one_does(void **state) {
        for (int i = 0; i < 50; i++) {
                struct guest g = {0};
                struct hcs_thread threads[2];
                void *space = NULL;

                assert_hresult(HcnRegisterServiceCallback(on_event_of_guest, &g, &g.callback), S_OK);
                assert_hresult(networks_create(NAMESPACES, NULL, NULL, "{}", &space), S_OK);
                for (int t = 0; t < 2; t++)
                        assert_ok(hcs_thread_start(&threads[t], take_back, &g, NULL), NULL);
                networks_close(NAMESPACES, space);
                for (int t = 0; t < 2; t++)
                        hcs_thread_join(&threads[t]);
                assert_int_equal(g.taken_back, 1);
                assert_int_equal(g.late, 0);
        }
        networks_close(NETWORKS, common);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
HCS_TESTS(TEST(eight_threads_do_not_get_in_each_others_way),
          TEST(a_registration_is_taken_back_from_within_its_callback),
          TEST(of_two_threads_that_take_a_registration_back_one_does))
