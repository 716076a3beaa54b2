/* SPDX-License-Identifier: MIT */

/* The documents of a Windows container: both versions are filled together, as in hcsshim, and one is sent. */

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "oci/check.h"
#include "oci/job.h"
#include "oci/registry.h"
#include "oci/wcow_private.h"

/* Before this build containers cannot be given pipes. */
#define PIPES_BUILD 16299u

static const char *process_dump_location(const struct oci_wcow *c) {
        const char *of_uvm = c->uvm ? uvm_devices_settings(c->uvm)->process_dump_location : NULL;

        return oci_annotation_string(c->spec, OCI_A_CONTAINER_PROCESS_DUMP_LOCATION, of_uvm);
}

static HRESULT set_limits(struct wcow_documents *d, const struct oci_wcow *c, struct oci_warnings *w,
                          struct hcs_error **err) {
        int32_t processors = c->uvm ? uvm_devices_settings(c->uvm)->processors : c->host->processors;
        struct oci_cpu_limits cpu;
        HRESULT hr = oci_cpu_limits(c->spec, c->id, processors, &cpu, w, err);
        int32_t bandwidth, iops;
        uint64_t memory;

        if (FAILED(hr))
                return hr;
        /* The limit was reckoned for the host's processors; the VM has others. */
        if (c->uvm && c->scale_cpu_limits && cpu.limit > 0 && processors > 0) {
                int64_t scaled = (int64_t)cpu.limit * c->host->processors / processors;

                cpu.limit = scaled < 1 ? 1 : scaled > 10000 ? 10000 : (int32_t)scaled;
        }
        d->v1->ProcessorCount = (uint32_t)cpu.count;
        d->v1->ProcessorMaximum = cpu.limit;
        d->v1->ProcessorWeight = (uint64_t)(int64_t)cpu.weight;
        d->v2->Processor = hcs_calloc(1, sizeof(*d->v2->Processor));
        d->v2->Processor->Count = cpu.count;
        d->v2->Processor->Maximum = cpu.limit;
        d->v2->Processor->Weight = cpu.weight;
        memory = oci_memory_in_mb(c->spec, OCI_A_CONTAINER_MEMORY_SIZE_IN_MB, 0, w);
        if (memory) {
                d->v1->MemoryMaximumInMB = memory > INT64_MAX ? INT64_MAX : (int64_t)memory;
                d->v2->Memory = hcs_calloc(1, sizeof(*d->v2->Memory));
                d->v2->Memory->SizeInMB = memory;
        }
        bandwidth = oci_storage_bps(c->spec, OCI_A_CONTAINER_STORAGE_QOS_BANDWIDTH_MAXIMUM, 0, w);
        iops = oci_storage_iops(c->spec, OCI_A_CONTAINER_STORAGE_QOS_IOPS_MAXIMUM, 0, w);
        if (bandwidth > 0 || iops > 0) {
                d->v1->StorageBandwidthMaximum = (uint64_t)(int64_t)bandwidth;
                d->v1->StorageIOPSMaximum = (uint64_t)(int64_t)iops;
                d->v2->Storage->QoS = hcs_calloc(1, sizeof(*d->v2->Storage->QoS));
                d->v2->Storage->QoS->BandwidthMaximum = bandwidth;
                d->v2->Storage->QoS->IopsMaximum = iops;
        }
        return S_OK;
}

static void set_network(struct wcow_documents *d, const struct oci_wcow *c) {
        const struct hcs_schema_oci_windows_network *n = c->spec->windows->network;
        _cleanup_buf_ struct hcs_buf list = {0};
        struct hcs_schema_networking *out;

        if (!n)
                return;
        out = d->v2->Networking = hcs_calloc(1, sizeof(*out));
        out->Namespace = hcs_strdup(c->network_namespace);
        d->v1->EndpointList.items = hcs_calloc(n->endpointList.n ? n->endpointList.n : 1, sizeof(char *));
        for (size_t i = 0; i < n->endpointList.n; i++)
                d->v1->EndpointList.items[d->v1->EndpointList.n++] = hcs_strdup(n->endpointList.items[i]);
        d->v1->AllowUnqualifiedDNSQuery = out->AllowUnqualifiedDnsQuery = n->allowUnqualifiedDNSQuery;
        for (size_t i = 0; i < n->DNSSearchList.n; i++)
                hcs_buf_printf(&list, "%s%s", i ? "," : "", n->DNSSearchList.items[i] ? n->DNSSearchList.items[i] : "");
        d->v1->DNSSearchList = hcs_strdup(hcs_buf_cstr(&list));
        out->DnsSearchList = hcs_strdup(hcs_buf_cstr(&list));
        d->v1->NetworkSharedContainerName = hcs_strdup(n->networkSharedContainerName);
        out->NetworkSharedContainerName = hcs_strdup(n->networkSharedContainerName);
}

static void set_credentials(struct wcow_documents *d, const struct oci_wcow *c) {
        const char *text = hcs_json_string(c->spec->windows->credentialSpec);
        const struct hcs_schema_container_credential_guard_state *from = c->credential_guard;
        struct hcs_schema_container_credential_guard_state *to;

        if (!text)
                return;
        d->v1->Credentials = hcs_strdup(text);
        if (!from)
                return;
        to = d->v2->ContainerCredentialGuard = hcs_calloc(1, sizeof(*to));
        to->Cookie = hcs_strdup(from->Cookie);
        to->RpcEndpoint = hcs_strdup(from->RpcEndpoint);
        to->Transport = hcs_strdup(from->Transport);
        to->CredentialSpec = hcs_strdup(from->CredentialSpec);
}

static bool is_guid(const char *s, size_t n) {
        _cleanup_free_ char *text = hcs_strndup(s, n);
        GUID g;

        return n == HCS_GUID_TEXT_SIZE - 1 && SUCCEEDED(hcs_guid_parse(text, &g, NULL));
}

/* "\\?\Volume{GUID}\": hcsshim's pattern lets the first brace be absent, and the last one, or doubled. */
static bool is_volume(const char *path) {
        static const char prefix[] = "\\\\?\\Volume";
        const char *p = path + sizeof(prefix) - 1;

        if (!hcs_str_starts(path, prefix))
                return false;
        p += *p == '{';
        if (strlen(p) < HCS_GUID_TEXT_SIZE - 1 || !is_guid(p, HCS_GUID_TEXT_SIZE - 1))
                return false;
        p += HCS_GUID_TEXT_SIZE - 1;
        return hcs_streq(p, "}") || hcs_streq(p, "}}") || hcs_streq(p, "}\\") || hcs_streq(p, "}}\\");
}

static HRESULT set_volume(struct wcow_documents *d, const char *path, struct hcs_error **err) {
        size_t n = strlen(path);

        if (!is_volume(path))
                return hcs_error_make(
                        err, E_INVALIDARG,
                        "invalid container spec - Root.Path '%s' must be a volume GUID path in the format "
                        "'\\\\?\\Volume{GUID}\\'",
                        path);
        n -= path[n - 1] == '\\';
        d->v1->VolumePath = hcs_strndup(path, n);
        d->v2->Storage->Path = hcs_asprintf("%s\\", d->v1->VolumePath);
        return S_OK;
}

/* The image of the VM that HCS makes itself for a container of version 1. */
static HRESULT set_runtime(struct wcow_documents *d, const struct oci_wcow *c, struct hcs_error **err) {
        const char *given = c->spec->windows->hyperv->utilityVMPath;
        _cleanup_free_ char *found = NULL;
        struct uvm_file f;

        for (size_t i = 0; i < c->n_layers && !found && !(given && *given); i++) {
                found = oci_path_join(c->layers[i].path, "UtilityVM");
                if (!c->host->stat(c->host->ctx, found, &f))
                        found = hcs_free(found);
        }
        if (!found && !(given && *given))
                return hcs_error_make(err, HCS_WIN32(2), "no layer has a folder UtilityVM");
        d->v1->HvPartition = true;
        d->v1->HvRuntime = hcs_calloc(1, sizeof(*d->v1->HvRuntime));
        d->v1->HvRuntime->ImagePath = found ? steal_pointer(&found) : hcs_strdup(given);
        return S_OK;
}

static void set_layers(struct wcow_documents *d, const struct oci_wcow *c, bool in_v1) {
        d->v2->Storage->Layers.items = hcs_calloc(c->n_layers ? c->n_layers : 1, sizeof(struct hcs_schema_layer));
        d->v2->Storage->Layers.n = c->n_layers;
        if (in_v1 && c->n_layers) {
                d->v1->Layers.items = hcs_calloc(c->n_layers, sizeof(struct hcs_schema_v1_layer));
                d->v1->Layers.n = c->n_layers;
        }
        for (size_t i = 0; i < c->n_layers; i++) {
                d->v2->Storage->Layers.items[i].Id = hcs_strdup(c->layers[i].id);
                d->v2->Storage->Layers.items[i].Path = hcs_strdup(c->layers[i].path);
                if (in_v1) {
                        d->v1->Layers.items[i].ID = hcs_strdup(c->layers[i].id);
                        d->v1->Layers.items[i].Path = hcs_strdup(c->layers[i].path);
                }
        }
}

static HRESULT set_storage(struct wcow_documents *d, const struct oci_wcow *c, struct hcs_error **err) {
        const char *root = c->spec->root && c->spec->root->path ? c->spec->root->path : "";
        HRESULT hr = S_OK;

        if (!c->spec->root)
                return hcs_error_make(err, E_INVALIDARG, "spec is invalid - root isn't populated");
        if (c->spec->root->readonly)
                return hcs_error_make(err, E_INVALIDARG,
                                      "invalid container spec - readonly is not supported for Windows containers");
        if (c->uvm) {
                d->v2->Storage->Path = hcs_strdup(root);
                set_layers(d, c, false);
        } else if (!c->spec->windows->hyperv) {
                hr = set_volume(d, root, err);
                if (SUCCEEDED(hr))
                        set_layers(d, c, true);
        } else if (c->schema_v1) {
                hr = set_runtime(d, c, err);
        }
        return hr;
}

static void add_dword(struct hcs_schema_registry_changes *r, const char *key, const char *name, int32_t value) {
        oci_registry_add(r, "Software", key, name, "DWord")->DWordValue = value;
}

static HRESULT dump_type(const struct oci_wcow *c, int32_t *ret, struct hcs_error **err) {
        const char *type = oci_annotation_string(c->spec, OCI_A_WCOW_PROCESS_DUMP_TYPE, "");

        if (hcs_streq(type, "mini"))
                *ret = 1;
        else if (!*type || hcs_streq(type, "full"))
                *ret = 2;
        else
                return hcs_error_make(err, E_INVALIDARG,
                                      "unknown dump type specified, valid values are \"mini\" or \"full\"");
        return S_OK;
}

static HRESULT dump_count(const struct oci_wcow *c, int32_t *ret, struct hcs_error **err) {
        const char *text = oci_annotation_string(c->spec, OCI_A_WCOW_PROCESS_DUMP_COUNT, "");
        _cleanup_free_ char *error = NULL;
        int64_t count = 10;

        if (*text && !oci_go_parse_int(text, 32, &count, &error))
                return hcs_error_make(err, E_INVALIDARG, "%s", error);
        if (count <= 0)
                return hcs_error_make(err, E_INVALIDARG, "invaid dump count specified: %s", text);
        *ret = (int32_t)count;
        return S_OK;
}

static HRESULT set_dumps(struct hcs_schema_registry_changes *r, const struct oci_wcow *c, struct hcs_error **err) {
        static const char key[] = "Microsoft\\Windows\\Windows Error Reporting\\LocalDumps";
        static const char suffix[] = "{container_id}", upper_suffix[] = "{CONTAINER_ID}";
        const char *location = process_dump_location(c);
        int32_t type = 0, count = 0;
        size_t n;
        HRESULT hr;

        if (!location || !*location)
                return S_OK;
        if (FAILED(hr = dump_type(c, &type, err)) || FAILED(hr = dump_count(c, &count, err)))
                return hr;
        n = strlen(location);
        if (hcs_str_ends(location, suffix) || hcs_str_ends(location, upper_suffix))
                n -= sizeof(suffix) - 1;
        oci_registry_add(r, "Software", key, "DumpFolder", "String")->StringValue =
                hcs_asprintf("%.*s%s", (int)n, location, location[n] ? c->id : "");
        add_dword(r, key, "DumpType", type);
        add_dword(r, key, "DumpCount", count);
        return S_OK;
}

static HRESULT set_registry(struct wcow_documents *d, const struct oci_wcow *c, struct oci_warnings *w,
                            struct hcs_error **err) {
        struct hcs_schema_registry_changes *r = d->v2->RegistryChanges = hcs_calloc(1, sizeof(*r));
        HRESULT hr;

        /* Services get all the time they want to end: how long to wait is the caller's decision. */
        oci_registry_add(r, "System", "ControlSet001\\Control", "WaitToKillServiceTimeout", "String")->StringValue =
                hcs_strdup("2147483647");
        hr = set_dumps(r, c, err);
        if (SUCCEEDED(hr))
                oci_registry_values(c->spec, OCI_A_WCOW_REGISTRY_ANNOTATION_TEST, r, w);
        return hr;
}

static bool is_safe_path(const char *path) {
        const char *p = path;

        if (!*p || p[1] != ':' || (p[2] != '\\' && p[2] != '/'))
                return false;
        while (*p) {
                size_t n = strcspn(p, "\\/");

                if (n == 2 && p[0] == '.' && p[1] == '.')
                        return false;
                p += n + (p[n] != '\0');
        }
        return true;
}

static HRESULT set_job(struct wcow_documents *d, const struct oci_wcow *c, struct hcs_error **err) {
        const char *root = oci_annotation_string(c->spec, OCI_A_HOST_PROCESS_ROOTFS_LOCATION, "");

        if (!c->uvm || !oci_is_isolated_job(c->spec))
                return S_OK;
        d->v2->IsolationType = hcs_strdup("HostProcess");
        if (!*root)
                return S_OK;
        if (!is_safe_path(root))
                return hcs_error_make(err, E_INVALIDARG, "unsafe path detected");
        d->v2->Storage->PrivilegedContainerRootPath = hcs_strdup(root);
        return S_OK;
}

static HRESULT fill(struct wcow_documents *d, const struct oci_wcow *c, struct oci_warnings *w,
                    struct hcs_error **err) {
        HRESULT hr;

        if (!c->spec->windows)
                return hcs_error_make(err, E_INVALIDARG,
                                      "cannot create HCS container document - OCI spec Windows section is missing ");
        d->v1->SystemType = hcs_strdup("Container");
        d->v1->Name = hcs_strdup(c->id);
        d->v1->Owner = hcs_strdup(c->owner);
        d->v1->IgnoreFlushesDuringBoot = c->spec->windows->ignoreFlushesDuringBoot;
        d->v2->Storage = hcs_calloc(1, sizeof(*d->v2->Storage));
        if (c->spec->hostname && *c->spec->hostname) {
                d->v1->HostName = hcs_strdup(c->spec->hostname);
                d->v2->GuestOs = hcs_calloc(1, sizeof(*d->v2->GuestOs));
                d->v2->GuestOs->HostName = hcs_strdup(c->spec->hostname);
        }
        if (FAILED(hr = set_limits(d, c, w, err)) ||
            /* Processor groups are set on the job of a container of the host. */
            (!c->uvm && FAILED(hr = oci_cpu_affinity_check(c->spec, c->host->build, err))))
                return hr;
        set_network(d, c);
        set_credentials(d, c);
        if (FAILED(hr = set_storage(d, c, err)) || FAILED(hr = wcow_set_mounts(d, c, err)))
                return hr;
        if (d->v1->MappedPipes.n && c->host->build < PIPES_BUILD)
                return hcs_error_make(err, E_NOTIMPL, "named pipe mounts are not supported on this version of Windows");
        if (FAILED(hr = wcow_set_devices(d, c, err)) || FAILED(hr = wcow_set_device_extensions(d, c, err)) ||
            FAILED(hr = set_registry(d, c, w, err)))
                return hr;
        return set_job(d, c, err);
}

static struct hcs_json *tree_of(const struct hcs_schema_type *type, const void *document) {
        _cleanup_free_ char *text = hcs_schema_print(type, document);
        struct hcs_json *json = NULL;

        hcs_json_parse_cstr(text, &json, NULL);
        return json;
}

static char *print_confidential(const struct oci_wcow *c, struct hcs_schema_hosted_system *hosted) {
        struct hcs_schema_guest_cwcow_hosted_system document = {.CWCOWHostedSystem = *hosted};
        char *text;

        document.Spec = tree_of(hcs_schema_type_at(HCS_SCHEMA_OCI_SPEC), c->spec);
        text = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_GUEST_CWCOW_HOSTED_SYSTEM), &document);
        hcs_json_free(document.Spec);
        return text;
}

static char *print(const struct oci_wcow *c, struct wcow_documents *d) {
        struct hcs_schema_version version = {.Major = 2, .Minor = 1};
        struct hcs_schema_hosted_system hosted = {.SchemaVersion = &version, .Container = d->v2};
        struct hcs_schema_compute_system system = {.Owner = (char *)(uintptr_t)c->owner,
                                                   .SchemaVersion = &version,
                                                   .Container = d->v2,
                                                   .ShouldTerminateOnLastHandleClosed = true};

        if (c->uvm)
                return c->confidential ? print_confidential(c, &hosted)
                                       : hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_HOSTED_SYSTEM), &hosted);
        if (c->schema_v1)
                return hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_V1_CONTAINER_CONFIG), d->v1);
        return hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_COMPUTE_SYSTEM), &system);
}

HRESULT oci_wcow_document(const struct oci_wcow *c, char **ret, struct oci_warnings *w, struct hcs_error **err) {
        struct wcow_documents d = {.v1 = hcs_calloc(1, sizeof(*d.v1)), .v2 = hcs_calloc(1, sizeof(*d.v2))};
        struct oci_uses uses = {0};
        HRESULT hr = oci_container_prepare(c->spec, w, err);

        if (SUCCEEDED(hr) && c->uvm)
                hr = wcow_allocate_mounts(c, &uses, &d, err);
        if (SUCCEEDED(hr))
                hr = fill(&d, c, w, err);
        if (SUCCEEDED(hr))
                *ret = print(c, &d);
        if (FAILED(hr))
                oci_uses_release(&uses, c->uvm);
        oci_uses_deinit(&uses);
        hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_V1_CONTAINER_CONFIG), d.v1);
        hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_CONTAINER), d.v2);
        wcow_documents_deinit(&d);
        return hr;
}
