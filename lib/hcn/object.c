/* SPDX-License-Identifier: MIT */

/* Open handles: what holds one, and the calls on it. The lock counts calls and is not held during them. */

#include "hcn/internal.h"

static struct hcn_object *object_new(struct hcn_client *c, enum hcn_kind kind, void *handle) {
        struct hcn_object *o = hcs_calloc(1, sizeof(*o));

        atomic_init(&o->refs, 1);
        o->client = hcn_client_ref(c);
        o->kind_id = kind;
        o->kind = hcn_kind_info(kind);
        o->handle = handle;
        hcs_mutex_init(&o->lock);
        hcs_cond_init(&o->changed);
        return o;
}

HRESULT hcn_object_open(struct hcn_client *c, enum hcn_kind kind, const char *id, struct hcn_object **ret,
                        struct hcs_error **err) {
        const struct hcn_kind_info *k = hcn_kind_info(kind);
        void *handle;
        GUID guid;
        HRESULT hr;

        if (!k)
                return hcs_error_make(err, E_INVALIDARG, "no kind of object has the number %d", (int)kind);
        if (FAILED(hr = hcn_guid(id, k->invalid_id, &guid, err)) ||
            FAILED(hr = hcn_step_open(c, k, &guid, &handle, err)))
                return hr;
        *ret = object_new(c, kind, handle);
        return S_OK;
}

HRESULT hcn_object_create(struct hcn_client *c, enum hcn_kind kind, const char *network_id, const char *id,
                          const char *settings, struct hcn_object **ret, struct hcs_error **err) {
        const struct hcn_kind_info *k = hcn_kind_info(kind), *networks = hcn_kind_info(HCN_KIND_NETWORK);
        void *handle, *network = NULL;
        GUID guid = {0}, network_guid;
        HRESULT hr, closed = S_OK;

        if (!k)
                return hcs_error_make(err, E_INVALIDARG, "no kind of object has the number %d", (int)kind);
        if (id && FAILED(hr = hcn_guid(id, k->invalid_id, &guid, err)))
                return hr;
        if (kind == HCN_KIND_ENDPOINT && (FAILED(hr = hcn_guid(network_id, networks->invalid_id, &network_guid, err)) ||
                                          FAILED(hr = hcn_step_open(c, networks, &network_guid, &network, err))))
                return hr;
        hr = hcn_step_create(c, k, network, &guid, settings, &handle, err);
        if (network)
                closed = hcn_step_close(c, networks, network, SUCCEEDED(hr) ? err : NULL);
        if (FAILED(hr))
                return hr;
        if (FAILED(closed)) {
                hcn_step_close(c, k, handle, NULL);
                return closed;
        }
        *ret = object_new(c, kind, handle);
        return S_OK;
}

struct hcn_object *hcn_object_ref(struct hcn_object *o) {
        atomic_fetch_add(&o->refs, 1);
        return o;
}

struct hcn_object *hcn_object_unref(struct hcn_object *o) {
        if (!o || atomic_fetch_sub(&o->refs, 1) != 1)
                return NULL;
        hcn_object_close(o, NULL);
        hcs_cond_deinit(&o->changed);
        hcs_mutex_deinit(&o->lock);
        hcn_client_unref(o->client);
        free(o);
        return NULL;
}

HRESULT hcn_object_enter(struct hcn_object *o, struct hcs_error **err) {
        hcs_guard(&o->lock);

        if (o->closing)
                return hcs_error_make(err, E_HANDLE, "the handle has already been closed");
        o->calls++;
        return S_OK;
}

void hcn_object_leave(struct hcn_object *o) {
        hcs_guard(&o->lock);

        o->calls--;
        hcs_cond_broadcast(&o->changed);
}

HRESULT hcn_object_close(struct hcn_object *o, struct hcs_error **err) {
        bool is_watched;

        hcs_mutex_lock(&o->lock);
        if (o->closing) {
                hcs_mutex_unlock(&o->lock);
                return S_OK;
        }
        o->closing = true;
        while (o->calls)
                hcs_cond_wait(&o->changed, &o->lock);
        is_watched = o->watches;
        hcs_mutex_unlock(&o->lock);
        return is_watched ? S_OK : hcn_step_close(o->client, o->kind, o->handle, err);
}

void hcn_object_add_watch(struct hcn_object *o) {
        hcs_guard(&o->lock);

        o->watches++;
        hcn_object_ref(o);
}

void hcn_object_drop_watch(struct hcn_object *o) {
        bool is_last;

        hcs_mutex_lock(&o->lock);
        is_last = --o->watches == 0 && o->closing;
        hcs_mutex_unlock(&o->lock);
        if (is_last)
                hcn_step_close(o->client, o->kind, o->handle, NULL);
        hcn_object_unref(o);
}

HRESULT hcn_object_query(struct hcn_object *o, const char *query, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *by_default = hcn_query(0, NULL), *text = NULL;
        HRESULT hr = hcn_object_enter(o, err);

        if (FAILED(hr))
                return hr;
        hr = hcn_step_query(o->client, o->kind, o->handle, query ? query : by_default, &text, err);
        hcn_object_leave(o);
        if (SUCCEEDED(hr) && !text)
                return hcs_error_make(err, E_UNEXPECTED, "the properties of the %s are empty", o->kind->name);
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&text);
        return hr;
}

HRESULT hcn_object_modify(struct hcn_object *o, const char *settings, struct hcs_error **err) {
        HRESULT hr = hcn_object_enter(o, err);

        if (FAILED(hr))
                return hr;
        hr = hcn_step_modify(o->client, o->kind, o->handle, settings, err);
        hcn_object_leave(o);
        return hr;
}
