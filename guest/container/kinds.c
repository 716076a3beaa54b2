/* SPDX-License-Identifier: MIT */

/* The kinds of kinds.h. */

#include "guest/container/kinds.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/base/path.h"
#include "guest/cgroup/cgroup.h"
#include "guest/container/assigned.h"
#include "guest/container/confined.h"
#include "guest/container/host.h"
#include "guest/container/spec.h"
#include "guest/network/dns.h"
#include "guest/network/namespaces.h"
#include "guest/storage/mount.h"
#include "hcsshim/log.h"
#include "platform/file.h"

void guest_kinds_classify(struct guest_container *c) {
        const char *type = guest_spec_annotation(c->spec, GUEST_ANNOTATION_CONTAINER_TYPE);
        const char *virtual_pod = guest_spec_annotation(c->spec, GUEST_ANNOTATION_VIRTUAL_POD_ID);
        const char *sandbox = guest_spec_annotation(c->spec, GUEST_ANNOTATION_SANDBOX_ID);

        if (virtual_pod && !*virtual_pod)
                virtual_pod = NULL;
        c->is_virtual_pod_sandbox = virtual_pod && hcs_streq(virtual_pod, c->id);
        c->is_cri = type || c->is_virtual_pod_sandbox;
        c->is_sandbox = hcs_streq(type, "sandbox") || c->is_virtual_pod_sandbox;
        c->sandbox_id = hcs_strdup(virtual_pod                    ? virtual_pod
                                   : hcs_streq(type, "container") ? (sandbox ? sandbox : "")
                                                                  : c->id);
        c->owns_pid_namespace = guest_spec_owns_pid_namespace(c->spec);
        c->network_namespace = guest_spec_network_namespace(c->spec);
        c->terminal = hcs_json_bool(hcs_json_lookup(c->spec, "process.terminal"));
}

static HRESULT check_hostname(const char *name, struct hcs_error **err) {
        if (strlen(name) > 253 || strchr(name, '/') || strpbrk(name, " \t\r\n"))
                return hcs_error_make(err, E_FAIL, "hostname `%s`: not a hostname", name);
        return S_OK;
}

/* The spec's, or the VM's. Caller frees. */
static HRESULT get_hostname(const struct guest_container *c, char **ret, struct hcs_error **err) {
        const char *own = hcs_json_get_string(c->spec, "hostname");
        char vm[256] = "";

        if (own && *own) {
                if (FAILED(check_hostname(own, err)))
                        return E_FAIL;
                *ret = hcs_strdup(own);
                return S_OK;
        }
        if (gethostname(vm, sizeof(vm) - 1) < 0)
                return hcs_error_errno(err, errno, "failed to get hostname");
        *ret = hcs_strdup(vm);
        return S_OK;
}

static HRESULT write_file(const char *dir, const char *name, const char *text, struct hcs_error **err) {
        _cleanup_free_ char *path = guest_path_join(dir, name);
        HRESULT hr = hcs_file_write(path, text, strlen(text), err);

        if (SUCCEEDED(hr))
                chmod(path, 0644);
        return hr;
}

static HRESULT write_resolv(const struct guest_container *c, const char *dir, struct hcs_error **err) {
        struct guest_words searches = {0}, servers = {0}, none = {0};
        _cleanup_json_ struct hcs_json *dns = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = guest_namespaces_dns(c->host->namespaces, c->network_namespace, &dns, err);

        for (const struct hcs_json *a = hcs_json_first(dns); a; a = hcs_json_next(a)) {
                struct guest_words more = {0};
                const char *suffix = hcs_json_get_string(a, "DNSSuffix"),
                           *list = hcs_json_get_string(a, "DNSServerList");

                guest_words_split(&more, suffix ? suffix : "", ",");
                guest_words_merge(&searches, &more);
                guest_words_deinit(&more);
                guest_words_split(&more, list ? list : "", ",");
                guest_words_merge(&servers, &more);
                guest_words_deinit(&more);
        }
        if (SUCCEEDED(hr))
                hr = guest_dns_resolv_conf(&searches, &servers, &none, &text, err);
        if (SUCCEEDED(hr))
                hr = write_file(dir, "resolv.conf", hcs_buf_cstr(&text), err);
        guest_words_deinit(&searches);
        guest_words_deinit(&servers);
        return hr;
}

static HRESULT write_hosts(const char *dir, const char *hostname, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf text = {0};

        guest_dns_hosts(hostname, &text);
        return write_file(dir, "hosts", hcs_buf_cstr(&text), err);
}

static HRESULT write_hostname(const char *dir, const char *hostname, struct hcs_error **err) {
        _cleanup_free_ char *line = hcs_asprintf("%s\n", hostname);

        return write_file(dir, "hostname", line, err);
}

static HRESULT make_shared_folder(const struct guest_container *c, const char *name, bool tmpfs,
                                  struct hcs_error **err) {
        _cleanup_free_ char *path = guest_path_join(c->sandbox_root, name);
        HRESULT hr = guest_path_make(path, 0755, err);

        if (FAILED(hr))
                return hr;
        if (mount(tmpfs ? "tmpfs" : path, path, tmpfs ? "tmpfs" : NULL, tmpfs ? 0 : MS_BIND, NULL) < 0 &&
            errno != EBUSY)
                return hcs_error_errno(err, errno, "failed to mount at %s", path);
        if (mount(NULL, path, NULL, MS_REC | MS_SHARED, NULL) < 0)
                return hcs_error_errno(err, errno, "failed to make %s shared", path);
        return S_OK;
}

static HRESULT make_sandbox_folders(struct guest_container *c, struct hcs_error **err) {
        _cleanup_free_ char *logs = guest_path_join(c->sandbox_root, GUEST_SANDBOX_LOGS);
        HRESULT hr = make_shared_folder(c, GUEST_SANDBOX_MOUNTS, false, err);

        if (SUCCEEDED(hr))
                hr = make_shared_folder(c, GUEST_SANDBOX_TMPFS_MOUNTS, true, err);
        if (SUCCEEDED(hr))
                hr = make_shared_folder(c, GUEST_SANDBOX_HUGEPAGES, false, err);
        if (SUCCEEDED(hr))
                hr = guest_path_make(logs, 0777, err);
        return hr;
}

/* core rlimit and user by name, the same for sandboxes and workloads. */
static HRESULT set_limits_and_user(struct guest_container *c, struct hcs_error **err) {
        const char *core = guest_spec_annotation(c->spec, GUEST_ANNOTATION_RLIMIT_CORE);
        const char *user = hcs_json_string(hcs_json_lookup(c->spec, "process.user.username"));
        HRESULT hr = S_OK;

        if (core && *core)
                hr = guest_spec_set_core_rlimit(c->spec, core, err);
        if (SUCCEEDED(hr) && user && *user)
                hr = guest_spec_set_user(guest_spec_object(c->spec, "process"), guest_spec_root_path(c->spec), user,
                                         err);
        return hr;
}

static void set_cgroup(struct guest_container *c, const char *parent, const char *name) {
        c->cgroup = guest_path_join(parent, name);
        hcs_json_set_string(guest_spec_object(c->spec, "linux"), "cgroupsPath", c->cgroup);
}

/* A sandbox is a leaf beside its workloads: under cgroup v2 only leaves have processes, and under v1 what a sandbox may
 * not use (devices) nobody below it may. */
static HRESULT make_pod(struct guest_container *c, struct hcs_error **err) {
        _cleanup_free_ char *pod = guest_path_join(GUEST_PODS_CGROUP, c->sandbox_id);
        const struct guest_cgroups *cgroups = c->host->cgroups;

        if (cgroups && c->host->makes_pod_cgroups) {
                HRESULT hr = guest_cgroup_create(cgroups, pod, hcs_json_lookup(c->spec, "linux.resources"), err);

                if (FAILED(hr))
                        return hcs_error_wrap(err, "failed to create cgroup for pod %s", c->sandbox_id), hr;
        }
        set_cgroup(c, pod, c->id);
        return S_OK;
}

static void share_network(struct guest_container *c) {
        struct hcs_json *list = hcs_json_lookup(c->spec, "linux.namespaces"), *next;

        if (!guest_spec_annotation_bool(c->spec, GUEST_ANNOTATION_HOST_NETWORK, false))
                return;
        for (struct hcs_json *ns = hcs_json_first(list); ns; ns = next) {
                next = hcs_json_next(ns);
                if (hcs_streq(hcs_json_get_string(ns, "type"), "network"))
                        hcs_json_free(hcs_json_detach(list, ns));
        }
}

static HRESULT prepare_sandbox(struct guest_container *c, struct hcs_error **err) {
        _cleanup_free_ char *hostname = NULL, *up = NULL;
        bool no_network = guest_spec_annotation_bool(c->spec, GUEST_ANNOTATION_SKIP_NETWORKING, false);
        HRESULT hr;

        if (c->is_virtual_pod_sandbox) {
                up = guest_path_join(c->bundle, "../virtual-pods");
                c->sandbox_root = guest_path_join(up, c->sandbox_id);
                if (!guest_path_is_within(c->sandbox_root, up) || hcs_streq(c->sandbox_root, up))
                        return hcs_error_make(err, E_FAIL, "invalid virtual pod ID \"%s\": path traversal attempt",
                                              c->sandbox_id);
        } else {
                c->sandbox_root = hcs_strdup(c->bundle);
        }
        hr = guest_path_make(c->sandbox_root, 0755, err);
        if (SUCCEEDED(hr))
                hr = get_hostname(c, &hostname, err);
        if (SUCCEEDED(hr))
                hr = write_hostname(c->sandbox_root, hostname, err);
        if (SUCCEEDED(hr))
                hr = write_hosts(c->sandbox_root, hostname, err);
        if (SUCCEEDED(hr) && no_network)
                guest_namespaces_add(c->host->namespaces, c->network_namespace);
        if (SUCCEEDED(hr))
                hr = write_resolv(c, c->sandbox_root, err);
        if (SUCCEEDED(hr))
                hr = set_limits_and_user(c, err);
        if (SUCCEEDED(hr))
                hr = make_sandbox_folders(c, err);
        if (SUCCEEDED(hr))
                hr = make_pod(c, err);
        return hr;
}

static void add_network_files(struct guest_container *c, const char *dir) {
        static const char *const files[][2] = {
                {"/etc/hostname", "hostname"}, {"/etc/hosts", "hosts"}, {"/etc/resolv.conf", "resolv.conf"}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(files); i++)
                if (!guest_spec_has_mount(c->spec, files[i][0])) {
                        _cleanup_free_ char *source = guest_path_join(dir, files[i][1]);

                        guest_spec_add_bind(c->spec, source, files[i][0], true);
                }
}

static HRESULT prepare_workload(struct guest_container *c, struct hcs_error **err) {
        _cleanup_free_ char *pod = guest_path_join(GUEST_PODS_CGROUP, c->sandbox_id);
        const char *hostname = hcs_json_get_string(c->spec, "hostname");
        HRESULT hr;

        if (hostname && *hostname)
                return hcs_error_make(err, E_FAIL, "workload container must not change hostname: %s", hostname);
        hr = guest_spec_rewrite_sandbox_mounts(c->spec, c->sandbox_root, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to update sandbox mounts for container %s in sandbox %s", c->id,
                                      c->sandbox_id),
                       hr;
        hr = guest_spec_rewrite_hugepage_mounts(c->spec, c->sandbox_root, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to update hugepages mounts for container %s in sandbox %s", c->id,
                                      c->sandbox_id),
                       hr;
        hr = guest_spec_rewrite_block_mounts(c->spec, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to update block device mounts for container %s in sandbox %s", c->id,
                                      c->sandbox_id),
                       hr;
        hr = guest_spec_rewrite_uvm_mounts(c->spec, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to update uVM mounts for container %s in sandbox %s", c->id,
                                      c->sandbox_id),
                       hr;
        add_network_files(c, c->sandbox_root);
        hr = guest_spec_apply_annotations(c->spec, err);
        if (SUCCEEDED(hr))
                hr = set_limits_and_user(c, err);
        if (SUCCEEDED(hr))
                hr = guest_assigned_add(c, err);
        if (SUCCEEDED(hr))
                guest_confined_add_devices(c);
        set_cgroup(c, pod, c->id);
        return hr;
}

static HRESULT prepare_standalone(struct guest_container *c, struct hcs_error **err) {
        _cleanup_free_ char *hostname = NULL;
        HRESULT hr = guest_path_make(c->bundle, 0755, err);

        c->sandbox_root = hcs_strdup(c->bundle);
        if (SUCCEEDED(hr)) {
                hr = guest_spec_rewrite_uvm_mounts(c->spec, err);
                if (FAILED(hr))
                        hcs_error_wrap(err, "failed to update uVM mounts for standalone container %s", c->id);
        }
        if (SUCCEEDED(hr))
                hr = get_hostname(c, &hostname, err);
        if (SUCCEEDED(hr) && !guest_spec_has_mount(c->spec, "/etc/hostname"))
                hr = write_hostname(c->bundle, hostname, err);
        if (SUCCEEDED(hr) && !guest_spec_has_mount(c->spec, "/etc/hosts"))
                hr = write_hosts(c->bundle, hostname, err);
        if (SUCCEEDED(hr) && !guest_spec_has_mount(c->spec, "/etc/resolv.conf")) {
                guest_namespaces_add(c->host->namespaces, c->network_namespace);
                hr = write_resolv(c, c->bundle, err);
        }
        if (SUCCEEDED(hr))
                hr = set_limits_and_user(c, err);
        if (FAILED(hr))
                return hr;
        add_network_files(c, c->bundle);
        set_cgroup(c, GUEST_PODS_CGROUP, c->id);
        return S_OK;
}

HRESULT guest_kinds_prepare(struct guest_container *c, struct hcs_error **err) {
        const char *type = guest_spec_annotation(c->spec, GUEST_ANNOTATION_CONTAINER_TYPE);
        HRESULT hr;

        share_network(c);
        if (c->is_sandbox)
                hr = prepare_sandbox(c, err);
        else if (!c->is_cri)
                hr = prepare_standalone(c, err);
        else if (hcs_streq(type, "container"))
                hr = prepare_workload(c, err);
        else
                hr = hcs_error_make(err, E_FAIL, "unsupported 'io.kubernetes.cri.container-type': '%s'", type);
        return hr;
}

HRESULT guest_kinds_connect(struct guest_container *c, pid_t pid, struct hcs_error **err) {
        const char *ns = c->network_namespace;
        HRESULT hr;

        if (!c->is_sandbox && c->is_cri)
                return S_OK;
        hr = guest_namespaces_find(c->host->namespaces, ns, err);
        if (FAILED(hr)) {
                /* One that stands alone need not have a network; a sandbox may say that it has none. */
                if (c->is_cri && !guest_spec_annotation_bool(c->spec, GUEST_ANNOTATION_SKIP_NETWORKING, false))
                        return hr;
                if (err)
                        *err = hcs_error_free(*err);
                return S_OK;
        }
        if (guest_spec_annotation_bool(c->spec, GUEST_ANNOTATION_HOST_NETWORK, false))
                return S_OK;
        hr = guest_namespaces_assign(c->host->namespaces, ns, pid, err);
        c->is_connected = SUCCEEDED(hr);
        if (SUCCEEDED(hr))
                hr = guest_namespaces_sync(c->host->namespaces, ns, err);
        return hr;
}

void guest_kinds_unmount_sandbox(struct guest_container *c) {
        static const char *const folders[] = {GUEST_SANDBOX_MOUNTS, GUEST_SANDBOX_TMPFS_MOUNTS,
                                              GUEST_SANDBOX_HUGEPAGES};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(folders); i++) {
                _cleanup_free_ char *path = guest_path_join(c->sandbox_root, folders[i]);
                struct hcs_error *err = NULL;

                if (FAILED(guest_unmount_below(c->host->roots, path, true, &err)))
                        hcs_log(HCS_LOG_ERROR, "failed to unmount sandbox mounts", "cid", c->id, "error",
                                hcs_error_message(err), NULL);
                hcs_error_free(err);
        }
}

void guest_kinds_release(struct guest_container *c) {
        struct hcs_error *err = NULL;

        /* Adapters are taken out by the host first. Virtual pods without a namespace of their own share one. */
        if (c->is_connected && !(c->is_virtual_pod_sandbox && !*c->network_namespace) &&
            FAILED(guest_namespaces_remove(c->host->namespaces, c->network_namespace, &err)))
                hcs_log(HCS_LOG_WARN, "failed to remove network namespace", "cid", c->id, "error",
                        hcs_error_message(err), NULL);
        err = hcs_error_free(err);
        if (c->is_sandbox && c->host->cgroups && c->host->makes_pod_cgroups) {
                _cleanup_free_ char *pod = guest_path_join(GUEST_PODS_CGROUP, c->sandbox_id);

                if (FAILED(guest_cgroup_delete(c->host->cgroups, pod, &err)))
                        hcs_log(HCS_LOG_WARN, "failed to delete pod cgroup", "cid", c->id, "error",
                                hcs_error_message(err), NULL);
        }
        hcs_error_free(err);
}
