/* SPDX-License-Identifier: MIT */

/* The tables of objects: found by id and by name, listed in the order they were made. Under the emulator's lock. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

struct net_object *net_object_new(enum net_kind kind, size_t size, struct hcs_json *doc) {
        struct net_object *o = hcs_calloc(1, size);

        o->kind = kind;
        o->refs = 1;
        o->doc = doc;
        o->name = hcs_strdup(net_text(doc, "Name"));
        return o;
}

void net_object_free(struct net_object *o) {
        hcs_json_free(o->doc);
        free(o->name);
        free(o);
}

struct net_object *net_object_ref(struct net_object *o) {
        o->refs++;
        return o;
}

void net_object_unref(struct net_model *m, struct net_object *o) {
        if (--o->refs)
                return;
        if (o->gone) {
                *(o->prev ? &o->prev->next : &m->gone) = o->next;
                if (o->next)
                        o->next->prev = o->prev;
        }
        net_object_free(o);
}

static struct net_object *find_id(struct net_model *m, enum net_kind kind, const GUID *id) {
        return net_map_get(&m->tables[kind].by_id, id, sizeof(*id));
}

struct net_object *net_find(struct net_model *m, enum net_kind kind, const char *id) {
        GUID guid;

        return FAILED(hcs_guid_parse(id ? id : "", &guid, NULL)) ? NULL : find_id(m, kind, &guid);
}

struct net_object *net_find_named(struct net_model *m, enum net_kind kind, const char *name) {
        return net_map_get(&m->tables[kind].by_name, name, strlen(name));
}

/* The newest of a name stands at the end of its chain; the map knows the oldest. */
static void enter_name(struct net_table *t, struct net_object *o) {
        struct net_object *first = net_map_get(&t->by_name, o->name, strlen(o->name));

        if (!first) {
                net_map_put(&t->by_name, o->name, strlen(o->name), o);
                o->same_name_prev = o; /* of the first: the last of the chain */
                return;
        }
        o->same_name_prev = first->same_name_prev;
        o->same_name_prev->same_name_next = o;
        first->same_name_prev = o;
}

static void remove_name(struct net_table *t, struct net_object *o) {
        struct net_object *first = net_map_get(&t->by_name, o->name, strlen(o->name));
        struct net_object *next = o->same_name_next;

        if (o != first) {
                o->same_name_prev->same_name_next = next;
                (next ? next : first)->same_name_prev = o->same_name_prev;
        } else if (next) {
                next->same_name_prev = o->same_name_prev;
                net_map_put(&t->by_name, next->name, strlen(next->name), next);
        } else {
                net_map_remove(&t->by_name, o->name, strlen(o->name));
        }
        o->same_name_prev = o->same_name_next = NULL;
}

static void enter(struct net_model *m, struct net_object *o) {
        struct net_table *t = &m->tables[o->kind];

        net_map_put(&t->by_id, &o->id, sizeof(o->id), o);
        enter_name(t, o);
        o->prev = t->last;
        *(t->last ? &t->last->next : &t->first) = o;
        t->last = o;
        t->n++;
        m->changed = true;
}

static void leave(struct net_model *m, struct net_object *o) {
        struct net_table *t = &m->tables[o->kind];

        net_map_remove(&t->by_id, &o->id, sizeof(o->id));
        remove_name(t, o);
        *(o->prev ? &o->prev->next : &t->first) = o->next;
        *(o->next ? &o->next->prev : &t->last) = o->prev;
        o->prev = o->next = NULL;
        t->n--;
        m->changed = true;
}

/* Ids that repeat from run to run, so that recorded runs can be compared; one that is taken is passed over. */
static void invent_id(struct net_model *m, enum net_kind kind, GUID *ret) {
        static const GUID family = {0x6d6f636b, 0x6e65, 0x5000, {0x80, 0x00, 0x6e, 0x65, 0x74, 0x69, 0x64, 0x00}};

        do {
                uint64_t n[2] = {++m->next_id, kind};

                hcs_guid_v5(&family, n, sizeof(n), ret);
        } while (find_id(m, kind, ret));
}

static HRESULT choose_id(struct net_model *m, enum net_kind kind, const char *argument, const struct hcs_json *settings,
                         GUID *ret, struct hcs_error **err) {
        const char *given = net_text(settings, "ID");
        GUID id = {0}, named = {0};

        if (argument && *argument && FAILED(hcs_guid_parse(argument, &id, NULL)))
                return net_refuse(err, HCN_E_GUID_CONVERSION_FAILURE, "id", "\"%s\" is not a GUID", argument);
        if (*given && FAILED(hcs_guid_parse(given, &named, NULL)))
                return net_refuse(err, HCN_E_GUID_CONVERSION_FAILURE, "$.ID", "\"%s\" is not a GUID", given);
        if (!hcs_guid_is_null(&id) && !hcs_guid_is_null(&named) && !hcs_guid_equal(&id, &named))
                return net_refuse(err, E_INVALIDARG, "$.ID", "the call names another id");
        if (hcs_guid_is_null(&id))
                id = named;
        if (hcs_guid_is_null(&id))
                invent_id(m, kind, &id);
        else if (find_id(m, kind, &id))
                return net_refuse(err, net_kinds[kind]->exists, "$.ID", "there is a %s of that id",
                                  net_kinds[kind]->noun);
        *ret = id;
        return S_OK;
}

static HRESULT check_name(struct net_model *m, enum net_kind kind, const struct hcs_json *settings,
                          struct hcs_error **err) {
        const char *name = net_text(settings, "Name");

        if (net_kinds[kind]->unique_name && *name && net_find_named(m, kind, name))
                return net_refuse(err, net_kinds[kind]->exists, "$.Name", "there is a %s of the name \"%s\"",
                                  net_kinds[kind]->noun, name);
        return S_OK;
}

/* A copy of the settings that is checked and in the shape of version 2. */
static HRESULT prepare(struct net_model *m, enum net_kind kind, const struct hcs_json *settings, struct hcs_json **ret,
                       struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *doc = hcs_json_copy(settings);
        HRESULT hr = S_OK;

        if (net_is_legacy(kind, doc))
                hr = net_from_legacy(m, kind, doc, err);
        if (FAILED(hr))
                return hr;
        net_normalise(net_kinds[kind]->type, doc);
        hr = net_check(m, net_kinds[kind]->type, doc, err);
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&doc);
        return hr;
}

static void complete_document(struct net_object *o, const struct net_kind_ops *ops) {
        struct hcs_json *version = net_object_of(o->doc, "SchemaVersion");

        hcs_json_set_string(o->doc, "ID", o->id_text);
        if (net_uint(version, "Major") == 0) {
                hcs_json_set_u64(version, "Major", 2);
                hcs_json_set_u64(version, "Minor", 0);
        }
        net_order(ops->type, o->doc);
}

HRESULT net_create(struct net_model *m, enum net_kind kind, struct net_object *parent, const char *id,
                   const struct hcs_json *settings, struct net_object **ret, struct hcs_error **err) {
        const struct net_kind_ops *ops = net_kinds[kind];
        _cleanup_json_ struct hcs_json *doc = NULL;
        struct net_object *o = NULL;
        GUID guid;
        HRESULT hr = prepare(m, kind, settings, &doc, err);

        if (SUCCEEDED(hr))
                hr = check_name(m, kind, doc, err);
        if (SUCCEEDED(hr))
                hr = choose_id(m, kind, id, doc, &guid, err);
        if (SUCCEEDED(hr) && net_faults_haunts(m, kind, net_text(doc, "ID"), net_text(doc, "Name")))
                hr = net_refuse(err, ops->exists, NULL, "there is a %s of that id or name", ops->noun);
        if (SUCCEEDED(hr))
                hr = ops->create(m, parent, doc, &o, err);
        if (FAILED(hr))
                return hr;
        doc = NULL; /* the object's now */
        o->id = guid;
        hcs_guid_format(&guid, o->id_text);
        complete_document(o, ops);
        enter(m, o);
        if (ops->entered)
                ops->entered(m, o);
        if (ops->created)
                net_notify(m, ops->created, o, NULL);
        *ret = o;
        return S_OK;
}

void net_delete(struct net_model *m, struct net_object *o) {
        const struct net_kind_ops *ops = net_kinds[o->kind];

        if (o->kind == NET_NETWORK)
                net_notify(m, "NetworkPreDelete", o, o);
        ops->release(m, o);
        leave(m, o);
        o->gone = true;
        o->next = m->gone;
        if (o->next)
                o->next->prev = o;
        m->gone = o;
        net_faults_deleted(m, o);
        if (ops->deleted)
                net_notify(m, ops->deleted, o, o);
        net_object_unref(m, o);
}

HRESULT net_usable(const struct net_model *m, const struct mock_handle *h, struct hcs_error **err) {
        const struct net_object *o = h->object;

        if (h->number <= m->unloaded[h->kind])
                return net_refuse(err, HCN_E_OBJECT_USED_AFTER_UNLOAD, NULL,
                                  "the service restarted since %s was given out", h->symbol);
        if (o->gone)
                return net_refuse(err, HCS_WIN32(0x490), NULL, "%s %s was deleted", net_kinds[o->kind]->noun,
                                  o->id_text);
        return S_OK;
}
