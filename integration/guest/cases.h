/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_GUEST_CASES_H
#define INTEGRATION_GUEST_CASES_H

/* The cases of the conformance suite, a table a subject. A case is a sentence, and gets an agent that has negotiated.
 */

#include "integration/guest/host.h"

enum needs {
        NEEDS_RUNTIME = 1 << 0,        /* containers can be made */
        NEEDS_CGROUPS = 1 << 1,        /* and their processes are counted */
        NEEDS_RECONNECT = 1 << 2,      /* an agent whose host is gone dials again, or is started again by the suite */
        NEEDS_POD = 1 << 3,            /* network namespaces are known before they have adapters (PREPARE_NAMESPACE) */
        NEEDS_OWN_AGENT = 1 << 4,      /* the suite starts the agent, so it can look at it from outside */
        NEEDS_FAULTY_RUNTIME = 1 << 5, /* the runtime does as suite_fault_file says: crash, hang, lazy or none */
        NEEDS_BOUNDED_CLOSE = 1 << 6,  /* the agent gives up on a host that does not close its streams */
        NEEDS_POWER_OFF = 1 << 7,      /* powering off ends the agent, and no more than that */
        NEEDS_DISKS = 1 << 8,          /* the VM has the disks of cases_disk.c */
        NEEDS_ADAPTER = 1 << 9,        /* the VM has an adapter in QEMU's network for users */
};

struct test_case {
        const char *name;
        unsigned needs;
        void (*fn)(struct host *h);
};

/* Functions, or data that one function runs. */
struct case_table {
        const struct test_case *cases;
        size_t n;
        size_t (*count)(void);
        const char *(*name)(size_t i);
        unsigned (*needs)(size_t i); /* NULL: nothing */
        void (*run)(struct host *h, size_t i);
};
extern const struct case_table protocol_cases, request_cases, golden_cases, uvm_cases, container_cases, process_cases,
        pod_cases, disk_cases, network_cases, policy_cases, fault_cases;

/* What the suite was told: where a static busybox is in the VM, the golden cases, the layer on the disks (its root hash
 * and the size of its file system), the adapter's id on the VMBus. */
extern const char *suite_busybox, *suite_golden, *suite_fault_file, *suite_root_hash, *suite_adapter;
extern uint64_t suite_layer_size;

#endif
