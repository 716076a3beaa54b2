/* SPDX-License-Identifier: MIT */

#include "mockhcs/machine/kernel_line.h"

#include "base/str.h"
#include "testing/hcs_test.h"

static char *translate(const char *line, struct hcs_json **ret_changes) {
        *ret_changes = hcs_json_new_array();
        return kernel_line_translate(line, *ret_changes);
}

static void assert_line(const char *line, const char *expected, size_t n_changes) {
        _cleanup_json_ struct hcs_json *changes = NULL;
        _cleanup_free_ char *got = translate(line, &changes);

        assert_string_equal(got, expected);
        assert_int_equal(hcs_json_count(changes), n_changes);
}

/* The lines that hcsshim makes, with and without a console. */
static void the_line_of_a_real_document_fits_qemu(void **state) {
        assert_line(" initcall_blacklist=virtio_vsock_init 8250_core.nr_uarts=0 panic=-1 quiet pci=off nr_cpus=2 "
                    "brd.rd_nr=0 pmtmr=0 -- -e 1 /bin/vsockexec -e 109 /bin/gcs -v4 -log-format json -loglevel info",
                    "8250_core.nr_uarts=1 console=ttyS0,115200 panic=-1 quiet nr_cpus=2 brd.rd_nr=0 -- -e 1 "
                    "/bin/vsockexec -e 109 /bin/gcs -disable-time-sync -v4 -log-format json -loglevel info",
                    5);
        assert_line("root=/dev/pmem0 ro rootwait init=/init 8250_core.nr_uarts=1 8250_core.skip_txen_test=1 "
                    "console=ttyS0,115200 -- sh -c \"/bin/vsockexec -e 109 /bin/gcs -v4 & exec sh\"",
                    "root=/dev/pmem0 ro rootwait init=/init 8250_core.nr_uarts=1 8250_core.skip_txen_test=1 "
                    "console=ttyS0,115200 -- sh -c \"/bin/vsockexec -e 109 /bin/gcs -disable-time-sync -v4 & exec sh\"",
                    1);
}

static void what_says_nothing_of_hyperv_stays(void **state) {
        assert_line("", "", 0);
        assert_line("a=\"b  c\" d -- pci=off /bin/gcsx", "a=\"b  c\" d -- pci=off /bin/gcsx", 0);
        assert_line("-- /bin/gcs -disable-time-sync", "-- /bin/gcs -disable-time-sync", 0);
        assert_line("pci=offset initcall_blacklist=foo", "pci=offset initcall_blacklist=foo", 0);
        assert_line("a=\"never closed b", "a=\"never closed b", 0);
}

static void only_its_own_name_is_taken_off_a_list(void **state) {
        assert_line("initcall_blacklist=foo,virtio_vsock_init,bar x", "initcall_blacklist=foo,bar x", 1);
        assert_line("initcall_blacklist=virtio_vsock_init", "", 1);
}

static void consoles_of_hyperv_become_the_serial_one(void **state) {
        assert_line("console=hvc0 console=tty", "console=ttyS0,115200", 2);
        assert_line("console=ttyS1", "console=ttyS1", 0);
}

static void a_change_says_from_what_to_what_and_why(void **state) {
        _cleanup_json_ struct hcs_json *changes = NULL;
        _cleanup_free_ char *line = translate("pci=off 8250_core.nr_uarts=0", &changes);

        assert_string_equal(hcs_json_get_string(hcs_json_at(changes, 0), "From"), "pci=off");
        assert_null(hcs_json_get(hcs_json_at(changes, 0), "To"));
        assert_string_equal(hcs_json_get_string(hcs_json_at(changes, 0), "Why"),
                            "the devices of QEMU are found by PCI");
        assert_string_equal(hcs_json_get_string(hcs_json_at(changes, 1), "To"),
                            "8250_core.nr_uarts=1 console=ttyS0,115200");
        assert_string_equal(line, "8250_core.nr_uarts=1 console=ttyS0,115200");
}

HCS_TESTS(cmocka_unit_test(the_line_of_a_real_document_fits_qemu), cmocka_unit_test(what_says_nothing_of_hyperv_stays),
          cmocka_unit_test(only_its_own_name_is_taken_off_a_list),
          cmocka_unit_test(consoles_of_hyperv_become_the_serial_one),
          cmocka_unit_test(a_change_says_from_what_to_what_and_why))
