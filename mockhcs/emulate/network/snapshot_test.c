/* SPDX-License-Identifier: MIT */

/* The networks of a running engine saved and put back, with and without what a reboot takes away. */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computenetwork.h"

#include "base/mem.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/networks.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define KEPT  "a0b4e0c1-1111-4222-8333-444455556666"
#define LOST  "b0b4e0c1-1111-4222-8333-444455556666"
#define SPACE "50b4e0c1-1111-4222-8333-444455556666"
#define LATER "c0b4e0c1-1111-4222-8333-444455556666"

static struct mockhcs *mock;
static char *path;

static int setup(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir();

        networks_use_linked(HNSCall);
        path = hcs_asprintf("%s/state", dir);
        return FAILED(mockhcs_open("emulate", &mock, NULL));
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        free(path);
        return 0;
}

static void make(enum networks_kind kind, void *parent, const char *id, const char *settings) {
        void *handle = NULL;

        assert_hresult(networks_create(kind, parent, id, settings, &handle), S_OK);
        networks_close(kind, handle);
}

static void assert_there(enum networks_kind kind, const char *id, bool there) {
        void *handle = NULL;

        assert_hresult(networks_open(kind, id, &handle), there ? S_OK : HCS_WIN32(0x490));
        networks_close(kind, handle);
}

/* Two networks, one of which a reboot takes away, an endpoint in a namespace; saved, then one network more. */
static void make_world(void) {
        struct hcs_error *err = NULL;
        void *network = NULL;

        assert_hresult(networks_create(NETWORKS, NULL, KEPT, "{\"Name\":\"kept\"}", &network), S_OK);
        make(ENDPOINTS, network, KEPT, "{\"Name\":\"e\"}");
        networks_close(NETWORKS, network);
        make(NETWORKS, NULL, LOST, "{\"Name\":\"lost\",\"Flags\":8}");
        make(NAMESPACES, NULL, SPACE, "{\"Resources\":[{\"Type\":\"Endpoint\",\"Data\":{\"ID\":\"" KEPT "\"}}]}");
        assert_ok(mockhcs_networks_save(mock, path, &err), err);
        make(NETWORKS, NULL, LATER, "{\"Name\":\"later\"}");
}

static char *endpoint_text(void) {
        void *handle = NULL;
        char *text = NULL;

        assert_hresult(networks_open(ENDPOINTS, KEPT, &handle), S_OK);
        assert_hresult(networks_query(ENDPOINTS, handle, "{\"Flags\":1}", &text), S_OK);
        networks_close(ENDPOINTS, handle);
        return text;
}

static void networks_are_put_back_as_they_were_saved(void **state) {
        _cleanup_free_ char *before = NULL, *after = NULL;
        struct hcs_error *err = NULL;
        void *network = NULL;

        make_world();
        before = endpoint_text();
        assert_hresult(networks_delete(NETWORKS, KEPT), S_OK);
        assert_ok(mockhcs_networks_restore(mock, path, "resume", &err), err);
        after = endpoint_text();
        assert_string_equal(after, before);
        assert_there(NETWORKS, LOST, true);
        assert_there(NAMESPACES, SPACE, true);
        assert_there(NETWORKS, LATER, false);
        /* What is taken is taken: the name, and the next address is another. */
        assert_hresult(networks_create(NETWORKS, NULL, NULL, "{\"Name\":\"kept\"}", &network),
                       HCN_E_NETWORK_ALREADY_EXISTS);
        assert_hresult(networks_open(NETWORKS, KEPT, &network), S_OK);
        make(ENDPOINTS, network, LATER, "{}");
        networks_close(NETWORKS, network);
}

static void a_reboot_takes_away_what_it_does(void **state) {
        _cleanup_free_ char *endpoint = NULL;
        struct hcs_error *err = NULL;

        make_world();
        assert_ok(mockhcs_networks_restore(mock, NULL, "reboot", &err), err);
        assert_there(NETWORKS, LATER, true); /* of what is there now */
        assert_there(NETWORKS, LOST, false);
        assert_there(NAMESPACES, SPACE, false);
        endpoint = endpoint_text();
        assert_null(strstr(endpoint, "HostComputeNamespace"));
        assert_ok(mockhcs_networks_restore(mock, path, "reboot", &err), err);
        assert_there(NETWORKS, LATER, false);
        assert_there(NETWORKS, KEPT, true);
        assert_ok(mockhcs_networks_restore(mock, NULL, "clean", &err), err);
        assert_there(NETWORKS, KEPT, false);
}

static unsigned disconnects;

static void HCS_ABI_CALL on_event(DWORD type, void *context, HRESULT status, PCWSTR data) {
        __atomic_fetch_add(&disconnects, type == HcnNotificationServiceDisconnect, __ATOMIC_SEQ_CST);
}

static void the_service_restarts_with_it(void **state) {
        HCN_CALLBACK callback = NULL;
        struct hcs_error *err = NULL;
        void *network = NULL, *endpoint = NULL;
        char *text = NULL;

        make_world();
        disconnects = 0;
        assert_hresult(networks_open(NETWORKS, KEPT, &network), S_OK);
        assert_hresult(networks_open(ENDPOINTS, KEPT, &endpoint), S_OK);
        assert_hresult(HcnRegisterServiceCallback(on_event, NULL, &callback), S_OK);
        assert_ok(mockhcs_networks_restore(mock, path, "resume", &err), err);
        mockhcs_drain(mock);
        assert_int_equal(__atomic_load_n(&disconnects, __ATOMIC_SEQ_CST), 1);
        assert_hresult(networks_query(NETWORKS, network, NULL, &text), HCN_E_OBJECT_USED_AFTER_UNLOAD);
        assert_hresult(networks_modify(ENDPOINTS, endpoint, "{}"), HCN_E_OBJECT_USED_AFTER_UNLOAD);
        assert_hresult(networks_close(NETWORKS, network), S_OK);
        assert_hresult(networks_close(ENDPOINTS, endpoint), S_OK);
        assert_hresult(HcnUnregisterServiceCallback(callback), S_OK);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void refused(const char *from, const char *boot, HRESULT hr, const char *words) {
        struct hcs_error *err = NULL;

        assert_hresult(mockhcs_networks_restore(mock, from, boot, &err), hr);
        if (!strstr(hcs_error_message(err), words))
                fail_msg("\"%s\" is not in: %s", words, hcs_error_message(err));
        hcs_error_free(err);
}

static void what_cannot_be_put_back_changes_nothing(void **state) {
        static const char half[] = "{\"NetworkState\":1,\"Networks\":[{\"Name\":\"a\"},{\"Type\":\"Bogus\"}]}";
        _cleanup_free_ char *absent = hcs_asprintf("%s.absent", path);
        struct hcs_error *err = NULL;
        void *network = NULL;
        char *text = NULL;

        make_world();
        assert_hresult(networks_open(NETWORKS, KEPT, &network), S_OK);
        assert_ok(hcs_file_write(path, half, strlen(half), NULL), NULL);
        refused(path, "resume", HCN_E_INVALID_NETWORK_TYPE, "Networks[1]");
        refused(absent, "resume", HCS_WIN32(2), absent);
        refused(path, "soon", E_INVALIDARG, "soon");
        refused(NULL, NULL, E_INVALIDARG, "expected resume");
        assert_true(FAILED(mockhcs_networks_save(mock, "/nowhere/state", NULL)));
        assert_hresult(mockhcs_networks_save(mock, NULL, &err), E_POINTER);
        hcs_error_free(err);
        assert_hresult(networks_query(NETWORKS, network, NULL, &text), S_OK);
        free(text);
        networks_close(NETWORKS, network);
        assert_there(NETWORKS, LATER, true);
}

static void what_is_no_emulator_has_no_networks_of_ours(void **state) {
        _cleanup_free_ char *trace = hcs_asprintf("%s.trace", path), *record = hcs_asprintf("record=%s,emulate", trace),
                            *replay = hcs_asprintf("replay=%s", trace);
        struct mockhcs *recorder = NULL, *player = NULL;
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_open(record, &recorder, &err), err);
        assert_ok(mockhcs_networks_save(recorder, path, &err), err); /* below the recorder */
        mockhcs_close(recorder);
        assert_ok(mockhcs_open(replay, &player, &err), err);
        assert_hresult(mockhcs_networks_save(player, path, &err), E_NOTIMPL);
        assert_non_null(strstr(hcs_error_message(err), "replay"));
        hcs_error_free(err);
        mockhcs_close(player);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
HCS_TESTS(TEST(networks_are_put_back_as_they_were_saved), TEST(a_reboot_takes_away_what_it_does),
          TEST(the_service_restarts_with_it), TEST(what_cannot_be_put_back_changes_nothing),
          TEST(what_is_no_emulator_has_no_networks_of_ours))
