/* SPDX-License-Identifier: MIT */

#include "oci/job.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

bool oci_is_job(const struct hcs_schema_oci_spec *spec) {
        return hcs_streq(oci_spec_annotation(spec, OCI_A_HOST_PROCESS_CONTAINER), "true");
}

bool oci_is_isolated_job(const struct hcs_schema_oci_spec *spec) {
        return oci_is_job(spec) && spec->windows && spec->windows->hyperv;
}

uint32_t oci_job_cpu_rate(int32_t count, int32_t processors) {
        int64_t rate = processors > 0 ? (int64_t)count * 10000 / processors : 0;

        return rate > 0 ? (uint32_t)rate : 1;
}

uint32_t oci_job_cpu_weight(int32_t weight) {
        return weight ? 1 + (uint32_t)(8 * (int64_t)weight / 10000) : 0;
}

HRESULT oci_job_limits(const struct hcs_schema_oci_spec *spec, const char *id, int32_t processors, uint32_t build,
                       struct oci_job_limits *ret, struct oci_warnings *w, struct hcs_error **err) {
        struct oci_job_limits l = {0};
        struct oci_cpu_limits cpu;
        HRESULT hr = oci_cpu_limits(spec, id, processors, &cpu, w, err);

        if (SUCCEEDED(hr))
                hr = oci_cpu_affinity_check(spec, build, err);
        if (FAILED(hr))
                return hr;
        if (cpu.count > 0)
                l.cpu_rate = oci_job_cpu_rate(cpu.count, processors);
        else if (cpu.limit > 0)
                l.cpu_rate = (uint32_t)cpu.limit;
        if (cpu.weight > 0)
                l.cpu_weight = oci_job_cpu_weight(cpu.weight);
        if (spec->windows && spec->windows->resources && spec->windows->resources->cpu) {
                l.affinity = spec->windows->resources->cpu->affinity.items;
                l.n_affinity = spec->windows->resources->cpu->affinity.n;
        }
        l.memory = oci_memory_in_mb(spec, OCI_A_CONTAINER_MEMORY_SIZE_IN_MB, 0, w) * 1024 * 1024;
        l.max_bandwidth = oci_storage_bps(spec, OCI_A_CONTAINER_STORAGE_QOS_BANDWIDTH_MAXIMUM, 0, w);
        l.max_iops = oci_storage_iops(spec, OCI_A_CONTAINER_STORAGE_QOS_IOPS_MAXIMUM, 0, w);
        *ret = l;
        return S_OK;
}

struct hcs_json *oci_job_limits_json(const struct oci_job_limits *l) {
        struct hcs_json *json = hcs_json_new_object(), *groups;

        hcs_json_set_u64(json, "CPULimit", l->cpu_rate);
        hcs_json_set_u64(json, "CPUWeight", l->cpu_weight);
        hcs_json_set_u64(json, "CPUAffinity", 0);
        groups = hcs_json_set(json, "GroupAffinities", l->n_affinity ? hcs_json_new_array() : hcs_json_new_null());
        for (size_t i = 0; i < l->n_affinity; i++) {
                struct hcs_json *group = hcs_json_append(groups, hcs_json_new_object());

                hcs_json_set_u64(group, "Mask", l->affinity[i].mask);
                hcs_json_set_u64(group, "Group", l->affinity[i].group);
        }
        hcs_json_set_u64(json, "MemoryLimitInBytes", l->memory);
        hcs_json_set_i64(json, "MaxIOPS", l->max_iops);
        hcs_json_set_i64(json, "MaxBandwidth", l->max_bandwidth);
        return json;
}

/* Length of the word at s: up to a blank or quote, or from quote to quote. 0: a quote that never closes. */
static size_t word_length(const char *s) {
        const char *close;

        if (*s != '"')
                return strcspn(s, " \t\r\n\f\v\"");
        close = strchr(s + 1, '"');
        return close ? (size_t)(close - s) + 1 : 0;
}

struct hcs_strings oci_job_split(const char *command_line) {
        struct hcs_strings words = {0};

        for (const char *s = command_line; *s;) {
                size_t n = word_length(s);

                if (n)
                        hcs_strings_add(&words, hcs_strndup(s, n));
                s += n ? n : 1;
                s += strspn(s, " \t\r\n\f\v");
        }
        return words;
}

char *oci_job_without_drive(const char *path) {
        const char *rest = *path && path[1] == ':' ? path + 2 : path;

        return hcs_strdup(rest != path && !*rest ? "." : rest);
}
