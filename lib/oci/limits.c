/* SPDX-License-Identifier: MIT */

#include "oci/limits.h"

#define SERVER_2022 20348u

static const struct hcs_schema_oci_windows_resources *resources_of(const struct hcs_schema_oci_spec *spec) {
        return spec->windows ? spec->windows->resources : NULL;
}

static const struct hcs_schema_oci_windows_cpu_resources *cpu_of(const struct hcs_schema_oci_spec *spec) {
        return resources_of(spec) ? resources_of(spec)->cpu : NULL;
}

static const struct hcs_schema_oci_windows_storage_resources *storage_of(const struct hcs_schema_oci_spec *spec) {
        return resources_of(spec) ? resources_of(spec)->storage : NULL;
}

/* value: of the section, 0 when it says nothing. */
static int32_t choose(const struct hcs_schema_oci_spec *spec, const char *key, uint64_t value, int32_t otherwise,
                      struct oci_warnings *w) {
        int32_t annotated = oci_annotation_int32(spec, key, 0, w);

        if (annotated)
                return annotated;
        return value ? (int32_t)(uint32_t)value : otherwise;
}

static uint64_t or_zero(const uint64_t *value) {
        return value ? *value : 0;
}

int32_t oci_cpu_count(const struct hcs_schema_oci_spec *spec, const char *key, int32_t otherwise,
                      struct oci_warnings *w) {
        return choose(spec, key, cpu_of(spec) ? or_zero(cpu_of(spec)->count) : 0, otherwise, w);
}

int32_t oci_cpu_limit(const struct hcs_schema_oci_spec *spec, const char *key, int32_t otherwise,
                      struct oci_warnings *w) {
        const uint16_t *maximum = cpu_of(spec) ? cpu_of(spec)->maximum : NULL;

        return choose(spec, key, maximum ? *maximum : 0, otherwise, w);
}

int32_t oci_cpu_weight(const struct hcs_schema_oci_spec *spec, const char *key, int32_t otherwise,
                       struct oci_warnings *w) {
        const uint16_t *shares = cpu_of(spec) ? cpu_of(spec)->shares : NULL;

        return choose(spec, key, shares ? *shares : 0, otherwise, w);
}

uint64_t oci_memory_in_mb(const struct hcs_schema_oci_spec *spec, const char *key, uint64_t otherwise,
                          struct oci_warnings *w) {
        const struct hcs_schema_oci_windows_resources *r = resources_of(spec);
        uint64_t annotated = oci_annotation_uint64(spec, key, 0, w),
                 limit = r && r->memory ? or_zero(r->memory->limit) : 0;

        if (annotated)
                return annotated;
        return limit ? limit / 1024 / 1024 : otherwise;
}

int32_t oci_storage_bps(const struct hcs_schema_oci_spec *spec, const char *key, int32_t otherwise,
                        struct oci_warnings *w) {
        return choose(spec, key, storage_of(spec) ? or_zero(storage_of(spec)->bps) : 0, otherwise, w);
}

int32_t oci_storage_iops(const struct hcs_schema_oci_spec *spec, const char *key, int32_t otherwise,
                         struct oci_warnings *w) {
        return choose(spec, key, storage_of(spec) ? or_zero(storage_of(spec)->iops) : 0, otherwise, w);
}

static int32_t at_most(const char *id, int32_t count, int32_t max, struct oci_warnings *w) {
        struct hcs_json *entry;

        if (count <= max)
                return count;
        entry = oci_warn(w, "Changing user requested cpu count to current number of processors on the host");
        hcs_json_set_string(entry, "id", id);
        hcs_json_set_i64(entry, "requested count", count);
        hcs_json_set_i64(entry, "assigned count", max);
        return max;
}

HRESULT oci_cpu_limits(const struct hcs_schema_oci_spec *spec, const char *id, int32_t max, struct oci_cpu_limits *ret,
                       struct oci_warnings *w, struct hcs_error **err) {
        struct oci_cpu_limits l = {.count = oci_cpu_count(spec, OCI_A_CONTAINER_PROCESSOR_COUNT, 0, w)};

        l.limit = oci_cpu_limit(spec, OCI_A_CONTAINER_PROCESSOR_LIMIT, 0, w);
        l.weight = oci_cpu_weight(spec, OCI_A_CONTAINER_PROCESSOR_WEIGHT, 0, w);
        if ((l.count > 0) + (l.limit > 0) + (l.weight > 0) > 1)
                return hcs_error_make(err, E_INVALIDARG,
                                      "invalid spec - Windows Container CPU Count: '%d', Limit: '%d', and Weight: '%d' "
                                      "are mutually exclusive",
                                      l.count, l.limit, l.weight);
        if (l.count > 0)
                l.count = at_most(id, l.count, max, w);
        *ret = l;
        return S_OK;
}

HRESULT oci_cpu_affinity_check(const struct hcs_schema_oci_spec *spec, uint32_t build, struct hcs_error **err) {
        const struct hcs_schema_oci_windows_cpu_resources *cpu = cpu_of(spec);
        size_t n = cpu ? cpu->affinity.n : 0;

        for (size_t i = 0; i < n; i++)
                if (!cpu->affinity.items[i].mask)
                        return hcs_error_make(err, E_INVALIDARG,
                                              "cpu affinity mask must be non-zero: entry %zu has zero mask", i);
        if (build >= SERVER_2022 || !n)
                return S_OK;
        if (n > 1)
                return hcs_error_make(err, E_INVALIDARG,
                                      "cpu affinity with multiple processor groups requires Windows Server 2022 or "
                                      "later: %zu entries",
                                      n);
        if (cpu->affinity.items[0].group)
                return hcs_error_make(err, E_INVALIDARG,
                                      "cpu affinity with a non-zero processor group requires Windows Server 2022 or "
                                      "later: group %u",
                                      cpu->affinity.items[0].group);
        return S_OK;
}
