/* SPDX-License-Identifier: MIT */

/* What kind a function is of. */

#include "mockhcs/engine/function.h"
#include "testing/hcs_test.h"

static void assert_kind(enum mock_dll dll, const char *name, bool is_layer, bool is_storage) {
        const struct mock_function *f = mock_function_find(dll, name);

        assert_non_null(f);
        assert_int_equal(mock_verb_is_layer(f->verb), is_layer);
        assert_int_equal(mock_verb_is_storage(f->verb), is_storage);
}

static void layers_are_of_vmcompute_and_all_files_are_storage(void **state) {
        assert_kind(MOCK_COMPUTECORE, "HcsRevokeVmGroupAccess", false, false);
        assert_kind(MOCK_COMPUTECORE, "HcsCreateEmptyGuestStateFile", false, true);
        assert_kind(MOCK_COMPUTECORE, "HcsCreateEmptyRuntimeStateFile", false, true);
        assert_kind(MOCK_COMPUTECORE, "HcsGetProcessorCompatibilityFromSavedState", false, true);
        assert_kind(MOCK_VMCOMPUTE, "ActivateLayer", true, true);
        assert_kind(MOCK_VMCOMPUTE, "ProcessUtilityImage", true, true);
        assert_kind(MOCK_COMPUTESTORAGE, "HcsImportLayer", false, true);
        assert_kind(MOCK_COMPUTESTORAGE, "HcsDetachOverlayFilter", false, true);
        assert_kind(MOCK_COMPUTENETWORK, "HcnEnumerateNetworks", false, false);
}

HCS_TESTS(cmocka_unit_test(layers_are_of_vmcompute_and_all_files_are_storage))
