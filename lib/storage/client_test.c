/* SPDX-License-Identifier: MIT */

/* The client of layers over the emulator's two libraries, over tables with holes, and its documents. */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/storage.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"
#include "mockhcs/mockhcs.h"
#include "platform/file.h"
#include "platform/place.h"
#include "testing/hcs_test.h"

static struct mockhcs *mock;
static struct hcs_storage *storage;
static char *root;

#define ENTRY(ret, name, params) .name = name,
static const struct hcs_vmcompute_api vmcompute = {HCS_VMCOMPUTE_FUNCTIONS(ENTRY)};
static const struct hcs_computestorage_api computestorage = {HCS_COMPUTESTORAGE_FUNCTIONS(ENTRY)};
static const struct hcs_storage_options linked = {.vmcompute = &vmcompute, .computestorage = &computestorage};

static int setup(void **state) {
        root = hcs_test_tmpdir();
        return FAILED(mockhcs_open("emulate", &mock, NULL)) || FAILED(hcs_storage_open(&linked, &storage, NULL));
}

static int teardown(void **state) {
        storage = hcs_storage_unref(storage);
        mock = mockhcs_close(mock);
        root = hcs_free(root);
        return 0;
}

static char *at(const char *name) {
        return hcs_asprintf("%s/%s", root, name);
}

static void put(const char *name, const char *text) {
        _cleanup_free_ char *path = at(name), *folder = hcs_strndup(path, (size_t)(strrchr(path, '/') - path));

        assert_ok(hcs_directory_create(folder, NULL), NULL);
        assert_ok(hcs_file_write(path, text, strlen(text), NULL), NULL);
}

static bool is_there(const char *name) {
        _cleanup_free_ char *path = at(name);

        return hcs_file_exists(path);
}

static void make_base(void) {
        static const char *const hives[] = {"DEFAULT", "SAM", "SECURITY", "SOFTWARE", "SYSTEM"};
        _cleanup_free_ char *base = at("base");
        struct hcs_error *err = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(hives); i++) {
                _cleanup_free_ char *name = hcs_asprintf("base/Files/Windows/System32/config/%s", hives[i]);

                put(name, hives[i]);
        }
        assert_ok(hcs_layer_process_base(storage, base, &err), err);
}

static void a_scratch_is_mounted_and_unmounted(void **state) {
        _cleanup_free_ char *base = at("base"), *scratch = at("scratch"), *volume = NULL, *folder = NULL;
        const char *const below[] = {base};
        struct hcs_error *err = NULL;
        bool exists = false;

        make_base();
        assert_ok(hcs_layer_create_scratch(storage, scratch, below, 1, &err), err);
        assert_ok(hcs_layer_expand_scratch(storage, scratch, 40ull << 30, &err), err);
        assert_ok(hcs_layer_mount(storage, scratch, below, 1, &volume, &err), err);
        assert_true(hcs_str_starts(volume, "\\\\?\\Volume{"));
        assert_ok(hcs_layer_unmount(storage, scratch, &err), err);
        assert_ok(hcs_layer_mount_path(storage, scratch, &folder, &err), err);
        assert_string_equal(folder, scratch);
        assert_ok(hcs_layer_exists(storage, scratch, &exists, &err), err);
        assert_true(exists);
        assert_ok(hcs_layer_destroy(storage, scratch, &err), err);
        assert_ok(hcs_layer_exists(storage, scratch, &exists, &err), err);
        assert_false(exists);
}

/* It is as it was before, so that it can be tried again. */
static void a_mount_that_fails_is_undone(void **state) {
        _cleanup_free_ char *base = at("base"), *scratch = at("scratch"), *volume = NULL;
        const char *const below[] = {base};
        struct hcs_error *err = NULL;

        make_base();
        assert_ok(hcs_layer_create_scratch(storage, scratch, below, 1, &err), err);
        assert_hresult(hcs_layer_mount(storage, scratch, NULL, 0, &volume, NULL), E_INVALIDARG);
        assert_null(volume);
        assert_hresult(hcs_layer_deactivate(storage, scratch, NULL), HCS_WIN32(21));
        assert_ok(hcs_layer_mount(storage, scratch, below, 1, &volume, &err), err);
        assert_ok(hcs_layer_unprepare(storage, scratch, &err), err);
        assert_hresult(hcs_layer_unmount(storage, scratch, &err), 0x801F0015); /* and deactivates all the same */
        hcs_error_free(err);
        assert_hresult(hcs_layer_deactivate(storage, scratch, NULL), HCS_WIN32(21));
}

static void errors_say_which_call_and_which_layer(void **state) {
        _cleanup_free_ char *text = NULL;
        struct hcs_error *err = NULL;

        assert_hresult(hcs_layer_activate(storage, "/nowhere/l", &err), HCS_WIN32(3));
        text = hcs_error_format(err);
        assert_non_null(strstr(text, "ActivateLayer/"));
        assert_non_null(strstr(text, "/nowhere/l"));
        hcs_error_free(err);
        assert_hresult(hcs_layer_activate(storage, NULL, NULL), E_POINTER);
        assert_hresult(hcs_storage_import(storage, "/l", NULL, "{}", NULL), E_POINTER);
        assert_hresult(hcs_layer_id(storage, NULL, NULL, NULL), E_POINTER);
        assert_hresult(hcs_layer_activate(storage, "\xFF", NULL), HCS_WIN32(1113));
}

static void an_id_is_that_of_the_name(void **state) {
        static const char *const paths[] = {"C:\\layers\\15", "C:\\layers\\15\\", "/layers/15", "15"};
        GUID expected, id;

        assert_ok(hcs_name_to_guid(storage, "15", &expected, NULL), NULL);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(paths); i++) {
                assert_ok(hcs_layer_id(storage, paths[i], &id, NULL), NULL);
                assert_true(hcs_guid_equal(&id, &expected));
        }
        assert_hresult(hcs_layer_id(storage, "/", &id, NULL), E_INVALIDARG);
}

static void the_data_of_layers_has_their_ids(void **state) {
        static const char *const layers[] = {"C:\\s\\23", "C:\\s\\15"};
        _cleanup_free_ char *data = NULL, *none = NULL;

        assert_ok(hcs_layer_data(storage, layers, 2, "UnionFS", &data, NULL), NULL);
        assert_string_equal(data, "{\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"Layers\":["
                                  "{\"Id\":\"6c5d4cfe-f4ec-5594-a7d7-129b8517692b\",\"Path\":\"C:\\\\s\\\\23\"},"
                                  "{\"Id\":\"1957653c-bd5b-5449-83bd-f2bd4d680d6e\",\"Path\":\"C:\\\\s\\\\15\"}],"
                                  "\"FilterType\":\"UnionFS\"}");
        assert_ok(hcs_layer_data(storage, NULL, 0, NULL, &none, NULL), NULL);
        assert_string_equal(none, "{\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"Layers\":[]}");
}

static void a_chain_is_read_as_it_was_written(void **state) {
        static const char *const parents[] = {"C:\\windowsfilter\\a", "C:\\windowsfilter\\b"};
        struct hcs_documents chain = {0};

        assert_int_equal(hcs_layer_chain_read(root, &chain, NULL), S_FALSE);
        assert_ok(hcs_layer_chain_write(root, parents, 2, NULL), NULL);
        assert_int_equal(hcs_layer_chain_read(root, &chain, NULL), S_OK);
        assert_int_equal(chain.n, 2);
        assert_string_equal(chain.items[1], parents[1]);
        hcs_documents_deinit(&chain);
        put("layerchain.json", "null"); /* of a base layer */
        assert_int_equal(hcs_layer_chain_read(root, &chain, NULL), S_OK);
        assert_int_equal(chain.n, 0);
}

static void a_chain_that_is_none_is_refused_with_its_place(void **state) {
        static const char *const bad[] = {"{", "{}", "[\"a\",7]", ""};
        struct hcs_documents chain = {0};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                struct hcs_error *err = NULL;

                put("layerchain.json", bad[i]);
                assert_hresult(hcs_layer_chain_read(root, &chain, &err), HCS_E_INVALID_JSON);
                assert_non_null(strstr(hcs_error_message(err), "layerchain.json"));
                hcs_error_free(err);
        }
        assert_int_equal(chain.n, 0);
}

static void layers_go_in_and_out_by_both_libraries(void **state) {
        _cleanup_free_ char *in = at("in"), *a = at("a"), *b = at("b"), *out = at("out"), *out_b = at("out-b"),
                            *data = NULL, *images = NULL;
        struct hcs_error *err = NULL;

        put("in/tombstones.txt", "\xEF\xBB\xBFVersion 1.0\n");
        assert_ok(hcs_layer_data(storage, NULL, 0, NULL, &data, NULL), NULL);
        assert_ok(hcs_layer_import(storage, a, in, NULL, 0, &err), err);
        assert_ok(hcs_layer_export(storage, a, out, NULL, 0, &err), err);
        assert_true(is_there("out/tombstones.txt"));
        assert_ok(hcs_storage_import(storage, b, in, data, &err), err);
        assert_ok(hcs_storage_export(storage, b, out_b, data, NULL, &err), err);
        assert_true(is_there("out-b/tombstones.txt"));
        assert_ok(hcs_storage_destroy(storage, b, &err), err);
        assert_ok(hcs_layer_destroy(storage, a, &err), err);
        assert_ok(hcs_storage_base_images(storage, &images, &err), err);
        assert_non_null(images);
        assert_hresult(hcs_layer_create(storage, a, "/nowhere", NULL), HCS_WIN32(3));
        assert_ok(hcs_layer_create(storage, a, NULL, &err), err);
        assert_hresult(hcs_layer_process_utility(storage, a, NULL), HCS_WIN32(2));
}

static void the_rest_of_computestorage_is_called(void **state) {
        _cleanup_free_ char *base = at("base"), *w = at("w"), *out = at("out"), *data = NULL, *overlay = NULL,
                            *path = NULL;
        const char *const below[] = {base};
        struct hcs_error *err = NULL;

        make_base();
        put("w/Files/x", "x");
        assert_ok(hcs_layer_data(storage, below, 1, NULL, &data, NULL), NULL);
        assert_ok(hcs_layer_data(storage, below, 1, "UnionFS", &overlay, NULL), NULL);
        assert_ok(hcs_storage_setup_base(storage, base, NULL, "{\"Type\":\"Container\"}", &err), err);
        assert_ok(hcs_storage_setup_base_volume(storage, base, w, "{\"Type\":\"Container\"}", &err), err);
        assert_ok(hcs_storage_initialize(storage, w, data, NULL, &err), err);
        assert_ok(hcs_storage_initialize_legacy(storage, w, w, data, NULL, &err), err);
        assert_ok(hcs_storage_attach_filter(storage, w, data, &err), err);
        assert_ok(hcs_storage_detach_filter(storage, w, &err), err);
        assert_ok(hcs_storage_attach_overlay(storage, w, overlay, &err), err);
        assert_ok(hcs_storage_detach_overlay(storage, w, overlay, &err), err);
        assert_ok(hcs_storage_export_legacy(storage, w, w, out, data, &err), err);
        assert_true(is_there("out/Files/x"));
        assert_hresult(hcs_storage_format(storage, NULL, NULL), E_HANDLE);
        assert_hresult(hcs_storage_vhd_mount_path(storage, NULL, &path, NULL), E_HANDLE);
        assert_null(path);
}

static void what_a_library_lacks_is_said_when_it_is_called(void **state) {
        static const struct hcs_vmcompute_api old = {.NameToGuid = NameToGuid};
        static const struct hcs_computestorage_api none;
        const struct hcs_storage_options options = {.vmcompute = &old, .computestorage = &none};
        struct hcs_storage *s = NULL, *same;
        struct hcs_error *err = NULL;
        GUID id;

        assert_ok(hcs_storage_open(&options, &s, NULL), NULL);
        same = hcs_storage_ref(s);
        s = hcs_storage_unref(s);
        assert_ok(hcs_name_to_guid(same, "x", &id, NULL), NULL);
        assert_hresult(hcs_layer_activate(same, "/l", &err), HCS_WIN32(127));
        assert_non_null(strstr(hcs_error_message(err), "ActivateLayer"));
        hcs_error_free(err);
        assert_hresult(hcs_storage_destroy(same, "/l", NULL), HCS_WIN32(127));
        assert_hresult(hcs_storage_format(same, NULL, NULL), HCS_WIN32(127));
        same = hcs_storage_unref(same);
}

static void libraries_that_are_not_there_are_named(void **state) {
        const struct hcs_storage_options options = {.library_path = "/nowhere"};
        struct hcs_storage *s = NULL;
        struct hcs_error *err = NULL;

        assert_hresult(hcs_storage_open(&options, &s, &err), HCS_WIN32(126));
        assert_null(s);
        assert_non_null(strstr(hcs_error_message(err), "/nowhere"));
        hcs_error_free(err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
HCS_TESTS(TEST(a_scratch_is_mounted_and_unmounted), TEST(a_mount_that_fails_is_undone),
          TEST(errors_say_which_call_and_which_layer), TEST(an_id_is_that_of_the_name),
          TEST(the_data_of_layers_has_their_ids), TEST(a_chain_is_read_as_it_was_written),
          TEST(a_chain_that_is_none_is_refused_with_its_place), TEST(layers_go_in_and_out_by_both_libraries),
          TEST(the_rest_of_computestorage_is_called), TEST(what_a_library_lacks_is_said_when_it_is_called),
          TEST(libraries_that_are_not_there_are_named))
