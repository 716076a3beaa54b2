/* SPDX-License-Identifier: MIT */

/*
 * Both clients over the emulator's libraries, loaded at run time as on Windows: objects live and go, one version sees
 * what the other made, notifications arrive, and endpoints of running containers change.
 */

#include "base/json.h"
#include "hcsshim/hcn.h"
#include "hcsshim/hns.h"
#include "mockhcs/mockhcs.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define NETWORK                                                                                                      \
        "{\"Name\":\"nat\",\"Type\":\"NAT\",\"Ipams\":[{\"Type\":\"Static\",\"Subnets\":[{\"IpAddressPrefix\":"      \
        "\"192.168.100.0/24\",\"Routes\":[{\"NextHop\":\"192.168.100.1\",\"DestinationPrefix\":\"0.0.0.0/0\"}]}]}]," \
        "\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}"

static struct mockhcs *mock;
static struct hcn_client *hcn;
static struct hns_client *hns;

static int setup(void **state) {
        return FAILED(mockhcs_open("emulate", &mock, NULL)) || FAILED(hcn_client_open(NULL, &hcn, NULL)) ||
               FAILED(hns_client_open(NULL, &hns, NULL));
}

static int teardown(void **state) {
        hcn = hcn_client_unref(hcn);
        hns = hns_client_unref(hns);
        mock = mockhcs_close(mock);
        return 0;
}

static char *id_of(const char *document) {
        _cleanup_json_ struct hcs_json *json = NULL;

        assert_ok(hcs_json_parse_cstr(document, &json, NULL), NULL);
        return hcs_strdup(hcs_json_get_string(json, "ID"));
}

static char *made(enum hcn_kind kind, const char *settings) {
        _cleanup_free_ char *document = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcn_create(hcn, kind, settings, &document, &err), err);
        return id_of(document);
}

static char *endpoint_on(const char *network) {
        _cleanup_free_ char *document = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcn_network_create_endpoint(hcn, network, "{\"Name\":\"ep\"}", false, &document, &err), err);
        return id_of(document);
}

static void every_kind_lives_and_goes(void **state) {
        _cleanup_free_ char *network = made(HCN_KIND_NETWORK, NETWORK), *endpoint = endpoint_on(network),
                            *namespace = made(HCN_KIND_NAMESPACE, "{\"Type\":\"Host\"}"), *lb = NULL, *route = NULL,
                            *text = NULL;
        const char *const endpoints[] = {endpoint}, *const vips[] = {"10.1.1.1"};
        struct hcs_documents ids = {0};
        struct hcs_error *err = NULL;

        assert_ok(hcn_endpoint_attach_namespace(hcn, endpoint, namespace, &err), err);
        assert_ok(hcn_namespace_endpoint_ids(hcn, namespace, &ids, &err), err);
        assert_int_equal(ids.n, 1);
        assert_string_equal(ids.items[0], endpoint);
        hcs_documents_deinit(&ids);
        assert_ok(hcn_load_balancer_add(hcn,
                                        &(struct hcn_load_balancer){.endpoints = endpoints,
                                                                    .n_endpoints = 1,
                                                                    .flags = HCN_LOAD_BALANCER_DSR,
                                                                    .frontend_vips = vips,
                                                                    .n_frontend_vips = 1,
                                                                    .protocol = 6,
                                                                    .internal_port = 80,
                                                                    .external_port = 80},
                                        &lb, &err),
                  err);
        assert_ok(hcn_route_add(hcn,
                                &(struct hcn_route){.endpoints = endpoints,
                                                    .n_endpoints = 1,
                                                    .destination_prefix = "10.9.0.0/16",
                                                    .next_hop = "192.168.100.1"},
                                &route, &err),
                  err);
        assert_ok(hcn_endpoint_stats(hcn, endpoint, &text, &err), err);
        assert_ok(hcn_endpoint_detach_namespace(hcn, endpoint, namespace, &err), err);
        for (int kind = HCN_KIND_ROUTE; kind >= HCN_KIND_NETWORK; kind--) {
                assert_ok(hcn_list_ids(hcn, (enum hcn_kind)kind, NULL, &ids, &err), err);
                assert_int_equal(ids.n, 1);
                assert_ok(hcn_delete(hcn, (enum hcn_kind)kind, ids.items[0], &err), err);
                assert_hresult(hcn_get(hcn, (enum hcn_kind)kind, ids.items[0], &text, NULL), HCN_E_NO_SUCH_OBJECT);
                hcs_documents_deinit(&ids);
        }
}

static void one_version_sees_what_the_other_made(void **state) {
        _cleanup_free_ char *network = made(HCN_KIND_NETWORK, NETWORK), *seen = NULL, *endpoint = NULL, *back = NULL,
                            *id = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hns_network_get(hns, network, &seen, &err), err);
        assert_non_null(strstr(seen, "\"AddressPrefix\":\"192.168.100.0/24\""));
        assert_ok(hns_network_create_endpoint(hns, network, "{\"Name\":\"old\"}", false, &endpoint, &err), err);
        id = id_of(endpoint);
        assert_ok(hcn_get_by_name(hcn, HCN_KIND_ENDPOINT, "old", &back, &err), err);
        assert_non_null(strstr(back, id));
}

static void a_taken_port_and_a_missing_network_are_told_apart(void **state) {
        static const char endpoint[] = "{\"Policies\":[{\"Type\":\"PortMapping\",\"Settings\":{\"Protocol\":6,"
                                       "\"InternalPort\":80,\"ExternalPort\":8080}}]}";
        _cleanup_free_ char *network = made(HCN_KIND_NETWORK, NETWORK), *first = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcn_network_create_endpoint(hcn, network, endpoint, false, &first, &err), err);
        assert_true(hcn_is_port_already_exists(hcn_network_create_endpoint(hcn, network, endpoint, false, NULL, &err)));
        assert_non_null(hcs_error_document(err));
        hcs_error_free(err);
        assert_true(hcn_is_missing(
                hcn_network_create_endpoint(hcn, "d0b4e0c1-1111-4222-8333-444455556666", endpoint, false, NULL, NULL)));
}

static struct hcs_mutex lock;
static struct hcs_cond arrived;
static unsigned created, attached;

static void note(void *ctx, const struct hcn_event *e) {
        hcs_mutex_lock(&lock);
        created += e->type == HcnNotificationNetworkCreate;
        attached += e->type == HcnNotificationNetworkEndpointAttached;
        hcs_cond_broadcast(&arrived);
        hcs_mutex_unlock(&lock);
}

static void await(const unsigned *count) {
        hcs_mutex_lock(&lock);
        while (!*count)
                hcs_cond_wait(&arrived, &lock);
        hcs_mutex_unlock(&lock);
}

static void the_service_and_a_network_tell_what_happens(void **state) {
        struct hcn_watch *service = NULL, *of_network = NULL;
        _cleanup_free_ char *network = NULL, *endpoint = NULL, *namespace = NULL;
        struct hcn_object *o = NULL;
        struct hcs_error *err = NULL;

        hcs_mutex_init(&lock);
        hcs_cond_init(&arrived);
        assert_ok(hcn_watch_service(hcn, note, NULL, &service, &err), err);
        network = made(HCN_KIND_NETWORK, NETWORK);
        await(&created);
        service = hcn_watch_stop(service);
        assert_ok(hcn_object_open(hcn, HCN_KIND_NETWORK, network, &o, &err), err);
        assert_ok(hcn_watch_object(o, note, NULL, &of_network, &err), err);
        endpoint = endpoint_on(network);
        namespace = made(HCN_KIND_NAMESPACE, "{\"Type\":\"Host\"}");
        assert_ok(hcn_endpoint_attach_namespace(hcn, endpoint, namespace, &err), err);
        await(&attached);
        hcn_watch_stop(of_network);
        hcn_object_unref(o);
        hcs_cond_deinit(&arrived);
        hcs_mutex_deinit(&lock);
}

static struct hcn_watch *self;

static void stop_self(void *ctx, const struct hcn_event *e) {
        created += e->type == HcnNotificationNetworkCreate;
        hcn_watch_stop(self);
        hcs_mutex_lock(&lock);
        self = NULL;
        hcs_cond_broadcast(&arrived);
        hcs_mutex_unlock(&lock);
}

static void a_watch_stops_itself_while_the_service_delivers(void **state) {
        _cleanup_free_ char *network = NULL;
        struct hcs_error *err = NULL;

        created = 0;
        hcs_mutex_init(&lock);
        hcs_cond_init(&arrived);
        assert_ok(hcn_watch_service(hcn, stop_self, NULL, &self, &err), err);
        network = made(HCN_KIND_NETWORK, NETWORK);
        hcs_mutex_lock(&lock);
        /* NetworkPreCreate comes first, and is the last it hears. */
        while (self)
                hcs_cond_wait(&arrived, &lock);
        hcs_mutex_unlock(&lock);
        assert_int_equal(created, 0);
        hcs_cond_deinit(&arrived);
        hcs_mutex_deinit(&lock);
}

static void a_guest_service_reserves_ports(void **state) {
        struct hcn_object *o = NULL;
        struct hcs_error *err = NULL;
        HANDLE reservation = NULL;

        assert_ok(hcn_object_create(hcn, HCN_KIND_GUEST_SERVICE, NULL, NULL, "{}", &o, &err), err);
        assert_ok(hcn_port_reserve(o, HCN_PORT_PROTOCOL_TCP, HCN_PORT_ACCESS_EXCLUSIVE, 8080, &reservation, &err), err);
        assert_true(FAILED(
                hcn_port_reserve(o, HCN_PORT_PROTOCOL_TCP, HCN_PORT_ACCESS_EXCLUSIVE, 8080, &(HANDLE){NULL}, NULL)));
        assert_ok(hcn_port_release(hcn, reservation, &err), err);
        hcn_object_unref(o);
}

/* A container whose document names the endpoint has it: attaching again asks nothing of the compute service. */
static void an_endpoint_that_a_container_has_is_not_attached_twice(void **state) {
        _cleanup_free_ char *network = made(HCN_KIND_NETWORK, NETWORK), *endpoint = endpoint_on(network),
                            *other = endpoint_on(network), *container = NULL;
        struct hcs_client *hcs = NULL;
        struct hcs_system *s = NULL;
        struct hcs_error *err = NULL;
        bool is_attached = false;

        container = hcs_asprintf("{\"SystemType\":\"Container\",\"Name\":\"c\",\"Owner\":\"t\",\"Layers\":[],"
                                 "\"HvPartition\":false,\"EndpointList\":[\"%s\"]}",
                                 endpoint);
        assert_ok(hcs_client_open(&(struct hcs_client_options){.api = HCS_API_VMCOMPUTE}, &hcs, &err), err);
        assert_ok(hcs_system_create(hcs, "c", container, NULL, &s, &err), err);
        assert_ok(hcs_system_start(s, NULL, NULL, &err), err);
        assert_ok(hns_endpoint_is_attached(hns, endpoint, "C", &is_attached, &err), err);
        assert_true(is_attached);
        assert_ok(hns_endpoint_hot_attach(hns, hcs, "c", endpoint, &err), err);
        assert_ok(hns_endpoint_hot_attach(hns, hcs, "c", other, &err), err);
        assert_ok(hns_endpoint_hot_detach(hns, hcs, "nobody", other, &err), err);
        assert_true(hcs_is_not_exist(hns_endpoint_hot_attach(hns, hcs, "nobody", endpoint, NULL)));
        hcs_system_unref(s);
        hcs_client_unref(hcs);
}

/* A client of its own over faults; the mock of the other tests is set aside. */
static struct hcn_client *under_faults(const char *spec) {
        struct hcn_client *c = NULL;
        struct hcs_error *err = NULL;

        mock = mockhcs_close(mock);
        assert_ok(mockhcs_open(spec, &mock, &err), err);
        assert_ok(hcn_client_open(NULL, &c, &err), err);
        return c;
}

static void a_network_that_exists_and_cannot_be_opened_is_told_as_both(void **state) {
        struct hcn_client *c = under_faults("faults=exists-but-cannot-be-opened,emulate");
        char *document = NULL;

        assert_true(hcn_is_already_exists(hcn_create(c, HCN_KIND_NETWORK, NETWORK, &document, NULL)));
        assert_null(document);
        assert_true(FAILED(hcn_get(c, HCN_KIND_NETWORK, "11111111-1111-1111-1111-111111111111", &document, NULL)));
        assert_null(document);
        hcn_client_unref(c);
}

static void a_network_that_is_made_again_too_soon_is_refused_once(void **state) {
        struct hcn_client *c = under_faults("faults=made-again-too-soon,emulate");
        _cleanup_free_ char *first = NULL, *id = NULL, *again = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcn_create(c, HCN_KIND_NETWORK, NETWORK, &first, &err), err);
        id = id_of(first);
        assert_ok(hcn_delete(c, HCN_KIND_NETWORK, id, &err), err);
        assert_true(hcn_is_already_exists(hcn_create(c, HCN_KIND_NETWORK, NETWORK, &again, NULL)));
        assert_ok(hcn_create(c, HCN_KIND_NETWORK, NETWORK, &again, &err), err);
        hcn_client_unref(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
HCS_TESTS(TEST(every_kind_lives_and_goes), TEST(a_network_that_exists_and_cannot_be_opened_is_told_as_both),
          TEST(a_network_that_is_made_again_too_soon_is_refused_once), TEST(one_version_sees_what_the_other_made),
          TEST(a_taken_port_and_a_missing_network_are_told_apart), TEST(the_service_and_a_network_tell_what_happens),
          TEST(a_watch_stops_itself_while_the_service_delivers), TEST(a_guest_service_reserves_ports),
          TEST(an_endpoint_that_a_container_has_is_not_attached_twice))
