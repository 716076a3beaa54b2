/* SPDX-License-Identifier: MIT */

/* Syncing a guest's namespace: records in a folder, and a shim that listens on a socket there. */

#include <sys/stat.h>

#include "platform/env.h"
#include "platform/file.h"
#include "platform/stream.h"
#include "platform/thread.h"
#include "testing/fake_network.h"
#include "testing/hcs_test.h"

#define ID   "50b4e0c1-1111-4222-8333-444455556666"
#define HOST "d0b4e0c1-1111-4222-8333-444455556666"

static struct hcn_client *client;
static char *state_folder;

static int setup(void **state) {
        fake_reset(&(struct fake_answers){0});
        client = fake_hcn_client();
        state_folder = hcs_test_tmpdir();
        hcs_env_set("HCSSHIM_RUNHCS_STATE", state_folder);
        return 0;
}

static int teardown(void **state) {
        client = hcn_client_unref(client);
        free(state_folder);
        return 0;
}

static char *record_path(void) {
        return hcs_asprintf("%s/cni/" ID "/cfg", state_folder);
}

static void leave_record(const char *text) {
        _cleanup_free_ char *cni = hcs_asprintf("%s/cni", state_folder), *folder = hcs_asprintf("%s/" ID, cni),
                            *path = record_path();

        mkdir(cni, 0700);
        mkdir(folder, 0700);
        assert_ok(hcs_file_write(path, text, strlen(text), NULL), NULL);
}

struct shim {
        struct hcs_listener *listener;
        struct hcs_thread thread;
        const char *reply;
        size_t reply_len;
        char request[256];
};

static void serve(void *arg) {
        struct shim *shim = arg;
        struct hcs_stream *s = NULL;
        size_t n, have = 0;

        if (FAILED(hcs_listener_accept(shim->listener, NULL, &s, NULL)))
                return;
        while (!strchr(shim->request, '\n') &&
               hcs_stream_read(s, shim->request + have, sizeof(shim->request) - 1 - have, NULL, &n, NULL) == S_OK)
                have += n;
        hcs_stream_write(s, shim->reply, shim->reply_len, NULL, NULL);
        hcs_stream_close(s);
}

static void start_shim(struct shim *shim) {
        _cleanup_free_ char *path = hcs_asprintf("%s/runhcs-vm-" HOST, state_folder);
        struct hcs_error *err = NULL;

        assert_ok(hcs_listener_unix(path, &shim->listener, &err), err);
        assert_ok(hcs_thread_start(&shim->thread, serve, shim, &err), err);
}

static void end_shim(struct shim *shim) {
        hcs_thread_join(&shim->thread);
        hcs_listener_close(shim->listener);
}

#define RECORD "{\"NamespaceID\":\"x\",\"ContainerID\":\"pod\",\"HostUniqueID\":\"" HOST "\"}"

static void the_shim_is_told_and_its_ok_is_success(void **state) {
        struct shim shim = {.reply = "\0OK\0", .reply_len = 4};
        struct hcs_error *err = NULL;

        leave_record(RECORD);
        start_shim(&shim);
        assert_ok(hcn_namespace_sync(client, ID, "Guest", &err), err);
        end_shim(&shim);
        assert_string_equal(shim.request, "{\"ID\":\"pod\",\"Op\":\"sync\"}\n");
}

static void what_the_shim_objects_is_the_error(void **state) {
        struct shim shim = {.reply = "no such container", .reply_len = 17};
        struct hcs_error *err = NULL;

        leave_record(RECORD);
        start_shim(&shim);
        assert_hresult(hcn_namespace_sync(client, ID, "Guest", &err), E_FAIL);
        end_shim(&shim);
        assert_string_equal(hcs_error_message(err), "the shim of the VM refuses: no such container");
        hcs_error_free(err);
}

static void the_record_of_a_shim_that_is_gone_is_removed(void **state) {
        _cleanup_free_ char *path = record_path();

        leave_record(RECORD);
        assert_ok(hcn_namespace_sync(client, ID, "Guest", NULL), NULL);
        assert_false(hcs_file_exists(path));
        assert_ok(hcn_namespace_sync(client, ID, "Guest", NULL), NULL);
}

static void namespaces_of_other_types_are_left_alone(void **state) {
        static const char *const types[] = {"Host", "HostDefault", "GuestDefault", "guest", "", NULL};
        _cleanup_free_ char *path = record_path();

        leave_record("not JSON");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(types); i++)
                assert_ok(hcn_namespace_sync(client, ID, types[i], NULL), NULL);
        assert_true(hcs_file_exists(path));
}

static void a_record_that_is_none_is_told(void **state) {
        static const char *const bad[] = {"not JSON", "{}", "{\"ContainerID\":\"c\",\"HostUniqueID\":\"../x\"}",
                                          "{\"ContainerID\":1,\"HostUniqueID\":\"" HOST "\"}"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                struct hcs_error *err = NULL;

                leave_record(bad[i]);
                assert_hresult(hcn_namespace_sync(client, ID, "Guest", &err), HCS_E_INVALID_JSON);
                assert_non_null(strstr(hcs_error_message(err), "the record of the namespace"));
                hcs_error_free(err);
        }
}

static void an_id_cannot_lead_elsewhere(void **state) {
        leave_record(RECORD);
        assert_ok(hcn_namespace_sync(client, "../cni/" ID, "Guest", NULL), NULL);
        assert_ok(hcn_namespace_sync(client, "", "Guest", NULL), NULL);
        assert_ok(hcn_namespace_sync(client, NULL, "Guest", NULL), NULL);
        assert_ok(hcn_namespace_sync(client, "..", "Guest", NULL), NULL);
}

static void resources_are_told_apart(void **state) {
        struct hcs_documents ids = {0};

        fake_reset(&(struct fake_answers){
                .enumerate = "[\"" ID "\"]",
                .properties =
                        "{\"Resources\":[{\"Type\":\"Endpoint\",\"Data\":{\"Id\":\"e1\"}},{\"Type\":\"Container\","
                        "\"Data\":{\"ID\":\"c1\"}},{\"Type\":\"Endpoint\",\"Data\":{\"ID\":\"e2\"}}]}"});
        assert_ok(hcn_namespace_endpoint_ids(client, ID, &ids, NULL), NULL);
        assert_int_equal(ids.n, 2);
        assert_string_equal(ids.items[1], "e2");
        hcs_documents_deinit(&ids);
        assert_ok(hcn_namespace_container_ids(client, ID, &ids, NULL), NULL);
        assert_int_equal(ids.n, 1);
        hcs_documents_deinit(&ids);
}

static void a_resource_without_an_id_that_is_text_is_named(void **state) {
        struct hcs_documents ids = {0};
        struct hcs_error *err = NULL;

        fake_reset(&(struct fake_answers){
                .enumerate = "[\"" ID "\"]",
                .properties = "{\"Resources\":[{\"Type\":\"Container\",\"Data\":{}},{\"Type\":\"Endpoint\",\"Data\":{"
                              "\"ID\":7}}]}"});
        assert_hresult(hcn_namespace_endpoint_ids(client, ID, &ids, &err), HCS_E_INVALID_JSON);
        assert_non_null(strstr(hcs_error_message(err), "$.Resources[1].Data"));
        hcs_error_free(err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
HCS_TESTS(TEST(the_shim_is_told_and_its_ok_is_success), TEST(what_the_shim_objects_is_the_error),
          TEST(the_record_of_a_shim_that_is_gone_is_removed), TEST(namespaces_of_other_types_are_left_alone),
          TEST(a_record_that_is_none_is_told), TEST(an_id_cannot_lead_elsewhere), TEST(resources_are_told_apart),
          TEST(a_resource_without_an_id_that_is_text_is_named))
