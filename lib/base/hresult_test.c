/* SPDX-License-Identifier: MIT */

/* Codes: the mapping rules of hcsshim, both families, names, predicates. */

#include <errno.h>

#include "testing/hcs_test.h"

static void win32_codes_are_unwrapped_and_others_stay_whole(void **state) {
        assert_int_equal(hcs_hresult_code(E_ACCESSDENIED), 5);
        assert_int_equal(hcs_hresult_code((HRESULT)0xC0370103), 0xC0370103);
        assert_int_equal(hcs_hresult_code((HRESULT)0x803B0013), 0x803B0013);
        assert_int_equal(hcs_hresult_code(S_FALSE), 0);
}

static void the_families_are_twins(void **state) {
        assert_hresult(hcs_hresult_to_vmcompute(HCS_E_INVALID_STATE), 0xC0370105);
        assert_hresult(hcs_hresult_to_computecore((HRESULT)0xC037010D), HCS_E_INVALID_JSON);
        assert_hresult(hcs_hresult_to_vmcompute(HCS_E_PROCESS_ALREADY_STOPPED), HCS_E_PROCESS_ALREADY_STOPPED);
        assert_hresult(hcs_hresult_to_vmcompute(E_ACCESSDENIED), E_ACCESSDENIED);
}

static void names_are_found_both_ways(void **state) {
        HRESULT hr;

        assert_string_equal(hcs_hresult_name(HCS_WIN32(0x490)), "ERROR_NOT_FOUND");
        assert_string_equal(hcs_hresult_name((HRESULT)0x490), "ERROR_NOT_FOUND");
        assert_string_equal(hcs_hresult_name((HRESULT)0x803B0013), "HCN_E_PORT_ALREADY_EXISTS");
        assert_true(hcs_hresult_parse("hcs_e_invalid_json", &hr));
        assert_hresult(hr, HCS_E_INVALID_JSON);
        assert_true(hcs_hresult_parse("-1070137075", &hr));
        assert_hresult(hr, 0xC037010D);
        assert_true(hcs_hresult_parse("3224830221", &hr));
        assert_hresult(hr, 0xC037010D);
        assert_false(hcs_hresult_parse("0x1803701050", &hr));
        assert_false(hcs_hresult_parse("NO_SUCH_NAME", &hr));
}

static void predicates_know_both_families(void **state) {
        assert_true(hcs_is_not_exist((HRESULT)0xC037010E) && hcs_is_not_exist((HRESULT)0x8037010E));
        assert_true(hcs_is_already_stopped((HRESULT)0xC0370110) &&
                    hcs_is_already_stopped(HCS_E_PROCESS_ALREADY_STOPPED));
        assert_true(hcs_is_pending((HRESULT)0xC0370103) && hcs_is_invalid_state((HRESULT)0xC0370105));
        assert_false(hcs_is_not_exist(S_OK) || hcs_is_timeout(S_OK));
}

static void errno_becomes_the_win32_twin(void **state) {
        assert_hresult(hcs_hresult_from_errno(ENOENT), HCS_WIN32(2));
        assert_hresult(hcs_hresult_from_errno(ENOSPC), HCS_WIN32(112));
        assert_hresult(hcs_hresult_from_errno(0), S_OK);
}

HCS_TESTS(cmocka_unit_test(win32_codes_are_unwrapped_and_others_stay_whole), cmocka_unit_test(the_families_are_twins),
          cmocka_unit_test(names_are_found_both_ways), cmocka_unit_test(predicates_know_both_families),
          cmocka_unit_test(errno_becomes_the_win32_twin))
