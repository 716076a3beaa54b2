/* SPDX-License-Identifier: MIT */

/* The clients of host networking under the scenarios of faults that are about networks: what their callers are told,
 * and that nothing is left open. That calls which hang cannot be given up is tested where they hang for somebody else,
 * in integration/service. */

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "integration/faults/networks.h"
#include "mockhcs/mockhcs.h"
#include "testing/hcs_test.h"

static struct mockhcs *mock;
static struct hcn_client *hcn;
static struct hns_client *hns;

static void begin(const char *faults, uint64_t seed) {
        _cleanup_free_ char *spec = hcs_asprintf("faults=%s,seed=%llu,emulate", faults, (unsigned long long)seed);
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_open(spec, &mock, &err), err);
        assert_ok(hcn_client_open(NULL, &hcn, &err), err);
        assert_ok(hns_client_open(NULL, &hns, &err), err);
}

static void end(void) {
        _cleanup_free_ char *leaks = NULL;

        hcn = hcn_client_unref(hcn);
        hns = hns_client_unref(hns);
        mockhcs_drain(mock);
        if (mockhcs_leaks(mock, &leaks) != 0)
                fail_msg("left open:\n%s", leaks);
        mock = mockhcs_close(mock);
}

static char *made(void) {
        _cleanup_free_ char *document = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcn_create(hcn, HCN_KIND_NETWORK, NETWORK_NAT, &document, &err), err);
        return network_id_of(document);
}

static void assert_endpoint(const char *network, HRESULT expected) {
        _cleanup_free_ char *document = NULL;

        assert_hresult(hcn_network_create_endpoint(hcn, network, NETWORK_ENDPOINT, false, &document, NULL), expected);
}

static void assert_legacy(HRESULT expected) {
        _cleanup_free_ char *document = NULL;

        assert_hresult(hns_network_create(hns, NETWORK_LEGACY, &document, NULL), expected);
}

static void what_is_made_again_too_soon_is_refused_and_then_made(void **state) {
        _cleanup_free_ char *first = NULL, *again = NULL, *document = NULL;
        struct hcs_error *err = NULL;

        begin("made-again-too-soon", 7);
        first = made();
        assert_ok(hcn_delete(hcn, HCN_KIND_NETWORK, first, &err), err);
        assert_hresult(hcn_create(hcn, HCN_KIND_NETWORK, NETWORK_NAT, &document, &err), HCN_E_NETWORK_ALREADY_EXISTS);
        assert_string_equal(hcs_error_operation(err), "HcnCreateNetwork");
        hcs_error_free(err);
        again = made();
        assert_endpoint(again, S_OK);
        assert_endpoint(again, HCS_WIN32(1168));
        assert_endpoint(again, S_OK);
        assert_legacy(S_OK);
        assert_true(FAILED(hns_network_create(hns, NETWORK_LEGACY, &document, NULL)));
        end();
}

/* The older interface made it, so the newer one lists it. */
static void what_exists_and_cannot_be_opened_is_told_by_both_codes(void **state) {
        _cleanup_free_ char *old = NULL, *id = NULL, *document = NULL;
        struct hcs_error *err = NULL;

        begin("exists-but-cannot-be-opened", 7);
        assert_ok(hns_network_create(hns, NETWORK_LEGACY, &old, &err), err);
        id = network_id_of(old);
        assert_hresult(hcn_create(hcn, HCN_KIND_NETWORK, NETWORK_NAT, &document, &err), HCN_E_NETWORK_ALREADY_EXISTS);
        hcs_error_free(err);
        err = NULL;
        assert_hresult(hcn_get(hcn, HCN_KIND_NETWORK, id, &document, &err), HCN_E_NETWORK_NOT_FOUND);
        assert_string_equal(hcs_error_operation(err), "HcnOpenNetwork");
        assert_true(hcn_is_missing(HCN_E_NETWORK_NOT_FOUND));
        hcs_error_free(err);
        end();
}

/* The sixth call meets it. */
static void a_service_that_restarts_fails_calls_and_comes_back(void **state) {
        struct hcs_documents ids = {0};
        struct hcs_error *err = NULL;
        unsigned failures = 0;

        begin("*#6 disconnect=0ms", 7);
        for (int i = 0; i < 12; i++) {
                HRESULT hr = hcn_list_ids(hcn, HCN_KIND_NETWORK, NULL, &ids, &err);

                if (FAILED(hr)) {
                        assert_hresult(hcs_hresult_to_computecore(hr), HCS_E_SERVICE_DISCONNECT);
                        failures++;
                        mockhcs_drain(mock); /* it comes back */
                }
                hcs_error_free(err);
                err = NULL;
                hcs_documents_deinit(&ids);
        }
        assert_int_equal(failures, 1);
        free(made());
        end();
}

static void answers_that_lack_members_are_survived(void **state) {
        for (uint64_t seed = 0; seed < 40; seed++) {
                begin("members-left-out", seed);
                network_life(hcn, hns);
                end();
        }
}

/* It completes as it returns: a handle that nobody was given would be open for ever. */
static void a_call_that_completes_with_a_failure_gives_no_handle(void **state) {
        _cleanup_free_ char *network = NULL, *document = NULL;
        struct hcs_error *err = NULL;

        begin("HcnOpenNetwork complete=0x803B0010", 7);
        network = made();
        assert_hresult(hcn_get(hcn, HCN_KIND_NETWORK, network, &document, &err), HCN_E_NETWORK_ALREADY_EXISTS);
        hcs_error_free(err);
        end();
}

static void a_handle_that_is_none_is_an_error(void **state) {
        _cleanup_free_ char *network = NULL, *document = NULL;

        begin("HcnOpenNetwork stale", 7);
        network = made();
        assert_hresult(hcn_get(hcn, HCN_KIND_NETWORK, network, &document, NULL), E_HANDLE);
        end();
}

static void a_whole_life(const char *faults) {
        _cleanup_free_ char *network = NULL, *document = NULL;
        struct hcs_documents list = {0};
        struct hcs_error *err = NULL;

        begin(faults, 7);
        network = made();
        assert_endpoint(network, S_OK);
        assert_ok(hcn_list(hcn, HCN_KIND_ENDPOINT, NULL, &list, &err), err);
        assert_int_equal(list.n, 1);
        hcs_documents_deinit(&list);
        assert_ok(hns_network_get_by_name(hns, "nat", &document, &err), err);
        assert_ok(hcn_delete(hcn, HCN_KIND_NETWORK, network, &err), err);
        end();
}

static void what_is_slow_or_shuffled_changes_nothing(void **state) {
        a_whole_life("members-shuffled");
        a_whole_life("slow-calls");
        a_whole_life("twice");
}

HCS_TESTS(cmocka_unit_test(what_is_made_again_too_soon_is_refused_and_then_made),
          cmocka_unit_test(what_exists_and_cannot_be_opened_is_told_by_both_codes),
          cmocka_unit_test(a_service_that_restarts_fails_calls_and_comes_back),
          cmocka_unit_test(answers_that_lack_members_are_survived),
          cmocka_unit_test(a_call_that_completes_with_a_failure_gives_no_handle),
          cmocka_unit_test(a_handle_that_is_none_is_an_error),
          cmocka_unit_test(what_is_slow_or_shuffled_changes_nothing))
