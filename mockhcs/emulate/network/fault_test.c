/* SPDX-License-Identifier: MIT */

/* What users met on real hosts, one row of faults after the other. */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computenetwork.h"

#include "base/mem.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/networks.h"
#include "platform/file.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define ID "a0b4e0c1-1111-4222-8333-444455556666"

static struct mockhcs *mock;
static char *dir;

static int setup(void **state) {
        networks_use_linked(HNSCall);
        dir = hcs_test_tmpdir();
        return 0;
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        free(dir);
        return 0;
}

static HRESULT open_with(const char *faults, struct hcs_error **err) {
        _cleanup_free_ char *path = hcs_asprintf("%s/faults", dir);
        _cleanup_free_ char *spec = hcs_asprintf("speed=0,emulate,net-faults=%s", path);

        assert_ok(hcs_file_write(path, faults, strlen(faults), NULL), NULL);
        return mockhcs_open(spec, &mock, err);
}

static void rows_that_are_none_are_refused(void **state) {
        static const char *const rows[][2] = {
                {"{}", "an array"},
                {"[{}]", "[0].fault"},
                {"[{\"fault\":\"fire\"}]", "[0].fault"},
                {"[{\"fault\":\"phantom\",\"name\":\"x\"}]", "[0].kind"},
                {"[{\"fault\":\"late-delete\",\"kind\":\"switch\"}]", "[0].kind"},
                {"[{\"fault\":\"hang\",\"call\":\"HcnFly\"}]", "[0].call"},
                {"[{\"fault\":\"fail\",\"call\":\"HNSCall\",\"hr\":\"S_OK\"}]", "[0].hr"},
                {"[{\"fault\":\"restart\",\"objects\":\"some\"}]", "[0].objects"},
                {"[{\"fault\":\"hang\",\"call\":\"HNSCall\",\"nht\":2}]", "[0].nht: a row of hang has no such member"},
                {"[{\"fault\":\"phantom\",\"kind\":\"network\",\"name\":\"x\"},{\"fault\":\"late-delete\",\"ms\":\"9\"}"
                 "]",
                 "[1].ms: a number"},
                {"[{\"fault\":\"fail\",\"call\":\"*\",\"times\":-1,\"hr\":\"E_FAIL\"}]", "[0].times: a number"},
                {"[{\"fault\":\"fail\",\"call\":\"*\",\"hr\":5}]", "[0].hr: a string"},
                {"[{\"fault\":\"event\",\"name\":\"SystemExited\",\"how\":\"lost\"}]", "[0].name"},
                {"[{\"fault\":\"event\",\"how\":\"loud\"}]", "[0].how"},
                {"[", "line 1"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                struct hcs_error *err = NULL;

                assert_true(FAILED(open_with(rows[i][0], &err)));
                if (!strstr(hcs_error_message(err), rows[i][1]))
                        fail_msg("\"%s\" is not in: %s", rows[i][1], hcs_error_message(err));
                hcs_error_free(err);
        }
}

static void a_deleted_object_shows_for_a_while(void **state) {
        _cleanup_free_ char *list = NULL, *filtered = NULL, *later = NULL;
        void *handle = NULL;

        /* The clock of speed=0 stands still for what is not due: the wait ends when the queue is drained. */
        assert_ok(open_with("[{\"fault\":\"late-delete\",\"kind\":\"network\",\"ms\":3600000},"
                            "{\"fault\":\"hang\",\"call\":\"HcnDeleteNetwork\",\"nth\":2,\"ms\":1}]",
                            NULL),
                  NULL);
        assert_hresult(networks_create(NETWORKS, NULL, ID, "{\"Name\":\"n\"}", &handle), S_OK);
        networks_close(NETWORKS, handle);
        assert_hresult(networks_delete(NETWORKS, ID), S_OK);
        mockhcs_drain(mock);
        assert_hresult(networks_enumerate(NETWORKS, NULL, &later), S_OK);
        assert_string_equal(later, "[]");
        assert_hresult(networks_create(NETWORKS, NULL, ID, "{\"Name\":\"n\"}", &handle), S_OK);
        networks_close(NETWORKS, handle);
}

/* With real time an hour is long: the object stays. */
static void its_id_and_name_are_taken_meanwhile(void **state) {
        _cleanup_free_ char *path = hcs_asprintf("%s/faults", dir), *spec = hcs_asprintf("emulate,net-faults=%s", path);
        static const char faults[] = "[{\"fault\":\"late-delete\",\"ms\":3600000}]";
        _cleanup_free_ char *list = NULL, *filtered = NULL, *none = NULL;
        void *handle = NULL;

        assert_ok(hcs_file_write(path, faults, strlen(faults), NULL), NULL);
        assert_ok(mockhcs_open(spec, &mock, NULL), NULL);
        assert_hresult(networks_create(NETWORKS, NULL, ID, "{\"Name\":\"n\"}", &handle), S_OK);
        networks_close(NETWORKS, handle);
        assert_hresult(networks_delete(NETWORKS, ID), S_OK);
        assert_hresult(networks_enumerate(NETWORKS, NULL, &list), S_OK);
        assert_string_equal(list, "[\"" ID "\"]");
        assert_hresult(networks_enumerate(NETWORKS, "{\"Filter\":\"{\\\"Name\\\":\\\"n\\\"}\"}", &filtered), S_OK);
        assert_string_equal(filtered, "[\"" ID "\"]");
        assert_hresult(networks_enumerate(NETWORKS, "{\"Filter\":\"{\\\"Name\\\":\\\"m\\\"}\"}", &none), S_OK);
        assert_string_equal(none, "[]");
        assert_hresult(networks_open(NETWORKS, ID, &handle), HCS_WIN32(0x490));
        assert_hresult(networks_create(NETWORKS, NULL, NULL, "{\"Name\":\"n\"}", &handle),
                       HCN_E_NETWORK_ALREADY_EXISTS);
        assert_hresult(networks_create(NETWORKS, NULL, NULL, "{\"ID\":\"" ID "\"}", &handle),
                       HCN_E_NETWORK_ALREADY_EXISTS);
}

static void what_shows_for_a_while_is_filtered_like_the_rest(void **state) {
        _cleanup_free_ char *path = hcs_asprintf("%s/faults", dir), *spec = hcs_asprintf("emulate,net-faults=%s", path);
        static const char faults[] = "[{\"fault\":\"late-delete\",\"kind\":\"endpoint\",\"ms\":3600000}]";
        _cleanup_free_ char *here = NULL, *elsewhere = NULL;
        void *network = NULL, *endpoint = NULL;

        assert_ok(hcs_file_write(path, faults, strlen(faults), NULL), NULL);
        assert_ok(mockhcs_open(spec, &mock, NULL), NULL);
        assert_hresult(networks_create(NETWORKS, NULL, ID, "{}", &network), S_OK);
        assert_hresult(networks_create(ENDPOINTS, network, ID, "{}", &endpoint), S_OK);
        networks_close(ENDPOINTS, endpoint);
        networks_close(NETWORKS, network);
        assert_hresult(networks_delete(ENDPOINTS, ID), S_OK);
        assert_hresult(networks_enumerate(ENDPOINTS, "{\"Filter\":\"{\\\"VirtualNetwork\\\":\\\"" ID "\\\"}\"}", &here),
                       S_OK);
        assert_string_equal(here, "[\"" ID "\"]");
        assert_hresult(networks_enumerate(
                               ENDPOINTS,
                               "{\"Filter\":\"{\\\"VirtualNetwork\\\":\\\"b0b4e0c1-1111-4222-8333-444455556666\\\"}\"}",
                               &elsewhere),
                       S_OK);
        assert_string_equal(elsewhere, "[]");
}

static void a_phantom_exists_and_cannot_be_opened(void **state) {
        _cleanup_free_ char *list = NULL;
        void *handle = NULL;

        assert_ok(open_with("[{\"fault\":\"phantom\",\"kind\":\"network\",\"name\":\"WSL\"}]", NULL), NULL);
        assert_hresult(networks_create(NETWORKS, NULL, NULL, "{\"Name\":\"WSL\"}", &handle),
                       HCN_E_NETWORK_ALREADY_EXISTS);
        assert_hresult(networks_enumerate(NETWORKS, "{\"Filter\":\"{\\\"Name\\\":\\\"WSL\\\"}\"}", &list), S_OK);
        assert_string_equal(list, "[]");
}

static void a_call_fails_as_often_as_it_is_told(void **state) {
        _cleanup_free_ char *answer = NULL;
        void *handle = NULL;

        assert_ok(open_with("[{\"fault\":\"fail\",\"call\":\"HcnCreateNetwork\",\"nth\":2,\"times\":2,"
                            "\"hr\":\"HCN_E_ADAPTER_NOT_FOUND\"},"
                            "{\"fault\":\"fail\",\"call\":\"HNSCall\",\"hr\":\"0x803B0006\"}]",
                            NULL),
                  NULL);
        assert_hresult(networks_create(NETWORKS, NULL, NULL, "{}", &handle), S_OK);
        networks_close(NETWORKS, handle);
        for (int i = 0; i < 2; i++) {
                assert_hresult(networks_create(NETWORKS, NULL, NULL, "{}", &handle), HCN_E_ADAPTER_NOT_FOUND);
                assert_string_equal(networks_record(), "{\"Success\":false,\"Error\":\"An adapter was not found. \","
                                                       "\"ErrorCode\":2151350278}");
        }
        assert_hresult(networks_create(NETWORKS, NULL, NULL, "{}", &handle), S_OK);
        networks_close(NETWORKS, handle);
        assert_hresult(networks_hns("GET", "/networks/", "", &answer), S_OK);
        assert_non_null(strstr(answer, "\"Success\":false"));
}

static void create_it(void *arg) {
        void *handle = NULL;

        *(HRESULT *)arg = networks_create(NETWORKS, NULL, NULL, "{\"Name\":\"slow\"}", &handle);
        networks_close(NETWORKS, handle);
}

static void a_call_that_hangs_holds_nobody_else_up(void **state) {
        _cleanup_free_ char *path = hcs_asprintf("%s/faults", dir), *spec = hcs_asprintf("emulate,net-faults=%s", path);
        static const char faults[] = "[{\"fault\":\"hang\",\"call\":\"HcnCreateNetwork\",\"ms\":200}]";
        _cleanup_free_ char *list = NULL;
        struct hcs_thread thread;
        HRESULT hr = E_FAIL;

        assert_ok(hcs_file_write(path, faults, strlen(faults), NULL), NULL);
        assert_ok(mockhcs_open(spec, &mock, NULL), NULL);
        assert_ok(hcs_thread_start(&thread, create_it, &hr, NULL), NULL);
        for (int i = 0; i < 100; i++) {
                _cleanup_free_ char *ids = NULL;

                assert_hresult(networks_enumerate(NETWORKS, NULL, &ids), S_OK);
        }
        hcs_thread_join(&thread);
        assert_hresult(hr, S_OK);
        assert_hresult(networks_enumerate(NETWORKS, NULL, &list), S_OK);
        assert_int_equal(strlen(list), 40);
}

static unsigned disconnects;

static void HCS_ABI_CALL on_event(DWORD type, void *context, HRESULT status, PCWSTR data) {
        __atomic_fetch_add(&disconnects, type == HcnNotificationServiceDisconnect, __ATOMIC_SEQ_CST);
}

static void a_restart_makes_handles_useless(void **state) {
        HCN_CALLBACK callback = NULL;
        void *kept = NULL, *lost = NULL, *again = NULL;
        char *text = NULL;

        disconnects = 0;
        assert_ok(open_with("[{\"fault\":\"restart\",\"after\":3,\"objects\":\"persistent\"}]", NULL), NULL);
        assert_hresult(HcnRegisterServiceCallback(on_event, NULL, &callback), S_OK);
        assert_hresult(networks_create(NETWORKS, NULL, ID, "{\"Name\":\"kept\"}", &kept), S_OK);
        assert_hresult(networks_create(NETWORKS, NULL, NULL, "{\"Name\":\"lost\",\"Flags\":8}", &lost), S_OK);
        assert_hresult(networks_query(NETWORKS, kept, NULL, &text), HCN_E_OBJECT_USED_AFTER_UNLOAD);
        assert_hresult(networks_modify(NETWORKS, lost, "{}"), HCN_E_OBJECT_USED_AFTER_UNLOAD);
        mockhcs_drain(mock);
        assert_int_equal(__atomic_load_n(&disconnects, __ATOMIC_SEQ_CST), 1);
        assert_hresult(networks_open(NETWORKS, ID, &again), S_OK);
        assert_hresult(networks_query(NETWORKS, again, NULL, &text), S_OK);
        free(text);
        assert_hresult(networks_enumerate(NETWORKS, NULL, &text), S_OK);
        assert_string_equal(text, "[\"" ID "\"]");
        free(text);
        assert_hresult(networks_close(NETWORKS, kept), S_OK);
        assert_hresult(networks_close(NETWORKS, lost), S_OK);
        assert_hresult(networks_close(NETWORKS, again), S_OK);
        assert_hresult(HcnUnregisterServiceCallback(callback), S_OK);
}

static unsigned heard;

static void HCS_ABI_CALL count_creates(DWORD type, void *context, HRESULT status, PCWSTR data) {
        __atomic_fetch_add(&heard, type == HcnNotificationNamespaceCreate, __ATOMIC_SEQ_CST);
}

static unsigned heard_of_one_more(void) {
        void *space = NULL;

        __atomic_store_n(&heard, 0, __ATOMIC_SEQ_CST);
        assert_hresult(networks_create(NAMESPACES, NULL, NULL, "{}", &space), S_OK);
        networks_close(NAMESPACES, space);
        mockhcs_drain(mock);
        return __atomic_load_n(&heard, __ATOMIC_SEQ_CST);
}

static void notifications_are_lost_doubled_and_late(void **state) {
        HCN_CALLBACK callback = NULL;

        assert_ok(open_with("[{\"fault\":\"event\",\"name\":\"NamespaceCreate\",\"nth\":2,\"how\":\"lost\"},"
                            "{\"fault\":\"event\",\"name\":\"NamespaceCreate\",\"nth\":3,\"how\":\"twice\"},"
                            "{\"fault\":\"event\",\"nth\":4,\"how\":\"late\",\"ms\":60000}]",
                            NULL),
                  NULL);
        assert_hresult(HcnRegisterServiceCallback(count_creates, NULL, &callback), S_OK);
        assert_int_equal(heard_of_one_more(), 1);
        assert_int_equal(heard_of_one_more(), 0);
        assert_int_equal(heard_of_one_more(), 2);
        assert_int_equal(heard_of_one_more(), 1); /* speed=0: late is at once */
        assert_hresult(HcnUnregisterServiceCallback(callback), S_OK);
}

static void a_late_notification_finds_nobody_who_is_gone(void **state) {
        _cleanup_free_ char *path = hcs_asprintf("%s/faults", dir), *spec = hcs_asprintf("emulate,net-faults=%s", path);
        static const char faults[] = "[{\"fault\":\"event\",\"how\":\"late\",\"times\":9,\"ms\":20}]";
        HCN_CALLBACK callback = NULL, other = NULL;
        void *space = NULL;

        assert_ok(hcs_file_write(path, faults, strlen(faults), NULL), NULL);
        assert_ok(mockhcs_open(spec, &mock, NULL), NULL);
        assert_hresult(HcnRegisterServiceCallback(count_creates, NULL, &callback), S_OK);
        __atomic_store_n(&heard, 0, __ATOMIC_SEQ_CST);
        assert_hresult(networks_create(NAMESPACES, NULL, NULL, "{}", &space), S_OK);
        networks_close(NAMESPACES, space);
        assert_hresult(HcnUnregisterServiceCallback(callback), S_OK);
        /* Who comes later hears the next one, which is due after the first. */
        assert_hresult(HcnRegisterServiceCallback(count_creates, NULL, &other), S_OK);
        assert_hresult(networks_create(NAMESPACES, NULL, NULL, "{}", &space), S_OK);
        networks_close(NAMESPACES, space);
        while (__atomic_load_n(&heard, __ATOMIC_SEQ_CST) == 0)
                mockhcs_drain(mock);
        assert_int_equal(__atomic_load_n(&heard, __ATOMIC_SEQ_CST), 1);
        assert_hresult(HcnUnregisterServiceCallback(other), S_OK);
}

static void every_call_can_fail_for_a_while(void **state) {
        _cleanup_free_ char *answer = NULL, *list = NULL;
        void *handle = NULL;

        assert_ok(open_with("[{\"fault\":\"fail\",\"call\":\"*\",\"nth\":2,\"times\":3,\"hr\":\"0x800706BA\"}]", NULL),
                  NULL);
        assert_hresult(networks_create(NETWORKS, NULL, ID, "{}", &handle), S_OK);
        assert_hresult(networks_open(NETWORKS, ID, &(void *){NULL}), HCS_WIN32(1722));
        assert_hresult(networks_enumerate(NETWORKS, NULL, &list), HCS_WIN32(1722));
        assert_hresult(networks_hns("GET", "/networks/", "", &answer), S_OK);
        assert_non_null(strstr(answer, "\"ErrorCode\":2147944122"));
        assert_hresult(networks_close(NETWORKS, handle), S_OK);
        assert_hresult(networks_enumerate(NETWORKS, NULL, &list), S_OK);
        assert_string_equal(list, "[\"" ID "\"]");
}

static void a_restart_can_lose_everything(void **state) {
        _cleanup_free_ char *list = NULL;
        void *handle = NULL;

        assert_ok(open_with("[{\"fault\":\"restart\",\"after\":1,\"objects\":\"lost\"}]", NULL), NULL);
        assert_hresult(networks_create(NETWORKS, NULL, ID, "{}", &handle), S_OK);
        assert_hresult(networks_enumerate(NETWORKS, NULL, &list), S_OK);
        assert_string_equal(list, "[]");
        assert_hresult(networks_close(NETWORKS, handle), S_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
HCS_TESTS(TEST(rows_that_are_none_are_refused), TEST(a_deleted_object_shows_for_a_while),
          TEST(its_id_and_name_are_taken_meanwhile), TEST(what_shows_for_a_while_is_filtered_like_the_rest),
          TEST(a_phantom_exists_and_cannot_be_opened), TEST(a_call_fails_as_often_as_it_is_told),
          TEST(a_call_that_hangs_holds_nobody_else_up), TEST(a_restart_makes_handles_useless),
          TEST(a_restart_can_lose_everything), TEST(notifications_are_lost_doubled_and_late),
          TEST(a_late_notification_finds_nobody_who_is_gone), TEST(every_call_can_fail_for_a_while))
