/* SPDX-License-Identifier: MIT */

/* Creation: a job over a container that others only see as "being created". What it made is taken back when it fails.
 * The order of steps and checks is the original's. */

#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/base/failure.h"
#include "guest/base/path.h"
#include "guest/container/confined.h"
#include "guest/container/host.h"
#include "guest/container/kinds.h"
#include "guest/container/spec.h"
#include "hcsshim/log.h"
#include "platform/file.h"

struct creation {
        struct guest_job job;
        struct guest_container *container;
        struct hcs_json *devices; /* as the host named them, for the policy */
        guest_done_fn done;
        void *ctx;
        struct guest_streams theirs;
        struct guest_stdio stdio;
        pid_t pid;
        bool made; /* the runtime knows the container */
        struct hcs_error *err;
};

static struct creation *creation_of(struct guest_job *job) {
        return (struct creation *)((char *)job - offsetof(struct creation, job));
}

static void mount_logs(struct guest_container *c) {
        const char *target = guest_spec_annotation(c->spec, GUEST_ANNOTATION_TEE_LOG_MOUNT);
        _cleanup_free_ char *logs = NULL;

        if (!target || !*target)
                return;
        logs = guest_path_join(c->sandbox_root, GUEST_SANDBOX_LOGS);
        guest_spec_add_bind(c->spec, logs, target, false);
}

static HRESULT set_log_path(struct guest_container *c, struct hcs_error **err) {
        const char *path = guest_spec_annotation(c->spec, GUEST_ANNOTATION_TEE_LOG_PATH);
        _cleanup_free_ char *logs = NULL, *full = NULL, *dir = NULL;
        HRESULT hr;

        if (!path || !*path)
                return S_OK;
        if (!c->allow_streams)
                return hcs_error_make(
                        err, E_FAIL,
                        "teeing container stdio to log path \"%s\" denied due to policy not allowing stdio "
                        "access",
                        path);
        logs = guest_path_join(c->sandbox_root, GUEST_SANDBOX_LOGS);
        full = guest_path_join(logs, path);
        if (!guest_path_is_within(full, logs) || hcs_streq(full, logs))
                return hcs_error_make(err, E_FAIL, "log path %s is not within sandbox's log dir", full);
        dir = guest_path_join(full, "..");
        hr = guest_path_make(dir, 0777, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to create log file parent directory: %s", dir), hr;
        c->log_path = steal_pointer(&full);
        return S_OK;
}

static HRESULT ask_policy(struct creation *k, struct hcs_error **err) {
        struct guest_container *c = k->container;
        struct hcs_json *process = guest_spec_object(c->spec, "process");
        struct guest_policy_container facts = {
                .id = c->id,
                .sandbox_id = c->sandbox_id,
                .spec = c->spec,
                .devices = k->devices,
                .privileged = guest_spec_annotation_bool(c->spec, GUEST_ANNOTATION_PRIVILEGED, false),
                .no_new_privileges = hcs_json_bool(hcs_json_get(process, "noNewPrivileges")),
                .is_sandbox = c->is_sandbox,
        };
        struct guest_policy_verdict verdict = {0};
        HRESULT hr = guest_policy_ask(c->host->policy, create_container, &facts, &verdict, err);

        if (FAILED(hr))
                return hcs_error_wrap(err, "container creation denied due to policy"), hr;
        c->allow_streams = verdict.allow_streams;
        hr = set_log_path(c, err);
        if (verdict.env)
                hcs_json_set(process, "env", steal_pointer(&verdict.env));
        if (verdict.capabilities)
                hcs_json_set(process, "capabilities", steal_pointer(&verdict.capabilities));
        guest_policy_verdict_deinit(&verdict);
        if (SUCCEEDED(hr) && guest_spec_annotation_bool(c->spec, GUEST_ANNOTATION_POLICY_ENV, true))
                hr = guest_policy_write_context(c->host->policy, c->spec, err);
        return hr;
}

static HRESULT write_bundle(struct guest_container *c, struct hcs_error **err) {
        const char *cwd = hcs_json_string(hcs_json_lookup(c->spec, "process.cwd"));
        _cleanup_free_ char *path = guest_path_join(c->bundle, "config.json"), *text = NULL, *root = NULL, *dir = NULL;
        HRESULT hr = guest_path_make(c->bundle, 0700, err);

        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to create OCIBundlePath: '%s'", c->bundle), hr;
        text = hcs_json_text(c->spec, HCS_JSON_GO_NO_HTML);
        hr = hcs_file_write(path, text, strlen(text), err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to write OCISpecification to config.json at: '%s'", path), hr;
        /* A working directory that the image lacks is made; when it cannot be, the runtime says why. */
        root = guest_path_join(c->bundle, "rootfs");
        dir = guest_path_join(root, cwd ? cwd : "/");
        if (!hcs_streq(root, dir) && guest_path_is_within(dir, root) && access(root, F_OK) == 0)
                guest_path_make(dir, 0755, NULL);
        return S_OK;
}

static HRESULT run_runtime(struct creation *k, struct hcs_error **err) {
        struct guest_container *c = k->container;
        HRESULT hr = S_OK;

        k->stdio.terminal = c->terminal;
        if (!c->terminal)
                hr = guest_ports_pipes(true, true, true, &c->pipes, &k->theirs, err);
        k->stdio.pipes = k->theirs;
        if (SUCCEEDED(hr))
                hr = guest_runtime_create(c->host->runtime, c->id, c->bundle, &k->stdio, &k->pid, err);
        guest_streams_close(&k->theirs);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to create container"), hr;
        c->master = k->stdio.master;
        k->made = true;
        return S_OK;
}

static HRESULT create(struct creation *k, struct hcs_error **err) {
        struct guest_container *c = k->container;
        HRESULT hr = guest_confined_check_ids(c, err);

        if (SUCCEEDED(hr))
                hr = guest_kinds_prepare(c, err);
        if (FAILED(hr))
                return hr;
        /* Only the agent reads that section. */
        hcs_json_remove(c->spec, "windows");
        mount_logs(c);
        hr = guest_policy_ask(c->host->policy, extend_default_mounts, hcs_json_get(c->spec, "mounts"), err);
        if (SUCCEEDED(hr))
                hr = guest_confined_check_settings(c, err);
        if (SUCCEEDED(hr))
                hr = ask_policy(k, err);
        if (SUCCEEDED(hr))
                hr = write_bundle(c, err);
        if (SUCCEEDED(hr))
                hr = run_runtime(k, err);
        if (SUCCEEDED(hr))
                hr = guest_kinds_connect(c, k->pid, err);
        return hr;
}

static void take_back(struct creation *k) {
        struct guest_container *c = k->container;
        struct hcs_error *err = NULL;

        if (k->made)
                guest_runtime_delete(c->host->runtime, c->id, true, NULL);
        if (c->is_sandbox && c->sandbox_root)
                guest_kinds_unmount_sandbox(c);
        guest_kinds_release(c);
        /* A folder that has mounts in it is not ours alone: what the host mounted it takes away. */
        if (FAILED(guest_path_remove(c->bundle, &err)))
                hcs_log(HCS_LOG_WARN, "bundle of a container that was not created stays", "cid", c->id, "error",
                        hcs_error_message(err), NULL);
        hcs_error_free(err);
}

static void create_work(struct guest_job *job) {
        struct creation *k = creation_of(job);

        if (FAILED(create(k, &k->err)))
                take_back(k);
}

static void create_done(struct guest_job *job) {
        struct creation *k = creation_of(job);
        struct guest_container *c = k->container;

        if (k->err) {
                guest_container_unlink(c);
                guest_container_free(c);
                k->done(k->ctx, k->err);
        } else {
                c->init = guest_process_new(c->host, c, k->pid, true);
                guest_process_release(c->init, NULL);
                c->state = GUEST_CONTAINER_CREATED;
                c->pins--;
                k->done(k->ctx, NULL);
        }
        hcs_json_free(k->devices);
        free(k);
}

/* A workload belongs to a sandbox that is there. */
static HRESULT join_pod(struct guest_host *h, struct guest_container *c, struct hcs_error **err) {
        if (!c->is_cri || c->is_sandbox ||
            !hcs_streq(guest_spec_annotation(c->spec, GUEST_ANNOTATION_CONTAINER_TYPE), "container"))
                return S_OK;
        if (!*c->sandbox_id)
                return hcs_error_make(err, E_FAIL, "unsupported 'io.kubernetes.cri.sandbox-id': ''");
        for (const struct guest_container *s = h->containers; s; s = s->next)
                if (s->is_sandbox && s->state != GUEST_CONTAINER_CREATING && hcs_streq(s->sandbox_id, c->sandbox_id)) {
                        c->sandbox_root = hcs_strdup(s->sandbox_root);
                        return S_OK;
                }
        return hcs_error_make(err, E_FAIL, "pod %s does not exist for workload container %s", c->sandbox_id, c->id);
}

void guest_container_create(struct guest_host *h, const char *id, const char *activity_id,
                            struct guest_container_settings *settings, guest_done_fn done, void *ctx) {
        struct guest_container *c = hcs_calloc(1, sizeof(*c));
        struct hcs_error *err = NULL;
        struct creation *k;

        c->host = h;
        c->id = hcs_strdup(id);
        c->activity_id = hcs_strdup(activity_id);
        c->pipes = GUEST_STREAMS_NONE;
        c->master = -1;
        c->bundle = guest_path_join(settings->bundle, "");
        free(settings->bundle);
        c->scratch = settings->scratch;
        c->spec = settings->spec;
        guest_kinds_classify(c);
        for (const struct guest_container *other = h->containers; other; other = other->next)
                if (hcs_streq(other->id, id))
                        guest_fail(&err, GUEST_E_SYSTEM_EXISTS);
        if (err || FAILED(join_pod(h, c, &err))) {
                guest_container_free(c);
                done(ctx, err);
                return;
        }
        c->next = h->containers;
        h->containers = c;
        k = hcs_calloc(1, sizeof(*k));
        k->job.work = create_work;
        k->job.done = create_done;
        k->container = c;
        k->devices = hcs_json_copy(hcs_json_lookup(c->spec, "linux.devices"));
        k->done = done;
        k->ctx = ctx;
        k->theirs = GUEST_STREAMS_NONE;
        k->stdio.master = -1;
        c->pins++;
        guest_workers_submit(h->workers, &k->job);
}
