/* SPDX-License-Identifier: MIT */

/* hcnctl create: a document as it is given, with what the options say put into it. */

#include <getopt.h>
#include <string.h>

#include "base/str.h"
#include "cmd/hcnctl/hcnctl.h"

#define NETWORK       (1u << HCN_KIND_NETWORK)
#define ENDPOINT      (1u << HCN_KIND_ENDPOINT)
#define NAMESPACE     (1u << HCN_KIND_NAMESPACE)
#define LOAD_BALANCER (1u << HCN_KIND_LOAD_BALANCER)
#define ROUTE         (1u << HCN_KIND_ROUTE)

struct create {
        struct hcnctl *x;
        struct hcs_json *doc;
        struct hcs_error *err;
};
typedef HRESULT (*apply_fn)(struct create *c, const char *value);

static HRESULT bad(struct create *c, const char *what, const char *value) {
        return hcs_error_make(&c->err, E_INVALIDARG, "\"%s\" is not %s", value, what);
}

static struct hcs_json *array_of(struct hcs_json *parent, const char *member) {
        struct hcs_json *array = hcs_json_get(parent, member);

        return array ? array : hcs_json_set_new_array(parent, member);
}

static struct hcs_json *object_of(struct hcs_json *parent, const char *member) {
        struct hcs_json *object = hcs_json_get(parent, member);

        return object ? object : hcs_json_set_new_object(parent, member);
}

/* The last element of an array, the first one is made. */
static struct hcs_json *last_of(struct hcs_json *array) {
        size_t n = hcs_json_count(array);

        return n ? hcs_json_at(array, n - 1) : hcs_json_append(array, hcs_json_new_object());
}

static struct hcs_json *subnets_of(struct create *c) {
        struct hcs_json *ipams = array_of(c->doc, "Ipams"), *ipam = last_of(ipams);

        if (!hcs_json_get(ipam, "Type"))
                hcs_json_set_string(ipam, "Type", "Static");
        return array_of(ipam, "Subnets");
}

static HRESULT put_name(struct create *c, const char *value) {
        hcs_json_set_string(c->doc, "Name", value);
        return S_OK;
}

static HRESULT put_type(struct create *c, const char *value) {
        hcs_json_set_string(c->doc, "Type", value);
        return S_OK;
}

static HRESULT put_subnet(struct create *c, const char *value) {
        struct hcs_json *subnet = hcs_json_append(subnets_of(c), hcs_json_new_object());

        hcs_json_set_string(subnet, "IpAddressPrefix", value);
        return S_OK;
}

static HRESULT put_gateway(struct create *c, const char *value) {
        struct hcs_json *route = hcs_json_append(array_of(last_of(subnets_of(c)), "Routes"), hcs_json_new_object());

        hcs_json_set_string(route, "NextHop", value);
        hcs_json_set_string(route, "DestinationPrefix", strchr(value, ':') ? "::/0" : "0.0.0.0/0");
        return S_OK;
}

static HRESULT put_isolation(struct create *c, const char *type, const char *value) {
        struct hcs_json *policy;
        uint64_t id;

        if (!hcs_str_to_u64(value, &id) || id > UINT32_MAX)
                return bad(c, "an isolation id", value);
        policy = hcs_json_append(array_of(last_of(subnets_of(c)), "Policies"), hcs_json_new_object());
        hcs_json_set_string(policy, "Type", type);
        hcs_json_set_u64(hcs_json_set_new_object(policy, "Settings"), "IsolationId", id);
        return S_OK;
}

static HRESULT put_vlan(struct create *c, const char *value) {
        return put_isolation(c, "VLAN", value);
}

static HRESULT put_vsid(struct create *c, const char *value) {
        return put_isolation(c, "VSID", value);
}

static HRESULT put_dns(struct create *c, const char *value) {
        hcs_json_append(array_of(object_of(c->doc, "Dns"), "ServerList"), hcs_json_new_string(value));
        return S_OK;
}

static HRESULT put_domain(struct create *c, const char *value) {
        hcs_json_set_string(object_of(c->doc, "Dns"), "Domain", value);
        return S_OK;
}

static HRESULT put_flags(struct create *c, const char *value) {
        uint64_t flags;

        if (!hcs_str_to_u64(value, &flags) || flags > UINT32_MAX)
                return bad(c, "a set of flags", value);
        hcs_json_set_u64(c->doc, "Flags", flags);
        return S_OK;
}

static void add_flag(struct hcs_json *object, uint64_t flag) {
        uint64_t flags = 0;

        hcs_json_u64(hcs_json_get(object, "Flags"), &flags);
        hcs_json_set_u64(object, "Flags", flags | flag);
}

static HRESULT put_network(struct create *c, const char *value) {
        _cleanup_free_ char *id = NULL;
        HRESULT hr = argument_id(c->x, HCN_KIND_NETWORK, value, &id, &c->err);

        if (SUCCEEDED(hr))
                hcs_json_set_string(c->doc, "HostComputeNetwork", id);
        return hr;
}

static HRESULT put_ip(struct create *c, const char *value) {
        const char *slash = strchr(value, '/');
        _cleanup_free_ char *address = hcs_strndup(value, slash ? (size_t)(slash - value) : strlen(value));
        struct hcs_json *config;
        uint64_t prefix = 0;

        if (slash && (!hcs_str_to_u64(slash + 1, &prefix) || prefix > 128))
                return bad(c, "an address with a prefix length", value);
        config = hcs_json_append(array_of(c->doc, "IpConfigurations"), hcs_json_new_object());
        hcs_json_set_string(config, "IpAddress", address);
        if (slash)
                hcs_json_set_u64(config, "PrefixLength", prefix);
        return S_OK;
}

static HRESULT put_mac(struct create *c, const char *value) {
        hcs_json_set_string(c->doc, "MacAddress", value);
        return S_OK;
}

static HRESULT put_remote(struct create *c, const char *value) {
        add_flag(c->doc, HCN_ENDPOINT_REMOTE);
        return S_OK;
}

static HRESULT put_policy(struct create *c, const char *value) {
        const char *equals = strchr(value, '=');
        _cleanup_free_ char *type = hcs_strndup(value, equals ? (size_t)(equals - value) : strlen(value)),
                            *settings = NULL, *text = NULL;
        enum hcs_schema_policy_kind kind =
                c->x->kind == HCN_KIND_NETWORK ? HCS_SCHEMA_POLICY_NETWORK : HCS_SCHEMA_POLICY_ENDPOINT;
        struct hcs_json *policy = NULL;
        HRESULT hr;

        if ((equals && FAILED(hr = argument_document(equals + 1, &settings, &c->err))) ||
            FAILED(hr = hcn_policy_build(kind, type, settings, &text, &c->err)) ||
            FAILED(hr = hcs_json_parse_cstr(text, &policy, &c->err)))
                return hr;
        hcs_json_append(array_of(c->doc, "Policies"), policy);
        return S_OK;
}

static HRESULT put_endpoint(struct create *c, const char *value) {
        _cleanup_free_ char *id = NULL;
        HRESULT hr = argument_id(c->x, HCN_KIND_ENDPOINT, value, &id, &c->err);

        if (SUCCEEDED(hr))
                hcs_json_append(array_of(c->doc, "HostComputeEndpoints"), hcs_json_new_string(id));
        return hr;
}

static HRESULT put_vip(struct create *c, const char *value) {
        hcs_json_append(array_of(c->doc, "FrontendVIPs"), hcs_json_new_string(value));
        return S_OK;
}

static HRESULT put_source_vip(struct create *c, const char *value) {
        hcs_json_set_string(c->doc, "SourceVIP", value);
        return S_OK;
}

/* EXTERNAL:INTERNAL[/tcp|udp|NUMBER] */
static HRESULT put_port(struct create *c, const char *value) {
        const char *colon = strchr(value, ':'), *slash = strchr(value, '/');
        size_t end = slash ? (size_t)(slash - value) : strlen(value);
        _cleanup_free_ char *external = hcs_strndup(value, colon && colon < value + end ? (size_t)(colon - value) : 0),
                            *internal = colon && colon < value + end
                                                ? hcs_strndup(colon + 1, end - (size_t)(colon + 1 - value))
                                                : hcs_strdup("");
        struct hcs_json *mapping;
        uint64_t out, in, protocol = 6;

        if (slash && hcs_strcaseeq(slash + 1, "udp"))
                protocol = 17;
        else if (slash && !hcs_strcaseeq(slash + 1, "tcp") && (!hcs_str_to_u64(slash + 1, &protocol) || protocol > 255))
                return bad(c, "a protocol", slash + 1);
        if (!hcs_str_to_u64(external, &out) || !hcs_str_to_u64(internal, &in) || out > UINT16_MAX || in > UINT16_MAX)
                return bad(c, "EXTERNAL:INTERNAL[/PROTOCOL]", value);
        mapping = hcs_json_append(array_of(c->doc, "PortMappings"), hcs_json_new_object());
        hcs_json_set_u64(mapping, "Protocol", protocol);
        hcs_json_set_u64(mapping, "InternalPort", in);
        hcs_json_set_u64(mapping, "ExternalPort", out);
        return S_OK;
}

static struct hcs_json *mapping_of(struct create *c) {
        return last_of(array_of(c->doc, "PortMappings"));
}

static HRESULT put_distribution(struct create *c, const char *value) {
        uint64_t number;

        if (!hcs_str_to_u64(value, &number) || number > HCN_DISTRIBUTION_SOURCE_IP)
                return bad(c, "0, 1 or 2", value);
        hcs_json_set_u64(mapping_of(c), "DistributionType", number);
        return S_OK;
}

static HRESULT put_dsr(struct create *c, const char *value) {
        add_flag(c->doc, HCN_LOAD_BALANCER_DSR);
        return S_OK;
}

static HRESULT put_ipv6(struct create *c, const char *value) {
        add_flag(c->doc, HCN_LOAD_BALANCER_IPV6);
        return S_OK;
}

static HRESULT put_ilb(struct create *c, const char *value) {
        add_flag(mapping_of(c), HCN_PORT_MAPPING_ILB);
        return S_OK;
}

static HRESULT put_local_routed_vip(struct create *c, const char *value) {
        add_flag(mapping_of(c), HCN_PORT_MAPPING_LOCAL_ROUTED_VIP);
        return S_OK;
}

static HRESULT put_use_mux(struct create *c, const char *value) {
        add_flag(mapping_of(c), HCN_PORT_MAPPING_USE_MUX);
        return S_OK;
}

static HRESULT put_preserve_dip(struct create *c, const char *value) {
        add_flag(mapping_of(c), HCN_PORT_MAPPING_PRESERVE_DIP);
        return S_OK;
}

static struct hcs_json *setting_of(struct create *c) {
        return last_of(array_of(c->doc, "Setting"));
}

static HRESULT put_destination(struct create *c, const char *value) {
        hcs_json_set_string(setting_of(c), "DestinationPrefix", value);
        return S_OK;
}

static HRESULT put_next_hop(struct create *c, const char *value) {
        hcs_json_set_string(setting_of(c), "NextHop", value);
        return S_OK;
}

static HRESULT put_encap(struct create *c, const char *value) {
        hcs_json_set_bool(setting_of(c), "NeedEncap", true);
        return S_OK;
}

static const struct {
        const char *name, *value;
        unsigned kinds;
        apply_fn apply;
        const char *summary;
} known[] = {
        {"name", "N", NETWORK | ENDPOINT, put_name, "its name"},
        {"type", "T", NETWORK | NAMESPACE, put_type, "NAT, Transparent, L2Bridge ...; Host, Guest ..."},
        {"subnet", "PREFIX", NETWORK, put_subnet, "another subnet"},
        {"gateway", "IP", NETWORK, put_gateway, "default route of the subnet before it"},
        {"vlan", "ID", NETWORK, put_vlan, "isolation of the subnet before it"},
        {"vsid", "ID", NETWORK, put_vsid, "the same, for overlays"},
        {"dns", "IP", NETWORK | ENDPOINT, put_dns, "another DNS server"},
        {"domain", "D", NETWORK | ENDPOINT, put_domain, "DNS domain"},
        {"flags", "N", NETWORK | ENDPOINT | LOAD_BALANCER, put_flags, "the number of its flags"},
        {"network", "ID|NAME", ENDPOINT, put_network, "the network it is on"},
        {"ip", "IP[/LENGTH]", ENDPOINT, put_ip, "another address"},
        {"mac", "MAC", ENDPOINT, put_mac, "MAC address"},
        {"remote", NULL, ENDPOINT, put_remote, "on another host"},
        {"policy", "TYPE[=JSON]", NETWORK | ENDPOINT, put_policy, "another policy"},
        {"endpoint", "ID|NAME", LOAD_BALANCER | ROUTE, put_endpoint, "another endpoint"},
        {"vip", "IP", LOAD_BALANCER, put_vip, "another front end"},
        {"source-vip", "IP", LOAD_BALANCER, put_source_vip, "where requests come from"},
        {"port", "OUT:IN[/tcp|udp|N]", LOAD_BALANCER, put_port, "another port; what follows is about it"},
        {"distribution", "0|1|2", LOAD_BALANCER, put_distribution, "by source with port, without, address only"},
        {"dsr", NULL, LOAD_BALANCER, put_dsr, "direct server return"},
        {"ipv6", NULL, LOAD_BALANCER, put_ipv6, "front ends are IPv6"},
        {"ilb", NULL, LOAD_BALANCER, put_ilb, "internal load balancer"},
        {"local-routed-vip", NULL, LOAD_BALANCER, put_local_routed_vip, ""},
        {"use-mux", NULL, LOAD_BALANCER, put_use_mux, ""},
        {"preserve-dip", NULL, LOAD_BALANCER, put_preserve_dip, ""},
        {"destination", "PREFIX", ROUTE, put_destination, "for what it is"},
        {"next-hop", "IP", ROUTE, put_next_hop, "where it leads"},
        {"encap", NULL, ROUTE, put_encap, "with encapsulation"},
};
#define CHECK 1000

void help_create(const struct hcnctl *x) {
        printf("usage: hcnctl %s [DOCUMENT] [OPTIONS]\n\n", x->what);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(known); i++)
                if (known[i].kinds & (1u << x->kind))
                        printf("  --%s%s%-*s %s\n", known[i].name, known[i].value ? " " : "",
                               (int)(26 - strlen(known[i].name)), known[i].value ? known[i].value : "",
                               known[i].summary);
        puts("  --check                      ask first whether the service has all that the document needs");
}

static HRESULT start_document(struct create *c, const char *argument) {
        _cleanup_free_ char *text = NULL;
        HRESULT hr = S_OK;

        if (argument && (FAILED(hr = argument_document(argument, &text, &c->err)) ||
                         FAILED(hr = hcs_json_parse_cstr(text, &c->doc, &c->err))))
                return hr;
        if (argument && !hcs_json_is(c->doc, HCS_JSON_OBJECT))
                return hcs_error_make(&c->err, E_INVALIDARG, "the document is not a JSON object");
        if (!argument)
                c->doc = hcs_json_new_object();
        if (c->x->kind != HCN_KIND_GUEST_SERVICE && !hcs_json_get_nocase(c->doc, "SchemaVersion")) {
                struct hcs_json *version = hcs_json_set_new_object(c->doc, "SchemaVersion");

                hcs_json_set_u64(version, "Major", 2);
                hcs_json_set_u64(version, "Minor", 0);
        }
        return S_OK;
}

static HRESULT make(struct create *c, bool check, char **ret) {
        _cleanup_free_ char *settings = hcs_json_text(c->doc, HCS_JSON_GO);
        HRESULT hr = check ? hcn_require_for(c->x->c, c->x->kind, settings, &c->err) : S_OK;

        return FAILED(hr) ? hr : hcn_create(c->x->c, c->x->kind, settings, ret, &c->err);
}

int verb_create(struct hcnctl *x, int argc, char **argv) {
        struct option options[HCS_ARRAY_SIZE(known) + 2] = {0};
        struct {
                size_t option;
                const char *value;
        } chosen[128];
        struct create c = {.x = x};
        _cleanup_free_ char *document = NULL;
        size_t n = 0, n_options = 0;
        bool check = false;
        HRESULT hr;
        int o;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(known); i++)
                if (known[i].kinds & (1u << x->kind))
                        options[n_options++] = (struct option){
                                known[i].name, known[i].value ? required_argument : no_argument, NULL, (int)i};
        options[n_options] = (struct option){"check", no_argument, NULL, CHECK};
        while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
                if (o == '?')
                        return EXIT_USAGE;
                if (o == CHECK) {
                        check = true;
                        continue;
                }
                if (n == HCS_ARRAY_SIZE(chosen))
                        return tell_usage(x, "too many options");
                chosen[n].option = (size_t)o;
                chosen[n++].value = optarg;
        }
        if (argc - optind > 1)
                return tell_usage(x, "`%s' is one argument too many", argv[optind + 1]);
        if (argc == optind && !n && x->kind != HCN_KIND_NAMESPACE)
                return tell_usage(x, "a document or options are needed");
        hr = start_document(&c, argv[optind]);
        for (size_t i = 0; i < n && SUCCEEDED(hr); i++)
                hr = known[chosen[i].option].apply(&c, chosen[i].value);
        if (SUCCEEDED(hr))
                hr = make(&c, check, &document);
        hcs_json_free(c.doc);
        if (FAILED(hr))
                return tell_error(x, c.err);
        print_id(x, document);
        return EXIT_OK;
}
