/* SPDX-License-Identifier: MIT */

/* The calls of computenetwork against the model. Under the emulator's lock. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

static void fail(struct mock_call *call, HRESULT hr, struct hcs_error *err) {
        mock_call_fail(call, hr, net_error_record(hr, err));
        hcs_error_free(err);
}

/* The document of an argument; optional: none is as good as an empty one (ret NULL). */
static HRESULT document(struct mock_call *call, const char *name, bool optional, struct hcs_json **ret,
                        struct hcs_error **err) {
        struct mock_value *v = mock_call_arg(call, name);
        _cleanup_(hcs_error_freep) struct hcs_error *why = NULL;

        *ret = NULL;
        if (mock_value_is_empty(v))
                return optional ? S_OK : net_refuse(err, HCN_E_INVALID_JSON, "$", "the document is empty");
        *ret = mock_value_tree(v, &why);
        if (!*ret)
                return net_refuse(err, HCN_E_INVALID_JSON, hcs_error_path(why) ? hcs_error_path(why) : "$", "%s",
                                  hcs_error_message(why));
        if (!hcs_json_is(*ret, HCS_JSON_OBJECT))
                return net_refuse(err, HCN_E_INVALID_JSON, "$", "an object is expected");
        return S_OK;
}

static void append_id(void *ctx, const char *id) {
        struct hcs_buf *b = ctx;

        if (b->len > 1)
                hcs_buf_putc(b, ',');
        hcs_json_print_string(id, strlen(id), HCS_JSON_GO, b);
}

static void append_object(void *ctx, struct net_object *o) {
        append_id(ctx, o->id_text);
}

static void enumerate(struct net_model *m, struct mock_call *call, enum net_kind kind) {
        struct hcs_error *err = NULL;
        struct net_query q = {0};
        struct hcs_buf ids = {0};
        struct hcs_json *doc;
        HRESULT hr = document(call, "query", true, &doc, &err);

        if (SUCCEEDED(hr))
                hr = net_query_parse(doc, &q, &err);
        if (FAILED(hr)) {
                fail(call, hr, err);
                return;
        }
        hcs_buf_putc(&ids, '[');
        net_query_each(m, kind, &q, append_object, &ids);
        net_faults_list(m, kind, q.filter, append_id, &ids);
        hcs_buf_putc(&ids, ']');
        net_query_deinit(&q);
        mock_call_done(call, hcs_buf_steal(&ids));
}

static void give_handle(struct net_model *m, struct mock_call *call, struct net_object *o) {
        m->newest[call->created->kind] = call->created->number;
        call->created->object = net_object_ref(o);
        mock_call_done(call, NULL);
}

static void create(struct net_model *m, struct mock_call *call, enum net_kind kind) {
        struct hcs_error *err = NULL;
        struct net_object *o = NULL;
        struct hcs_json *doc;
        HRESULT hr = call->entity ? net_usable(m, call->entity, &err) : S_OK;

        if (SUCCEEDED(hr))
                hr = document(call, "settings", false, &doc, &err);
        if (SUCCEEDED(hr))
                hr = net_create(m, kind, call->entity ? call->entity->object : NULL, mock_call_text(call, "id"), doc,
                                &o, &err);
        if (FAILED(hr))
                fail(call, hr, err);
        else
                give_handle(m, call, o);
}

static struct net_object *find_by_call(struct net_model *m, struct mock_call *call, enum net_kind kind) {
        const char *id = mock_call_text(call, "id");
        struct net_object *o = net_find(m, kind, id);
        struct hcs_error *err = NULL;

        if (!o) {
                net_refuse(&err, HCS_WIN32(0x490), NULL, "there is no %s %s", net_kinds[kind]->noun, id);
                fail(call, HCS_WIN32(0x490), err);
        }
        return o;
}

static void open_object(struct net_model *m, struct mock_call *call, enum net_kind kind) {
        struct net_object *o = find_by_call(m, call, kind);

        if (o)
                give_handle(m, call, o);
}

static void delete (struct net_model *m, struct mock_call *call, enum net_kind kind) {
        struct net_object *o = find_by_call(m, call, kind);

        if (o) {
                net_delete(m, o);
                mock_call_done(call, NULL);
        }
}

static void modify(struct net_model *m, struct mock_call *call, enum net_kind kind) {
        struct net_object *o = call->entity->object;
        struct hcs_error *err = NULL;
        struct hcs_json *doc;
        HRESULT hr = net_usable(m, call->entity, &err);

        if (SUCCEEDED(hr))
                hr = document(call, "settings", false, &doc, &err);
        if (SUCCEEDED(hr))
                hr = net_kinds[kind]->modify(m, o, doc, &err);
        if (FAILED(hr)) {
                fail(call, hr, err);
                return;
        }
        m->changed = true;
        mock_call_done(call, NULL);
}

/* What only a detailed query shows. */
static void add_details(const struct net_model *m, const struct net_object *o, struct hcs_json *doc) {
        if (o->kind == NET_ENDPOINT)
                hcs_json_set_u64(doc, "State", (uint64_t)((const struct net_endpoint *)o)->state);
        else if (o->kind == NET_NETWORK)
                hcs_json_set_u64(doc, "State", 1);
        hcs_json_set_u64(doc, "Version", (uint64_t)m->version.major << 32 | (uint64_t)m->version.minor);
}

static void query(struct net_model *m, struct mock_call *call) {
        struct net_object *o = call->entity->object;
        struct hcs_error *err = NULL;
        struct net_query q = {0};
        struct hcs_json *doc;
        HRESULT hr = net_usable(m, call->entity, &err);

        if (SUCCEEDED(hr))
                hr = document(call, "query", true, &doc, &err);
        if (SUCCEEDED(hr))
                hr = net_query_parse(doc, &q, &err);
        if (FAILED(hr)) {
                fail(call, hr, err);
        } else if (q.legacy || q.detailed) {
                _cleanup_json_ struct hcs_json *shown = q.legacy ? net_to_legacy(m, o) : hcs_json_copy(o->doc);

                if (!q.legacy)
                        add_details(m, o, shown);
                mock_call_done(call, hcs_json_text(shown, HCS_JSON_GO));
        } else {
                mock_call_done(call, hcs_json_text(o->doc, HCS_JSON_GO));
        }
        net_query_deinit(&q);
}

static void close_object(struct net_model *m, struct mock_call *call) {
        struct net_object *o = call->entity->object;

        call->entity->object = NULL;
        if (o)
                net_object_unref(m, o);
        mock_call_done(call, NULL);
}

char *net_stats(const struct net_object *o) {
        return hcs_asprintf("{\"BytesReceived\":0,\"BytesSent\":0,\"DroppedPacketsIncoming\":0,"
                            "\"DroppedPacketsOutgoing\":0,\"EndpointId\":\"%s\",\"InstanceId\":\"%s\","
                            "\"PacketsReceived\":0,\"PacketsSent\":0}",
                            o->id_text, o->id_text);
}

static void stats(struct net_model *m, struct mock_call *call) {
        struct hcs_error *err = NULL;
        struct net_query q = {0};
        struct hcs_json *doc;
        HRESULT hr = net_usable(m, call->entity, &err);

        if (SUCCEEDED(hr))
                hr = document(call, "query", true, &doc, &err);
        if (SUCCEEDED(hr))
                hr = net_query_parse(doc, &q, &err);
        if (FAILED(hr))
                fail(call, hr, err);
        else
                mock_call_done(call, net_stats(call->entity->object));
        net_query_deinit(&q);
}

static void act(struct net_model *m, struct mock_call *call) {
        enum mock_verb verb = call->function->verb;
        enum net_kind kind = (enum net_kind)mock_verb_hcn_kind(verb);

        switch (mock_verb_hcn_action(verb)) {
        case MOCK_HCN_ENUMERATE:
                enumerate(m, call, kind);
                break;
        case MOCK_HCN_CREATE:
                create(m, call, kind);
                break;
        case MOCK_HCN_OPEN:
                open_object(m, call, kind);
                break;
        case MOCK_HCN_MODIFY:
                modify(m, call, kind);
                break;
        case MOCK_HCN_QUERY:
                query(m, call);
                break;
        case MOCK_HCN_DELETE:
                delete (m, call, kind);
                break;
        default:
                close_object(m, call);
        }
}

static bool too_old(const struct net_model *m, struct mock_call *call) {
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (mock_verb_closes(call->function->verb))
                return false;
        hr = net_need(m, "V2", NULL, &err);
        if (FAILED(hr))
                fail(call, hr, err);
        return FAILED(hr);
}

void net_call(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct net_model *m = em->net;

        if (net_faults_before(m, call, out) || too_old(m, call))
                return;
        m->out = out;
        switch (call->function->verb) {
        case MOCK_QUERY_ENDPOINT_STATS:
                stats(m, call);
                break;
        case MOCK_REGISTER_HCN_CALLBACK:
                net_listen(m, call);
                break;
        case MOCK_UNREGISTER_HCN_CALLBACK:
                net_unlisten(m, call);
                break;
        case MOCK_RESERVE_PORTS:
                net_reserve(m, call);
                break;
        case MOCK_RELEASE_PORTS:
                net_release(m, call);
                break;
        case MOCK_ENUMERATE_PORTS:
                net_reservations(m, call);
                break;
        default:
                act(m, call);
        }
        m->out = NULL;
}
