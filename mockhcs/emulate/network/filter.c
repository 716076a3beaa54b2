/* SPDX-License-Identifier: MIT */

/*
 * Queries: their filter is a JSON document inside a JSON string, and really is applied: clients take the first element
 * of what comes back without a look at it. ID, Name and VirtualNetwork are answered from the tables.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

static HRESULT parse_filter(const char *text, struct hcs_json **ret, struct hcs_error **err) {
        _cleanup_(hcs_error_freep) struct hcs_error *why = NULL;

        if (!*text)
                return S_OK;
        if (FAILED(hcs_json_parse_cstr(text, ret, &why)))
                return net_refuse(err, HCN_E_INVALID_JSON, "$.Filter", "%s", hcs_error_message(why));
        if (hcs_json_is(*ret, HCS_JSON_OBJECT))
                return S_OK;
        *ret = hcs_json_free(*ret);
        return net_refuse(err, HCN_E_INVALID_JSON, "$.Filter", "an object is expected inside the string");
}

HRESULT net_query_parse(const struct hcs_json *doc, struct net_query *ret, struct hcs_error **err) {
        const struct hcs_json *filter = hcs_json_get_nocase(doc, "Filter");
        const struct hcs_json *version = hcs_json_get_nocase(doc, "SchemaVersion");
        struct net_query q = {.detailed = net_uint(doc, "Flags") & 1, .legacy = net_uint(version, "Major") == 1};
        HRESULT hr = S_OK;

        if (filter && !hcs_json_is(filter, HCS_JSON_NULL) && !hcs_json_string(filter))
                hr = net_refuse(err, HCN_E_INVALID_JSON, "$.Filter", "a string with a JSON document is expected");
        else if (net_uint(version, "Major") > 2)
                hr = net_refuse(err, HCN_E_REQUEST_UNSUPPORTED, "$.SchemaVersion.Major", "2 is the newest");
        else if (hcs_json_string(filter))
                hr = parse_filter(hcs_json_string(filter), &q.filter, err);
        if (SUCCEEDED(hr))
                *ret = q;
        return hr;
}

void net_query_deinit(struct net_query *q) {
        q->filter = hcs_json_free(q->filter);
}

/* Ids and names of enumerations compare in any case, as hosts print them in either. */
static bool same(const struct hcs_json *wanted, const struct hcs_json *value, bool exact) {
        const char *a = hcs_json_string(wanted), *b = hcs_json_string(value);

        return a && b && !exact ? hcs_strcaseeq(a, b) : value && hcs_json_equal(wanted, value);
}

bool net_query_fits(const struct hcs_json *doc, const struct hcs_json *filter) {
        for (const struct hcs_json *f = hcs_json_first(filter); f; f = hcs_json_next(f)) {
                const char *key = hcs_json_key(f);

                if (hcs_strcaseeq(key, "VirtualNetwork"))
                        key = "HostComputeNetwork";
                if (!same(f, hcs_json_get_nocase(doc, key), hcs_strcaseeq(key, "Name")))
                        return false;
        }
        return true;
}

static const char *wanted(const struct net_query *q, const char *key) {
        return hcs_json_string(hcs_json_get_nocase(q->filter, key));
}

void net_query_each(struct net_model *m, enum net_kind kind, const struct net_query *q,
                    void (*fn)(void *ctx, struct net_object *o), void *ctx) {
        const char *id = wanted(q, "ID"), *name = wanted(q, "Name"), *network = wanted(q, "VirtualNetwork");
        struct net_object *o;

        if (!network)
                network = wanted(q, "HostComputeNetwork");
        if (id) {
                o = net_find(m, kind, id);
                if (o && net_query_fits(o->doc, q->filter))
                        fn(ctx, o);
        } else if (name) {
                for (o = net_find_named(m, kind, name); o; o = o->same_name_next)
                        if (net_query_fits(o->doc, q->filter))
                                fn(ctx, o);
        } else if (network && kind == NET_ENDPOINT) {
                struct net_network *n = (struct net_network *)net_find(m, NET_NETWORK, network);

                for (struct net_endpoint *e = n ? n->first : NULL; e; e = e->next)
                        if (net_query_fits(e->o.doc, q->filter))
                                fn(ctx, &e->o);
        } else {
                for (o = m->tables[kind].first; o; o = o->next)
                        if (net_query_fits(o->doc, q->filter))
                                fn(ctx, o);
        }
}
