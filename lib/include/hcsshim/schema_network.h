/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_SCHEMA_NETWORK_H
#define HCSSHIM_SCHEMA_NETWORK_H

/*
 * What the documents of host networking say beyond their types (names "hcn.X" and "hns.X" in hcsshim/schema.h): which
 * settings a policy of a Type has, which features the service has from which version, and which feature a document
 * needs. Constant tables, for the client and for whoever stands in for the service.
 * Source: hcsshim's hcn and internal/hns packages.
 */

#include "hcsshim/schema.h"

/* ---- policies ---- */

enum hcs_schema_policy_kind {
        HCS_SCHEMA_POLICY_ENDPOINT, /* hcn.EndpointPolicy: {"Type","Settings"} */
        HCS_SCHEMA_POLICY_NETWORK,  /* hcn.NetworkPolicy */
        HCS_SCHEMA_POLICY_SUBNET,   /* hcn.SubnetPolicy */
        HCS_SCHEMA_POLICY_HNS,      /* version 1: the members stand beside Type */
};
struct hcs_schema_policy {
        enum hcs_schema_policy_kind kind;
        const char *type;                       /* "PortMapping" */
        const struct hcs_schema_type *settings; /* of its Settings (version 1: of the policy); NULL: it has none */
        const char *feature;                    /* the feature it needs (below); NULL: as old as its API */
};
/* By its Type, in any case; NULL when there is none of that kind. */
const struct hcs_schema_policy *hcs_schema_policy_find(enum hcs_schema_policy_kind kind, const char *type);
/* All of them, in a fixed order; NULL beyond the last. */
const struct hcs_schema_policy *hcs_schema_policy_at(size_t i);

/* ---- features ---- */

struct hcs_schema_hns_version {
        int64_t major, minor;
};
struct hcs_schema_feature {
        const char *name;     /* the member of hcn.SupportedFeatures: "DSR", "API.V2", "ACL.AclRuleId" */
        const char *versions; /* for people: "9.3 to 9.x, 10.2 and later" */
        /* From each version to the end of that major version; the last one without end. */
        struct hcs_schema_hns_version from[5];
        size_t n_from;
};
/* By its name, in any case; the last part will do ("V2"). NULL when unknown. */
const struct hcs_schema_feature *hcs_schema_feature_find(const char *name);
/* All of them, in the order of hcn.SupportedFeatures; NULL beyond the last. */
const struct hcs_schema_feature *hcs_schema_feature_at(size_t i);
bool hcs_schema_feature_in(const struct hcs_schema_feature *f, struct hcs_schema_hns_version v);

/*
 * The first part of a document that a service of that version does not know: a policy, a flag or a value newer than it.
 * True: ret_path ("$.Policies[1].Type", the caller's to free) and ret_feature name it. Types known here: the objects
 * and requests of hcn.
 */
bool hcs_schema_feature_missing(const struct hcs_schema_type *type, const struct hcs_json *doc,
                                struct hcs_schema_hns_version v, char **ret_path,
                                const struct hcs_schema_feature **ret_feature);

#endif
