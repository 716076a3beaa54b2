/* SPDX-License-Identifier: MIT */

/*
 * Layers through the exports of both DLLs: their life, the refusals on the way, and what is on the disk after it. Paths
 * are those of Windows and stand below a folder of the test.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/utf.h"
#include "ext4/vhd/vhdx.h"
#include "mockhcs/emulate/storage/test/layers.h"
#include "platform/abi_memory.h"
#include "platform/descriptor.h"
#include "platform/file.h"
#include "platform/place.h"
#include "testing/hcs_test.h"

#define MISSING u"C:\\layers\\none"

static void assert_holds(const char *name, const void *data, size_t n) {
        _cleanup_free_ char *path = place(name);
        _cleanup_buf_ struct hcs_buf text = {0};

        assert_ok(hcs_file_read(path, 1 << 20, &text, NULL), NULL);
        assert_int_equal(text.len, n);
        assert_memory_equal(text.data, data, n);
}

static void assert_disk(const char *name, enum vhdx_type type, uint64_t size) {
        _cleanup_free_ char *path = place(name);
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};

        assert_ok(hcs_data_file_open(path, &f, NULL), NULL);
        assert_int_equal(vhdx_read(f, &i, NULL), S_OK);
        assert_int_equal(i.type, type);
        assert_true(i.virtual_size == size);
}

static void assert_mounted_at(PCWSTR id, const char *expected) {
        WCHAR path[256];
        size_t length = 0, again = HCS_ARRAY_SIZE(path);
        _cleanup_free_ char *text = NULL;

        assert_hresult(GetLayerMountPath(&driver, id, &length, NULL), S_OK);
        assert_hresult(GetLayerMountPath(&driver, id, &again, path), S_OK);
        assert_int_equal(length, again);
        assert_int_equal(length, hcs_utf16_len((const uint16_t *)path) + 1);
        text = hcs_utf16_to_utf8_lossy((const uint16_t *)path, length - 1, NULL);
        if (strncmp(text, expected, strlen(expected)) != 0)
                fail_msg("mounted at %s", text);
}

static void a_base_layer_gets_hives_a_layout_and_disks(void **state) {
        assert_hresult(ProcessBaseImage(BASE), HCS_WIN32(3));
        put("base/Files/Windows/System32/config/SAM", "", 0);
        assert_hresult(ProcessBaseImage(BASE), HCS_WIN32(2));
        make_base();
        assert_holds("base/Hives/Software_Base", "SOFTWARE", 8);
        assert_holds("base/layout", "vhd-with-hives\n", 15);
        assert_disk("base/blank-base.vhdx", VHDX_DYNAMIC, 20ull << 30);
        assert_disk("base/blank.vhdx", VHDX_DIFFERENCING, 20ull << 30);
}

static void a_utility_vm_gets_its_disks_when_it_can_boot(void **state) {
        static const WCHAR path[] = u"C:\\layers\\base\\UtilityVM";

        assert_hresult(ProcessUtilityImage(path), HCS_WIN32(3));
        put("base/UtilityVM/Files/x", "", 0);
        assert_hresult(ProcessUtilityImage(path), HCS_WIN32(2));
        put("base/UtilityVM/Files/EFI/Microsoft/Boot/BCD", "", 0);
        assert_hresult(ProcessUtilityImage(path), S_OK);
        assert_disk("base/UtilityVM/SystemTemplateBase.vhdx", VHDX_DYNAMIC, 10ull << 30);
        assert_disk("base/UtilityVM/SystemTemplate.vhdx", VHDX_DIFFERENCING, 10ull << 30);
}

static void a_scratch_stands_on_a_processed_base(void **state) {
        static const HCS_LAYER_DESCRIPTOR missing[] = {{{0}, 0, MISSING}}, no_path[] = {{{0}, 0, NULL}};

        assert_hresult(CreateSandboxLayer(&driver, SCRATCH, NULL, NULL, 0), E_INVALIDARG);
        assert_hresult(CreateSandboxLayer(&driver, SCRATCH, NULL, no_path, 1), E_INVALIDARG);
        assert_hresult(CreateSandboxLayer(&driver, SCRATCH, NULL, missing, 1), HCS_WIN32(3));
        put("base/Files/x", "", 0);
        assert_hresult(CreateSandboxLayer(&driver, SCRATCH, NULL, parents, 1), HCS_WIN32(2));
        make_scratch();
        assert_disk("scratch/sandbox.vhdx", VHDX_DIFFERENCING, 20ull << 30);
        assert_hresult(CreateSandboxLayer(&driver, SCRATCH, NULL, parents, 1), HCS_WIN32(183));
}

static void a_scratch_grows_to_at_least_what_is_asked_for(void **state) {
        make_scratch();
        assert_hresult(ExpandSandboxSize(&driver, SCRATCH, 0), S_OK);
        assert_hresult(ExpandSandboxSize(&driver, SCRATCH, 1 << 20), S_OK);
        assert_disk("scratch/sandbox.vhdx", VHDX_DIFFERENCING, 20ull << 30);
        assert_hresult(ExpandSandboxSize(&driver, SCRATCH, (40ull << 30) + 1), S_OK);
        assert_disk("scratch/sandbox.vhdx", VHDX_DIFFERENCING, (40ull << 30) + 512);
        assert_hresult(ExpandSandboxSize(&driver, SCRATCH, 1ull << 62), E_INVALIDARG);
        assert_hresult(ExpandSandboxSize(&driver, BASE, 1), HCS_WIN32(2));
        assert_hresult(ExpandSandboxSize(&driver, MISSING, 1), HCS_WIN32(3));
        assert_hresult(ActivateLayer(&driver, SCRATCH), S_OK);
        assert_hresult(ExpandSandboxSize(&driver, SCRATCH, 80ull << 30), HCS_WIN32(32));
}

static void a_scratch_is_attached_and_filtered_in_order(void **state) {
        make_scratch();
        assert_hresult(PrepareLayer(&driver, SCRATCH, parents, 1), HCS_WIN32(21));
        assert_hresult(DeactivateLayer(&driver, SCRATCH), HCS_WIN32(21));
        assert_mounted_at(SCRATCH, "C:\\layers\\scratch");
        assert_hresult(ActivateLayer(&driver, SCRATCH), S_OK);
        assert_hresult(ActivateLayer(&driver, SCRATCH), HCS_WIN32(32));
        assert_mounted_at(SCRATCH, "\\\\?\\Volume{");
        assert_hresult(UnprepareLayer(&driver, SCRATCH), 0x801F0015);
        assert_hresult(PrepareLayer(&driver, SCRATCH, NULL, 0), E_INVALIDARG);
        assert_hresult(PrepareLayer(&driver, SCRATCH, parents, 1), S_OK);
        assert_hresult(PrepareLayer(&driver, SCRATCH, parents, 1), 0x801F0012);
        assert_hresult(DestroyLayer(&driver, SCRATCH), HCS_WIN32(32));
        assert_hresult(DestroyLayer(&driver, BASE), HCS_WIN32(32));
        assert_hresult(ProcessBaseImage(BASE), HCS_WIN32(32));
        assert_hresult(UnprepareLayer(&driver, SCRATCH), S_OK);
        assert_hresult(PrepareLayer(&driver, SCRATCH, parents, 1), S_OK);
        assert_hresult(DeactivateLayer(&driver, SCRATCH), S_OK); /* takes the filter with it */
        assert_hresult(DestroyLayer(&driver, SCRATCH), S_OK);
        assert_hresult(DestroyLayer(&driver, SCRATCH), S_OK);
        assert_false(is_there("scratch"));
        assert_hresult(ActivateLayer(&driver, SCRATCH), HCS_WIN32(3));
}

static void a_layer_that_is_only_read_needs_no_activation(void **state) {
        make_base();
        assert_hresult(ActivateLayer(&driver, BASE), S_OK);
        assert_hresult(ActivateLayer(&driver, BASE), S_OK);
        assert_mounted_at(BASE, "C:\\layers\\base");
        assert_hresult(DeactivateLayer(&driver, BASE), S_OK);
        assert_hresult(PrepareLayer(&driver, BASE, parents, 1), HCS_WIN32(2));
}

static void a_mount_path_wants_room(void **state) {
        WCHAR path[2];
        size_t length = 2;

        make_base();
        assert_hresult(GetLayerMountPath(&driver, BASE, &length, path), HCS_WIN32(122));
        assert_hresult(GetLayerMountPath(&driver, BASE, NULL, path), E_POINTER);
        assert_hresult(GetLayerMountPath(&driver, MISSING, &length, NULL), HCS_WIN32(3));
}

static void layers_are_made_copied_and_known(void **state) {
        static const HCS_DRIVER_INFO home = {1, u"C:\\layers"};
        DWORD exists = 9;

        assert_hresult(CreateLayer(&driver, BASE, MISSING), HCS_WIN32(3));
        assert_hresult(CreateLayer(&driver, BASE, u""), S_OK);
        assert_hresult(CreateLayer(&driver, BASE, u""), HCS_WIN32(183));
        put("base/Files/x/y", "hello", 5);
        assert_hresult(CopyLayer(&driver, BASE, u"C:\\layers\\copy", NULL, 0), S_OK);
        assert_holds("copy/Files/x/y", "hello", 5);
        assert_hresult(CopyLayer(&driver, BASE, u"C:\\layers\\copy", NULL, 0), HCS_WIN32(183));
        assert_hresult(CopyLayer(&driver, BASE, u"C:\\layers\\base\\in", NULL, 0), E_INVALIDARG);
        assert_hresult(CopyLayer(&driver, MISSING, u"C:\\layers\\other", NULL, 0), HCS_WIN32(3));
        assert_hresult(LayerExists(&home, u"copy", &exists), S_OK);
        assert_int_equal(exists, 1);
        assert_hresult(LayerExists(&driver, MISSING, &exists), S_OK);
        assert_int_equal(exists, 0);
        assert_hresult(LayerExists(&driver, MISSING, NULL), E_POINTER);
        assert_hresult(LayerExists(&driver, u"relative", &exists), E_INVALIDARG);
        assert_hresult(LayerExists(&driver, u"C:\\layers\\..\\..\\etc", &exists), E_INVALIDARG);
        assert_hresult(LayerExists(&driver, u"\\\\?\\C:\\layers\\base\\", &exists), S_OK);
        assert_int_equal(exists, 1);
}

static void names_have_the_guids_that_hosts_gave_them(void **state) {
        char text[HCS_GUID_TEXT_SIZE];
        GUID a, b;

        assert_hresult(NameToGuid(u"15", &a), S_OK);
        assert_string_equal(hcs_guid_format(&a, text), "1957653c-bd5b-5449-83bd-f2bd4d680d6e");
        assert_hresult(NameToGuid(u"layer", &a), S_OK);
        assert_hresult(NameToGuid(u"LAYER", &b), S_OK);
        assert_true(hcs_guid_equal(&a, &b));
        assert_hresult(NameToGuid(u"other", &b), S_OK);
        assert_false(hcs_guid_equal(&a, &b));
        assert_hresult(NameToGuid(u"", &a), E_INVALIDARG);
        assert_hresult(NameToGuid(u"layer", NULL), E_POINTER);
}

/* Attributes, then a security descriptor, the data, an alternate stream. */
static const char carrier[] = "\x21\0\0\0"
                              "\3\0\0\0\2\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0SDSD"
                              "\1\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0hello"
                              "\4\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\6\0\0\0:\0a\0b\0xyz";
static const char of_folder[] = "\x10\0\0\0\3\0\0\0\2\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0SD";
#define CARRIER sizeof(carrier) - 1
#define FOLDER  sizeof(of_folder) - 1

static void put_transport(void) {
        put("in/Files/dir/file.txt", carrier, CARRIER);
        put("in/Files/dir.$wcidirs$", of_folder, FOLDER);
        put("in/Files.$wcidirs$", of_folder, FOLDER);
        put("in/Hives/System_Delta", "regf", 4);
        put("in/tombstones.txt", "\xEF\xBB\xBFVersion 1.0\n\\gone\n", 21);
}

static void an_imported_layer_is_exported_byte_for_byte(void **state) {
        make_base();
        put_transport();
        assert_hresult(ImportLayer(&driver, u"C:\\layers\\child", u"C:\\layers\\in", parents, 1), S_OK);
        assert_holds("child/Files/dir/file.txt", "hello", 5);
        assert_holds("child/Hives/System_Delta", "regf", 4);
        assert_hresult(ExportLayer(&driver, u"C:\\layers\\child", u"C:\\layers\\out", parents, 1), S_OK);
        assert_holds("out/Files/dir/file.txt", carrier, CARRIER);
        assert_holds("out/Files/dir.$wcidirs$", of_folder, FOLDER);
        assert_holds("out/Files.$wcidirs$", of_folder, FOLDER);
        assert_holds("out/Hives/System_Delta", "regf", 4);
        assert_holds("out/tombstones.txt", "\xEF\xBB\xBFVersion 1.0\n\\gone\n", 21);
        assert_hresult(ExportLayer(&driver, u"C:\\layers\\child", u"C:\\layers\\out", parents, 1), HCS_WIN32(183));
        assert_hresult(ImportLayer(&driver, u"C:\\layers\\child", u"C:\\layers\\in", parents, 1), HCS_WIN32(183));
        assert_hresult(ImportLayer(&driver, u"C:\\layers\\x", MISSING, parents, 1), HCS_WIN32(3));
        assert_hresult(ExportLayer(&driver, MISSING, u"C:\\layers\\x", parents, 1), HCS_WIN32(3));
}

static void sparse_blocks_become_data_at_their_places(void **state) {
        static const char sparse[] = "\x20\2\0\0"
                                     "\x9\0\0\0\x8\0\0\0\x9\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0x"
                                     "\x9\0\0\0\x8\0\0\0\x9\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a";

        static const char hole[] = "\x20\2\0\0"
                                   "\x9\0\0\0\x8\0\0\0\x8\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0\0\0\0";

        put("in/Files/sparse", sparse, sizeof(sparse) - 1);
        put("in/Files/hole", hole, sizeof(hole));
        assert_hresult(ImportLayer(&driver, u"C:\\layers\\child", u"C:\\layers\\in", NULL, 0), S_OK);
        assert_holds("child/Files/sparse", "a\0\0x", 4);
        assert_holds("child/Files/hole", "\0\0\0\0\0", 5);
}

static void what_was_done_in_a_scratch_is_exported(void **state) {
        make_scratch();
        put("scratch/sandbox.files/Files/new", "abc", 3);
        put("scratch/sandbox.files/Files/dir/.wh.old.txt", "", 0);
        assert_hresult(ExportLayer(&driver, SCRATCH, u"C:\\layers\\out", parents, 1), S_OK);
        assert_holds("out/Files/new", "\x20\0\0\0\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0abc", 27);
        assert_holds("out/Files/dir.$wcidirs$", "\x10\0\0\0", 4);
        assert_holds("out/tombstones.txt", "\xEF\xBB\xBFVersion 1.0\n\\dir\\old.txt\n", 28);
}

static void damaged_carriers_are_refused_and_leave_no_files(void **state) {
        for (size_t n = 0; n < CARRIER; n++) {
                /* Cut between two streams it is another file, and a good one. */
                bool good = n == 4 || n == 28 || n == 53;

                put("in/Files/file", carrier, n);
                assert_hresult(ImportLayer(&driver, u"C:\\layers\\child", u"C:\\layers\\in", NULL, 0),
                               good ? S_OK : HCS_WIN32(13));
                assert_true(is_there("child/Files") == good);
                assert_hresult(DestroyLayer(&driver, u"C:\\layers\\child"), S_OK);
        }
        put("in/Files/file", "\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24);
        assert_hresult(ImportLayer(&driver, u"C:\\layers\\child", u"C:\\layers\\in", NULL, 0), HCS_WIN32(13));
        put("in/Files/file", carrier, CARRIER);
        put("in/strange", "", 0);
        assert_hresult(ImportLayer(&driver, u"C:\\layers\\child", u"C:\\layers\\in", NULL, 0), HCS_WIN32(13));
}

static void layer_data_is_checked_as_a_document(void **state) {
        make_base();
        put_transport();
        assert_hresult(HcsImportLayer(u"C:\\layers\\a", u"C:\\layers\\in", u""), HCS_E_INVALID_JSON);
        assert_hresult(HcsImportLayer(u"C:\\layers\\a", u"C:\\layers\\in", u"{"), HCS_E_INVALID_JSON);
        assert_hresult(HcsImportLayer(u"C:\\layers\\a", u"C:\\layers\\in", u"{\"Layers\":7}"), HCS_E_INVALID_JSON);
        assert_hresult(HcsImportLayer(u"C:\\layers\\a", u"C:\\layers\\in",
                                      u"{\"Layers\":[{\"Path\":\"C:\\\\layers\\\\none\"}]}"),
                       HCS_WIN32(3));
        assert_hresult(HcsImportLayer(u"C:\\layers\\a", u"C:\\layers\\in", DATA), S_OK);
        assert_holds("a/Files/dir/file.txt", "hello", 5);
        assert_hresult(HcsExportLayer(u"C:\\layers\\a", u"C:\\layers\\out", DATA, u"[]"), HCS_E_INVALID_JSON);
        assert_hresult(HcsExportLayer(u"C:\\layers\\a", u"C:\\layers\\out", DATA, u"{\"IsWritableLayer\":false}"),
                       S_OK);
        assert_holds("out/Files/dir/file.txt", carrier, CARRIER);
        assert_hresult(HcsDestroyLayer(u"C:\\layers\\a"), S_OK);
        assert_false(is_there("a"));
}

static void a_layer_is_not_moved_within_itself(void **state) {
        make_base();
        put_transport();
        assert_hresult(HcsImportLayer(u"C:\\layers\\in\\a", u"C:\\layers\\in", DATA), E_INVALIDARG);
        assert_hresult(HcsImportLayer(u"C:\\layers\\in", u"C:\\layers\\in\\Files", DATA), E_INVALIDARG);
        assert_hresult(HcsImportLayer(u"C:\\layers\\in2", u"C:\\layers\\in", DATA), S_OK);
        assert_hresult(HcsExportLayer(u"C:\\layers\\in2", u"C:\\layers\\in2\\Files\\out", DATA, u""), E_INVALIDARG);
        assert_false(is_there("in2/Files/out"));
}

/* Of an active scratch; static, for one test at a time. */
static PCWSTR volume(void) {
        static WCHAR path[64];
        size_t length = HCS_ARRAY_SIZE(path);

        assert_hresult(GetLayerMountPath(&driver, SCRATCH, &length, path), S_OK);
        return path;
}

static void a_writable_layer_is_initialized_and_filtered(void **state) {
        PCWSTR mount;

        make_scratch();
        assert_hresult(HcsInitializeWritableLayer(MISSING, DATA, u""), HCS_WIN32(3));
        assert_hresult(HcsInitializeWritableLayer(u"\\\\?\\Volume{0}", DATA, u""), HCS_WIN32(3));
        assert_hresult(ActivateLayer(&driver, SCRATCH), S_OK);
        mount = volume();
        assert_hresult(HcsInitializeWritableLayer(mount, DATA, NULL), S_OK);
        assert_hresult(HcsInitializeWritableLayer(mount, DATA, u"{\"Any\":1}"), S_OK);
        assert_holds("scratch/sandbox.files/Hives/System_Delta", "", 0);
        assert_hresult(HcsAttachLayerStorageFilter(mount, u"{}"), E_INVALIDARG);
        assert_hresult(HcsDetachLayerStorageFilter(mount), 0x801F0015);
        assert_hresult(HcsAttachLayerStorageFilter(mount, DATA), S_OK);
        assert_hresult(HcsAttachLayerStorageFilter(mount, DATA), 0x801F0012);
        assert_hresult(PrepareLayer(&driver, SCRATCH, parents, 1), 0x801F0012); /* it is the same filter */
        assert_hresult(HcsDestroyLayer(BASE), HCS_WIN32(32));
        assert_hresult(HcsDetachLayerStorageFilter(mount), S_OK);
        assert_hresult(HcsAttachOverlayFilter(mount, DATA), HCS_E_INVALID_JSON);
        assert_hresult(HcsDetachOverlayFilter(mount, OVERLAY), 0x801F0015);
        assert_hresult(HcsAttachOverlayFilter(mount, OVERLAY), S_OK);
        assert_hresult(HcsDetachOverlayFilter(mount, OVERLAY), S_OK);
        assert_hresult(HcsExportLayer(mount, u"C:\\layers\\out", DATA, u"{\"IsWritableLayer\":true}"), S_OK);
        assert_holds("out/Hives/System_Delta", "", 0);
}

static void legacy_writable_layers_keep_their_hives_in_the_folder(void **state) {
        PCWSTR mount;

        make_scratch();
        assert_hresult(ActivateLayer(&driver, SCRATCH), S_OK);
        mount = volume();
        assert_hresult(HcsInitializeLegacyWritableLayer(mount, SCRATCH, DATA, u""), S_OK);
        assert_holds("scratch/Hives/Sam_Delta", "", 0);
        put("scratch/sandbox.files/Files/new", "abc", 3);
        assert_hresult(HcsExportLegacyWritableLayer(mount, SCRATCH, u"C:\\layers\\out", DATA), S_OK);
        assert_true(is_there("out/Files/new"));
        assert_true(is_there("out/Hives/Sam_Delta"));
        assert_hresult(HcsExportLegacyWritableLayer(MISSING, SCRATCH, u"C:\\layers\\out2", DATA), HCS_WIN32(3));
}

static void base_layers_are_set_up_by_their_type(void **state) {
        make_base();
        assert_hresult(HcsSetupBaseOSLayer(BASE, NULL, u"{\"Type\":\"Container\"}"), S_OK);
        assert_hresult(HcsSetupBaseOSLayer(BASE, NULL, u"{\"Type\":\"Car\"}"), HCS_E_INVALID_JSON);
        assert_hresult(HcsSetupBaseOSLayer(BASE, NULL, u"{\"Type\":\"Vm\"}"), E_HANDLE);
        assert_hresult(HcsSetupBaseOSLayer(MISSING, NULL, u"{\"Type\":\"Container\"}"), HCS_WIN32(3));
        assert_hresult(HcsSetupBaseOSVolume(BASE, MISSING, u"{\"Type\":\"Container\"}"), HCS_WIN32(3));
        assert_hresult(HcsSetupBaseOSVolume(BASE, BASE, u"{\"Type\":\"Container\"}"), S_OK);
        mock = mockhcs_close(mock);
        assert_ok(mockhcs_open("emulate,host=17763", &mock, NULL), NULL);
        assert_hresult(HcsSetupBaseOSVolume(BASE, BASE, u"{\"Type\":\"Container\"}"), E_NOTIMPL);
}

/* A file as this ABI has disks. */
static HANDLE open_file(const char *name, FILE **f) {
        _cleanup_free_ char *path = place(name);

        *f = fopen(path, "r+b");
        assert_non_null(*f);
        return hcs_handle_of_descriptor(fileno(*f));
}

static void disks_come_as_handles(void **state) {
        _cleanup_free_ char *text = NULL;
        PWSTR path = (PWSTR)1;
        FILE *f;

        make_base();
        assert_hresult(HcsFormatWritableLayerVhd(NULL), E_HANDLE);
        assert_hresult(HcsGetLayerVhdMountPath(NULL, &path), E_HANDLE);
        assert_null(path);
        assert_hresult(HcsFormatWritableLayerVhd(open_file("base/layout", &f)), 0xC03A0001);
        fclose(f);
        assert_hresult(HcsFormatWritableLayerVhd(open_file("base/blank-base.vhdx", &f)), S_OK);
        assert_hresult(HcsGetLayerVhdMountPath(hcs_handle_of_descriptor(fileno(f)), NULL), E_POINTER);
        assert_hresult(HcsGetLayerVhdMountPath(hcs_handle_of_descriptor(fileno(f)), &path), S_OK);
        fclose(f);
        text = hcs_utf16_to_utf8_lossy((const uint16_t *)path, hcs_utf16_len((const uint16_t *)path), NULL);
        assert_int_equal(strncmp(text, "\\\\?\\Volume{", 11), 0);
        hcs_abi_free(path);
}

static void base_images_are_a_document(void **state) {
        PWSTR text = NULL;

        assert_hresult(GetBaseImages(&text), S_OK);
        assert_non_null(text);
        free(text);
}

/* A run of everything under an engine; root says where the layers are. */
static void run_life(void) {
        GUID id;

        make_scratch();
        assert_hresult(NameToGuid(u"", &id), E_INVALIDARG); /* never gets to a layer, and is in the trace */
        assert_hresult(ActivateLayer(&driver, SCRATCH), S_OK);
        assert_hresult(HcsInitializeWritableLayer(volume(), DATA, u""), S_OK);
        assert_hresult(PrepareLayer(&driver, SCRATCH, parents, 1), S_OK);
        assert_hresult(PrepareLayer(&driver, SCRATCH, parents, 1), 0x801F0012);
        assert_hresult(DeactivateLayer(&driver, SCRATCH), S_OK);
        assert_hresult(HcsDestroyLayer(SCRATCH), S_OK);
}

static void only_what_may_be_a_layer_is_destroyed(void **state) {
        put("other/letters", "x", 1);
        assert_hresult(DestroyLayer(&driver, u"C:\\layers\\other"), E_INVALIDARG);
        assert_hresult(HcsDestroyLayer(u"C:\\layers\\other"), E_INVALIDARG);
        assert_true(is_there("other/letters"));
}

static void the_filters_of_a_layer_go_with_it(void **state) {
        make_base();
        put("plain/Files/x", "", 0);
        assert_hresult(HcsAttachLayerStorageFilter(u"C:\\layers\\plain", DATA), S_OK);
        assert_hresult(HcsDestroyLayer(BASE), HCS_WIN32(32));
        assert_hresult(HcsDestoryLayer(u"C:\\layers\\plain"), S_OK); /* as older clients spell it */
        assert_hresult(HcsDestroyLayer(BASE), S_OK);
}

static void a_life_is_recorded_and_replayed_without_any_folder(void **state) {
        _cleanup_free_ char *trace = hcs_asprintf("%s/t.trace", root),
                            *spec = hcs_asprintf("record=%s,emulate,drives=%s", trace, root),
                            *replay = hcs_asprintf("replay=%s", trace), *report = NULL;

        mock = mockhcs_close(mock);
        assert_ok(mockhcs_open(spec, &mock, NULL), NULL);
        run_life();
        mock = mockhcs_close(mock);
        assert_ok(mockhcs_open(replay, &mock, NULL), NULL);
        run_life();
        assert_int_equal(mockhcs_verify(mock, false, &report), 0);
}

static void a_trace_is_replayed_with_other_folders(void **state) {
        static const HCS_LAYER_DESCRIPTOR other[] = {{{0}, 0, u"/srv/x/base"}};
        _cleanup_free_ char *trace = hcs_asprintf("%s/t.trace", root),
                            *spec = hcs_asprintf("record=%s,emulate,drives=%s", trace, root),
                            *replay = hcs_asprintf("replay=%s", trace), *report = NULL, *text = NULL;
        WCHAR path[64];
        size_t length = HCS_ARRAY_SIZE(path);

        mock = mockhcs_close(mock);
        assert_ok(mockhcs_open(spec, &mock, NULL), NULL);
        make_scratch();
        assert_hresult(GetLayerMountPath(&driver, SCRATCH, &length, path), S_OK);
        mock = mockhcs_close(mock);
        assert_ok(mockhcs_open(replay, &mock, NULL), NULL);
        assert_hresult(ProcessBaseImage(u"/srv/x/base"), S_OK);
        assert_hresult(CreateSandboxLayer(&driver, u"/srv/x/scratch", NULL, other, 1), S_OK);
        length = HCS_ARRAY_SIZE(path);
        assert_hresult(GetLayerMountPath(&driver, u"/srv/x/scratch", &length, path), S_OK);
        text = hcs_utf16_to_utf8_lossy((const uint16_t *)path, length - 1, NULL);
        assert_string_equal(text, "/srv/x\\scratch");
        assert_int_equal(mockhcs_verify(mock, false, &report), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, layers_setup, layers_teardown)
HCS_TESTS(TEST(a_base_layer_gets_hives_a_layout_and_disks), TEST(a_utility_vm_gets_its_disks_when_it_can_boot),
          TEST(only_what_may_be_a_layer_is_destroyed), TEST(the_filters_of_a_layer_go_with_it),
          TEST(a_scratch_stands_on_a_processed_base), TEST(a_scratch_grows_to_at_least_what_is_asked_for),
          TEST(a_scratch_is_attached_and_filtered_in_order), TEST(a_layer_that_is_only_read_needs_no_activation),
          TEST(a_mount_path_wants_room), TEST(layers_are_made_copied_and_known),
          TEST(names_have_the_guids_that_hosts_gave_them), TEST(an_imported_layer_is_exported_byte_for_byte),
          TEST(sparse_blocks_become_data_at_their_places), TEST(what_was_done_in_a_scratch_is_exported),
          TEST(damaged_carriers_are_refused_and_leave_no_files), TEST(layer_data_is_checked_as_a_document),
          TEST(a_layer_is_not_moved_within_itself), TEST(a_writable_layer_is_initialized_and_filtered),
          TEST(legacy_writable_layers_keep_their_hives_in_the_folder), TEST(base_layers_are_set_up_by_their_type),
          TEST(disks_come_as_handles), TEST(base_images_are_a_document),
          TEST(a_life_is_recorded_and_replayed_without_any_folder), TEST(a_trace_is_replayed_with_other_folders))
