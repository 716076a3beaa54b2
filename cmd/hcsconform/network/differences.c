/* SPDX-License-Identifier: MIT */

/* Where hosts are known, or thought, to answer otherwise than the emulator. */

#include "cmd/hcsconform/network/network.h"

const struct difference differences[] = {
        {"a network that is unknown cannot be opened", "hosts also say 0x803B0001", "catalogue 4.5"},
        {"an endpoint that is unknown cannot be opened", "hosts also say 0x803B0002", "catalogue 4.5"},
        {"NAT without a subnet gets one of its own", "hosts choose another /20", "hns-16"},
        {"a NAT subnet of zeros is the host's choice", "hosts choose another /20", "log-02"},
        {"two NAT networks get different subnets", "hosts choose another /20", "hns-16"},
        {"a namespace without a number gets the next", "compartments are the host's", "the emulator counts from 2"},
        {"the first host default namespace is compartment 1", "a host has its default already", "hcsshim"},
        {"a second host default namespace is refused", "a host has its default already", "hcsshim"},
        {"an L2Bridge network is made and deleted", "needs an adapter (0x803B0006)", "hns-18"},
        {"a Transparent network is made and deleted", "needs an adapter (0x803B0006)", "hns-18"},
        {"an Overlay network is made and deleted", "needs an adapter (0x803B0006)", "hns-18"},
        {"an Infiniband network is made and deleted", "needs hardware", "NetworkMode"},
        {NULL, NULL, NULL},
};
