/* SPDX-License-Identifier: MIT */

/*
 * How we know what cases of host networking expect, by the beginning of their name; what is in no row is assumed. A
 * row that says "observed" replaces an assumption as soon as a host was seen to do so. Sources: docs/coverage.md.
 */

#include "cmd/hcsconform/network/network.h"

const struct network_source network_sources[] = {
        {"a network that is unknown cannot be", OBSERVED, "hcsshim hnsv2 tests"},
        {"an endpoint that is unknown cannot be opened", OBSERVED, "hcsshim hnsv2 tests"},
        {"an id of the settings is honoured", OBSERVED, "hcsshim deletes and creates with the same id"},
        {"an id is free again when its network is deleted", OBSERVED, "hcsshim deletes and creates with the same id"},
        {"an endpoint is deleted and made again with its id", OBSERVED, "hcsshim"},
        {"a route is deleted and made again with its id", OBSERVED, "hcsshim"},
        {"a network without a type is NAT", OBSERVED, "hns-16, catalogue 4.2"},
        {"NAT without a subnet gets one of its own", OBSERVED, "hns-16"},
        {"a NAT subnet of zeros is the host's choice", OBSERVED, "log-02"},
        {"a name of a network that is taken is refused", OBSERVED, "WSL 11811"},
        {"an id of a network that is taken is refused", OBSERVED, "WSL 11811"},
        {"an unknown type of network is refused", DOCUMENTED, "HCN error codes"},
        {"a network can be deleted while endpoints exist", OBSERVED, "hcsshim hnsv2 tests"},
        {"a type may be a number", DOCUMENTED, "published samples"},
        {"requests by number", DOCUMENTED, "published samples"},
        {"settings of version 1 are good for", OBSERVED, "hns-21, hcsshim hnsv2 tests"},
        {"an address that is taken is refused", OBSERVED, "hns-27"},
        {"an address outside of the subnets is refused", OBSERVED, "hns-27"},
        {"a filter by ", OBSERVED, "hcsshim GetNetworkByID, GetNetworkByName"},
        {"a port is mapped once in a network", OBSERVED, "hcsshim hnsv2 tests"},
        {"a namespace without a type", OBSERVED, "hcsshim hnsv2 tests"},
        {"a second host default namespace is refused", DOCUMENTED, "HCN error codes"},
        {"an endpoint is attached once", DOCUMENTED, "HCN error codes"},
        {"an endpoint that is not in the namespace", DOCUMENTED, "HCN error codes"},
        {"an endpoint is attached and detached", OBSERVED, "hcsshim hnsv2 tests"},
        {"a load balancer without endpoints is refused", OBSERVED, "hns-25"},
        {"a load balancer to an endpoint that is unknown", OBSERVED, "hns-25"},
        {"a front end is balanced once", OBSERVED, "hns-24"},
        {"a load balancer is replaced as a whole", OBSERVED, "hcsshim"},
        {"networks that come and go are told of", DOCUMENTED, "HCN_NOTIFICATIONS"},
        {"a guest network service is made", DOCUMENTED, "GuestNetworkService"},
        {"what is unknown says so in the answer", OBSERVED, "hcsshim internal/hns"},
        {"an endpoint is attached to a container and shared", OBSERVED, "hcsshim"},
        {"a network that was deleted", ASSUMED, ""},
        {"version ", OBSERVED, "features as hcsshim asks for them"},
        {NULL, ASSUMED, NULL},
};
