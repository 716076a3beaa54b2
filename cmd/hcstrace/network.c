/* SPDX-License-Identifier: MIT */

/*
 * Documents of host networking in a few words: what kind of object, its name and addresses. Both versions; what is none
 * of these is left to be shown as it is. Pure functions.
 */

#include "cmd/hcstrace/network.h"

#include <string.h>

#include "base/str.h"

static const char *text(const struct hcs_json *object, const char *name) {
        const char *value = hcs_json_string(hcs_json_get_nocase(object, name));

        return value ? value : "";
}

static unsigned long long number(const struct hcs_json *object, const char *name) {
        uint64_t n = 0;

        hcs_json_u64(hcs_json_get_nocase(object, name), &n);
        return n;
}

static bool has(const struct hcs_json *object, const char *name) {
        return hcs_json_get_nocase(object, name);
}

static void put_word(struct hcs_buf *out, const char *word) {
        if (*word)
                hcs_buf_printf(out, " %s", word);
}

static void put_name(struct hcs_buf *out, const char *noun, const struct hcs_json *object) {
        hcs_buf_puts(out, noun);
        if (*text(object, "Name"))
                hcs_buf_printf(out, " \"%s\"", text(object, "Name"));
}

static void put_id(struct hcs_buf *out, const struct hcs_json *object) {
        if (*text(object, "ID"))
                hcs_buf_printf(out, " (%.8s)", text(object, "ID"));
}

static void put_port(const struct hcs_json *mapping, struct hcs_buf *out) {
        unsigned long long protocol = number(mapping, "Protocol");
        const char *name = protocol == 6 ? "tcp " : protocol == 17 ? "udp " : "";

        hcs_buf_printf(out, " %s%llu->%llu", name, number(mapping, "ExternalPort"), number(mapping, "InternalPort"));
}

static void put_policies(const struct hcs_json *list, struct hcs_buf *out) {
        const char *between = ", ";

        for (const struct hcs_json *p = hcs_json_first(list); p; p = hcs_json_next(p)) {
                const struct hcs_json *settings = hcs_json_get_nocase(p, "Settings");

                hcs_buf_printf(out, "%s%s", between, *text(p, "Type") ? text(p, "Type") : "policy");
                if (has(settings ? settings : p, "ExternalPort"))
                        put_port(settings ? settings : p, out);
        }
}

/* ---- objects ---- */

static void put_subnets(const struct hcs_json *list, struct hcs_buf *out) {
        for (const struct hcs_json *s = hcs_json_first(list); s; s = hcs_json_next(s)) {
                const char *hop = text(s, "GatewayAddress");

                put_word(out, text(s, has(s, "IpAddressPrefix") ? "IpAddressPrefix" : "AddressPrefix"));
                if (!*hop)
                        hop = text(hcs_json_first(hcs_json_get_nocase(s, "Routes")), "NextHop");
                if (*hop)
                        hcs_buf_printf(out, " via %s", hop);
        }
}

static void put_network(const struct hcs_json *object, struct hcs_buf *out) {
        put_name(out, "network", object);
        put_word(out, text(object, "Type"));
        for (const struct hcs_json *i = hcs_json_first(hcs_json_get_nocase(object, "Ipams")); i; i = hcs_json_next(i))
                put_subnets(hcs_json_get_nocase(i, "Subnets"), out);
        put_subnets(hcs_json_get_nocase(object, "Subnets"), out);
        put_policies(hcs_json_get_nocase(object, "Policies"), out);
        put_id(out, object);
}

static void put_endpoint(const struct hcs_json *object, struct hcs_buf *out) {
        put_name(out, "endpoint", object);
        for (const struct hcs_json *c = hcs_json_first(hcs_json_get_nocase(object, "IpConfigurations")); c;
             c = hcs_json_next(c)) {
                put_word(out, text(c, "IpAddress"));
                if (number(c, "PrefixLength"))
                        hcs_buf_printf(out, "/%llu", number(c, "PrefixLength"));
        }
        put_word(out, text(object, "IPAddress"));
        put_word(out, text(object, "IPv6Address"));
        put_word(out, text(object, "MacAddress"));
        if (*text(object, "HostComputeNamespace"))
                hcs_buf_printf(out, " in namespace %.8s", text(object, "HostComputeNamespace"));
        put_policies(hcs_json_get_nocase(object, "Policies"), out);
        put_id(out, object);
}

static void put_namespace(const struct hcs_json *object, struct hcs_buf *out) {
        const struct hcs_json *list =
                hcs_json_get_nocase(object, has(object, "Resources") ? "Resources" : "ResourceList");

        hcs_buf_puts(out, "namespace");
        put_word(out, text(object, "Type"));
        hcs_buf_printf(out, " %llu", number(object, has(object, "NamespaceId") ? "NamespaceId" : "CompartmentId"));
        for (const struct hcs_json *r = hcs_json_first(list); r; r = hcs_json_next(r))
                hcs_buf_printf(out, ", %s %.8s", text(r, "Type"), text(hcs_json_get_nocase(r, "Data"), "ID"));
        put_id(out, object);
}

static void put_references(const struct hcs_json *list, struct hcs_buf *out) {
        size_t n = hcs_json_count(list);

        hcs_buf_printf(out, " of %zu endpoint%s", n, n == 1 ? "" : "s");
}

static void put_balancer(const struct hcs_json *object, struct hcs_buf *out) {
        hcs_buf_puts(out, "load balancer");
        for (const struct hcs_json *v = hcs_json_first(hcs_json_get_nocase(object, "FrontendVIPs")); v;
             v = hcs_json_next(v))
                put_word(out, hcs_json_string(v) ? hcs_json_string(v) : "");
        for (const struct hcs_json *p = hcs_json_first(hcs_json_get_nocase(object, "PortMappings")); p;
             p = hcs_json_next(p))
                put_port(p, out);
        put_references(hcs_json_get_nocase(object, "HostComputeEndpoints"), out);
        put_id(out, object);
}

static void put_route(const struct hcs_json *object, struct hcs_buf *out) {
        hcs_buf_puts(out, "route");
        for (const struct hcs_json *s = hcs_json_first(hcs_json_get_nocase(object, "Setting")); s;
             s = hcs_json_next(s)) {
                put_word(out, text(s, "DestinationPrefix"));
                if (*text(s, "NextHop"))
                        hcs_buf_printf(out, " via %s", text(s, "NextHop"));
        }
        put_references(hcs_json_get_nocase(object, "HostComputeEndpoints"), out);
        put_id(out, object);
}

static void put_list(const struct hcs_json *object, struct hcs_buf *out) {
        hcs_buf_puts(out, "policy list");
        put_policies(hcs_json_get_nocase(object, "Policies"), out);
        put_references(hcs_json_get_nocase(object, "References"), out);
        put_id(out, object);
}

/* ---- requests and answers ---- */

static void put_request(const struct hcs_json *object, struct hcs_buf *out) {
        const struct hcs_json *settings = hcs_json_get_nocase(object, "Settings");
        static const char *const ids[] = {"EndpointId", "ContainerId", "VirtualMachineId"};

        hcs_buf_printf(out, "%s %s", text(object, "RequestType"), text(object, "ResourceType"));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(ids); i++)
                put_word(out, text(settings, ids[i]));
        put_policies(hcs_json_get_nocase(settings, "Policies"), out);
        put_subnets(hcs_json_get_nocase(settings, "Subnets"), out);
}

static void put_query(const struct hcs_json *object, struct hcs_buf *out) {
        if (*text(object, "Filter"))
                hcs_buf_printf(out, "where %s", text(object, "Filter"));
        else
                hcs_buf_puts(out, "everything");
}

static bool put_answer(const struct hcs_json *object, struct hcs_buf *out) {
        const struct hcs_json *output = hcs_json_get_nocase(object, "Output");

        if (!hcs_json_bool(hcs_json_get_nocase(object, "Success"))) {
                hcs_buf_printf(out, "refused: %s", text(object, "Error"));
                return true;
        }
        return !output || network_describe(output, NULL, out);
}

static bool put_array(const struct hcs_json *array, struct hcs_buf *out) {
        size_t n = hcs_json_count(array);

        if (n == 0)
                hcs_buf_puts(out, "none");
        else if (hcs_json_string(hcs_json_first(array)))
                hcs_buf_printf(out, "%zu: %.8s%s", n, hcs_json_string(hcs_json_first(array)), n > 1 ? " ..." : "");
        else
                hcs_buf_printf(out, "%zu: ", n);
        for (const struct hcs_json *e = hcs_json_first(array); e && !hcs_json_string(e); e = hcs_json_next(e)) {
                if (!network_describe(e, NULL, out))
                        return false;
                hcs_buf_puts(out, hcs_json_next(e) ? "; " : "");
        }
        return true;
}

/* The first row of which a document has the member says what it is. */
static const struct {
        const char *member;
        void (*put)(const struct hcs_json *object, struct hcs_buf *out);
} rows[] = {
        {"RequestType", put_request},
        {"FrontendVIPs", put_balancer},
        {"PortMappings", put_balancer},
        {"Setting", put_route},
        {"HostComputeEndpoints", put_balancer},
        {"References", put_list},
        {"HostComputeNetwork", put_endpoint},
        {"VirtualNetwork", put_endpoint},
        {"VirtualNetworkName", put_endpoint},
        {"IpConfigurations", put_endpoint},
        {"NamespaceId", put_namespace},
        {"ResourceList", put_namespace},
        {"Ipams", put_network},
        {"Subnets", put_network},
        {"MacPool", put_network},
        {"MacPools", put_network},
        {"Filter", put_query},
};

/* What HcnCreate names, for settings that do not say it themselves. */
static const struct {
        const char *noun;
        void (*put)(const struct hcs_json *object, struct hcs_buf *out);
} nouns[] = {{"Network", put_network},
             {"Endpoint", put_endpoint},
             {"Namespace", put_namespace},
             {"LoadBalancer", put_balancer},
             {"SdnRoute", put_route}};

bool network_describe(const struct hcs_json *doc, const char *noun, struct hcs_buf *out) {
        if (hcs_json_is(doc, HCS_JSON_ARRAY))
                return put_array(doc, out);
        if (!hcs_json_is(doc, HCS_JSON_OBJECT))
                return false;
        if (has(doc, "Success"))
                return put_answer(doc, out);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++)
                if (has(doc, rows[i].member)) {
                        rows[i].put(doc, out);
                        return true;
                }
        for (size_t i = 0; noun && i < HCS_ARRAY_SIZE(nouns); i++)
                if (hcs_streq(nouns[i].noun, noun)) {
                        nouns[i].put(doc, out);
                        return true;
                }
        /* The query that asks for nothing in particular. */
        if (hcs_json_count(doc) == 1 && has(doc, "SchemaVersion")) {
                put_query(doc, out);
                return true;
        }
        return false;
}
