/* SPDX-License-Identifier: MIT */

/* The devices of assigned.h. */

#include "guest/container/assigned.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/base/path.h"
#include "guest/container/host.h"
#include "guest/container/spec.h"
#include "guest/storage/pci.h"
#include "hcsshim/log.h"
#include "platform/clock.h"
#include "platform/env.h"

#define WAIT_NS       (10ull * HCS_NS_PER_S)
#define RETRY_MS      500
#define NVIDIA_DIR    "/run/nvidia/bin"
#define NVIDIA_LOG    "/nvidia-container.log"
#define HOOK_PROGRAM  "generichook"
#define HOOK_LOG_NAME "LOG_DEBUG_FILE_ENV_KEY"

/* Is the device node st one of the device at pci (a real path below SYS)? */
static bool belongs_to(const struct guest_roots *roots, const struct stat *st, const char *pci) {
        _cleanup_free_ char *link = hcs_asprintf("%s/dev/%s/%u:%u", roots->sys, S_ISBLK(st->st_mode) ? "block" : "char",
                                                 major(st->st_rdev), minor(st->st_rdev));
        _cleanup_free_ char *path = realpath(link, NULL);

        return path && guest_path_is_within(path, pci);
}

static size_t add_nodes(struct guest_container *c, const char *dir, const char *pci) {
        DIR *d = opendir(dir);
        struct dirent *e;
        struct stat st;
        size_t n = 0;

        while (d && (e = readdir(d))) {
                _cleanup_free_ char *path = NULL;

                if (*e->d_name == '.' || hcs_streq(e->d_name, "pts") || hcs_streq(e->d_name, "shm") ||
                    hcs_streq(e->d_name, "fd") || hcs_streq(e->d_name, "mqueue"))
                        continue;
                path = guest_path_join(dir, e->d_name);
                if (lstat(path, &st) < 0)
                        continue;
                if (S_ISDIR(st.st_mode))
                        n += add_nodes(c, path, pci);
                else if ((S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode)) && belongs_to(c->host->roots, &st, pci) &&
                         SUCCEEDED(guest_spec_add_device(c->spec, path, "rwm", true, NULL)))
                        n++;
        }
        if (d)
                closedir(d);
        return n;
}

static HRESULT add_device(struct guest_container *c, const char *id, uint64_t deadline, struct hcs_error **err) {
        _cleanup_free_ char *found = NULL, *pci = NULL;
        HRESULT hr = guest_pci_wait(c->host->roots, id, deadline, &found, err);

        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to find device pci path for device %s", id), hr;
        pci = realpath(found, NULL);
        /* A driver makes its nodes some time after the device is there, and nothing says how many there will be. */
        while (pci && !add_nodes(c, c->host->roots->dev, pci)) {
                if (hcs_clock_ns() >= deadline)
                        return hcs_error_make(err, E_FAIL, "failed to find dev node for device %s", id);
                poll(NULL, 0, RETRY_MS);
        }
        return S_OK;
}

static char *find_program(const char *name) {
        _cleanup_free_ char *path = hcs_env_get("PATH");
        char *save = NULL;

        for (char *dir = path ? strtok_r(path, ":", &save) : NULL; dir; dir = strtok_r(NULL, ":", &save)) {
                _cleanup_free_ char *program = guest_path_join(dir, name);

                if (access(program, X_OK) == 0)
                        return steal_pointer(&program);
        }
        return NULL;
}

static void add_text(struct hcs_json *list, char *text) {
        hcs_json_append(list, hcs_json_new_string(text));
        free(text);
}

/* Our environment, with the tools of the GPU's disk in PATH. */
static void add_hook_env(struct hcs_json *list) {
        for (char **e = environ; e && *e; e++)
                add_text(list, hcs_str_starts(*e, "PATH=") ? hcs_asprintf("%s:" NVIDIA_DIR, *e) : hcs_strdup(*e));
        add_text(list, hcs_strdup("NVC_INSECURE_MODE=1"));
        add_text(list, hcs_strdup(HOOK_LOG_NAME "=" NVIDIA_LOG));
}

static HRESULT add_gpu_devices(struct guest_container *c, struct hcs_json *args, uint64_t deadline,
                               struct hcs_error **err) {
        const struct hcs_json *d = hcs_json_first(hcs_json_lookup(c->spec, "windows.devices"));

        for (; d; d = hcs_json_next(d)) {
                _cleanup_free_ char *found = NULL;
                const char *id = hcs_json_get_string(d, "id"), *slash;

                if (!hcs_streq(hcs_json_get_string(d, "idType"), "gpu"))
                        continue;
                if (FAILED(guest_pci_wait(c->host->roots, id ? id : "", deadline, &found, err)))
                        return hcs_error_wrap(err, "failed to find nvidia gpu bus location"), E_FAIL;
                slash = strrchr(found, '/');
                add_text(args, hcs_asprintf("--device=%s", slash ? slash + 1 : found));
        }
        return S_OK;
}

static HRESULT add_gpu_hook(struct guest_container *c, uint64_t deadline, struct hcs_error **err) {
        static const char *const fixed[] = {
                "nvidia-container-cli",      ("--debug=" NVIDIA_LOG), "--load-kmods", "--no-pivot", "configure",
                "--ldconfig=@/sbin/ldconfig"};
        const char *capabilities = guest_spec_annotation(c->spec, GUEST_ANNOTATION_GPU_CAPABILITIES);
        _cleanup_free_ char *program = find_program(HOOK_PROGRAM), *words = NULL;
        struct hcs_json *hook, *args;
        char *save = NULL;

        if (!program)
                return hcs_error_make(err, E_FAIL, "failed to find %s for container device support", HOOK_PROGRAM);
        hook = hcs_json_append(guest_spec_array(guest_spec_object(c->spec, "hooks"), "prestart"),
                               hcs_json_new_object());
        hcs_json_set_string(hook, "path", program);
        args = hcs_json_set_new_array(hook, "args");
        add_text(args, hcs_strdup(program));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(fixed); i++)
                add_text(args, hcs_strdup(fixed[i]));
        words = hcs_strdup(capabilities ? capabilities : "");
        for (char *w = strtok_r(words, ",", &save); w; w = strtok_r(NULL, ",", &save))
                add_text(args, hcs_asprintf("--%s", w));
        if (FAILED(add_gpu_devices(c, args, deadline, err)))
                return E_FAIL;
        add_text(args, hcs_strdup("--no-cgroups"));
        add_text(args, hcs_strdup("--pid={{pid}}"));
        add_text(args, hcs_strdup(guest_spec_root_path(c->spec)));
        add_hook_env(hcs_json_set_new_array(hook, "env"));
        return S_OK;
}

HRESULT guest_assigned_add(struct guest_container *c, struct hcs_error **err) {
        const struct hcs_json *devices = hcs_json_lookup(c->spec, "windows.devices");
        uint64_t deadline = hcs_clock_ns() + WAIT_NS;
        bool has_gpu = false;

        for (const struct hcs_json *d = hcs_json_first(devices); d; d = hcs_json_next(d)) {
                const char *type = hcs_json_get_string(d, "idType"), *id = hcs_json_get_string(d, "id");
                HRESULT hr;

                if (hcs_streq(type, "gpu")) {
                        has_gpu = true;
                        continue;
                }
                if (!hcs_streq(type, "vpci") && !hcs_streq(type, "vpci-instance-id")) {
                        hcs_log(HCS_LOG_WARN, "unknown device type", "type", type, "id", id, NULL);
                        continue;
                }
                hr = add_device(c, id ? id : "", deadline, err);
                if (FAILED(hr))
                        return hcs_error_wrap(err, "failed to add assigned device(s) to the container spec"), hr;
        }
        return has_gpu ? add_gpu_hook(c, deadline, err) : S_OK;
}
