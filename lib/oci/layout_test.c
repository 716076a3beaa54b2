/* SPDX-License-Identifier: MIT */

/*
 * OCI image layouts made here, in a folder: walked to their layers, and wrong in every way that must be told. (Layouts
 * in tars and of real tools are in integration/ext4.)
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/str.h"
#include "oci/digest.h"
#include "oci/layout.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define INDEX    "application/vnd.oci.image.index.v1+json"
#define MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define CONFIG   "application/vnd.oci.image.config.v1+json"
#define LAYER    "application/vnd.oci.image.layer.v1.tar+gzip"
#define DIFF_ID  "sha256:1111111111111111111111111111111111111111111111111111111111111111"

/* A folder with an oci-layout and no blobs. Caller frees. */
static char *make_layout(void) {
        char *dir = hcs_test_tmpdir();
        static const char *const folders[] = {"blobs", "blobs/sha256"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(folders); i++) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", dir, folders[i]);

                assert_int_equal(mkdir(path, 0700), 0);
        }
        return dir;
}

static void put_file(const char *dir, const char *name, const char *text) {
        _cleanup_free_ char *path = hcs_asprintf("%s/%s", dir, name);

        assert_ok(hcs_file_write(path, text, strlen(text), NULL), NULL);
}

/* Stores a blob; its descriptor, of that media type and with those members besides. Caller frees. */
static char *put_blob(const char *dir, const char *type, const char *text, const char *members) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        _cleanup_free_ char *name = NULL;
        char digest[OCI_DIGEST_SIZE];

        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        assert_ok(hcs_data_file_write_at(f, 0, text, strlen(text), NULL), NULL);
        assert_ok(oci_digest_of(f, "sha256:", digest, NULL), NULL);
        name = hcs_asprintf("blobs/sha256/%s", oci_digest_hex(digest));
        put_file(dir, name, text);
        return hcs_asprintf("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu%s}", type, digest, strlen(text),
                            members);
}

static char *put_manifest(const char *dir, const char *diff_ids, const char *layers) {
        _cleanup_free_ char *config_text = hcs_asprintf("{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{"
                                                        "\"type\":\"layers\",\"diff_ids\":[%s]}}",
                                                        diff_ids);
        _cleanup_free_ char *config = put_blob(dir, CONFIG, config_text, "");
        _cleanup_free_ char *text = hcs_asprintf("{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}", config, layers);

        return put_blob(dir, MANIFEST, text, ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"v1\"}");
}

static void put_index(const char *dir, const char *manifests) {
        _cleanup_free_ char *text = hcs_asprintf("{\"schemaVersion\":2,\"manifests\":[%s]}", manifests);

        put_file(dir, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
        put_file(dir, "index.json", text);
}

/* An image of one layer. */
static char *make_image(void) {
        char *dir = make_layout();
        _cleanup_free_ char *layer = put_blob(dir, LAYER, "not really a tar", "");
        _cleanup_free_ char *manifest = put_manifest(dir, "\"" DIFF_ID "\"", layer);

        put_index(dir, manifest);
        return dir;
}

static HRESULT read_manifests(const char *dir, struct oci_manifests *ret, struct hcs_error **err) {
        _cleanup_(oci_layout_freep) struct oci_layout *l = NULL;
        HRESULT hr = oci_layout_open(dir, &l, err);

        return SUCCEEDED(hr) ? oci_layout_manifests(l, ret, err) : hr;
}

static void assert_refused(const char *dir, HRESULT expected, const char *part) {
        struct oci_manifests m;
        struct hcs_error *err = NULL;

        assert_hresult(read_manifests(dir, &m, &err), expected);
        if (!strstr(hcs_error_message(err), part))
                fail_msg("`%s` lacks `%s`", hcs_error_message(err), part);
        hcs_error_free(err);
}

static void digests_are_checked_to_the_letter(void **state) {
        static const char *const bad[] = {"",
                                          "sha256",
                                          "sha256:",
                                          "sha256:..",
                                          "md5:d41d8cd98f00b204e9800998ecf8427e",
                                          "sha256:111111111111111111111111111111111111111111111111111111111111111",
                                          "sha256:11111111111111111111111111111111111111111111111111111111111111111",
                                          "sha256:111111111111111111111111111111111111111111111111111111111111111A",
                                          "sha256:1111111111111111111111111111111111111111111111111111111111111/..",
                                          "SHA256:1111111111111111111111111111111111111111111111111111111111111111"};

        assert_true(oci_digest_is_valid(DIFF_ID));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++)
                assert_false(oci_digest_is_valid(bad[i]));
}

static void an_image_is_walked_to_its_layers(void **state) {
        _cleanup_free_ char *dir = make_image();
        _cleanup_(oci_manifests_deinit) struct oci_manifests m = {0};
        _cleanup_(oci_layout_freep) struct oci_layout *l = NULL;
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        struct hcs_error *err = NULL;
        uint64_t size;

        assert_ok(oci_layout_open(dir, &l, &err), err);
        assert_ok(oci_layout_manifests(l, &m, &err), err);
        assert_int_equal(m.n, 1);
        assert_string_equal(m.item[0].name, "v1");
        assert_string_equal(m.item[0].os, "linux");
        assert_string_equal(m.item[0].architecture, "amd64");
        assert_int_equal(m.item[0].n_layers, 1);
        assert_true(m.item[0].layers[0].is_tar);
        assert_string_equal(m.item[0].layers[0].diff_id, DIFF_ID);
        assert_ok(oci_layout_blob(l, &m.item[0].layers[0].blob, &f, &err), err);
        assert_ok(hcs_data_file_size(f, &size, NULL), NULL);
        assert_int_equal(size, 16);
}

static void nested_indexes_are_followed_and_their_tag_handed_down(void **state) {
        _cleanup_free_ char *dir = make_layout();
        _cleanup_free_ char *layer = put_blob(dir, LAYER, "x", ""),
                            *proof = put_blob(dir, "application/in-toto", "y", "");
        _cleanup_free_ char *both = hcs_asprintf("%s,%s", layer, proof);
        _cleanup_free_ char *one = put_manifest(dir, "\"" DIFF_ID "\"", layer);
        _cleanup_free_ char *two = put_manifest(dir, "\"" DIFF_ID "\",\"" DIFF_ID "\"", both);
        _cleanup_free_ char *text = hcs_asprintf("{\"manifests\":[%s,%s]}", one, two);
        _cleanup_free_ char *inner =
                put_blob(dir, INDEX, text, ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"all\"}");
        _cleanup_(oci_manifests_deinit) struct oci_manifests m = {0};
        struct hcs_error *err = NULL;

        put_index(dir, inner);
        assert_ok(read_manifests(dir, &m, &err), err);
        assert_int_equal(m.n, 2);
        assert_string_equal(m.item[0].name, "v1");
        assert_int_equal(m.item[1].n_layers, 2);
        assert_false(m.item[1].layers[1].is_tar);
}

static void indexes_nested_too_deep_are_refused(void **state) {
        _cleanup_free_ char *dir = make_layout();
        char *inner = hcs_strdup("");

        for (int i = 0; i < 10; i++) {
                _cleanup_free_ char *text = hcs_asprintf("{\"manifests\":[%s]}", inner);

                free(inner);
                inner = put_blob(dir, INDEX, text, "");
        }
        put_index(dir, inner);
        free(inner);
        assert_refused(dir, OCI_E_DOCUMENT, "indexes nested deeper than 8");
}

static void a_folder_that_is_no_layout_is_told(void **state) {
        _cleanup_free_ char *dir = make_layout();

        assert_refused(dir, HCS_WIN32(2), "no OCI image layout: oci-layout: open");
        put_file(dir, "oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}");
        assert_refused(dir, OCI_E_DOCUMENT, "imageLayoutVersion: not 1.x");
        put_file(dir, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
        assert_refused(dir, HCS_WIN32(2), "index.json");
}

static void an_index_that_cannot_be_is_refused_by_member(void **state) {
        static const struct {
                const char *text, *part;
        } cases[] = {
                {"[]", "$: an object is expected"},
                {"{}", "manifests: an array of descriptors is expected"},
                {"{\"manifests\":{}}", "manifests: an array of descriptors is expected"},
                {"{\"manifests\":[1]}", "manifests[0]: a descriptor is expected"},
                {"{\"manifests\":[{}]}", "manifests[0]: there is no digest"},
                {"{\"manifests\":[{\"digest\":\"sha256:../../etc/passwd\"}]}",
                 "manifests[0]: `sha256:../../etc/passwd` is no sha256 or sha512 digest"},
                {"{\"manifests\":[{\"digest\":\"" DIFF_ID "\"}]}", "manifests[0]: there is no size"},
                {"{\"manifests\":[{\"digest\":\"" DIFF_ID "\",\"size\":-1}]}", "manifests[0]: there is no size"},
                {"{\"manifests\":[{\"digest\":\"" DIFF_ID "\",\"size\":1,\"mediaType\":\"text/html\"}]}",
                 "media type `text/html` is that of no manifest or index"},
                {"{\"manifests\":[{\"digest\":\"" DIFF_ID "\",\"size\":99999999,\"mediaType\":\"" MANIFEST "\"}]}",
                 "a document of 99999999 bytes"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *dir = make_layout();

                put_index(dir, "");
                put_file(dir, "index.json", cases[i].text);
                assert_refused(dir, OCI_E_DOCUMENT, cases[i].part);
        }
}

static void text_that_is_no_json_is_told_with_its_place(void **state) {
        _cleanup_free_ char *dir = make_image();

        put_file(dir, "index.json", "{\"manifests\":[}");
        assert_refused(dir, HCS_E_INVALID_JSON, "index.json: line 1, column 15");
}

static void a_manifest_with_another_number_of_ids_is_refused(void **state) {
        _cleanup_free_ char *dir = make_layout();
        _cleanup_free_ char *layer = put_blob(dir, LAYER, "x", "");
        _cleanup_free_ char *manifest = put_manifest(dir, "", layer);

        put_index(dir, manifest);
        assert_refused(dir, OCI_E_DOCUMENT, "1 layers, and 0 rootfs.diff_ids");
}

static void a_blob_that_changed_is_named_with_its_digest(void **state) {
        _cleanup_free_ char *dir = make_image();
        _cleanup_(oci_manifests_deinit) struct oci_manifests m = {0};
        _cleanup_(oci_layout_freep) struct oci_layout *l = NULL;
        static const struct {
                const char *content, *part;
                HRESULT hr;
        } cases[] = {{"not really a taR", "its content is sha256:", OCI_E_DIGEST},
                     {"short", "it has 5 bytes, and its descriptor says 16", OCI_E_DIGEST},
                     {NULL, "open `", HCS_WIN32(2)}};

        assert_ok(oci_layout_open(dir, &l, NULL), NULL);
        assert_ok(oci_layout_manifests(l, &m, NULL), NULL);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                const char *digest = m.item[0].layers[0].blob.digest;
                _cleanup_free_ char *name = hcs_asprintf("blobs/sha256/%s", oci_digest_hex(digest));
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", dir, name);
                struct hcs_data_file *f = NULL;
                struct hcs_error *err = NULL;

                if (cases[i].content)
                        put_file(dir, name, cases[i].content);
                else
                        remove(path);
                assert_hresult(oci_layout_blob(l, &m.item[0].layers[0].blob, &f, &err), cases[i].hr);
                assert_non_null(strstr(hcs_error_message(err), digest));
                if (!strstr(hcs_error_message(err), cases[i].part))
                        fail_msg("`%s` lacks `%s`", hcs_error_message(err), cases[i].part);
                hcs_error_free(err);
        }
}

HCS_TESTS(cmocka_unit_test(digests_are_checked_to_the_letter), cmocka_unit_test(an_image_is_walked_to_its_layers),
          cmocka_unit_test(nested_indexes_are_followed_and_their_tag_handed_down),
          cmocka_unit_test(indexes_nested_too_deep_are_refused), cmocka_unit_test(a_folder_that_is_no_layout_is_told),
          cmocka_unit_test(an_index_that_cannot_be_is_refused_by_member),
          cmocka_unit_test(text_that_is_no_json_is_told_with_its_place),
          cmocka_unit_test(a_manifest_with_another_number_of_ids_is_refused),
          cmocka_unit_test(a_blob_that_changed_is_named_with_its_digest))
