/* SPDX-License-Identifier: MIT */

#include "uvm/common_options.h"

#include "base/json.h"
#include "base/str.h"
#include "uvm/build.h"

void uvm_read_text(const struct hcs_schema_oci_spec *spec, const char *key, char **slot) {
        const char *value = oci_spec_annotation(spec, key);

        if (value)
                uvm_set_text(slot, value);
}

static const struct hcs_schema_oci_windows_resources *resources(const struct hcs_schema_oci_spec *spec) {
        return spec->windows ? spec->windows->resources : NULL;
}

/* The annotation, or the resource, or what was there: of each, 0 is "not set". */
static void read_i32(const struct hcs_schema_oci_spec *spec, const char *key, const uint64_t *resource, int32_t *slot,
                     struct oci_warnings *w) {
        int32_t v = oci_annotation_int32(spec, key, 0, w);

        if (v)
                *slot = v;
        else if (resource && *resource)
                *slot = (int32_t)*resource;
}

static void read_processor(struct hcs_schema_uvm_options *o, const struct hcs_schema_oci_spec *spec,
                           struct oci_warnings *w) {
        const struct hcs_schema_oci_windows_resources *r = resources(spec);
        const struct hcs_schema_oci_windows_cpu_resources *cpu = r ? r->cpu : NULL;
        uint64_t maximum = cpu && cpu->maximum ? *cpu->maximum : 0, shares = cpu && cpu->shares ? *cpu->shares : 0;

        read_i32(spec, OCI_A_PROCESSOR_COUNT, cpu ? cpu->count : NULL, &o->ProcessorCount, w);
        read_i32(spec, OCI_A_PROCESSOR_LIMIT, &maximum, &o->ProcessorLimit, w);
        read_i32(spec, OCI_A_PROCESSOR_WEIGHT, &shares, &o->ProcessorWeight, w);
}

static void read_storage(struct hcs_schema_uvm_options *o, const struct hcs_schema_oci_spec *spec,
                         struct oci_warnings *w) {
        const struct hcs_schema_oci_windows_resources *r = resources(spec);

        read_i32(spec, OCI_A_STORAGE_QOS_BANDWIDTH_MAXIMUM, r && r->storage ? r->storage->bps : NULL,
                 &o->StorageQoSBandwidthMaximum, w);
        read_i32(spec, OCI_A_STORAGE_QOS_IOPS_MAXIMUM, r && r->storage ? r->storage->iops : NULL,
                 &o->StorageQoSIopsMaximum, w);
}

static void read_memory(struct hcs_schema_uvm_options *o, const struct hcs_schema_oci_spec *spec,
                        struct oci_warnings *w) {
        const struct hcs_schema_oci_windows_resources *r = resources(spec);
        uint64_t mb = oci_annotation_uint64(spec, OCI_A_MEMORY_SIZE_IN_MB, 0, w);

        if (mb)
                o->MemorySizeInMB = mb;
        else if (r && r->memory && r->memory->limit && *r->memory->limit)
                o->MemorySizeInMB = *r->memory->limit / 1024 / 1024;
        o->LowMMIOGapInMB = oci_annotation_uint64(spec, OCI_A_MEMORY_LOW_MMIO_GAP_IN_MB, o->LowMMIOGapInMB, w);
        o->HighMMIOBaseInMB = oci_annotation_uint64(spec, OCI_A_MEMORY_HIGH_MMIO_BASE_IN_MB, o->HighMMIOBaseInMB, w);
        o->HighMMIOGapInMB = oci_annotation_uint64(spec, OCI_A_MEMORY_HIGH_MMIO_GAP_IN_MB, o->HighMMIOGapInMB, w);
        o->AllowOvercommit = oci_annotation_bool(spec, OCI_A_ALLOW_OVERCOMMIT, o->AllowOvercommit, w);
        o->EnableDeferredCommit = oci_annotation_bool(spec, OCI_A_ENABLE_DEFERRED_COMMIT, o->EnableDeferredCommit, w);
}

void uvm_read_numa(struct hcs_schema_uvm_options *o, const struct hcs_schema_oci_spec *spec, struct oci_warnings *w) {
        struct oci_uint32s u32;
        struct oci_uint64s u64;

        o->MaxProcessorsPerNumaNode = oci_annotation_uint32(spec, OCI_A_NUMA_MAXIMUM_PROCESSORS_PER_NODE, 0, w);
        o->MaxMemorySizePerNumaNode = oci_annotation_uint64(spec, OCI_A_NUMA_MAXIMUM_MEMORY_SIZE_PER_NODE, 0, w);
        if (oci_annotation_uint32s(spec, OCI_A_NUMA_PREFERRED_PHYSICAL_NODES, &u32)) {
                o->PreferredPhysicalNumaNodes.items = u32.items;
                o->PreferredPhysicalNumaNodes.n = u32.n;
        }
        if (oci_annotation_uint32s(spec, OCI_A_NUMA_MAPPED_PHYSICAL_NODES, &u32)) {
                o->NumaMappedPhysicalNodes.items = u32.items;
                o->NumaMappedPhysicalNodes.n = u32.n;
        }
        if (oci_annotation_uint32s(spec, OCI_A_NUMA_COUNT_OF_PROCESSORS, &u32)) {
                o->NumaProcessorCounts.items = u32.items;
                o->NumaProcessorCounts.n = u32.n;
        }
        if (oci_annotation_uint64s(spec, OCI_A_NUMA_COUNT_OF_MEMORY_BLOCKS, &u64, w)) {
                o->NumaMemoryBlocksCounts.items = u64.items;
                o->NumaMemoryBlocksCounts.n = u64.n;
        }
}

static void warn_of_guid(struct oci_warnings *w, const char *key, const char *value, const char *guid) {
        _cleanup_free_ char *quoted = hcs_str_go_quoted(guid), *error = hcs_asprintf("invalid GUID %s", quoted);
        struct hcs_json *entry = oci_warn(w, "invalid GUID string for Hyper-V socket service configuration annotation");

        hcs_json_set_string(entry, "oci-annotation", key);
        hcs_json_set_string(entry, "value", value);
        hcs_json_set_string(entry, "guid", guid);
        hcs_json_set_string(entry, "error", error);
}

void uvm_read_services(const struct hcs_schema_oci_spec *spec, struct oci_warnings *w, char ***keys,
                       struct hcs_schema_hv_socket_service_config **values, size_t *n) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_HV_SOCKET_SERVICE_CONFIG);

        for (size_t i = 0; i < spec->annotations.n; i++) {
                const char *key = spec->annotations.keys[i], *guid;
                const char *value = spec->annotations.values[i] ? spec->annotations.values[i] : "";
                struct hcs_schema_hv_socket_service_config *entry;
                _cleanup_free_ char *error = NULL;
                char text[HCS_GUID_TEXT_SIZE];
                void *config;
                GUID id;

                if (!hcs_str_starts(key, OCI_A_UVM_HYPERV_SOCKET_CONFIG_PREFIX))
                        continue;
                guid = key + strlen(OCI_A_UVM_HYPERV_SOCKET_CONFIG_PREFIX);
                if (*guid == '{' || FAILED(hcs_guid_parse(guid, &id, NULL))) {
                        warn_of_guid(w, key, value, guid);
                        continue;
                }
                error = hcs_schema_go_error(type, "hcsschema.HvSocketServiceConfig", value, strlen(value));
                if (!error && FAILED(hcs_schema_parse_answer(type, value, &config, NULL)))
                        config = hcs_calloc(1, sizeof(*entry)); /* null, which Go takes as nothing said */
                if (error) {
                        oci_annotation_warn(w, key, value, "hcsschema.HvSocketServiceConfig", error);
                        continue;
                }
                hcs_schema_forget_unknown(type, config);
                entry = uvm_map_entry(keys, (void **)values, n, sizeof(**values), hcs_guid_format(&id, text));
                free(entry->BindSecurityDescriptor);
                free(entry->ConnectSecurityDescriptor);
                *entry = *(struct hcs_schema_hv_socket_service_config *)config;
                free(config);
        }
}

HRESULT uvm_read_common(struct hcs_schema_uvm_options *o, const struct hcs_schema_oci_spec *spec,
                        struct oci_warnings *w, struct hcs_error **err) {
        GUID partition;
        HRESULT hr;

        read_memory(o, spec, w);
        read_processor(o, spec, w);
        read_storage(o, spec, w);
        uvm_read_text(spec, OCI_A_CPU_GROUP_ID, &o->CPUGroupID);
        uvm_read_text(spec, OCI_A_NETWORK_CONFIG_PROXY, &o->NetworkConfigProxy);
        uvm_read_text(spec, OCI_A_CONTAINER_PROCESS_DUMP_LOCATION, &o->ProcessDumpLocation);
        o->NoWritableFileShares =
                oci_annotation_bool(spec, OCI_A_DISABLE_WRITABLE_FILE_SHARES, o->NoWritableFileShares, w);
        uvm_read_text(spec, OCI_A_DUMP_DIRECTORY_PATH, &o->DumpDirectoryPath);
        uvm_read_text(spec, OCI_A_UVM_CONSOLE_PIPE, &o->ConsolePipe);
        uvm_read_numa(o, spec, w);
        UVM_READ_SERVICES(spec, w, &o->AdditionalHyperVConfig);
        hr = oci_annotation_guid(spec, OCI_A_RESOURCE_PARTITION_ID, &partition, err);
        if (FAILED(hr))
                return hr;
        if (hr == S_OK) {
                char text[HCS_GUID_TEXT_SIZE];

                uvm_set_text(&o->ResourcePartitionID, hcs_guid_format(&partition, text));
        }
        return S_OK;
}

uint16_t uvm_split_device(const struct uvm_host *host, const char *path, char **ret_id) {
        /* Device paths are those of Windows, whatever the host's. */
        struct uvm_host windows = *host;
        _cleanup_free_ char *last = NULL;
        uint64_t index;

        windows.windows_paths = true;
        last = uvm_path_base(&windows, path);
        if (oci_go_parse_uint(last, 32, &index, NULL) && index <= UINT16_MAX) {
                *ret_id = uvm_path_dir(&windows, path);
                return (uint16_t)index;
        }
        *ret_id = hcs_strdup(path);
        return 0;
}

bool uvm_device_is_assignable(const struct hcs_schema_oci_windows_device *d, struct oci_warnings *w) {
        static const char *const types[] = {"vpci-instance-id", "vpci", "gpu"};
        const char *type = d->idType ? d->idType : "", *id = d->id ? d->id : "";
        _cleanup_free_ char *msg = NULL, *device = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(types); i++)
                if (hcs_streq(type, types[i]))
                        return true;
        msg = hcs_asprintf("device type %s invalid, skipping", type);
        device = hcs_asprintf("{%s %s}", id, type);
        hcs_json_set_string(oci_warn(w, msg), "device", device);
        return false;
}
