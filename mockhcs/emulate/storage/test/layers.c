/* SPDX-License-Identifier: MIT */

/* The layers of layers.h. */

#include "mockhcs/emulate/storage/test/layers.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

const HCS_DRIVER_INFO driver = {1, u""};
const HCS_LAYER_DESCRIPTOR parents[1] = {{{0}, 0, BASE}};
struct mockhcs *mock;
char *root;

int layers_setup(void **state) {
        _cleanup_free_ char *spec = NULL;

        root = hcs_test_tmpdir();
        spec = hcs_asprintf("emulate,drives=%s", root);
        return FAILED(mockhcs_open(spec, &mock, NULL));
}

int layers_teardown(void **state) {
        mock = mockhcs_close(mock);
        root = hcs_free(root);
        return 0;
}

char *place(const char *name) {
        return hcs_asprintf("%s/c/layers/%s", root, name);
}

bool is_there(const char *name) {
        _cleanup_free_ char *path = place(name);

        return hcs_file_exists(path);
}

void put(const char *name, const void *data, size_t n) {
        _cleanup_free_ char *path = place(name), *folder = hcs_strndup(path, (size_t)(strrchr(path, '/') - path));

        assert_ok(hcs_directory_create(folder, NULL), NULL);
        assert_ok(hcs_file_write(path, data, n, NULL), NULL);
}

void make_base(void) {
        static const char *const hives[] = {"DEFAULT", "SAM", "SECURITY", "SOFTWARE", "SYSTEM"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(hives); i++) {
                _cleanup_free_ char *name = hcs_asprintf("base/Files/Windows/System32/config/%s", hives[i]);

                put(name, hives[i], strlen(hives[i]));
        }
        assert_hresult(ProcessBaseImage(BASE), S_OK);
}

void make_scratch(void) {
        make_base();
        assert_hresult(CreateSandboxLayer(&driver, SCRATCH, NULL, parents, 1), S_OK);
}
