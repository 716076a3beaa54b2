/* SPDX-License-Identifier: MIT */

/* Overlays on this kernel, in a mount namespace of the test's own. */

#include "guest/storage/overlay.h"

#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/base/path.h"
#include "guest/storage/mount.h"
#include "guest/testing/fixture.h"
#include "platform/file.h"

/* A tmpfs for the scratch space, for an overlay cannot have its upper folder on another overlay. */
static bool with_scratch(struct guest_fixture *f, const char *options) {
        _cleanup_free_ char *scratch = NULL;

        guest_fixture_init(f);
        if (!guest_fixture_private_mounts())
                return false;
        scratch = guest_fixture_path(f, "scratch");
        assert_ok(guest_mount_making("tmpfs", scratch, 0755, "tmpfs", 0, options, NULL), NULL);
        return true;
}

static void without_scratch(struct guest_fixture *f) {
        assert_ok(guest_unmount_below(&guest_real_roots, f->dir, false, NULL), NULL);
        guest_fixture_deinit(f);
}

static void check_run_is_empty(struct guest_fixture *f) {
        assert_int_equal(rmdir(f->run), 0);
}

static void layers_and_scratch_become_one_tree(void **state) {
        struct hcs_schema_layer items[2] = {0};
        struct hcs_schema_guest_lcow_combined_layers l = {.Layers = {items, 2}};
        _cleanup_free_ char *text = NULL, *kept = NULL;
        struct hcs_error *err = NULL;
        struct guest_fixture f;

        guest_skip_unless(with_scratch(&f, ""));
        guest_fixture_file(&f, "top/a", "top");
        guest_fixture_file(&f, "bottom/a", "bottom");
        guest_fixture_file(&f, "bottom/b", "b");
        items[0].Path = guest_fixture_path(&f, "top");
        items[1].Path = guest_fixture_path(&f, "bottom");
        l.ScratchPath = guest_fixture_path(&f, "scratch/c1");
        l.ContainerRootPath = guest_fixture_path(&f, "root");
        assert_ok(guest_layers_combine(&f.roots, &l, &err), err);
        text = guest_fixture_read(&f, "root/a");
        assert_string_equal(text, "top");
        guest_fixture_file(&f, "root/new", "n");
        assert_ok(guest_layers_remove(&l, &err), err);
        assert_false(hcs_file_exists(l.ContainerRootPath));
        kept = guest_fixture_read(&f, "scratch/c1/upper/new");
        assert_string_equal(kept, "n");
        assert_ok(guest_layers_remove(&l, &err), err);
        free(items[0].Path);
        free(items[1].Path);
        free(l.ScratchPath);
        free(l.ContainerRootPath);
        check_run_is_empty(&f);
        without_scratch(&f);
}

static void without_scratch_the_root_is_read_only(void **state) {
        struct hcs_schema_layer items[2] = {0};
        struct hcs_schema_guest_lcow_combined_layers l = {.Layers = {items, 2}};
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        _cleanup_free_ char *file = NULL;

        guest_skip_unless(with_scratch(&f, ""));
        guest_fixture_file(&f, "top/a", "");
        guest_fixture_file(&f, "bottom/b", "");
        items[0].Path = guest_fixture_path(&f, "top");
        items[1].Path = guest_fixture_path(&f, "bottom");
        l.ContainerRootPath = guest_fixture_path(&f, "root");
        assert_ok(guest_layers_combine(&f.roots, &l, &err), err);
        file = guest_fixture_path(&f, "root/x");
        assert_hresult(hcs_file_write(file, "", 0, NULL), HCS_WIN32(19));
        assert_ok(guest_layers_remove(&l, &err), err);
        free(items[0].Path);
        free(items[1].Path);
        free(l.ContainerRootPath);
        without_scratch(&f);
}

/* n layers whose paths are longer than a page together, each with a file of its own. */
static void mount_many(struct guest_fixture *f, size_t n, const char *prefix) {
        char **paths = hcs_calloc(n, sizeof(*paths));
        _cleanup_free_ char *upper = guest_fixture_path(f, "scratch/upper"),
                            *work = guest_fixture_path(f, "scratch/work");
        _cleanup_free_ char *target = guest_fixture_path(f, "root"), *last = NULL;
        struct guest_overlay o = {
                .layers = (const char *const *)paths, .n_layers = n, .upper = upper, .work = work, .target = target};
        struct hcs_error *err = NULL;

        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *file = hcs_asprintf("scratch/%s-%zu/file%zu", prefix, i, i);

                guest_fixture_file(f, file, "");
                paths[i] = guest_fixture_path(f, "scratch/%s-%zu", prefix, i);
        }
        assert_ok(guest_overlay_mount(&f->roots, &o, &err), err);
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *file = guest_fixture_path(f, "root/file%zu", i);

                assert_true(hcs_file_exists(file));
                free(paths[i]);
        }
        free(paths);
        guest_fixture_file(f, "root/written", "w");
        last = guest_fixture_read(f, "scratch/upper/written");
        assert_string_equal(last, "w");
        assert_ok(guest_unmount(target, true, NULL), NULL);
        check_run_is_empty(f);
}

static void more_layers_than_fit_one_page_are_mounted(void **state) {
        struct guest_fixture f;
        char here[256], after[256];

        guest_skip_unless(with_scratch(&f, ""));
        assert_non_null(getcwd(here, sizeof(here)));
        mount_many(&f, 200, "a-layer-with-a-name-that-is-rather-long-so-that-a-few-dozen-fill-a-page-of-mount-data");
        /* The process stayed where it was. */
        assert_non_null(getcwd(after, sizeof(after)));
        assert_string_equal(here, after);
        without_scratch(&f);
}

static void paths_may_have_the_characters_of_mount_data(void **state) {
        struct guest_fixture f;

        guest_skip_unless(with_scratch(&f, ""));
        mount_many(&f, 2, "a:b,c\\d");
        without_scratch(&f);
}

static void what_failed_is_cleaned_up_and_what_was_there_is_spared(void **state) {
        _cleanup_free_ char *missing = NULL, *upper = NULL, *work = NULL, *target = NULL;
        struct guest_overlay o = {.n_layers = 1};
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        const char *layers[1];

        guest_skip_unless(with_scratch(&f, ""));
        guest_fixture_file(&f, "scratch/upper/old", "o");
        layers[0] = missing = guest_fixture_path(&f, "missing");
        o.layers = layers;
        o.upper = upper = guest_fixture_path(&f, "scratch/upper");
        o.work = work = guest_fixture_path(&f, "scratch/work");
        o.target = target = guest_fixture_path(&f, "root");
        assert_hresult(guest_overlay_mount(&f.roots, &o, &err), HCS_WIN32(2));
        assert_non_null(strstr(hcs_error_message(err), target));
        hcs_error_free(err);
        free(guest_fixture_read(&f, "scratch/upper/old"));
        assert_false(hcs_file_exists(work));
        assert_false(hcs_file_exists(target));
        without_scratch(&f);
}

static void a_full_scratch_says_so_and_leaves_nothing(void **state) {
        _cleanup_free_ char *layer = NULL, *upper = NULL, *work = NULL, *target = NULL;
        struct guest_overlay o = {.n_layers = 1};
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        const char *layers[1];

        guest_skip_unless(with_scratch(&f, "nr_inodes=2"));
        guest_fixture_folder(&f, "layer");
        layers[0] = layer = guest_fixture_path(&f, "layer");
        o.layers = layers;
        o.upper = upper = guest_fixture_path(&f, "scratch/upper");
        o.work = work = guest_fixture_path(&f, "scratch/work");
        o.target = target = guest_fixture_path(&f, "root");
        assert_hresult(guest_overlay_mount(&f.roots, &o, &err), HCS_WIN32(112));
        hcs_error_free(err);
        assert_false(hcs_file_exists(upper));
        assert_false(hcs_file_exists(target));
        without_scratch(&f);
}

static void what_makes_no_sense_is_refused(void **state) {
        const char *layers[] = {"/a"};
        struct guest_overlay o = {.layers = layers, .n_layers = 1};

        assert_hresult(guest_overlay_mount(&guest_real_roots, &o, NULL), E_INVALIDARG); /* no target */
        o.target = "/nonexistent/t";
        o.read_only = true;
        o.upper = "/nonexistent/u";
        assert_hresult(guest_overlay_mount(&guest_real_roots, &o, NULL), E_INVALIDARG);
        o.upper = NULL;
        o.n_layers = 0;
        assert_hresult(guest_overlay_mount(&guest_real_roots, &o, NULL), E_INVALIDARG);
        assert_false(hcs_file_exists("/nonexistent"));
}

HCS_TESTS(cmocka_unit_test(layers_and_scratch_become_one_tree), cmocka_unit_test(without_scratch_the_root_is_read_only),
          cmocka_unit_test(more_layers_than_fit_one_page_are_mounted),
          cmocka_unit_test(paths_may_have_the_characters_of_mount_data),
          cmocka_unit_test(what_failed_is_cleaned_up_and_what_was_there_is_spared),
          cmocka_unit_test(a_full_scratch_says_so_and_leaves_nothing), cmocka_unit_test(what_makes_no_sense_is_refused))
