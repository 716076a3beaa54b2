/* SPDX-License-Identifier: MIT */

/*
 * Notifications. A watch is registered with the platform, which calls back on a thread of its own. Its lock counts the
 * callbacks that run, so that stopping it waits for them; one that is stopped from inside its own callback is freed
 * when that returns.
 */

#include "hcn/internal.h"
#include "platform/abi_text.h"

struct hcn_watch {
        struct hcn_client *client; /* counted */
        struct hcn_object *object; /* counted, and kept open; NULL: the service */
        HCN_CALLBACK registration;
        hcn_event_fn fn;
        void *ctx;
        struct hcs_mutex lock;
        struct hcs_cond changed;
        unsigned running;
        bool stopped, is_orphan; /* orphan: the callback that runs frees it */
};

/* The watch whose callback this thread is in. */
static _Thread_local struct hcn_watch *current;

static const struct {
        uint32_t type;
        const char *name;
} names[] = {
        {HcnNotificationNetworkPreCreate, "NetworkPreCreate"},
        {HcnNotificationNetworkCreate, "NetworkCreate"},
        {HcnNotificationNetworkPreDelete, "NetworkPreDelete"},
        {HcnNotificationNetworkDelete, "NetworkDelete"},
        {HcnNotificationNamespaceCreate, "NamespaceCreate"},
        {HcnNotificationNamespaceDelete, "NamespaceDelete"},
        {HcnNotificationGuestNetworkServiceCreate, "GuestNetworkServiceCreate"},
        {HcnNotificationGuestNetworkServiceDelete, "GuestNetworkServiceDelete"},
        {HcnNotificationNetworkEndpointAttached, "NetworkEndpointAttached"},
        {HcnNotificationNetworkEndpointDetached, "NetworkEndpointDetached"},
        {HcnNotificationGuestNetworkServiceStateChanged, "GuestNetworkServiceStateChanged"},
        {HcnNotificationGuestNetworkServiceInterfaceStateChanged, "GuestNetworkServiceInterfaceStateChanged"},
        {HcnNotificationServiceDisconnect, "ServiceDisconnect"},
};

const char *hcn_event_name(uint32_t type) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++)
                if (names[i].type == type)
                        return names[i].name;
        return "Unknown";
}

static void watch_free(struct hcn_watch *w) {
        if (w->object)
                hcn_object_drop_watch(w->object);
        hcn_client_unref(w->client);
        hcs_cond_deinit(&w->changed);
        hcs_mutex_deinit(&w->lock);
        free(w);
}

static void HCS_ABI_CALL on_notification(DWORD type, void *context, HRESULT status, PCWSTR data) {
        struct hcn_watch *w = context, *outer = current;
        _cleanup_free_ char *text = NULL;
        bool is_last;

        hcs_mutex_lock(&w->lock);
        if (w->stopped) {
                hcs_mutex_unlock(&w->lock);
                return;
        }
        w->running++;
        hcs_mutex_unlock(&w->lock);
        text = hcs_abi_text_copy(data);
        current = w;
        w->fn(w->ctx, &(struct hcn_event){type, hcn_event_name(type), status, text});
        current = outer;
        hcs_mutex_lock(&w->lock);
        w->running--;
        is_last = w->is_orphan && !w->running;
        hcs_cond_broadcast(&w->changed);
        hcs_mutex_unlock(&w->lock);
        if (is_last)
                watch_free(w);
}

static HRESULT register_watch(struct hcn_watch *w, const char **ret_export) {
        const struct hcs_computenetwork_api *api = &w->client->api;

        if (!w->object) {
                *ret_export = "Service";
                return api->HcnRegisterServiceCallback
                               ? api->HcnRegisterServiceCallback(on_notification, w, &w->registration)
                               : HCN_MISSING;
        }
        if (w->object->kind_id == HCN_KIND_NETWORK) {
                *ret_export = "Network";
                return api->HcnRegisterNetworkCallback
                               ? api->HcnRegisterNetworkCallback(w->object->handle, on_notification, w,
                                                                 &w->registration)
                               : HCN_MISSING;
        }
        *ret_export = "GuestNetworkService";
        return api->HcnRegisterGuestNetworkServiceCallback
                       ? api->HcnRegisterGuestNetworkServiceCallback(w->object->handle, on_notification, w,
                                                                     &w->registration)
                       : HCN_MISSING;
}

static void unregister_watch(struct hcn_watch *w) {
        const struct hcs_computenetwork_api *api = &w->client->api;
        HRESULT(HCS_ABI_CALL * unregister)
        (HCN_CALLBACK) = !w->object                               ? api->HcnUnregisterServiceCallback
                         : w->object->kind_id == HCN_KIND_NETWORK ? api->HcnUnregisterNetworkCallback
                                                                  : api->HcnUnregisterGuestNetworkServiceCallback;

        if (unregister)
                unregister(w->registration);
}

static HRESULT watch(struct hcn_client *c, struct hcn_object *o, hcn_event_fn fn, void *ctx, struct hcn_watch **ret,
                     struct hcs_error **err) {
        struct hcn_watch *w;
        const char *exported;
        HRESULT hr = fn ? S_OK : hcs_error_make(err, E_POINTER, "a callback is needed");

        if (FAILED(hr) || (o && FAILED(hr = hcn_object_enter(o, err))))
                return hr;
        w = hcs_calloc(1, sizeof(*w));
        w->client = hcn_client_ref(c);
        w->object = o;
        if (o)
                hcn_object_add_watch(o);
        w->fn = fn;
        w->ctx = ctx;
        hcs_mutex_init(&w->lock);
        hcs_cond_init(&w->changed);
        hr = register_watch(w, &exported);
        if (o)
                hcn_object_leave(o);
        if (FAILED(hr)) {
                hr = hcn_fail(err, hr, NULL, "Register", exported, "Callback");
                watch_free(w);
                return hr;
        }
        *ret = w;
        return S_OK;
}

HRESULT hcn_watch_service(struct hcn_client *c, hcn_event_fn fn, void *ctx, struct hcn_watch **ret,
                          struct hcs_error **err) {
        return watch(c, NULL, fn, ctx, ret, err);
}

HRESULT hcn_watch_object(struct hcn_object *o, hcn_event_fn fn, void *ctx, struct hcn_watch **ret,
                         struct hcs_error **err) {
        if (o->kind_id != HCN_KIND_NETWORK && o->kind_id != HCN_KIND_GUEST_SERVICE)
                return hcs_error_make(err, E_INVALIDARG, "a %s sends no notifications", o->kind->name);
        return watch(o->client, o, fn, ctx, ret, err);
}

struct hcn_watch *hcn_watch_stop(struct hcn_watch *w) {
        unsigned mine = current == w;
        bool is_orphan;

        if (!w)
                return NULL;
        hcs_mutex_lock(&w->lock);
        w->stopped = true;
        hcs_mutex_unlock(&w->lock);
        unregister_watch(w);
        hcs_mutex_lock(&w->lock);
        while (w->running > mine)
                hcs_cond_wait(&w->changed, &w->lock);
        is_orphan = w->is_orphan = mine;
        hcs_mutex_unlock(&w->lock);
        if (!is_orphan)
                watch_free(w);
        return NULL;
}
