/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_JOB_H
#define HCS_OCI_JOB_H

/*
 * Host process containers that are jobs of the host: they have no document, only the limits of a job object, and rules
 * for command lines and paths. Source: hcsshim internal/jobcontainers and golden data. Pure functions.
 */

#include "base/str.h"
#include "oci/limits.h"

struct oci_job_limits {
        uint32_t cpu_rate;                                                /* 1/100 percent of the whole host; 0: none */
        uint32_t cpu_weight;                                              /* 1 to 9; 0: none */
        const struct hcs_schema_oci_windows_cpu_group_affinity *affinity; /* of the specification */
        size_t n_affinity;
        uint64_t memory;                 /* bytes; 0: none */
        int64_t max_iops, max_bandwidth; /* of the system drive, bytes a second; 0: none */
};

/* Whether a container is a job: exactly "true", in any specification; isolated ones are in a utility VM. */
bool oci_is_job(const struct hcs_schema_oci_spec *spec);
bool oci_is_isolated_job(const struct hcs_schema_oci_spec *spec);

/* processors: of the host; build: of its Windows. */
HRESULT oci_job_limits(const struct hcs_schema_oci_spec *spec, const char *id, int32_t processors, uint32_t build,
                       struct oci_job_limits *ret, struct oci_warnings *w, struct hcs_error **err);
/* {"CPULimit", "CPUWeight", "CPUAffinity", "GroupAffinities", "MemoryLimitInBytes", "MaxIOPS", "MaxBandwidth"}, of
 * which CPUAffinity is 0: it was there before groups. The caller's. */
struct hcs_json *oci_job_limits_json(const struct oci_job_limits *l);

/* What `count` of so many processors is, at least 1. */
uint32_t oci_job_cpu_rate(int32_t count, int32_t processors);
/* A weight of 1 to 10000 on the scale of jobs; 0 stays 0. */
uint32_t oci_job_cpu_weight(int32_t weight);
/* Words, with quotes kept; a quote that never closes is left out. */
struct hcs_strings oci_job_split(const char *command_line);
/* Without the drive letter; "." when nothing is left of it. Caller frees. */
char *oci_job_without_drive(const char *path);

#endif
