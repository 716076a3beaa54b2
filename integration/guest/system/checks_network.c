/* SPDX-License-Identifier: MIT */

/* Adapters in the network namespaces of containers, over the network that QEMU gives. */

#include "integration/guest/system/checks.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/network/namespaces.h"
#include "integration/guest/system/plan.h"

static pid_t start_holder(void) {
        int ready[2];
        char c;
        pid_t pid;

        if (pipe(ready) < 0 || (pid = fork()) < 0)
                return -1;
        if (pid == 0) {
                if (unshare(CLONE_NEWNET) < 0 || write(ready[1], "x", 1) != 1)
                        _exit(1);
                pause();
        }
        close(ready[1]);
        if (read(ready[0], &c, 1) != 1)
                pid = -1;
        close(ready[0]);
        return pid;
}

static int run_in(pid_t pid, const char *command) {
        _cleanup_free_ char *line = hcs_asprintf("nsenter -n -t %d %s", (int)pid, command);

        return system(line);
}

static void an_adapter_reaches_the_host_from_a_container(void) {
        struct hcs_schema_guest_lcowip_config ip = {.IPAddress = (char *)"10.0.2.15", .PrefixLength = 24};
        struct hcs_schema_guest_lcow_route route = {.NextHop = (char *)"10.0.2.2",
                                                    .DestinationPrefix = (char *)"0.0.0.0/0"};
        struct hcs_schema_guest_lcow_network_adapter a = {.NamespaceID = (char *)"NS",
                                                          .ID = (char *)"11111111-2222-3333-4444-555555555555",
                                                          .MacAddress = (char *)NIC_MAC,
                                                          .IPConfigs = {&ip, 1},
                                                          .Routes = {&route, 1}};
        struct guest_namespaces *n = guest_namespaces_new(ROOTS);
        pid_t pid = start_holder();

        expect(pid > 0);
        expect_ok(guest_namespaces_add_adapter(n, &a, SOON, err));
        expect_ok(guest_namespaces_assign(n, "ns", pid, err));
        expect_ok(guest_namespaces_sync(n, "ns", err));
        expect(run_in(pid, "ip route | grep -q 'default via 10.0.2.2'") == 0);
        expect(run_in(pid, "ping -c 1 -W 20 10.0.2.2 >/dev/null") == 0);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        guest_namespaces_free(n);
}

static void an_adapter_without_addresses_gets_a_lease(void) {
        struct hcs_schema_guest_lcow_network_adapter a = {
                .NamespaceID = (char *)"dhcp", .ID = (char *)"dhcp-adapter", .MacAddress = (char *)NIC_DHCP_MAC};
        struct guest_namespaces *n = guest_namespaces_new(ROOTS);
        pid_t pid = start_holder();

        expect(pid > 0);
        expect_ok(guest_namespaces_add_adapter(n, &a, SOON, err));
        expect_ok(guest_namespaces_assign(n, "dhcp", pid, err));
        expect_ok(guest_namespaces_sync(n, "dhcp", err));
        expect(run_in(pid, "ip addr | grep -q 'inet 10.0.2.'") == 0);
        expect(run_in(pid, "ip route | grep -q 'default via 10.0.2.2'") == 0);
        expect(system("grep -q 'nameserver 10.0.2.3' /etc/resolv.conf") == 0);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        guest_namespaces_free(n);
}

const struct check network_checks[] = {
        CHECK(an_adapter_reaches_the_host_from_a_container),
        CHECK(an_adapter_without_addresses_gets_a_lease),
        {0},
};
