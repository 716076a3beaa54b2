/* SPDX-License-Identifier: MIT */

#include "platform/digest.h"

#include "base/hex.h"
#include "testing/hcs_test.h"

static void known_texts_have_known_hashes(void **state) {
        static const char *const rows[][2] = {
                {"sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
                {"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                {"sha384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                           "8086072ba1e7cc2358baeca134c825a7"},
                {"sha512", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                           "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                _cleanup_(hcs_digest_freep) struct hcs_digest *d = NULL;
                uint8_t digest[HCS_DIGEST_MAX];
                char text[2 * HCS_DIGEST_MAX + 1];

                assert_ok(hcs_digest_new(rows[i][0], &d, NULL), NULL);
                for (int again = 0; again < 2; again++) {
                        assert_true(hcs_digest_update(d, "ab", 2));
                        assert_true(hcs_digest_update(d, "c", 1));
                        assert_true(hcs_digest_finish(d, digest));
                        hcs_hex_format(digest, hcs_digest_size(d), text);
                        assert_string_equal(text, rows[i][1]);
                }
        }
}

static void nothing_has_a_hash_too(void **state) {
        struct hcs_digest *d = NULL;
        uint8_t digest[HCS_DIGEST_MAX];

        assert_ok(hcs_digest_new("sha256", &d, NULL), NULL);
        assert_true(hcs_digest_finish(d, digest));
        assert_memory_equal(digest, "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14", 8);
        assert_null(hcs_digest_free(d));
}

static void an_unknown_algorithm_is_named(void **state) {
        struct hcs_error *err = NULL;
        struct hcs_digest *d = NULL;

        assert_hresult(hcs_digest_new("md\x01", &d, &err), HCS_WIN32(50));
        assert_string_equal(hcs_error_message(err), "no hash algorithm `md\\001`");
        hcs_error_free(err);
        assert_null(hcs_digest_free(NULL));
}

HCS_TESTS(cmocka_unit_test(known_texts_have_known_hashes), cmocka_unit_test(nothing_has_a_hash_too),
          cmocka_unit_test(an_unknown_algorithm_is_named))
