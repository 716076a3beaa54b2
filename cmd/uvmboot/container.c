/* SPDX-License-Identifier: MIT */

/*
 * A container of one VM: layers joined, a specification of our own as containerd would write it, created, run and taken
 * down in the order in which hcsshim does it.
 */

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cmd/session/session.h"
#include "cmd/uvmboot/uvm.h"
#include "oci/default_spec.h"
#include "platform/terminal.h"

struct names {
        char *bundle, *root; /* in the guest, where hcsshim has them */
        char **layers, *mount, *scratch;
};

static void names_deinit(struct names *n) {
        for (char **l = n->layers; l && *l; l++)
                free(*l);
        free(n->layers);
        free(n->bundle);
        free(n->root);
        free(n->mount);
        free(n->scratch);
}

static void add_process(const struct uvmboot_options *o, struct hcs_json *process) {
        _cleanup_free_ char *term = hcs_asprintf("TERM=%s", getenv("TERM") ? getenv("TERM") : "linux");
        struct hcs_json *list = hcs_json_set_new_array(process, "args"), *size;
        uint16_t width, height;

        if (o->arguments) {
                for (char **a = o->arguments; *a; a++)
                        hcs_json_append(list, hcs_json_new_string(*a));
        } else {
                hcs_json_append(list, hcs_json_new_string("sh"));
                if (o->exec) {
                        hcs_json_append(list, hcs_json_new_string("-c"));
                        hcs_json_append(list, hcs_json_new_string(o->exec));
                }
        }
        list = hcs_json_set_new_array(process, "env");
        hcs_json_append(list, hcs_json_new_string("PATH=" HCS_GCS_PATH));
        if (o->tty) {
                hcs_json_append(list, hcs_json_new_string(term));
                hcs_json_set_bool(process, "terminal", true);
                if (hcs_terminal_size(&width, &height)) {
                        size = hcs_json_set_new_object(process, "consoleSize");
                        hcs_json_set_u64(size, "height", height);
                        hcs_json_set_u64(size, "width", width);
                }
        }
}

static struct hcs_json *make_spec(const struct uvm *u, const struct names *n) {
        struct hcs_json *spec = oci_default_spec();

        add_process(u->options, hcs_json_get(spec, "process"));
        hcs_json_set_string(hcs_json_get(spec, "root"), "path", n->root);
        hcs_json_set_string(spec, "hostname", u->name);
        return spec;
}

/* Layers: when they are joined; to take them apart only the root is named. */
static HRESULT combine(struct uvm *u, const struct names *n, bool add, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *settings = hcs_json_new_object();
        _cleanup_free_ char *text = NULL;
        struct hcs_call call = uvm_until_deadline(u);
        struct hcs_json *layers;

        hcs_json_set_string(settings, "ContainerID", u->name);
        hcs_json_set_string(settings, "ContainerRootPath", n->root);
        if (add) {
                layers = hcs_json_set_new_array(settings, "Layers");
                for (char **l = n->layers; *l; l++)
                        hcs_json_set_string(hcs_json_append(layers, hcs_json_new_object()), "Path", *l);
                hcs_json_set_string(settings, "ScratchPath", n->scratch);
        }
        text = hcs_json_text(settings, HCS_JSON_COMPACT);
        return hcs_gcs_modify_resource(u->gc, add ? "Add" : "Remove", "CombinedLayers", text, &call, err);
}

static HRESULT create(struct uvm *u, const struct names *n, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *config = hcs_json_new_object();
        struct hcs_json *version = hcs_json_set_new_object(config, "SchemaVersion");
        struct hcs_call call = uvm_until_deadline(u);
        _cleanup_free_ char *text = NULL;
        HRESULT hr;

        hcs_json_set_u64(version, "Major", 2);
        hcs_json_set_u64(version, "Minor", 1);
        hcs_json_set_string(config, "OciBundlePath", n->bundle);
        hcs_json_set(config, "OciSpecification", make_spec(u, n));
        hcs_json_set_string(config, "ScratchDirPath", n->scratch);
        text = hcs_json_text(config, HCS_JSON_COMPACT);
        hr = hcs_gcs_container_create(u->gc, u->name, text, &call, &u->container, err);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_container_start(u->container, &call, err);
        return hr;
}

static double number(const struct hcs_json *metrics, const char *path) {
        uint64_t value = 0;

        hcs_json_u64(hcs_json_lookup(metrics, path), &value);
        return (double)value;
}

/* Control groups as the agent gives them: of v1 with a peak of memory and its limit, of v2 without. */
static HRESULT tell_statistics(struct uvm *u, struct hcs_error **err) {
        static const char *const types[] = {"Statistics", NULL};
        _cleanup_json_ struct hcs_json *properties = NULL;
        _cleanup_free_ char *text = NULL;
        struct hcs_call call = {.timeout_ms = 10000, .cancel = u->cancel};
        const struct hcs_json *m;
        HRESULT hr = hcs_gcs_container_properties_v2(u->container, types, &call, &text, err);

        if (SUCCEEDED(hr))
                hr = hcs_json_parse_cstr(text, &properties, err);
        if (FAILED(hr))
                return hr;
        m = hcs_json_get(properties, "LCOWMetrics");
        uvmboot_statistics(&u->steps, m);
        uvmboot_step(&u->steps,
                     "statistics: %.0f ms of CPU (%.0f in the kernel), memory at most %.1f MB, %.0f process(es)",
                     number(m, "cpu.usage.total") / 1e6, number(m, "cpu.usage.kernel") / 1e6,
                     number(m, "memory.usage.max") / 1e6, number(m, "pids.current"));
        return S_OK;
}

static HRESULT run(struct uvm *u, int *ret_exit_code, struct hcs_error **err) {
        const struct uvmboot_options *o = u->options;
        const struct hcs_gcs_command command = {
                .host = HCS_GCS_LINUX_CONTAINER, .in = uvmboot_wants_input(o), .out = true, .err = !o->tty};
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        _cleanup_free_ char *parameters = NULL;
        struct hcs_call call = uvm_until_deadline(u);
        HRESULT hr = hcs_gcs_command_parameters(&command, &parameters, err);

        if (SUCCEEDED(hr))
                hr = hcs_gcs_container_exec(u->container, parameters, &call, &p, err);
        if (SUCCEEDED(hr))
                hr = session_run(&(struct session){.gc = u->gc,
                                                   .process = p,
                                                   .in_container = true,
                                                   .tty = o->tty,
                                                   .input = uvmboot_wants_input(o),
                                                   .cancel = u->cancel},
                                 ret_exit_code, err);
        return hr;
}

/* What is left is the VM's, which goes: a container that will not be deleted is no failure of the command. */
static void take_down(struct uvm *u, const struct names *n) {
        const struct hcs_call call = {.timeout_ms = 10000, .cancel = u->cancel};

        if (u->container && SUCCEEDED(hcs_gcs_container_wait(u->container, &call, NULL)) &&
            SUCCEEDED(combine(u, n, false, NULL)) &&
            SUCCEEDED(hcs_gcs_container_delete_state(u->container, &call, NULL)))
                uvmboot_step(&u->steps, "the container is deleted");
}

HRESULT uvm_run_container(struct uvm *u, int *ret_exit_code, struct hcs_error **err) {
        _cleanup_(names_deinit) struct names n = {.bundle = hcs_asprintf("/run/gcs/c/%s", u->name),
                                                  .root = hcs_asprintf("/run/gcs/c/%s/rootfs", u->name)};
        const char *what = "join the layers";
        HRESULT hr = uvm_mount_layers(u, &n.layers, &n.mount, err);

        if (FAILED(hr))
                return hr;
        n.scratch = hcs_asprintf("%s/scratch/%s", n.mount, u->name);
        hr = combine(u, &n, true, err);
        if (SUCCEEDED(hr)) {
                what = "create the container";
                hr = create(u, &n, err);
        }
        if (SUCCEEDED(hr)) {
                what = "run the command";
                uvmboot_step(&u->steps, "the container runs %s", uvmboot_command(u->options));
                hr = run(u, ret_exit_code, err);
        }
        if (SUCCEEDED(hr)) {
                uvmboot_step(&u->steps, "the command has ended with %d", *ret_exit_code);
                what = "get the statistics";
                if (u->options->stats)
                        hr = tell_statistics(u, err);
        }
        if (FAILED(hr))
                return uvm_explain(u, hr, err, what);
        take_down(u, &n);
        return S_OK;
}
