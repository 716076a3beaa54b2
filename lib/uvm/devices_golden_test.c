/* SPDX-License-Identifier: MIT */

/*
 * Devices that only HCS is asked for, against the recorded cases of the original: disks that nobody mounts, shares of
 * Windows guests, their PCI devices. Each request is the same to the letter, and where it ends the place is.
 */

#include "base/json.h"
#include "base/str.h"
#include "oci/steps.h"
#include "testing/hcs_test.h"
#include "uvm/devices/devices.h"

#define FOLDER "C:\\golden\\bundle"

static bool only_folders(void *ctx, const char *path, struct uvm_file *ret) {
        *ret = (struct uvm_file){.is_directory = true};
        return true;
}

static HRESULT first_guid(void *ctx, GUID *ret) {
        return hcs_guid_parse(ctx, ret, NULL);
}

/* As many disks as the case has, or until none finds a place; the places must be those that were recorded. */
static void attach(struct uvm_devices *u, unsigned n, const struct hcs_json *places, const char *message) {
        const struct hcs_json *place = hcs_json_first(places);

        for (unsigned i = 0; i < n; i++) {
                _cleanup_free_ char *path = hcs_asprintf("C:\\d%u.vhdx", i), *text = NULL;
                struct uvm_disk disk = {.type = "VirtualDisk", .path = path};
                struct uvm_location at;
                uvm_ticket t;

                assert_ok(uvm_devices_attach_disk(u, &disk, &t, &at, NULL), NULL);
                text = hcs_asprintf("%u:%u", at.controller, at.lun);
                if (place)
                        assert_string_equal(text, hcs_json_string(place));
                place = hcs_json_next(place);
        }
        assert_null(place);
        if (message) {
                struct hcs_error *err = NULL;
                uvm_ticket t;

                assert_true(FAILED(uvm_devices_attach_disk(
                        u, &(struct uvm_disk){.type = "VirtualDisk", .path = "C:\\one-too-many.vhdx"}, &t,
                        &(struct uvm_location){0}, &err)));
                assert_string_equal(hcs_error_message(err), message);
                hcs_error_free(err);
        }
}

static void share(struct uvm_devices *u, bool read_only, const char *path_in_guest) {
        _cleanup_free_ char *path = NULL;
        uvm_ticket t;

        assert_ok(uvm_devices_add_vsmb(u, FOLDER, read_only, &t, NULL), NULL);
        path = uvm_devices_vsmb_path(u, FOLDER, read_only);
        if (path_in_guest)
                assert_string_equal(path, path_in_guest);
}

static void assign(struct uvm_devices *u, const char *instance, uint16_t function, const char *guid) {
        const char *on_the_bus;
        uvm_ticket t;

        assert_ok(uvm_devices_add_device(u, instance, function, &t, &on_the_bus, NULL), NULL);
        assert_string_equal(on_the_bus, guid);
}

static void assign_twice_and_remove(struct uvm_devices *u) {
        const char *guid;
        uvm_ticket t[2];

        for (int i = 0; i < 2; i++)
                assert_ok(uvm_devices_add_device(u, "PCIP\\A", 0, &t[i], &guid, NULL), NULL);
        for (int i = 0; i < 2; i++)
                assert_ok(uvm_devices_release(u, t[i], NULL), NULL);
}

static bool is_true(const struct hcs_json *input, const char *path) {
        return hcs_json_bool(hcs_json_lookup(input, path));
}

/* False: not one of these cases. */
static bool play(struct uvm_devices *u, const struct hcs_json *c) {
        const char *name = hcs_json_get_string(c, "name");
        const struct hcs_json *input = hcs_json_get(c, "input"), *returned = hcs_json_lookup(c, "output.returned");

        if (hcs_streq(name, "uvm-scsi-full"))
                attach(u, 64, NULL, "no available location");
        else if (hcs_streq(name, "uvm-scsi-many-slots"))
                attach(u, 67, returned, NULL);
        else if (hcs_str_starts(name, "uvm-vsmb-dir-"))
                share(u, is_true(input, "read_only"), hcs_json_string(returned));
        else if (hcs_streq(name, "uvm-vsmb-nodirectmap-physical"))
                share(u, true, NULL);
        else if (hcs_streq(name, "uvm-device-assign-windows"))
                assign(u, hcs_json_get_string(input, "device"), 2, hcs_json_string(returned));
        else if (hcs_streq(name, "uvm-device-remove-windows"))
                assign_twice_and_remove(u);
        else
                return false;
        return true;
}

static void check(const struct hcs_json *c, void *ctx) {
        const struct hcs_json *input = hcs_json_get(c, "input"), *events = hcs_json_lookup(c, "output.events");
        _cleanup_oci_steps_ struct oci_steps steps = {0};
        struct uvm_sink sink = oci_steps_sink(&steps);
        _cleanup_uvm_devices_ struct uvm_devices *u = NULL;
        const char *guid = hcs_streq(hcs_json_get_string(c, "name"), "uvm-device-remove-windows")
                                   ? "50b4e0c1-1111-4222-8333-444455556666"
                                   : "00000000-0000-4000-8000-000000000001";
        uint64_t controllers = 0;
        size_t at = 0;

        hcs_json_u64(hcs_json_lookup(input, "uvm.scsi_controllers"), &controllers);
        u = uvm_devices_new(
                &(struct uvm_devices_settings){
                        .id = "pod@vm",
                        .is_windows = hcs_streq(hcs_json_get_string(input, "guest_os"), "windows"),
                        .build = 26100,
                        .processors = 2,
                        .scsi_controllers = (unsigned)controllers,
                        .reserved_luns = hcs_json_first(hcs_json_lookup(input, "uvm.reserved_scsi_slots")) ? 1 : 0,
                        .physically_backed = is_true(input, "uvm.physically_backed"),
                        .no_direct_map = is_true(input, "uvm.no_direct_map"),
                        .new_guid = first_guid,
                        .new_guid_ctx = (void *)(uintptr_t)guid,
                        .stat = only_folders},
                &sink);
        if (!play(u, c))
                return;
        for (const struct hcs_json *e = hcs_json_first(events); e; e = hcs_json_next(e)) {
                assert_true(at < steps.n);
                assert_string_equal(steps.items[at++].text, hcs_json_get_string(e, "configuration"));
        }
        assert_int_equal(at, steps.n);
        ++*(size_t *)ctx;
}

static void what_hcs_is_asked_is_what_the_original_asks(void **state) {
        size_t n = 0;

        hcs_test_each_case("golden/gcs/uvm.jsonl", check, &n);
        assert_int_equal(n, 7);
}

HCS_TESTS(cmocka_unit_test(what_hcs_is_asked_is_what_the_original_asks))
