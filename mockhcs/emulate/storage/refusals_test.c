/* SPDX-License-Identifier: MIT */

/*
 * Every layer function of both DLLs against everything that can be wrong with a path, a chain of layers or the state of
 * a layer: what it is refused with, and that a refused call leaves the disk as it was. The table has a row for each
 * path that a function takes.
 */

#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utf.h"
#include "mockhcs/emulate/storage/test/layers.h"
#include "platform/abi_memory.h"
#include "platform/file.h"
#include "platform/place.h"
#include "testing/hcs_test.h"

#define FRESH     u"C:\\layers\\fresh"
#define SOURCE    u"C:\\layers\\in"
#define CONTAINER u"{\"Type\":\"Container\"}"

#define NO_FILE   HCS_WIN32(2)
#define NO_PATH   HCS_WIN32(3)
#define BAD_DATA  HCS_WIN32(13)
#define NOT_READY HCS_WIN32(21)
#define IN_USE    HCS_WIN32(32)
#define EXISTS    HCS_WIN32(183)

static void put_text(const char *name, const char *text) {
        put(name, text, strlen(text));
}

/* A base, a scratch on it, a plain file, a folder in the transport format. */
static int setup(void **state) {
        if (layers_setup(state))
                return 1;
        put_text("base/UtilityVM/Files/EFI/Microsoft/Boot/BCD", "");
        put_text("in/Files/x", "\x20"); /* damaged: what is imported of it has to go again */
        put_text("in/Hives/System_Delta", "regf");
        put_text("file", "");
        make_scratch();
        return 0;
}

/* All names below a folder, a line each. */
static void list(const char *folder, struct hcs_buf *out) {
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};

        if (hcs_place_at(folder) != HCS_PLACE_FOLDER)
                return;
        assert_ok(hcs_folder_list(folder, &names, NULL), NULL);
        for (size_t i = 0; i < names.n; i++) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, names.items[i]);

                hcs_buf_printf(out, "%s\n", path);
                list(path, out);
        }
}

/* Every path of every function, the others being good. */
typedef HRESULT (*function)(PCWSTR path);

#define WITH(name, call)                   \
        static HRESULT name(PCWSTR path) { \
                return (HRESULT)(call);    \
        }
static HCS_LAYER_DESCRIPTOR *on(PCWSTR path) {
        static HCS_LAYER_DESCRIPTOR layers[2];

        layers[0] = (HCS_LAYER_DESCRIPTOR){.Path = BASE};
        layers[1] = (HCS_LAYER_DESCRIPTOR){.Path = path};
        return layers;
}

/* LayerData whose second layer is the path. */
static PCWSTR data_on(PCWSTR path) {
        static WCHAR text[80000];
        size_t n = 0;

        for (const WCHAR *p = u"{\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"FilterType\":\"UnionFS\",\"Layers\":["
                              u"{\"Path\":\"C:\\\\layers\\\\base\"},{\"Path\":\"";
             *p; p++)
                text[n++] = *p;
        for (const WCHAR *p = path; p && *p && n < HCS_ARRAY_SIZE(text) - 8; p++) {
                if (*p == '\\')
                        text[n++] = '\\';
                text[n++] = *p;
        }
        for (const WCHAR *p = u"\"}]}"; *p; p++)
                text[n++] = *p;
        text[n] = 0;
        return text;
}

static HRESULT exists(PCWSTR path) {
        DWORD there = 9;
        HRESULT hr = (HRESULT)LayerExists(&driver, path, &there);

        assert_int_equal(there, 0);
        return hr;
}

static HRESULT mount_path(PCWSTR path) {
        size_t length = 0;

        return (HRESULT)GetLayerMountPath(&driver, path, &length, NULL);
}

WITH(activate, ActivateLayer(&driver, path))
WITH(deactivate, DeactivateLayer(&driver, path))
WITH(prepare, PrepareLayer(&driver, path, parents, 1))
WITH(prepare_on, PrepareLayer(&driver, SCRATCH, on(path), 2))
WITH(unprepare, UnprepareLayer(&driver, path))
WITH(create_on, CreateLayer(&driver, FRESH, path))
WITH(scratch_on, CreateSandboxLayer(&driver, FRESH, NULL, on(path), 2))
WITH(expand, ExpandSandboxSize(&driver, path, 1))
WITH(copy_of, CopyLayer(&driver, path, FRESH, NULL, 0))
WITH(copy_on, CopyLayer(&driver, BASE, FRESH, on(path), 2))
WITH(export_of, ExportLayer(&driver, path, FRESH, parents, 1))
WITH(export_on, ExportLayer(&driver, BASE, FRESH, on(path), 2))
WITH(import_from, ImportLayer(&driver, FRESH, path, parents, 1))
WITH(import_on, ImportLayer(&driver, FRESH, SOURCE, on(path), 2))
WITH(process, ProcessBaseImage(path))
WITH(process_utility, ProcessUtilityImage(path))
WITH(data_import_from, HcsImportLayer(FRESH, path, DATA))
WITH(data_import_on, HcsImportLayer(FRESH, SOURCE, data_on(path)))
WITH(data_export_of, HcsExportLayer(path, FRESH, DATA, u""))
WITH(data_export_on, HcsExportLayer(BASE, FRESH, data_on(path), u""))
WITH(legacy_export_of, HcsExportLegacyWritableLayer(BASE, path, FRESH, DATA))
WITH(legacy_export_at, HcsExportLegacyWritableLayer(path, BASE, FRESH, DATA))
WITH(set_up, HcsSetupBaseOSLayer(path, NULL, CONTAINER))
WITH(set_up_volume, HcsSetupBaseOSVolume(BASE, path, CONTAINER))
WITH(set_up_volume_of, HcsSetupBaseOSVolume(path, BASE, CONTAINER))
WITH(initialize, HcsInitializeWritableLayer(path, DATA, u""))
WITH(initialize_on, HcsInitializeWritableLayer(SCRATCH, data_on(path), u""))
WITH(initialize_legacy, HcsInitializeLegacyWritableLayer(SCRATCH, path, DATA, u""))
WITH(initialize_legacy_at, HcsInitializeLegacyWritableLayer(path, SCRATCH, DATA, u""))
WITH(attach, HcsAttachLayerStorageFilter(path, DATA))
WITH(attach_on, HcsAttachLayerStorageFilter(SCRATCH, data_on(path)))
WITH(detach, HcsDetachLayerStorageFilter(path))
WITH(overlay, HcsAttachOverlayFilter(path, OVERLAY))
WITH(overlay_on, HcsAttachOverlayFilter(SCRATCH, data_on(path)))
WITH(no_overlay, HcsDetachOverlayFilter(path, OVERLAY))
/* What may be missing. */
WITH(create, CreateLayer(&driver, path, u""))
WITH(scratch, CreateSandboxLayer(&driver, path, NULL, parents, 1))
WITH(copy_to, CopyLayer(&driver, BASE, path, NULL, 0))
WITH(export_to, ExportLayer(&driver, BASE, path, parents, 1))
WITH(import_to, ImportLayer(&driver, path, SOURCE, parents, 1))
WITH(destroy, DestroyLayer(&driver, path))
WITH(data_import_to, HcsImportLayer(path, SOURCE, DATA))
WITH(data_export_to, HcsExportLayer(BASE, path, DATA, u""))
WITH(legacy_export_to, HcsExportLegacyWritableLayer(BASE, BASE, path, DATA))
WITH(data_destroy, HcsDestroyLayer(path))
WITH(data_destory, HcsDestoryLayer(path))

enum { NOTHING_MISSING = 1 };
static const struct row {
        const char *name;
        function run;
        HRESULT missing, file; /* nothing there; a file. NOTHING_MISSING: nothing has to be there */
} rows[] = {
        {"ActivateLayer", activate, NO_PATH, NO_PATH},
        {"DeactivateLayer", deactivate, NO_PATH, NO_PATH},
        {"PrepareLayer", prepare, NO_PATH, NO_PATH},
        {"PrepareLayer: a layer below", prepare_on, NO_PATH, NO_PATH},
        {"UnprepareLayer", unprepare, NO_PATH, NO_PATH},
        {"CreateLayer: the parent", create_on, NO_PATH, NO_PATH},
        {"CreateSandboxLayer: a layer below", scratch_on, NO_PATH, NO_PATH},
        {"ExpandSandboxSize", expand, NO_PATH, NO_PATH},
        {"CopyLayer", copy_of, NO_PATH, NO_PATH},
        {"CopyLayer: a layer below", copy_on, NO_PATH, NO_PATH},
        {"ExportLayer", export_of, NO_PATH, NO_PATH},
        {"ExportLayer: a layer below", export_on, NO_PATH, NO_PATH},
        {"ImportLayer: the folder", import_from, NO_PATH, NO_PATH},
        {"ImportLayer: a layer below", import_on, NO_PATH, NO_PATH},
        {"GetLayerMountPath", mount_path, NO_PATH, NO_PATH},
        {"ProcessBaseImage", process, NO_PATH, NO_PATH},
        {"ProcessUtilityImage", process_utility, NO_PATH, NO_PATH},
        {"HcsImportLayer: the folder", data_import_from, NO_PATH, NO_PATH},
        {"HcsImportLayer: a layer below", data_import_on, NO_PATH, NO_PATH},
        {"HcsExportLayer", data_export_of, NO_PATH, NO_PATH},
        {"HcsExportLayer: a layer below", data_export_on, NO_PATH, NO_PATH},
        {"HcsExportLegacyWritableLayer", legacy_export_of, NO_PATH, NO_PATH},
        {"HcsExportLegacyWritableLayer: the volume", legacy_export_at, NO_PATH, NO_PATH},
        {"HcsSetupBaseOSLayer", set_up, NO_PATH, NO_PATH},
        {"HcsSetupBaseOSVolume: the volume", set_up_volume, NO_PATH, NO_PATH},
        {"HcsSetupBaseOSVolume", set_up_volume_of, NO_PATH, NO_PATH},
        {"HcsInitializeWritableLayer", initialize, NO_PATH, NO_PATH},
        {"HcsInitializeWritableLayer: a layer below", initialize_on, NO_PATH, NO_PATH},
        {"HcsInitializeLegacyWritableLayer", initialize_legacy, NO_PATH, NO_PATH},
        {"HcsInitializeLegacyWritableLayer: the volume", initialize_legacy_at, NO_PATH, NO_PATH},
        {"HcsAttachLayerStorageFilter", attach, NO_PATH, NO_PATH},
        {"HcsAttachLayerStorageFilter: a layer below", attach_on, NO_PATH, NO_PATH},
        {"HcsDetachLayerStorageFilter", detach, NO_PATH, NO_PATH},
        {"HcsAttachOverlayFilter", overlay, NO_PATH, NO_PATH},
        {"HcsAttachOverlayFilter: a layer below", overlay_on, NO_PATH, NO_PATH},
        {"HcsDetachOverlayFilter", no_overlay, NO_PATH, NO_PATH},
        {"LayerExists", exists, NOTHING_MISSING, S_OK},
        {"CreateLayer", create, NOTHING_MISSING, EXISTS},
        {"CreateSandboxLayer", scratch, NOTHING_MISSING, EXISTS},
        {"CopyLayer: where to", copy_to, NOTHING_MISSING, EXISTS},
        {"ExportLayer: where to", export_to, NOTHING_MISSING, EXISTS},
        {"ImportLayer", import_to, NOTHING_MISSING, EXISTS},
        {"HcsImportLayer", data_import_to, NOTHING_MISSING, EXISTS},
        {"HcsExportLayer: where to", data_export_to, NOTHING_MISSING, EXISTS},
        {"HcsExportLegacyWritableLayer: where to", legacy_export_to, NOTHING_MISSING, EXISTS},
        {"DestroyLayer", destroy, NOTHING_MISSING, NO_PATH},
        {"HcsDestroyLayer", data_destroy, NOTHING_MISSING, NO_PATH},
        {"HcsDestoryLayer", data_destory, NOTHING_MISSING, NO_PATH},
};

/* Everything that is refused with another code than expected, or leaves something, in one message. */
static void check(PCWSTR path, HRESULT expected, size_t which) {
        _cleanup_buf_ struct hcs_buf before = {0}, after = {0}, problems = {0};

        list(root, &before);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                HRESULT want = which == 0 ? expected : which == 1 ? rows[i].missing : rows[i].file, hr;

                if (want == NOTHING_MISSING)
                        continue;
                if (which == 0 && (!path || !*path) && rows[i].run == create_on)
                        continue; /* no parent is given */
                hr = rows[i].run(path);
                if (hr != want)
                        hcs_buf_printf(&problems, "%s: 0x%08X instead of 0x%08X\n", rows[i].name, (unsigned)hr,
                                       (unsigned)want);
                hcs_buf_clear(&after);
                list(root, &after);
                if (!hcs_streq(hcs_buf_cstr(&before), hcs_buf_cstr(&after))) {
                        hcs_buf_printf(&problems, "%s: left something\n", rows[i].name);
                        hcs_buf_clear(&before);
                        list(root, &before);
                }
        }
        if (problems.len)
                fail_msg("%s", hcs_buf_cstr(&problems));
}

static void a_path_has_to_be_full(void **state) {
        check(NULL, E_INVALIDARG, 0);
        check(u"", E_INVALIDARG, 0);
        check(u"base", E_INVALIDARG, 0);
        check(u"layers\\base", E_INVALIDARG, 0);
        check(u"C:layers\\base", E_INVALIDARG, 0);
        check(u"\\layers\\base", E_INVALIDARG, 0);
        check(u"C:\\layers\\..\\layers\\base", E_INVALIDARG, 0);
        check(u"C:\\layers\\base\\..", E_INVALIDARG, 0);
        check(u"\\\\?\\base", E_INVALIDARG, 0);
        check(u"\\\\?\\C:base", E_INVALIDARG, 0);
}

static void a_place_has_to_be_there(void **state) {
        check(u"C:\\layers\\none", 0, 1);
        check(u"C:\\none\\none", 0, 1);
        check(u"X:\\layers\\base", 0, 1);
        check(u"\\\\?\\C:\\layers\\none", 0, 1);
        check(u"\\\\?\\Volume{75bc0ef3-128f-5605-b880-4aa024ad9fb0}\\", NO_PATH, 0);
        check(u"\\\\?\\Volume{75bc0ef3", NO_PATH, 0);
        check(u"\\\\?\\Volume{}", NO_PATH, 0);
}

static void a_file_is_no_layer(void **state) {
        check(u"C:\\layers\\file", 0, 2);
}

static WCHAR *long_path(WCHAR *text, size_t n) {
        static const WCHAR start[] = u"C:\\layers\\";

        for (size_t i = 0; i + 1 < n; i++)
                text[i] = i < HCS_ARRAY_SIZE(start) - 1 ? start[i] : 'x';
        text[n - 1] = 0;
        return text;
}

/* Longer than a name may be, than Windows' paths may be, and than its strings can be. */
static void a_path_has_its_length(void **state) {
        static WCHAR text[70000];
        static const size_t lengths[] = {300, 5000, 32800, 70000};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(lengths); i++)
                check(long_path(text, lengths[i]), 0, 1);
}

static void text_that_is_no_utf16_is_refused(void **state) {
        check(u"C:\\layers\\\xD800", E_INVALIDARG, 0);
}

/* A NUL cannot be in a string of the ABI, but in a document. */
static void a_path_in_a_document_has_no_nul(void **state) {
        assert_hresult(HcsImportLayer(FRESH, SOURCE, u"{\"Layers\":[{\"Path\":\"C:\\\\layers\\\\base\\u0000x\"}]}"),
                       HCS_E_INVALID_JSON);
        assert_hresult(HcsAttachOverlayFilter(SCRATCH, u"{\"FilterType\":\"UnionFS\",\"Layers\":[{\"Path\":7}]}"),
                       HCS_E_INVALID_JSON);
        assert_hresult(HcsAttachOverlayFilter(SCRATCH, u"{\"FilterType\":\"UnionFS\",\"Layers\":[{}]}"), E_INVALIDARG);
}

/* Chains: none, more announced than there are, one twice, itself, one that is no base. */
static void a_chain_has_to_end_in_a_base(void **state) {
        static const HCS_LAYER_DESCRIPTOR twice[] = {{{0}, 0, BASE}, {{0}, 0, u"C:\\layers\\.\\base\\"}},
                                          itself[] = {{{0}, 0, FRESH}, {{0}, 0, BASE}},
                                          no_base[] = {{{0}, 0, BASE}, {{0}, 0, SCRATCH}};

        assert_hresult(CreateSandboxLayer(&driver, FRESH, NULL, NULL, 7), E_INVALIDARG);
        assert_hresult(CreateSandboxLayer(&driver, FRESH, NULL, twice, 2), E_INVALIDARG);
        assert_hresult(CreateSandboxLayer(&driver, FRESH, NULL, no_base, 2), NO_FILE);
        assert_hresult(CreateSandboxLayer(&driver, FRESH, NULL, itself, 2), NO_PATH); /* it is not there yet */
        assert_hresult(CreateLayer(&driver, FRESH, u""), S_OK);
        assert_hresult(CreateSandboxLayer(&driver, FRESH, NULL, itself, 2), E_INVALIDARG);
        assert_hresult(DestroyLayer(&driver, FRESH), S_OK);
        assert_hresult(ActivateLayer(&driver, SCRATCH), S_OK);
        assert_hresult(PrepareLayer(&driver, SCRATCH, twice, 2), E_INVALIDARG);
        assert_hresult(PrepareLayer(&driver, SCRATCH, no_base, 2), E_INVALIDARG);
        put_text("base/blank-base.vhdx", "no disk");
        assert_hresult(CreateSandboxLayer(&driver, FRESH, NULL, parents, 1), HCS_WIN32(1392));
        assert_false(is_there("fresh"));
        put_text("fresh/sandbox.files/mine", "mine");
        assert_hresult(CreateSandboxLayer(&driver, FRESH, NULL, parents, 1), HCS_WIN32(1392));
        assert_true(is_there("fresh/sandbox.files/mine"));
        assert_false(is_there("fresh/sandbox.vhdx"));
}

/* In each state, what may not be done in it. A place has one state however it is written. */
static void states_refuse_what_does_not_fit(void **state) {
        static const PCWSTR spellings[] = {SCRATCH,
                                           u"C:\\layers\\scratch\\",
                                           u"C:/layers//./scratch",
                                           u"\\\\?\\C:\\layers\\scratch",
                                           u"c:\\layers\\scratch",
                                           u"C:\\Layers\\SCRATCH"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(spellings); i++) {
                PCWSTR s = spellings[i];

                assert_hresult(DeactivateLayer(&driver, s), NOT_READY);
                assert_hresult(PrepareLayer(&driver, s, parents, 1), NOT_READY);
                assert_hresult(UnprepareLayer(&driver, s), (HRESULT)0x801F0015);
                assert_hresult(CreateSandboxLayer(&driver, s, NULL, parents, 1), EXISTS);
                assert_hresult(ActivateLayer(&driver, SCRATCH), S_OK);
                assert_hresult(ActivateLayer(&driver, s), IN_USE);
                assert_hresult(DestroyLayer(&driver, s), IN_USE);
                assert_hresult(HcsDestroyLayer(s), IN_USE);
                assert_hresult(ExpandSandboxSize(&driver, s, 1ull << 36), IN_USE);
                assert_hresult(UnprepareLayer(&driver, s), (HRESULT)0x801F0015);
                assert_hresult(PrepareLayer(&driver, SCRATCH, parents, 1), S_OK);
                assert_hresult(PrepareLayer(&driver, s, parents, 1), (HRESULT)0x801F0012);
                assert_hresult(DestroyLayer(&driver, s), IN_USE);
                assert_hresult(UnprepareLayer(&driver, s), S_OK);
                assert_hresult(DeactivateLayer(&driver, s), S_OK);
        }
}

/* Separators at the beginning of a path of this system; on Windows two are a server. */
static void a_place_of_this_system_has_one_state(void **state) {
        static const char *const before[] = {"", "/.", "/", "//./", "/././"};

        if (!hcs_path_is_absolute("/"))
                skip();
        assert_hresult(ActivateLayer(&driver, SCRATCH), S_OK);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(before); i++) {
                _cleanup_free_ char *path = hcs_asprintf("%s%s/c/layers/scratch", before[i], root);
                _cleanup_free_ uint16_t *wide = hcs_utf8_to_utf16_lossy(path, strlen(path), NULL);

                assert_hresult(ActivateLayer(&driver, (PCWSTR)wide), IN_USE);
        }
}

/* Looked for where `drives' says so: the disks of other tests are on paper. */
static void access_is_given_to_files_that_are_there(void **state) {
        assert_hresult(GrantVmAccess(u"vm", u"C:\\layers\\scratch\\sandbox.vhdx"), S_OK);
        assert_hresult(GrantVmAccess(u"vm", u"\\\\?\\C:\\layers\\scratch\\sandbox.vhdx"), S_OK);
        assert_hresult(GrantVmAccess(u"vm", u"c:\\LAYERS\\Scratch/Sandbox.VHDX"), S_OK);
        assert_hresult(GrantVmAccess(u"vm", u"C:\\layers\\none.vhdx"), NO_FILE);
        assert_hresult(GrantVmAccess(u"vm", u"X:\\layers\\scratch\\sandbox.vhdx"), NO_FILE);
        assert_hresult(GrantVmAccess(u"vm", u"C:\\layers\\..\\layers\\file"), NO_FILE);
        assert_hresult(GrantVmAccess(u"vm", u""), E_INVALIDARG);
}

/* What a client named and is no layer is not removed, whatever fails on the way. */
static void files_of_others_stay(void **state) {
        assert_hresult(DestroyLayer(&driver, u"C:\\layers\\file"), NO_PATH);
        assert_hresult(HcsExportLayer(BASE, u"C:\\layers\\file", DATA, u""), EXISTS);
        assert_hresult(ImportLayer(&driver, u"C:\\layers\\file", SOURCE, parents, 1), EXISTS);
        assert_true(is_there("file"));
        put_text("fresh/Hives/System_Delta", "mine");
        assert_hresult(ImportLayer(&driver, FRESH, SOURCE, parents, 1), BAD_DATA);
        assert_true(is_there("fresh/Hives/System_Delta"));
        assert_false(is_there("fresh/Files"));
}

/* CreateLayer has made a folder Files; what a damaged import put into it does not keep the next one out. */
static void a_failed_import_may_be_tried_again(void **state) {
        put_text("in/Files/sub/x", "\x20");
        assert_hresult(CreateLayer(&driver, FRESH, u""), S_OK);
        for (unsigned i = 0; i < 2; i++) {
                assert_hresult(ImportLayer(&driver, FRESH, SOURCE, parents, 1), BAD_DATA);
                assert_false(is_there("fresh/Files/sub"));
                assert_true(is_there("fresh/Files"));
                assert_false(is_there("fresh/Hives"));
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, layers_teardown)
HCS_TESTS(TEST(a_path_has_to_be_full), TEST(a_place_has_to_be_there), TEST(a_file_is_no_layer),
          TEST(a_path_has_its_length), TEST(text_that_is_no_utf16_is_refused), TEST(a_path_in_a_document_has_no_nul),
          TEST(a_chain_has_to_end_in_a_base), TEST(states_refuse_what_does_not_fit),
          TEST(a_place_of_this_system_has_one_state), TEST(access_is_given_to_files_that_are_there),
          TEST(files_of_others_stay), TEST(a_failed_import_may_be_tried_again))
