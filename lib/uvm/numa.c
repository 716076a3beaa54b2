/* SPDX-License-Identifier: MIT */

/*
 * Virtual NUMA. Implicit: the platform spreads processors and memory itself, given the most that a node may have.
 * Explicit: each virtual node i is given its physical node, processors and memory. Only for physically backed memory.
 */

#include "base/buf.h"
#include "base/json.h"
#include "uvm/parts.h"

#define WILDCARD_NODE 0xff
#define MAX_NODES     64

void uvm_numa_deinit(struct uvm_numa *n) {
        hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_NUMA), n->numa);
        hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_NUMA_PROCESSORS), n->processors);
        *n = (struct uvm_numa){0};
}

/* As the original's log formats a list: "null" for none, "[]" for an empty one. */
static void set_u32s(struct hcs_json *entry, const char *key, const uint32_t *items, size_t n) {
        _cleanup_buf_ struct hcs_buf b = {0};

        for (size_t i = 0; i < n; i++)
                hcs_buf_printf(&b, "%s%u", i ? "," : "[", items[i]);
        hcs_buf_puts(&b, !items ? "null" : n ? "]" : "[]");
        hcs_json_set_string(entry, key, hcs_buf_cstr(&b));
}

static void set_u64s(struct hcs_json *entry, const char *key, const uint64_t *items, size_t n) {
        _cleanup_buf_ struct hcs_buf b = {0};

        for (size_t i = 0; i < n; i++)
                hcs_buf_printf(&b, "%s%llu", i ? "," : "[", (unsigned long long)items[i]);
        hcs_buf_puts(&b, !items ? "null" : n ? "]" : "[]");
        hcs_json_set_string(entry, key, hcs_buf_cstr(&b));
}

static void warn_of_parts(const struct hcs_schema_uvm_options *o, struct oci_warnings *w) {
        struct hcs_json *entry;

        if (o->MaxMemorySizePerNumaNode || o->PreferredPhysicalNumaNodes.n) {
                entry = oci_warn(w, "potentially incomplete implicit vNUMA topology");
                hcs_json_set_u64(entry, "max-memory-size-per-numa-node", o->MaxMemorySizePerNumaNode);
                hcs_json_set_u64(entry, "max-processors-per-numa-node", o->MaxProcessorsPerNumaNode);
                set_u32s(entry, "preferred-physical-numa-nodes", o->PreferredPhysicalNumaNodes.items,
                         o->PreferredPhysicalNumaNodes.n);
        }
        if (o->NumaProcessorCounts.n || o->NumaMemoryBlocksCounts.n) {
                entry = oci_warn(w, "potentially incomplete explicit vNUMA topology");
                set_u32s(entry, "numa-mapped-physical-nodes", o->NumaMappedPhysicalNodes.items,
                         o->NumaMappedPhysicalNodes.n);
                set_u32s(entry, "numa-processor-counts", o->NumaProcessorCounts.items, o->NumaProcessorCounts.n);
                set_u64s(entry, "numa-memory-block-counts", o->NumaMemoryBlocksCounts.items,
                         o->NumaMemoryBlocksCounts.n);
        }
}

static HRESULT check_nodes(const struct hcs_schema_numa *n, struct hcs_error **err) {
        bool wild = n->Settings.items[0].PhysicalNodeNumber == WILDCARD_NODE;
        uint32_t processors = 0;

        for (size_t i = 0; i < n->Settings.n; i++) {
                const struct hcs_schema_numa_setting *s = &n->Settings.items[i];

                if (s->VirtualNodeNumber > MAX_NODES)
                        return hcs_error_make(err, E_INVALIDARG,
                                              "vNUMA virtual node number %u exceeds maximum allowed value %d",
                                              s->VirtualNodeNumber, MAX_NODES);
                if (s->PhysicalNodeNumber != WILDCARD_NODE && s->PhysicalNodeNumber >= MAX_NODES)
                        return hcs_error_make(err, E_INVALIDARG,
                                              "vNUMA physical node number %u exceeds maximum allowed value %d",
                                              s->PhysicalNodeNumber, MAX_NODES);
                if (wild != (s->PhysicalNodeNumber == WILDCARD_NODE))
                        return hcs_error_make(
                                err, E_INVALIDARG,
                                "vNUMA has a mix of wildcard (%d) and non-wildcard (%u) physical node numbers",
                                WILDCARD_NODE, s->PhysicalNodeNumber);
                if (s->CountOfMemoryBlocks == 0)
                        return hcs_error_make(err, E_INVALIDARG, "vNUMA nodes with no memory are not allowed");
                processors += s->CountOfProcessors;
        }
        if (processors == 0)
                return hcs_error_make(err, E_INVALIDARG, "partial resource allocation is not allowed");
        return S_OK;
}

static void put_preferred(struct hcs_schema_numa *n, const struct hcs_schema_uvm_options *o) {
        for (size_t i = 0; i < o->PreferredPhysicalNumaNodes.n; i++)
                *UVM_LIST_ADD(&n->PreferredPhysicalNodes) = o->PreferredPhysicalNumaNodes.items[i];
}

static HRESULT make_implicit(const struct hcs_schema_uvm_options *o, struct uvm_numa *n, struct hcs_error **err) {
        if (o->MaxMemorySizePerNumaNode == 0)
                return hcs_error_make(err, E_INVALIDARG,
                                      "max size per node must be set when max processors per numa node is set");
        UVM_NEW(n->processors)->count_per_node.max = o->MaxProcessorsPerNumaNode;
        UVM_NEW(n->numa)->MaxSizePerNode = o->MaxMemorySizePerNumaNode;
        put_preferred(n->numa, o);
        return S_OK;
}

static HRESULT make_explicit(const struct hcs_schema_uvm_options *o, struct uvm_numa *n, struct hcs_error **err) {
        size_t nodes = o->NumaMappedPhysicalNodes.n;

        if (nodes != o->NumaProcessorCounts.n || nodes != o->NumaMemoryBlocksCounts.n)
                return hcs_error_make(err, E_INVALIDARG,
                                      "mismatch in number of physical numa nodes and the corresponding processor and "
                                      "memory blocks count");
        UVM_NEW(n->numa)->VirtualNodeCount = (uint8_t)nodes;
        put_preferred(n->numa, o);
        for (size_t i = 0; i < nodes; i++) {
                struct hcs_schema_numa_setting *s = UVM_LIST_ADD(&n->numa->Settings);

                s->VirtualNodeNumber = s->VirtualSocketNumber = (uint32_t)i;
                s->PhysicalNodeNumber = o->NumaMappedPhysicalNodes.items[i];
                s->CountOfProcessors = o->NumaProcessorCounts.items[i];
                s->CountOfMemoryBlocks = o->NumaMemoryBlocksCounts.items[i];
                uvm_set_text(&s->MemoryBackingType, "Physical");
        }
        return check_nodes(n->numa, err);
}

HRESULT uvm_numa_prepare(const struct hcs_schema_uvm_options *o, const struct uvm_host *host, struct oci_warnings *w,
                         struct uvm_numa *ret, struct hcs_error **err) {
        _cleanup_uvm_numa_ struct uvm_numa n = {0};
        HRESULT hr;

        if (!o->MaxProcessorsPerNumaNode && !o->NumaMappedPhysicalNodes.n) {
                warn_of_parts(o, w);
                return S_OK;
        }
        if (host->build < UVM_BUILD_25H1)
                return hcs_error_make(err, HCS_WIN32(50), "vNUMA topology is not supported on %u version of Windows",
                                      host->build);
        hr = o->MaxProcessorsPerNumaNode ? make_implicit(o, &n, err) : make_explicit(o, &n, err);
        if (FAILED(hr))
                return hr;
        *ret = n;
        n = (struct uvm_numa){0};
        return S_OK;
}

HRESULT uvm_numa_validate(const struct uvm_numa *n, bool allow_overcommit, uint32_t processors, uint64_t mb,
                          struct hcs_error **err) {
        uint64_t memory = 0;
        uint32_t count = 0;

        if (!n->numa)
                return S_OK;
        if (allow_overcommit)
                return hcs_error_make(err, E_INVALIDARG, "vNUMA supports only Physical memory backing type");
        for (size_t i = 0; i < n->numa->Settings.n; i++) {
                count += n->numa->Settings.items[i].CountOfProcessors;
                memory += n->numa->Settings.items[i].CountOfMemoryBlocks;
        }
        if (count && count != processors)
                return hcs_error_make(
                        err, E_INVALIDARG,
                        "failed to validate vNUMA settings: vNUMA total processor count %u does not match "
                        "UVM processor count %u",
                        count, processors);
        if (memory && memory != mb)
                return hcs_error_make(
                        err, E_INVALIDARG,
                        "failed to validate vNUMA settings: vNUMA total memory %llu does not match UVM memory "
                        "%llu",
                        (unsigned long long)memory, (unsigned long long)mb);
        return S_OK;
}

void uvm_put_numa(struct hcs_schema_virtual_machine *vm, struct uvm_numa *n) {
        if (n->numa || n->processors) /* the guest is told by ACPI */
                uvm_set_text(&vm->ComputeTopology->Memory->SlitType, "FirmwareFallbackMeasured");
        vm->ComputeTopology->Numa = steal_pointer(&n->numa);
        vm->ComputeTopology->Processor->NumaProcessorsSettings = steal_pointer(&n->processors);
}
