/* SPDX-License-Identifier: MIT */

/*
 * The model in a file, so that it outlives the process: read when the emulator opens, written when it ends and
 * something changed, and both when a program asks for it (snapshot.c). The file holds the documents as version 2 shows
 * them, what only the model knows beside them, and the counters, so that a run goes on as if there had been one
 * process. net-boot says what happened to the host in between: resume  nothing reboot  networks that are not persistent
 * are gone, and so are namespaces and everything that was attached clean   nothing is left
 */

#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/emulate/network/model.h"
#include "platform/file.h"

#define VERSION        1
#define NOT_PERSISTENT 8

static const struct {
        const char *name;
        size_t offset;
} counters[] = {
        {"NextId", offsetof(struct net_model, next_id)},
        {"NextMac", offsetof(struct net_model, next_mac)},
        {"NextCompartment", offsetof(struct net_model, next_compartment)},
        {"NextNat", offsetof(struct net_model, next_nat)},
        {"NextPort", offsetof(struct net_model, next_port)},
};

static uint64_t *counter(struct net_model *m, size_t i) {
        return (uint64_t *)((char *)m + counters[i].offset);
}

/* ---- writing ---- */

static void save_attachment(const struct net_endpoint *e, struct hcs_json *attachments) {
        struct hcs_json *a = hcs_json_set_new_object(attachments, e->o.id_text);

        hcs_json_set_u64(a, "State", (uint64_t)e->state);
        hcs_json_set(a, "Systems", hcs_json_copy(e->containers));
}

struct hcs_json *net_state_describe(struct net_model *m) {
        struct hcs_json *root = hcs_json_new_object(), *attachments;

        hcs_json_set_u64(root, "NetworkState", VERSION);
        hcs_json_set_u64(root, "Generation", m->generation + 1);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(counters); i++)
                hcs_json_set_u64(root, counters[i].name, *counter(m, i));
        for (size_t kind = 0; kind < NET_KINDS; kind++) {
                struct hcs_json *list = hcs_json_set_new_array(root, net_kinds[kind]->list);

                for (const struct net_object *o = m->tables[kind].first; o; o = o->next)
                        hcs_json_append(list, hcs_json_copy(o->doc));
        }
        attachments = hcs_json_set_new_object(root, "Attachments");
        for (const struct net_object *o = m->tables[NET_ENDPOINT].first; o; o = o->next)
                save_attachment((const struct net_endpoint *)o, attachments);
        if (m->accelnet)
                hcs_json_set(root, "Accelnet", hcs_json_copy(m->accelnet));
        return root;
}

HRESULT net_state_write(struct net_model *m, const char *path, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *root = net_state_describe(m);
        _cleanup_free_ char *text = hcs_json_text(root, HCS_JSON_PRETTY);

        return hcs_file_write(path, text, strlen(text), err);
}

HRESULT net_state_read(const char *path, struct hcs_json **ret, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = hcs_file_read(path, (size_t)1 << 30, &text, err);

        return FAILED(hr) ? hr
                          : hcs_json_parse(hcs_buf_cstr(&text), text.len,
                                           &(struct hcs_json_options){.max_bytes = 1u << 30}, ret, err);
}

/* 0 for a file that is not there or no state. */
static uint64_t generation_of(const char *path) {
        _cleanup_json_ struct hcs_json *root = NULL;

        return FAILED(net_state_read(path, &root, NULL)) ? 0 : net_uint(root, "Generation");
}

/* What another process wrote meanwhile is not lost, nor is what this one has. */
void net_state_save(struct net_model *m) {
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
        _cleanup_free_ char *beside = NULL;

        if (!m->state_path || !m->changed)
                return;
        if (generation_of(m->state_path) != m->generation) {
                beside = hcs_asprintf("%s.conflict", m->state_path);
                hcs_log(HCS_LOG_ERROR, "another process wrote the state of the networks meanwhile: ours is beside it",
                        "file", m->state_path, "ours", beside, NULL);
        }
        if (FAILED(net_state_write(m, beside ? beside : m->state_path, &err)))
                hcs_log(HCS_LOG_ERROR, "the state of the networks is lost", "file", m->state_path, "error",
                        hcs_error_message(err), NULL);
}

/* ---- reading ---- */

static bool survives(struct net_model *m, enum net_kind kind, const struct hcs_json *doc, bool reboot) {
        if (!reboot)
                return true;
        if (kind == NET_NETWORK)
                return !(net_uint(doc, "Flags") & NOT_PERSISTENT);
        if (kind == NET_ENDPOINT)
                return net_find(m, NET_NETWORK, net_text(doc, "HostComputeNetwork")) != NULL;
        return kind == NET_LOADBALANCER || kind == NET_ROUTE;
}

/* References to endpoints that did not come back. */
static void drop_references(struct net_model *m, struct hcs_json *doc) {
        struct hcs_json *list = hcs_json_get(doc, "HostComputeEndpoints");

        for (struct hcs_json *r = hcs_json_first(list), *next; r; r = next) {
                next = hcs_json_next(r);
                if (!net_find(m, NET_ENDPOINT, hcs_json_string(r)))
                        hcs_json_free(hcs_json_detach(list, r));
        }
}

static HRESULT load_object(struct net_model *m, enum net_kind kind, const struct hcs_json *saved, bool reboot,
                           struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *doc = hcs_json_copy(saved);
        struct net_object *o = NULL;
        HRESULT hr;

        if (!survives(m, kind, doc, reboot))
                return S_OK;
        hcs_json_remove(doc, "HostComputeNamespace"); /* its namespace says so too */
        if (reboot)
                drop_references(m, doc);
        if ((kind == NET_LOADBALANCER || kind == NET_ROUTE) &&
            !hcs_json_first(hcs_json_get(doc, "HostComputeEndpoints")))
                return S_OK;
        hr = net_create(m, kind, NULL, NULL, doc, &o, err);
        if (SUCCEEDED(hr) && kind == NET_GUESTSERVICE && *net_text(doc, "State"))
                hcs_json_set_string(o->doc, "State", net_text(doc, "State"));
        return hr;
}

static HRESULT load_list(struct net_model *m, enum net_kind kind, const struct hcs_json *root, bool reboot,
                         struct hcs_error **err) {
        const char *name = net_kinds[kind]->list;
        size_t i = 0;

        for (const struct hcs_json *doc = hcs_json_first(hcs_json_get(root, name)); doc;
             doc = hcs_json_next(doc), i++) {
                HRESULT hr = load_object(m, kind, doc, reboot, err);

                if (FAILED(hr))
                        return hcs_error_wrap(err, "%s[%zu]", name, i), hr;
        }
        return S_OK;
}

static void load_attachments(struct net_model *m, const struct hcs_json *attachments) {
        for (const struct hcs_json *a = hcs_json_first(attachments); a; a = hcs_json_next(a)) {
                struct net_endpoint *e = (struct net_endpoint *)net_find(m, NET_ENDPOINT, hcs_json_key(a));
                const struct hcs_json *systems = hcs_json_get(a, "Systems");
                uint64_t state = net_uint(a, "State");

                if (!e || state < NET_ENDPOINT_CREATED || state > NET_ENDPOINT_DESTROYED)
                        continue;
                e->state = (enum net_endpoint_state)state;
                if (hcs_json_is(systems, HCS_JSON_ARRAY)) {
                        hcs_json_free(e->containers);
                        e->containers = hcs_json_copy(systems);
                }
        }
}

HRESULT net_state_apply(struct net_model *m, const struct hcs_json *root, bool reboot, struct hcs_error **err) {
        const struct hcs_json *accelnet = hcs_json_get(root, "Accelnet");
        HRESULT hr = S_OK;

        if (net_uint(root, "NetworkState") != VERSION)
                return hcs_error_make(err, E_INVALIDARG, "NetworkState: %d is expected", VERSION);
        for (int kind = 0; kind < NET_KINDS && SUCCEEDED(hr); kind++)
                hr = load_list(m, (enum net_kind)kind, root, reboot, err);
        if (FAILED(hr))
                return hr;
        if (!reboot)
                load_attachments(m, hcs_json_get(root, "Attachments"));
        if (hcs_json_is(accelnet, HCS_JSON_OBJECT))
                m->accelnet = hcs_json_copy(accelnet);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(counters); i++)
                *counter(m, i) = net_uint(root, counters[i].name);
        return S_OK;
}

HRESULT net_state_load(struct net_model *m, const char *boot, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *root = NULL;
        bool reboot = hcs_streq(boot, "reboot"), clean = hcs_streq(boot, "clean");
        HRESULT hr;

        if (boot && !reboot && !clean && !hcs_streq(boot, "resume"))
                return hcs_error_make(err, E_INVALIDARG, "net-boot=%s: expected resume, reboot or clean", boot);
        if (boot && !m->state_path)
                return hcs_error_make(err, E_INVALIDARG, "net-boot=%s needs net-state=FILE", boot);
        m->changed = clean || reboot;
        m->generation = m->state_path ? generation_of(m->state_path) : 0;
        if (!m->state_path || clean || !hcs_file_exists(m->state_path))
                return S_OK;
        hr = net_state_read(m->state_path, &root, err);
        if (SUCCEEDED(hr))
                hr = net_state_apply(m, root, reboot, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "net-state %s", m->state_path), hr;
        m->changed = reboot;
        return S_OK;
}
