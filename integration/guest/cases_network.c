/* SPDX-License-Identifier: MIT */

/* An adapter of the VM in a container's network namespace: eth0, with addresses of the NAT network that uvmboot makes
 * (172.31.0.0/24). */

#include <string.h>

#include "base/str.h"
#include "integration/guest/box.h"
#include "integration/guest/cases.h"

/* A namespace belongs to one container for ever, as in the original: each case has its own. */
#define NAMESPACE "66666666-0000-0000-0000-00000000000"

/* What a host says of the adapter. Caller frees. */
static char *adapter(struct host *h, int namespace, const char *address) {
        _cleanup_free_ char *mac = host_sh(h, "cat /sys/class/net/eth0/address | tr : -");

        return hcs_asprintf("{\"NamespaceID\":\"" NAMESPACE "%d\",\"ID\":\"%s\",\"MacAddress\":\"%s\","
                            "\"IPConfigs\":[{\"IPAddress\":\"%s\",\"PrefixLength\":24}],\"Routes\":[{\"NextHop\":"
                            "\"172.31.0.1\",\"DestinationPrefix\":\"0.0.0.0/0\",\"Metric\":5}],\"DNSSuffix\":"
                            "\"example.org,example.net\",\"DNSServerList\":\"172.31.0.1\"}",
                            namespace, suite_adapter, mac, address);
}

/* The adapter comes back to the VM when the last process of the namespace has ended, some time later. */
static void end(struct box *b, struct host *h, const struct process *p) {
        host_call_ok(h, HCS_GCS_SHUTDOWN_FORCED, "{\"ContainerId\":\"%s\"}", b->id);
        check(host_wait_process(h, p) == 137, "exit code");
        box_delete(b, h);
        free(host_sh(
                h, "i=0; until test -e /sys/class/net/eth0; do i=$((i + 1)); test $i -lt 3000 || exit 1; usleep 10000; "
                   "done"));
}

static void in_namespace(struct box *b, struct host *h, int namespace) {
        _cleanup_free_ char *id = hcs_asprintf("\"" NAMESPACE "%d\"", namespace);

        box_set(b, h, "windows.network.networkNamespace", id);
        box_set(b, h, "hostname", "\"alone\"");
}

static void contains(struct host *h, const char *text, const char *part) {
        check(strstr(text, part), "%s is not in %s", part, text);
}

static void look_around(struct box *b, struct host *h, const char *address) {
        _cleanup_free_ char *line = hcs_asprintf("inet %s/24", address);
        struct outcome o = {0};

        box_sh(b, h, "ip -4 addr show eth0; ip route; cat /etc/resolv.conf /etc/hosts; ip link show lo", &o);
        contains(h, o.out, line);
        contains(h, o.out, "default via 172.31.0.1 dev eth0");
        contains(h, o.out, "nameserver 172.31.0.1");
        contains(h, o.out, "search example.org example.net");
        contains(h, o.out, "alone");
        contains(h, o.out, "LOOPBACK,UP");
        outcome_check(h, &o, 0, NULL);
}

static void an_adapter_that_is_there_first_is_the_container_s(struct host *h) {
        _cleanup_free_ char *settings = adapter(h, 1, "172.31.0.2");
        struct process p;
        BOX(b, "[\"sleep\",\"1000\"]");

        host_modify(h, "Add", "Network", "%s", settings);
        in_namespace(&b.box, h, 1);
        box_create(&b.box, h);
        p = box_start(&b.box, h, 0);
        look_around(&b.box, h, "172.31.0.2");
        host_modify(h, "Remove", "Network", "%s", settings);
        end(&b.box, h, &p);
}

static void an_adapter_may_come_to_a_running_container(struct host *h) {
        _cleanup_free_ char *settings = adapter(h, 2, "172.31.0.3");
        struct outcome o = {0};
        struct process p;
        BOX(b, "[\"sleep\",\"1000\"]");

        in_namespace(&b.box, h, 2);
        box_create(&b.box, h);
        p = box_start(&b.box, h, 0);
        host_modify(h, "Add", "Network", "%s", settings);
        box_sh(&b.box, h, "ip -4 addr show eth0", &o);
        contains(h, o.out, "inet 172.31.0.3/24");
        outcome_check(h, &o, 0, NULL);
        host_modify(h, "Remove", "Network", "%s", settings);
        end(&b.box, h, &p);
}

static void an_adapter_is_in_a_namespace_once(struct host *h) {
        _cleanup_free_ char *settings = adapter(h, 3, "172.31.0.2"), *message = NULL;

        host_modify(h, "Add", "Network", "%s", settings);
        message = host_modify_failing(h, "Add", "Network", "%s", settings);
        contains(h, message, "already present in namespace");
        host_modify(h, "Remove", "Network", "%s", settings);
        host_modify(h, "Remove", "Network", "%s", settings);
}

#define CASE(name, fn) \
        { "network: " name, NEEDS_ADAPTER | NEEDS_RUNTIME, fn }

static const struct test_case cases[] = {
        CASE("an adapter that is there first is the container's", an_adapter_that_is_there_first_is_the_container_s),
        CASE("an adapter may come to a running container", an_adapter_may_come_to_a_running_container),
        {"network: an adapter is in a namespace once", NEEDS_ADAPTER, an_adapter_is_in_a_namespace_once},
};
const struct case_table network_cases = {.cases = cases, .n = HCS_ARRAY_SIZE(cases)};
