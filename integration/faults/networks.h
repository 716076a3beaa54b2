/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FAULTS_NETWORKS_H
#define INTEGRATION_FAULTS_NETWORKS_H

/* What tests of faults do with networks. */

#include "hcsshim/hcn.h"
#include "hcsshim/hns.h"

#define NETWORK_NAT      "{\"Name\":\"nat\",\"Type\":\"NAT\",\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}"
#define NETWORK_ENDPOINT "{\"Name\":\"ep\",\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}"
#define NETWORK_LEGACY   "{\"Name\":\"old\",\"Type\":\"nat\"}"

/* The ID of a document that must be one. Caller frees; NULL when it has none. */
char *network_id_of(const char *document);
/* A network and an endpoint are made, listed and deleted, and a network of the older interface is made, as far as that
 * goes: errors are fine. */
void network_life(struct hcn_client *hcn, struct hns_client *hns);

#endif
