/* SPDX-License-Identifier: MIT */

/* Endpoints of running containers: what is asked of the compute service, and when nothing is. */

#include "base/utf.h"
#include "platform/abi_text.h"
#include "testing/fake_network.h"
#include "testing/hcs_test.h"

static struct hns_client *hns;
static struct hcs_client *hcs;
static char *asked; /* the modify request; NULL for none */
static HRESULT open_result;

static PWSTR text(const char *utf8) {
        return hcs_abi_text_give(utf8, strlen(utf8));
}

static HRESULT HCS_ABI_CALL open_system(PCWSTR id, HCS_SYSTEM *out, PWSTR *result) {
        *result = NULL;
        *out = (HCS_SYSTEM)1;
        return open_result;
}
static HRESULT HCS_ABI_CALL close_system(HCS_SYSTEM s) {
        return S_OK;
}
static HRESULT HCS_ABI_CALL properties(HCS_SYSTEM s, PCWSTR query, PWSTR *out, PWSTR *result) {
        *result = NULL;
        *out = text("{\"SystemType\":\"Container\"}");
        return S_OK;
}
static HRESULT HCS_ABI_CALL modify(HCS_SYSTEM s, PCWSTR request, PWSTR *result) {
        *result = NULL;
        asked = hcs_utf16_to_utf8_lossy((const uint16_t *)request, hcs_utf16_len((const uint16_t *)request), NULL);
        return S_OK;
}
static HRESULT HCS_ABI_CALL watch(HCS_SYSTEM s, HCS_NOTIFICATION_CALLBACK fn, void *ctx, HCS_CALLBACK *out) {
        *out = (HCS_CALLBACK)1;
        return S_OK;
}
static HRESULT HCS_ABI_CALL unwatch(HCS_CALLBACK callback) {
        return S_OK;
}
static const struct hcs_vmcompute_api compute = {
        .HcsOpenComputeSystem = open_system,
        .HcsCloseComputeSystem = close_system,
        .HcsGetComputeSystemProperties = properties,
        .HcsModifyComputeSystem = modify,
        .HcsRegisterComputeSystemCallback = watch,
        .HcsUnregisterComputeSystemCallback = unwatch,
};

static int setup(void **state) {
        open_result = S_OK;
        hns = fake_hns_client();
        return FAILED(hcs_client_open(&(struct hcs_client_options){.api = HCS_API_VMCOMPUTE, .vmcompute = &compute},
                                      &hcs, NULL));
}

static int teardown(void **state) {
        free(asked);
        asked = NULL;
        hns = hns_client_unref(hns);
        hcs = hcs_client_unref(hcs);
        return 0;
}

static void answer(const char *hns_answer) {
        fake_reset(&(struct fake_answers){.hns = hns_answer});
}

static void an_endpoint_is_added_to_the_container_that_lacks_it(void **state) {
        struct hcs_error *err = NULL;

        answer("{\"Success\":true,\"Output\":{\"ID\":\"e\"}}");
        assert_ok(hns_endpoint_hot_attach(hns, hcs, "c", "e", &err), err);
        assert_string_equal(asked, "{\"ResourceType\":\"Network\",\"Settings\":\"e\",\"RequestType\":\"Add\"}");
        assert_int_equal(hcs_json_count(fake_calls()), 2);
}

static void an_endpoint_is_taken_from_the_container_that_has_it(void **state) {
        struct hcs_error *err = NULL;

        answer("{\"Success\":true,\"Output\":{\"ID\":\"e\",\"SharedContainers\":[\"a\",\"C\"]}}");
        assert_ok(hns_endpoint_hot_detach(hns, hcs, "c", "e", &err), err);
        assert_string_equal(asked, "{\"ResourceType\":\"Network\",\"Settings\":\"e\",\"RequestType\":\"Remove\"}");
}

static void what_is_so_already_is_not_asked_for(void **state) {
        answer("{\"Success\":true,\"Output\":{\"SharedContainers\":[\"c\"]}}");
        assert_ok(hns_endpoint_hot_attach(hns, hcs, "c", "e", NULL), NULL);
        answer("{\"Success\":true,\"Output\":{}}");
        assert_ok(hns_endpoint_hot_detach(hns, hcs, "c", "e", NULL), NULL);
        assert_null(asked);
}

static void what_is_not_there_is_told(void **state) {
        answer("{\"Success\":false,\"Error\":\"The endpoint was not found. \",\"ErrorCode\":2151350274}");
        assert_hresult(hns_endpoint_hot_attach(hns, hcs, "c", "e", NULL), 0x803B0002);
        answer("{\"Success\":true,\"Output\":{}}");
        open_result = HCS_E_SYSTEM_NOT_FOUND;
        assert_true(hcs_is_not_exist(hns_endpoint_hot_attach(hns, hcs, "c", "e", NULL)));
        assert_hresult(hns_endpoint_hot_attach(hns, hcs, NULL, "e", NULL), E_POINTER);
        assert_null(asked);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
HCS_TESTS(TEST(an_endpoint_is_added_to_the_container_that_lacks_it),
          TEST(an_endpoint_is_taken_from_the_container_that_has_it), TEST(what_is_so_already_is_not_asked_for),
          TEST(what_is_not_there_is_told))
