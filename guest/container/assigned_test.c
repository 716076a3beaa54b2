/* SPDX-License-Identifier: MIT */

/* Devices assigned to a container, in a tree that stands for /sys and /dev: nodes are real, their device is not. */

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest/container/assigned.h"
#include "guest/container/host.h"
#include "guest/testing/fixture.h"
#include "platform/file.h"

#define VMBUS "0b3a8c4e-0000-4000-8000-000000000001"

struct rig {
        struct guest_fixture f;
        struct guest_host host;
        struct guest_container c;
};

static void set_up(struct rig *r, const char *spec) {
        struct hcs_error *err = NULL;

        *r = (struct rig){0};
        guest_fixture_init(&r->f);
        r->host.roots = &r->f.roots;
        r->c.host = &r->host;
        assert_ok(hcs_json_parse_cstr(spec, &r->c.spec, &err), err);
}

static void tear_down(struct rig *r) {
        hcs_json_free(r->c.spec);
        guest_fixture_deinit(&r->f);
}

/* A function of the device with a character device that a driver made, and another device's beside it. */
static void plug(struct rig *r) {
        _cleanup_free_ char *node = guest_fixture_path(&r->f, "dev/accel0");
        _cleanup_free_ char *other = guest_fixture_path(&r->f, "dev/other");

        guest_fixture_folder(&r->f, "sys/bus/vmbus/devices/" VMBUS "/pci0001:00/0001:00:00.0/misc/accel0");
        guest_fixture_folder(&r->f, "sys/devices/other");
        guest_fixture_folder(&r->f, "dev/char");
        guest_fixture_folder(&r->f, "sys/dev/char");
        guest_fixture_link(&r->f, "sys/dev/char/1:3",
                           "../../bus/vmbus/devices/" VMBUS "/pci0001:00/0001:00:00.0/misc/accel0");
        guest_fixture_link(&r->f, "sys/dev/char/1:5", "../../devices/other");
        if (mknod(node, S_IFCHR | 0600, makedev(1, 3)) < 0 || mknod(other, S_IFCHR | 0600, makedev(1, 5)) < 0) {
                print_message("device nodes cannot be made here\n");
                tear_down(r);
                skip();
        }
}

static void the_nodes_of_an_assigned_device_are_the_containers(void **state) {
        struct hcs_error *err = NULL;
        const struct hcs_json *devices;
        struct rig r;
        const char *path;

        set_up(&r, "{\"windows\":{\"devices\":[{\"idType\":\"vpci-instance-id\",\"id\":\"" VMBUS "\"},"
                   "{\"idType\":\"class\",\"id\":\"x\"}]}}");
        plug(&r);
        assert_ok(guest_assigned_add(&r.c, &err), err);
        devices = hcs_json_lookup(r.c.spec, "linux.devices");
        assert_int_equal(hcs_json_count(devices), 1);
        path = hcs_json_get_string(hcs_json_first(devices), "path");
        assert_non_null(path);
        assert_string_equal(path + strlen(path) - strlen("/accel0"), "/accel0");
        assert_int_equal(hcs_json_count(hcs_json_lookup(r.c.spec, "linux.resources.devices")), 1);
        tear_down(&r);
}

static void a_device_by_a_bad_id_is_named(void **state) {
        struct hcs_error *err = NULL;
        struct rig r;

        set_up(&r, "{\"windows\":{\"devices\":[{\"idType\":\"vpci\",\"id\":\"../x\"}]}}");
        assert_true(FAILED(guest_assigned_add(&r.c, &err)));
        assert_non_null(strstr(hcs_error_message(err), "failed to find device pci path for device ../x"));
        hcs_error_free(err);
        tear_down(&r);
}

static void without_devices_a_spec_stays_as_it_is(void **state) {
        _cleanup_free_ char *text = NULL;
        struct rig r;

        set_up(&r, "{\"root\":{\"path\":\"/r\"}}");
        assert_ok(guest_assigned_add(&r.c, NULL), NULL);
        text = hcs_json_text(r.c.spec, HCS_JSON_COMPACT);
        assert_string_equal(text, "{\"root\":{\"path\":\"/r\"}}");
        tear_down(&r);
}

#define GPU                                                                                         \
        "{\"root\":{\"path\":\"/r\"},\"annotations\":{\"io.microsoft.container.gpu.capabilities\":" \
        "\"utility,compute\"},\"windows\":{\"devices\":[{\"idType\":\"gpu\",\"id\":\"" VMBUS "\"}]}}"

static void a_gpu_gets_the_hook_that_sets_it_up(void **state) {
        static const char *const expected[] = {"--load-kmods", "--utility",     "--compute", "--device=0001:00:00.0",
                                               "--no-cgroups", "--pid={{pid}}", "/r"};
        _cleanup_free_ char *program = NULL, *args = NULL, *env = NULL;
        char *path = strdup(getenv("PATH"));
        struct hcs_error *err = NULL;
        const char *at;
        struct rig r;

        set_up(&r, GPU);
        guest_fixture_folder(&r.f, "sys/bus/vmbus/devices/" VMBUS "/pci0001:00/0001:00:00.0");
        guest_fixture_file(&r.f, "bin/generichook", "");
        program = guest_fixture_path(&r.f, "bin/generichook");
        assert_int_equal(chmod(program, 0755), 0);
        *strrchr(program, '/') = '\0';
        setenv("PATH", program, 1);
        assert_ok(guest_assigned_add(&r.c, &err), err);
        setenv("PATH", path, 1);
        args = hcs_json_text(hcs_json_lookup(r.c.spec, "hooks.prestart[0].args"), HCS_JSON_COMPACT);
        env = hcs_json_text(hcs_json_lookup(r.c.spec, "hooks.prestart[0].env"), HCS_JSON_COMPACT);
        at = args;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(expected); i++) {
                at = strstr(at, expected[i]);
                assert_non_null(at);
        }
        assert_non_null(strstr(env, ":/run/nvidia/bin"));
        assert_non_null(strstr(env, "NVC_INSECURE_MODE=1"));
        free(path);
        tear_down(&r);
}

static void a_gpu_without_the_hooks_program_is_refused(void **state) {
        char *path = strdup(getenv("PATH"));
        struct hcs_error *err = NULL;
        struct rig r;

        set_up(&r, GPU);
        setenv("PATH", r.f.dir, 1);
        assert_hresult(guest_assigned_add(&r.c, &err), E_FAIL);
        setenv("PATH", path, 1);
        assert_non_null(strstr(hcs_error_message(err), "failed to find generichook"));
        hcs_error_free(err);
        free(path);
        tear_down(&r);
}

HCS_TESTS(cmocka_unit_test(the_nodes_of_an_assigned_device_are_the_containers),
          cmocka_unit_test(a_device_by_a_bad_id_is_named), cmocka_unit_test(without_devices_a_spec_stays_as_it_is),
          cmocka_unit_test(a_gpu_gets_the_hook_that_sets_it_up),
          cmocka_unit_test(a_gpu_without_the_hooks_program_is_refused))
