/* SPDX-License-Identifier: MIT */

/* GUIDs and error codes against the tables that the original filled in (fixtures/golden). */

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "hcsshim/guid.h"
#include "hcsshim/hresult.h"
#include "testing/hcs_test.h"

static struct hcs_json *table(const char *name) {
        _cleanup_free_ char *path = hcs_asprintf("golden/guids/%s.json", name), *text = hcs_test_fixture(path, NULL);
        struct hcs_json *j = NULL;

        assert_ok(hcs_json_parse_cstr(text, &j, NULL), NULL);
        return j;
}

#define FOR_EACH(row, json) for (const struct hcs_json *row = hcs_json_first(json); row; row = hcs_json_next(row))

static void assert_hex(const uint8_t bytes[static 16], const char *expected) {
        char hex[33];

        for (unsigned i = 0; i < 16; i++)
                snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
        assert_string_equal(hex, expected);
}

static void guids_are_read_and_refused_as_by_the_original(void **state) {
        _cleanup_json_ struct hcs_json *j = table("guid-parse");

        FOR_EACH(row, hcs_json_get(j, "output")) {
                const char *text = hcs_json_get_string(row, "in"), *out = hcs_json_get_string(row, "out");
                char formatted[HCS_GUID_TEXT_SIZE];
                uint8_t bytes[16];
                GUID g;

                if (!out) {
                        /* Braces are accepted here: HNS and the registry print them. */
                        assert_true(*text == '{' || FAILED(hcs_guid_parse(text, &g, NULL)));
                        continue;
                }
                assert_ok(hcs_guid_parse(text, &g, NULL), NULL);
                assert_string_equal(hcs_guid_format(&g, formatted), out);
                hcs_guid_to_rfc4122(&g, bytes);
                assert_hex(bytes, hcs_json_get_string(row, "bytes_hex"));
        }
}

static void assert_v5(const char *ns_text, const char *name, const char *expected) {
        char formatted[HCS_GUID_TEXT_SIZE];
        GUID ns, g;

        assert_ok(hcs_guid_parse(ns_text, &ns, NULL), NULL);
        hcs_guid_v5(&ns, name, (uint32_t)strlen(name), &g);
        assert_string_equal(hcs_guid_format(&g, formatted), expected);
}

static void names_become_the_same_guids(void **state) {
        _cleanup_json_ struct hcs_json *j = table("uuidv5"), *scsi = table("scsi-controller-uuidv5");

        FOR_EACH(row, hcs_json_get(j, "output"))
        assert_v5(hcs_json_get_string(row, "namespace"), hcs_json_get_string(row, "name"),
                  hcs_json_get_string(row, "guid"));
        FOR_EACH(row, hcs_json_get(scsi, "output"))
        assert_v5("d422512d-2bf2-4752-809d-7b82b5fcb1b4", hcs_json_get_string(row, "name"),
                  hcs_json_get_string(row, "guid"));
}

static void ports_become_the_same_service_ids_and_back(void **state) {
        _cleanup_json_ struct hcs_json *j = table("hvsocket-service-ids");

        FOR_EACH(row, hcs_json_get(j, "output")) {
                char formatted[HCS_GUID_TEXT_SIZE];
                uint64_t port;
                uint32_t back;
                GUID g;

                assert_true(hcs_json_u64(hcs_json_get(row, "port"), &port));
                hcs_guid_from_vsock_port((uint32_t)port, &g);
                assert_string_equal(hcs_guid_format(&g, formatted), hcs_json_get_string(row, "service_id"));
                assert_true(hcs_guid_to_vsock_port(&g, &back));
                assert_int_equal(back, port);
        }
}

/* Ours say yes to whatever the original says yes to. The other way round there are codes that it does not know: the
 * computecore twins of vmcompute's codes, and the documented codes of timeouts and access. */
static const uint32_t more[] = {0x8037010B, 0x8037010D, 0x8037010E, 0x80370110, 0x80370105, 0x80370117, 0x80370118,
                                0x80370109, 0xC0370109, 0x8037011B, 0x800705B4, 0x80070102, 0x80004001, 0x80070490};

static bool known_departure(uint32_t code) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(more); i++)
                if (more[i] == code)
                        return true;
        return false;
}

static void predicates_say_what_the_originals_say(void **state) {
        static const struct {
                const char *name;
                bool (*is)(HRESULT hr);
        } predicates[] = {{"IsAccessIsDenied", hcs_is_access_denied},
                          {"IsAlreadyStopped", hcs_is_already_stopped},
                          {"IsNotExist", hcs_is_not_exist},
                          {"IsNotSupported", hcs_is_not_supported},
                          {"IsPending", hcs_is_pending},
                          {"IsTimeout", hcs_is_timeout},
                          {"IsOperationInvalidState", hcs_is_invalid_state}};
        _cleanup_json_ struct hcs_json *j = table("hresult-table");
        unsigned n = 0;

        FOR_EACH(row, hcs_json_get(hcs_json_get(j, "output"), "codes")) {
                const char *text = hcs_json_get_string(row, "hresult");
                uint32_t code = (uint32_t)hcs_hresult_from_win32((uint32_t)strtoul(text, NULL, 16));
                uint32_t number = (uint32_t)strtoul(hcs_json_get_string(row, "errno"), NULL, 16);

                assert_int_equal(hcs_hresult_code((HRESULT)code), number);
                for (size_t i = 0; i < HCS_ARRAY_SIZE(predicates); i++) {
                        bool theirs = hcs_json_bool(hcs_json_get(row, predicates[i].name));
                        bool ours = predicates[i].is((HRESULT)code);

                        if (ours != theirs && !(ours && known_departure(code)))
                                fail_msg("%s of %s: %d instead of %d", predicates[i].name, text, ours, theirs);
                }
                n++;
        }
        assert_true(n >= 40);
}

HCS_TESTS(cmocka_unit_test(guids_are_read_and_refused_as_by_the_original),
          cmocka_unit_test(names_become_the_same_guids), cmocka_unit_test(ports_become_the_same_service_ids_and_back),
          cmocka_unit_test(predicates_say_what_the_originals_say))
