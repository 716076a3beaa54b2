/* SPDX-License-Identifier: MIT */

/* ModifySettings: what the request says is put before the policy and then done, on a thread of the pool: devices appear
 * late, and mounts take their time. */

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "gcs/message.h"
#include "guest/agent/agent.h"
#include "guest/agent/memory.h"
#include "guest/agent/modify.h"
#include "guest/base/failure.h"
#include "guest/cgroup/cgroup.h"
#include "guest/container/kinds.h"
#include "guest/network/namespaces.h"
#include "guest/storage/mount.h"
#include "guest/storage/overlay.h"
#include "guest/storage/pci.h"
#include "guest/storage/plan9.h"
#include "guest/storage/pmem.h"
#include "guest/storage/scsi.h"
#include "platform/clock.h"

struct change {
        struct guest_job job;
        struct guest_agent *agent;
        struct guest_request *request;
        struct guest_modification m;
        struct hcs_error *err;
};

/* Most resources know how to come and go. */
enum direction { ADD, REMOVE };

static HRESULT bad_type(const struct change *c, struct hcs_error **err) {
        return hcs_error_make(err, E_FAIL, "the RequestType \"%s\" is not supported", c->m.request_type);
}

static HRESULT get_direction(const struct change *c, enum direction *ret, struct hcs_error **err) {
        if (!hcs_streq(c->m.request_type, "Add") && !hcs_streq(c->m.request_type, "Remove"))
                return bad_type(c, err);
        *ret = hcs_streq(c->m.request_type, "Add") ? ADD : REMOVE;
        return S_OK;
}

static uint64_t deadline(const struct change *c) {
        return hcs_clock_ns() + c->agent->host.device_timeout_ns;
}

static const char *text(const char *s) {
        return s ? s : "";
}

static HRESULT change_scsi_device(struct change *c, struct hcs_error **err) {
        if (!hcs_streq(c->m.request_type, "Remove"))
                return bad_type(c, err);
        return guest_scsi_unplug(c->agent->host.roots, c->m.settings, err);
}

static HRESULT ask_disk(struct change *c, const struct hcs_schema_guest_lcow_mapped_virtual_disk *d,
                        enum direction direction, struct hcs_error **err) {
        struct guest_policy *policy = c->agent->host.policy;
        const char *path = text(d->MountPath);

        if (!*path)
                return S_OK;
        if (d->BlockDev)
                return direction == ADD ? guest_policy_ask(policy, mount_block_device, path, err)
                                        : guest_policy_ask(policy, unmount_block_device, path, err);
        if (d->ReadOnly)
                return direction == ADD ? guest_policy_ask(policy, mount_device, path,
                                                           d->VerityInfo ? text(d->VerityInfo->RootDigest) : "", err)
                                        : guest_policy_ask(policy, unmount_device, path, err);
        return direction == ADD ? guest_policy_ask(policy, mount_rw_device, path, d->Encrypted, d->EnsureFilesystem,
                                                   text(d->Filesystem), err)
                                : guest_policy_ask(policy, unmount_rw_device, path, err);
}

static HRESULT change_disk(struct change *c, struct hcs_error **err) {
        const struct hcs_schema_guest_lcow_mapped_virtual_disk *d = c->m.settings;
        const struct guest_roots *roots = c->agent->host.roots;
        _cleanup_free_ char *device = NULL;
        enum direction direction = ADD;
        HRESULT hr;

        /* The disk is looked for whatever is asked, as in the original. */
        hr = guest_scsi_device(roots, d->Controller, d->Lun, d->Partition, deadline(c), &device, err);
        if (SUCCEEDED(hr))
                hr = get_direction(c, &direction, err);
        if (SUCCEEDED(hr)) {
                hr = ask_disk(c, d, direction, err);
                if (FAILED(hr))
                        hcs_error_wrap(err, "%s scsi device controller %d lun %d onto %s denied by policy",
                                       direction == ADD ? "mounting" : "unmounting", d->Controller, d->Lun,
                                       text(d->MountPath));
        }
        if (FAILED(hr))
                return hr;
        return direction == ADD ? guest_scsi_mount(roots, d, deadline(c), err)
                                : guest_scsi_unmount(roots, d, deadline(c), err);
}

static HRESULT change_directory(struct change *c, struct hcs_error **err) {
        const struct hcs_schema_guest_lcow_mapped_directory *d = c->m.settings;
        struct guest_host *h = &c->agent->host;
        enum direction direction = ADD;
        HRESULT hr = get_direction(c, &direction, err);
        int fd = -1;

        if (FAILED(hr))
                return hr;
        hr = direction == ADD ? guest_policy_ask(h->policy, mount_plan9, text(d->MountPath), err)
                              : guest_policy_ask(h->policy, unmount_plan9, text(d->MountPath), err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "%s plan9 device at %s denied by policy",
                                      direction == ADD ? "mounting" : "unmounting", text(d->MountPath)),
                       hr;
        if (direction == REMOVE)
                return guest_unmount(text(d->MountPath), true, err);
        hr = guest_transport_dial(h->transport, (uint32_t)d->Port, &fd, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "could not connect to plan9 server for %s", text(d->MountPath)), hr;
        hr = guest_plan9_mount(fd, d, err);
        close(fd);
        return hr;
}

static HRESULT change_pmem(struct change *c, struct hcs_error **err) {
        const struct hcs_schema_guest_lcow_mapped_vp_mem_device *d = c->m.settings;
        struct guest_host *h = &c->agent->host;
        enum direction direction = ADD;
        HRESULT hr = get_direction(c, &direction, err);

        if (FAILED(hr))
                return hr;
        hr = direction == ADD ? guest_policy_ask(h->policy, mount_device, text(d->MountPath),
                                                 d->VerityInfo ? text(d->VerityInfo->RootDigest) : "", err)
                              : guest_policy_ask(h->policy, unmount_device, text(d->MountPath), err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "%s pmem device %u onto %s denied by policy",
                                      direction == ADD ? "mounting" : "unmounting", d->DeviceNumber,
                                      text(d->MountPath)),
                       hr;
        return direction == ADD ? guest_pmem_mount(h->roots, d, deadline(c), err)
                                : guest_pmem_unmount(h->roots, d, err);
}

static HRESULT ask_layers(struct change *c, const struct hcs_schema_guest_lcow_combined_layers *l,
                          struct hcs_error **err) {
        _cleanup_free_ const char **paths = hcs_calloc(l->Layers.n + 1, sizeof(*paths));
        struct guest_policy *policy = c->agent->host.policy;
        HRESULT hr = S_OK;

        for (size_t i = 0; i < l->Layers.n; i++)
                paths[i] = text(l->Layers.items[i].Path);
        if (*text(l->ScratchPath)) {
                hr = guest_policy_ask(policy, mount_scratch, l->ScratchPath, false, err);
                if (FAILED(hr))
                        return hcs_error_wrap(err, "scratch mounting denied by policy"), hr;
        }
        hr = guest_policy_ask(policy, mount_overlay, text(l->ContainerID), paths, l->Layers.n,
                              text(l->ContainerRootPath), err);
        if (FAILED(hr))
                hcs_error_wrap(err, "overlay creation denied by policy");
        return hr;
}

static HRESULT change_layers(struct change *c, struct hcs_error **err) {
        const struct hcs_schema_guest_lcow_combined_layers *l = c->m.settings;
        struct guest_host *h = &c->agent->host;
        enum direction direction = ADD;
        HRESULT hr = get_direction(c, &direction, err);

        if (FAILED(hr))
                return hr;
        if (direction == ADD) {
                hr = ask_layers(c, l, err);
                return SUCCEEDED(hr) ? guest_layers_combine(h->roots, l, err) : hr;
        }
        hr = guest_policy_ask(h->policy, unmount_overlay, text(l->ContainerRootPath), err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "overlay removal denied by policy"), hr;
        return guest_layers_remove(l, err);
}

static HRESULT change_network(struct change *c, struct hcs_error **err) {
        const struct hcs_schema_guest_lcow_network_adapter *a = c->m.settings;
        struct guest_namespaces *namespaces = c->agent->host.namespaces;
        enum direction direction = ADD;
        HRESULT hr = get_direction(c, &direction, err);

        if (FAILED(hr))
                return hr;
        return direction == ADD ? guest_namespaces_add_adapter(namespaces, a, deadline(c), err)
                                : guest_namespaces_remove_adapter(namespaces, text(a->NamespaceID), text(a->ID), err);
}

static HRESULT change_vpci(struct change *c, struct hcs_error **err) {
        const struct hcs_schema_guest_lcow_mapped_vpci_device *d = c->m.settings;

        if (!hcs_streq(c->m.request_type, "Add"))
                return bad_type(c, err);
        return guest_pci_wait(c->agent->host.roots, text(d->VMBusGUID), deadline(c), NULL, err);
}

/* The VM's memory has changed: what pods may use changes with it. */
static HRESULT change_pods_limit(struct change *c, struct hcs_error **err) {
        const struct guest_host *h = &c->agent->host;
        _cleanup_json_ struct hcs_json *resources = NULL;
        uint64_t limit = 0;
        HRESULT hr;

        if (!hcs_streq(c->m.request_type, "Update"))
                return bad_type(c, err);
        hr = guest_memory_pods_limit(h->memory_reserve, &limit, err);
        if (FAILED(hr))
                return hr;
        if (!h->cgroups || !h->makes_pod_cgroups)
                return S_OK;
        resources = hcs_json_new_object();
        hcs_json_set_u64(hcs_json_set_new_object(resources, "memory"), "limit", limit);
        return guest_cgroup_update(h->cgroups, GUEST_PODS_CGROUP, resources, err);
}

static HRESULT change_policy(struct change *c, struct hcs_error **err) {
        const struct hcs_schema_guest_confidential_options *o = c->m.settings;

        return guest_policy_set(c->agent->host.policy, text(o->EnforcerType), text(o->EncodedSecurityPolicy),
                                text(o->EncodedUVMReference), text(o->EncodedUVMHashEnvelopeReference), err);
}

static HRESULT change_fragment(struct change *c, struct hcs_error **err) {
        const struct hcs_schema_guest_security_policy_fragment *f = c->m.settings;

        return guest_policy_add_fragment(c->agent->host.policy, text(f->Fragment), text(f->MediaType), err);
}

static HRESULT (*const changes[])(struct change *c, struct hcs_error **err) = {
        [GUEST_RESOURCE_SCSI_DEVICE] = change_scsi_device,
        [GUEST_RESOURCE_MAPPED_VIRTUAL_DISK] = change_disk,
        [GUEST_RESOURCE_MAPPED_DIRECTORY] = change_directory,
        [GUEST_RESOURCE_VPMEM_DEVICE] = change_pmem,
        [GUEST_RESOURCE_COMBINED_LAYERS] = change_layers,
        [GUEST_RESOURCE_NETWORK] = change_network,
        [GUEST_RESOURCE_VPCI_DEVICE] = change_vpci,
        [GUEST_RESOURCE_SECURITY_POLICY] = change_policy,
        [GUEST_RESOURCE_POLICY_FRAGMENT] = change_fragment,
        [GUEST_RESOURCE_POD_CGROUP_MEMORY_LIMIT] = change_pods_limit,
};

static void change_work(struct guest_job *job) {
        struct change *c = (struct change *)((char *)job - offsetof(struct change, job));

        changes[c->m.resource](c, &c->err);
}

static void change_free(struct change *c) {
        guest_modification_deinit(&c->m);
        free(c);
}

static void change_done(struct guest_job *job) {
        struct change *c = (struct change *)((char *)job - offsetof(struct change, job));

        guest_request_done(c->request, c->err);
        change_free(c);
}

/* Of a container nothing but its limits can be changed. */
static void change_container(struct change *c) {
        const struct hcs_schema_guest_lcow_container_constraints *s = c->m.settings;
        struct guest_container *container;
        struct hcs_json *resources;

        if (SUCCEEDED(guest_host_find_container(&c->agent->host, c->request->container_id, &container, &c->err)) &&
            c->m.resource != GUEST_RESOURCE_CONTAINER_CONSTRAINTS)
                hcs_error_make(&c->err, E_FAIL, "the ResourceType \"%s\" is not supported for containers",
                               guest_resource_name(c->m.resource));
        if (c->err) {
                guest_request_fail(c->request, c->err);
        } else {
                resources = s->Linux ? hcs_json_copy(s->Linux) : hcs_json_new_object();
                guest_container_update(container, resources, guest_request_done, c->request);
        }
        change_free(c);
}

void guest_handle_modify_settings(struct guest_agent *a, struct guest_request *r) {
        struct hcs_schema_gcs_request_base *base = NULL;
        const struct hcs_schema_type *base_type = hcs_schema_type_at(HCS_SCHEMA_GCS_REQUEST_BASE);
        struct change *c = hcs_calloc(1, sizeof(*c));

        c->job.work = change_work;
        c->job.done = change_done;
        c->agent = a;
        c->request = r;
        if (!r->json || FAILED(hcs_schema_parse_json(base_type, r->json, (void **)&base, &c->err))) {
                if (!r->json)
                        c->err = steal_pointer(&r->bad);
                guest_fail_json(&c->err, base_type, "containerModifySettings", r->body, r->len);
                hcs_error_wrap(&c->err, "failed to unmarshal ContainerModifySettings");
        } else {
                guest_modification_parse(hcs_json_get_nocase(r->json, "Request"), &c->m, &c->err);
        }
        hcs_schema_free(base_type, base);
        if (c->err) {
                hcs_error_wrap(&c->err, "failed to unmarshal JSON in message \"%s\"", r->body);
                guest_request_fail(r, c->err);
                change_free(c);
        } else if (hcs_streq(r->container_id, HCS_GCS_NULL_ID) &&
                   c->m.resource != GUEST_RESOURCE_CONTAINER_CONSTRAINTS) {
                guest_workers_submit(a->host.workers, &c->job);
        } else {
                change_container(c);
        }
}
