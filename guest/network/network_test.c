/* SPDX-License-Identifier: MIT */

/* Adapters of this kernel, in network namespaces of the test's own: veth pairs stand for the host's adapters. */

#include "guest/network/namespaces.h"

#include <arpa/inet.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/network/adapter.h"
#include "guest/network/netlink.h"
#include "guest/network/netns.h"
#include "guest/testing/fixture.h"
#include "platform/clock.h"

#define SOON (hcs_clock_ns() + 60 * (uint64_t)HCS_NS_PER_S)
#define MAC  "02-15-5D-00-00-01"

typedef struct hcs_schema_guest_lcow_network_adapter adapter_t;

/* Output of a program, in a namespace or here; fails the test when it fails. Caller frees. */
static char *say(pid_t pid, const char *format, ...) {
        _cleanup_free_ char *rest = NULL, *command = NULL;
        struct hcs_buf out = {0};
        char chunk[4096];
        va_list ap;
        size_t n;
        FILE *f;

        va_start(ap, format);
        rest = hcs_vasprintf(format, ap);
        va_end(ap);
        command = pid ? hcs_asprintf("nsenter -n -t %d %s 2>&1", (int)pid, rest) : hcs_asprintf("%s 2>&1", rest);
        f = popen(command, "r");
        assert_non_null(f);
        while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
                hcs_buf_append(&out, chunk, n);
        if (pclose(f) != 0)
                fail_msg("%s: %s", command, hcs_buf_cstr(&out));
        return hcs_buf_steal(&out);
}

static void check_says(pid_t pid, const char *command, const char *expected) {
        _cleanup_free_ char *text = say(pid, "%s", command);

        if (!strstr(text, expected))
                fail_msg("%s: `%s' is not in: %s", command, expected, text);
}

/* A process in a network namespace of its own. */
static pid_t start_holder(void) {
        int ready[2];
        char c;
        pid_t pid;

        assert_int_equal(pipe(ready), 0);
        pid = fork();
        if (pid == 0) {
                c = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
                if (write(ready[1], &c, 1) == 1)
                        pause();
                _exit(0);
        }
        assert_int_equal(read(ready[0], &c, 1), 1);
        assert_int_equal(c, 'y');
        close(ready[0]);
        close(ready[1]);
        return pid;
}

static void end_holder(pid_t pid) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

/* The test's own namespace with the adapter a0, whose cable leads to peer0 (10.1.0.1/24, fd01::1/64). */
static bool with_adapter(void) {
        if (!guest_fixture_has_tool("ip") || !guest_fixture_has_tool("nsenter"))
                return false;
        if (unshare(CLONE_NEWNET) < 0) {
                print_message("skipped: no network namespace of its own; run as root\n");
                return false;
        }
        if (system("ip link add a0 address 02:15:5d:00:00:01 type veth peer name peer0 2>/dev/null") != 0) {
                print_message("skipped: the kernel has no veth\n");
                return false;
        }
        free(say(0, "ip link set peer0 up"));
        free(say(0, "ip addr add 10.1.0.1/24 dev peer0"));
        return true;
}

static struct hcs_schema_guest_lcowip_config addresses[] = {
        {.IPAddress = (char *)"10.1.0.5", .PrefixLength = 24},
        {.IPAddress = (char *)"fd01::5", .PrefixLength = 64},
};
static struct hcs_schema_guest_lcow_route routes[] = {
        {.NextHop = (char *)"10.1.0.1", .DestinationPrefix = (char *)"0.0.0.0/0"},
        {.NextHop = (char *)"10.1.0.1", .DestinationPrefix = (char *)"10.9.0.0/16", .Metric = 77},
        {.NextHop = (char *)"", .DestinationPrefix = (char *)"10.8.0.0/16"},
        {.NextHop = (char *)"0.0.0.0", .DestinationPrefix = (char *)"0.0.0.0/0"},
        {.NextHop = (char *)"fd01::1", .DestinationPrefix = (char *)"::/0"},
};

static adapter_t full_adapter(void) {
        return (adapter_t){
                .NamespaceID = (char *)"NS-1",
                .ID = (char *)"Adapter-1",
                .MacAddress = (char *)MAC,
                .DNSSuffix = (char *)"a.com,b.com",
                .DNSServerList = (char *)"10.1.0.1",
                .EncapOverhead = 50,
                .IPConfigs = {addresses, HCS_ARRAY_SIZE(addresses)},
                .Routes = {routes, HCS_ARRAY_SIZE(routes)},
        };
}

static void an_adapter_is_moved_and_set_up(void **state) {
        _cleanup_(hcs_freep) char *dns_text = NULL;
        _cleanup_json_ struct hcs_json *dns = NULL;
        struct guest_namespaces *n;
        adapter_t a = full_adapter();
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        pid_t pid;

        guest_skip_unless(with_adapter());
        guest_fixture_init(&f);
        n = guest_namespaces_new(&f.roots);
        pid = start_holder();
        guest_namespaces_add(n, "ns-1");
        assert_ok(guest_namespaces_add_adapter(n, &a, SOON, &err), err);
        check_says(0, "ip link show a0", "a0"); /* nobody to move it to */
        assert_ok(guest_namespaces_assign(n, "ns-1", pid, &err), err);
        assert_ok(guest_namespaces_sync(n, "Ns-1", &err), err);
        check_says(pid, "ip link show a0", "mtu 1450");
        check_says(pid, "ip link show a0", "UP");
        check_says(pid, "ip addr show a0", "inet 10.1.0.5/24 brd 10.1.0.255");
        check_says(pid, "ip addr show a0", "inet6 fd01::5/64");
        check_says(pid, "ip route", "default via 10.1.0.1 dev a0");
        check_says(pid, "ip route", "10.9.0.0/16 via 10.1.0.1 dev a0 metric 77");
        check_says(pid, "ip route", "10.8.0.0/16 dev a0");
        check_says(pid, "ip -6 route", "default via fd01::1 dev a0");
        assert_ok(guest_namespaces_sync(n, "ns-1", &err), err); /* nothing is done twice */

        assert_ok(guest_namespaces_dns(n, "ns-1", &dns, &err), err);
        dns_text = hcs_json_text(dns, HCS_JSON_GO);
        assert_string_equal(dns_text, "[{\"DNSSuffix\":\"a.com,b.com\",\"DNSServerList\":\"10.1.0.1\"}]");
        assert_hresult(guest_namespaces_add_adapter(n, &a, SOON, &err), E_FAIL);
        err = hcs_error_free(err);
        assert_hresult(guest_namespaces_assign(n, "ns-1", pid, &err), E_FAIL);
        err = hcs_error_free(err);
        assert_hresult(guest_namespaces_remove(n, "ns-1", &err), E_FAIL);
        assert_non_null(strstr(hcs_error_message(err), "contains adapters"));
        err = hcs_error_free(err);
        assert_ok(guest_namespaces_remove_adapter(n, "NS-1", "adapter-1", &err), err);
        assert_ok(guest_namespaces_remove_adapter(n, "NS-1", "adapter-1", &err), err);
        assert_ok(guest_namespaces_remove(n, "ns-1", &err), err);
        assert_hresult(guest_namespaces_find(n, "ns-1", &err), HCS_WIN32(1168));
        assert_string_equal(hcs_error_message(err), "HRESULT 0x80070490: namespace 'ns-1' not found");
        hcs_error_free(err);
        end_holder(pid);
        guest_namespaces_free(n);
        guest_fixture_deinit(&f);
}

static void the_container_reaches_its_gateway(void **state) {
        struct guest_fixture f;
        adapter_t a = full_adapter();
        struct hcs_error *err = NULL;
        pid_t pid;

        guest_skip_unless(guest_fixture_has_tool("busybox") && with_adapter());
        guest_fixture_init(&f);
        pid = start_holder();
        assert_ok(guest_adapter_move("a0", pid, &err), err);
        assert_ok(guest_adapter_configure(&f.roots, "a0", pid, &a, &err), err);
        free(say(pid, "busybox ping -c 1 -W 10 10.1.0.1"));
        end_holder(pid);
        guest_fixture_deinit(&f);
}

static void a_second_adapter_routes_by_policy(void **state) {
        struct hcs_schema_guest_lcowip_config ip = {.IPAddress = (char *)"10.2.0.5", .PrefixLength = 24};
        struct hcs_schema_guest_lcow_route route = {.NextHop = (char *)"10.2.0.1",
                                                    .DestinationPrefix = (char *)"0.0.0.0/0"};
        adapter_t first = full_adapter(), second = {.NamespaceID = (char *)"ns-1",
                                                    .ID = (char *)"b0", /* by its name */
                                                    .PolicyBasedRouting = true,
                                                    .IPConfigs = {&ip, 1},
                                                    .Routes = {&route, 1}};
        struct guest_namespaces *n;
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        pid_t pid;

        guest_skip_unless(with_adapter());
        guest_fixture_init(&f);
        free(say(0, "ip link add b0 type veth peer name peer1"));
        free(say(0, "ip link set peer1 up"));
        n = guest_namespaces_new(&f.roots);
        pid = start_holder();
        first.PolicyBasedRouting = true;
        assert_ok(guest_namespaces_add_adapter(n, &first, SOON, &err), err);
        assert_ok(guest_namespaces_assign(n, "ns-1", pid, &err), err);
        assert_ok(guest_namespaces_sync(n, "ns-1", &err), err);
        /* A container that runs already gets one more. */
        assert_ok(guest_namespaces_add_adapter(n, &second, SOON, &err), err);
        check_says(pid, "ip rule", "5:\tfrom 10.2.0.5 lookup 101");
        check_says(pid, "ip route show table 101", "default via 10.2.0.1 dev b0 metric 500");
        check_says(pid, "ip route show table main", "default via 10.1.0.1 dev a0");
        end_holder(pid);
        guest_namespaces_free(n);
        guest_fixture_deinit(&f);
}

static void a_gateway_outside_of_the_subnet_becomes_an_address_of_the_link(void **state) {
        struct hcs_schema_guest_lcow_route outside[] = {
                {.NextHop = (char *)"172.16.0.1", .DestinationPrefix = (char *)"0.0.0.0/0"},
                {.NextHop = (char *)"fd99::1", .DestinationPrefix = (char *)"::/0"},
        };
        adapter_t a = full_adapter();
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        pid_t pid;

        guest_skip_unless(with_adapter());
        guest_fixture_init(&f);
        pid = start_holder();
        a.Routes.items = outside;
        a.Routes.n = 1;
        assert_ok(guest_adapter_move("a0", pid, &err), err);
        assert_ok(guest_adapter_configure(&f.roots, "a0", pid, &a, &err), err);
        check_says(pid, "ip addr show a0", "inet 172.16.0.1/32");
        check_says(pid, "ip route", "default via 172.16.0.1 dev a0");
        end_holder(pid);
        guest_fixture_deinit(&f);
}

static void bad_addresses_and_routes_are_named_before_anything_changes(void **state) {
        struct hcs_schema_guest_lcowip_config ip = {.IPAddress = (char *)"10.1.0.5", .PrefixLength = 24};
        struct hcs_schema_guest_lcow_route route = {.NextHop = (char *)"10.1.0.1",
                                                    .DestinationPrefix = (char *)"0.0.0.0/0"};
        adapter_t a = {.IPConfigs = {&ip, 1}, .Routes = {&route, 1}};
        static const struct {
                const char *ip;
                uint8_t prefix;
                const char *hop, *destination, *named;
        } bad[] = {
                {"10.1.0", 24, "", "10.0.0.0/8", "IPConfigs[0]"},
                {"10.1.0.5", 33, "", "10.0.0.0/8", "IPConfigs[0]"},
                {"", 24, "", "10.0.0.0/8", "IPConfigs[0]"},
                {"10.1.0.5", 24, "gateway", "0.0.0.0/0", "Routes[0].NextHop"},
                {"10.1.0.5", 24, "10.1.0.1", "10.0.0.0/99", "Routes[0].DestinationPrefix"},
                {"10.1.0.5", 24, "10.1.0.1", "", "Routes[0].DestinationPrefix"},
                {"10.1.0.5", 24, "", "0.0.0.0/0", "Routes[0]"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                struct hcs_error *err = NULL;

                ip.IPAddress = (char *)bad[i].ip;
                ip.PrefixLength = bad[i].prefix;
                route.NextHop = (char *)bad[i].hop;
                route.DestinationPrefix = (char *)bad[i].destination;
                assert_hresult(guest_adapter_configure(&guest_real_roots, "no-such-link", getpid(), &a, &err),
                               E_INVALIDARG);
                assert_non_null(strstr(hcs_error_message(err), bad[i].named));
                hcs_error_free(err);
        }
}

static void links_that_are_absent_are_named(void **state) {
        adapter_t a = {.ID = (char *)"Adapter-9", .MacAddress = (char *)"02-15-5D-FF-FF-FF"};
        struct hcs_schema_guest_lcowip_config ip = {.IPAddress = (char *)"10.1.0.5", .PrefixLength = 24};
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        char link[IF_NAMESIZE];
        pid_t pid;

        guest_fixture_init(&f);
        assert_hresult(guest_adapter_link(&f.roots, &a, 0, link, &err), HCS_WIN32(1460));
        assert_non_null(strstr(hcs_error_message(err), "Adapter-9 with MAC address 02-15-5D-FF-FF-FF"));
        err = hcs_error_free(err);
        a.MacAddress = (char *)"none";
        assert_hresult(guest_adapter_link(&f.roots, &a, 0, link, &err), E_INVALIDARG);
        err = hcs_error_free(err);
        a.IPConfigs.items = &ip;
        a.IPConfigs.n = 1;
        assert_hresult(guest_adapter_move("no-such-link", getpid(), &err), HCS_WIN32(1168));
        assert_non_null(strstr(hcs_error_message(err), "no-such-link"));
        err = hcs_error_free(err);
        /* A process that has ended. */
        pid = fork();
        if (pid == 0)
                _exit(0);
        waitpid(pid, NULL, 0);
        assert_hresult(guest_adapter_configure(&f.roots, "lo", pid, &a, &err), HCS_WIN32(2));
        assert_non_null(strstr(hcs_error_message(err), "network namespace of process"));
        hcs_error_free(err);
        guest_fixture_deinit(&f);
}

static void with_vmbus_a_link_is_found_below_its_device(void **state) {
        adapter_t a = {.ID = (char *)"ABCD-0001"};
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        char link[IF_NAMESIZE] = "";

        guest_fixture_init(&f);
        guest_fixture_folder(&f, "sys/bus/vmbus/devices/abcd-0001/net/eth3");
        assert_ok(guest_adapter_link(&f.roots, &a, 0, link, &err), err);
        assert_string_equal(link, "eth3");
        guest_fixture_folder(&f, "sys/bus/vmbus/devices/abcd-0002/pci0002:00/0002:00:00.0/net/eth5");
        a.ID = (char *)"abcd-0002";
        a.VPCIAssigned = true;
        assert_ok(guest_adapter_link(&f.roots, &a, 0, link, &err), err);
        assert_string_equal(link, "eth5");
        a.ID = (char *)"../../x";
        assert_hresult(guest_adapter_link(&f.roots, &a, 0, link, &err), E_INVALIDARG);
        err = hcs_error_free(err);
        a.ID = (char *)"abcd-0003";
        a.VPCIAssigned = false;
        assert_hresult(guest_adapter_link(&f.roots, &a, 0, link, &err), HCS_WIN32(1460));
        assert_non_null(strstr(hcs_error_message(err), "network adapter abcd-0003"));
        hcs_error_free(err);
        guest_fixture_deinit(&f);
}

static char asked[256];

static HRESULT fake_tool(void *ctx, char *const argv[], int output, uint64_t timeout_ns, int *ret_exit_code,
                         struct hcs_error **err) {
        asked[0] = '\0';
        for (size_t i = 0; argv[i]; i++)
                snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s ", argv[i]);
        *ret_exit_code = *(int *)ctx;
        return dprintf(output, "no lease\n") > 0 ? S_OK : E_FAIL;
}

static void without_addresses_dhcp_is_asked(void **state) {
        adapter_t a = {0};
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        int code = 0;
        pid_t pid;

        guest_skip_unless(with_adapter());
        guest_fixture_init(&f);
        f.roots.run_tool = fake_tool;
        f.roots.ctx = &code;
        pid = start_holder();
        assert_ok(guest_adapter_move("a0", pid, &err), err);
        assert_ok(guest_adapter_configure(&f.roots, "a0", pid, &a, &err), err);
        assert_string_equal(asked, "udhcpc -q -i a0 -s /sbin/udhcpc_config.script ");
        code = 1;
        assert_hresult(guest_adapter_configure(&f.roots, "a0", pid, &a, &err), E_FAIL);
        assert_non_null(strstr(hcs_error_message(err), "udhcpc: exit code 1: no lease"));
        hcs_error_free(err);
        end_holder(pid);
        guest_fixture_deinit(&f);
}

static void an_overhead_that_leaves_no_room_is_refused(void **state) {
        adapter_t a = full_adapter();
        struct hcs_error *err = NULL;
        struct guest_fixture f;
        pid_t pid;

        guest_skip_unless(with_adapter());
        guest_fixture_init(&f);
        pid = start_holder();
        a.EncapOverhead = 1450;
        assert_ok(guest_adapter_move("a0", pid, &err), err);
        assert_hresult(guest_adapter_configure(&f.roots, "a0", pid, &a, &err), E_INVALIDARG);
        assert_non_null(strstr(hcs_error_message(err), "EncapOverhead"));
        hcs_error_free(err);
        end_holder(pid);
        guest_fixture_deinit(&f);
}

static void a_link_can_be_renamed(void **state) {
        _cleanup_netlink_ struct guest_netlink *n = NULL;
        struct hcs_error *err = NULL;
        struct guest_link l;

        guest_skip_unless(with_adapter());
        assert_ok(guest_netlink_open(0, &n, &err), err);
        assert_ok(guest_link_by_name(n, "a0", &l, &err), err);
        assert_ok(guest_link_rename(n, &l, "renamed", &err), err);
        check_says(0, "ip link show renamed", "renamed");
        assert_hresult(guest_link_rename(n, &l, "a-name-that-is-too-long", &err), E_INVALIDARG);
        hcs_error_free(err);
}

HCS_TESTS(cmocka_unit_test(an_adapter_is_moved_and_set_up), cmocka_unit_test(the_container_reaches_its_gateway),
          cmocka_unit_test(a_second_adapter_routes_by_policy),
          cmocka_unit_test(a_gateway_outside_of_the_subnet_becomes_an_address_of_the_link),
          cmocka_unit_test(bad_addresses_and_routes_are_named_before_anything_changes),
          cmocka_unit_test(links_that_are_absent_are_named),
          cmocka_unit_test(with_vmbus_a_link_is_found_below_its_device),
          cmocka_unit_test(without_addresses_dhcp_is_asked),
          cmocka_unit_test(an_overhead_that_leaves_no_room_is_refused), cmocka_unit_test(a_link_can_be_renamed))
