/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_LIMITS_H
#define HCS_OCI_LIMITS_H

/*
 * Limits of a specification: an annotation other than 0 wins, else what its Windows section says, else the default.
 * Numbers of the section are cut to 32 bits, as hcsshim cuts them. Pure functions.
 */

#include "oci/annotation.h"

int32_t oci_cpu_count(const struct hcs_schema_oci_spec *spec, const char *key, int32_t otherwise,
                      struct oci_warnings *w);
int32_t oci_cpu_limit(const struct hcs_schema_oci_spec *spec, const char *key, int32_t otherwise,
                      struct oci_warnings *w);
int32_t oci_cpu_weight(const struct hcs_schema_oci_spec *spec, const char *key, int32_t otherwise,
                       struct oci_warnings *w);
/* MiB; the section says bytes. */
uint64_t oci_memory_in_mb(const struct hcs_schema_oci_spec *spec, const char *key, uint64_t otherwise,
                          struct oci_warnings *w);
int32_t oci_storage_bps(const struct hcs_schema_oci_spec *spec, const char *key, int32_t otherwise,
                        struct oci_warnings *w);
int32_t oci_storage_iops(const struct hcs_schema_oci_spec *spec, const char *key, int32_t otherwise,
                         struct oci_warnings *w);

/* Processors of a container: of the three at most one may be set; a count above max becomes max, with a warning. */
struct oci_cpu_limits {
        int32_t count, limit, weight; /* 0: not set; limit in 1/100 percent */
};
HRESULT oci_cpu_limits(const struct hcs_schema_oci_spec *spec, const char *id, int32_t max, struct oci_cpu_limits *ret,
                       struct oci_warnings *w, struct hcs_error **err);

/* Processor groups a container is bound to: none may be empty, and before build 20348 there is one, group 0. */
HRESULT oci_cpu_affinity_check(const struct hcs_schema_oci_spec *spec, uint32_t build, struct hcs_error **err);

#endif
