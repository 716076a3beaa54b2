/* SPDX-License-Identifier: MIT */

/* The table of namespaces. One lock over all of it: what blocks below it, the configuration of an adapter, must not be
 * overtaken by another for the same namespace, and hosts change networks rarely. */

#include "guest/network/namespaces.h"

#include <net/if.h>
#include <string.h>

#include "base/str.h"
#include "guest/base/failure.h"
#include "guest/network/adapter.h"
#include "platform/thread.h"

typedef struct hcs_schema_guest_lcow_network_adapter adapter_t;

struct nic {
        adapter_t *adapter; /* of the schema's memory */
        char link[IF_NAMESIZE];
        bool is_moved, is_configured;
};

struct ns {
        char *id;
        pid_t pid; /* 0 for none */
        struct nic *nics;
        size_t n_nics;
        struct ns *next;
};

struct guest_namespaces {
        const struct guest_roots *roots;
        struct hcs_mutex lock;
        struct ns *list;
};

static const struct hcs_schema_type *adapter_type(void) {
        return hcs_schema_type_find("guest.LCOWNetworkAdapter");
}

static adapter_t *copy_adapter(const adapter_t *a) {
        _cleanup_free_ char *text = hcs_schema_print(adapter_type(), a);
        void *copy = NULL;

        hcs_schema_parse(adapter_type(), text, strlen(text), &copy, NULL);
        return copy;
}

static struct ns *ns_free(struct ns *s) {
        for (size_t i = 0; i < s->n_nics; i++)
                hcs_schema_free(adapter_type(), s->nics[i].adapter);
        free(s->nics);
        free(s->id);
        return hcs_free(s);
}

struct guest_namespaces *guest_namespaces_new(const struct guest_roots *roots) {
        struct guest_namespaces *n = hcs_calloc(1, sizeof(*n));

        n->roots = roots;
        hcs_mutex_init(&n->lock);
        return n;
}

struct guest_namespaces *guest_namespaces_free(struct guest_namespaces *n) {
        struct ns *s;

        if (!n)
                return NULL;
        while ((s = n->list)) {
                n->list = s->next;
                ns_free(s);
        }
        hcs_mutex_deinit(&n->lock);
        return hcs_free(n);
}

static struct ns *find(struct guest_namespaces *n, const char *id) {
        for (struct ns *s = n->list; s; s = s->next)
                if (hcs_strcaseeq(s->id, id))
                        return s;
        return NULL;
}

static HRESULT find_or_fail(struct guest_namespaces *n, const char *id, struct ns **ret, struct hcs_error **err) {
        struct ns *s = find(n, id);

        if (!s)
                return guest_fail_with(err, GUEST_E_NOT_FOUND, "namespace '%s' not found", id);
        *ret = s;
        return S_OK;
}

static struct ns *find_or_make(struct guest_namespaces *n, const char *id) {
        struct ns *s = find(n, id);

        if (s)
                return s;
        s = hcs_calloc(1, sizeof(*s));
        s->id = hcs_strdup(id);
        s->next = n->list;
        n->list = s;
        return s;
}

void guest_namespaces_add(struct guest_namespaces *n, const char *id) {
        hcs_guard(&n->lock);
        find_or_make(n, id);
}

HRESULT guest_namespaces_find(struct guest_namespaces *n, const char *id, struct hcs_error **err) {
        struct ns *s;

        hcs_guard(&n->lock);
        return find_or_fail(n, id, &s, err);
}

HRESULT guest_namespaces_remove(struct guest_namespaces *n, const char *id, struct hcs_error **err) {
        hcs_guard(&n->lock);

        for (struct ns **at = &n->list; *at; at = &(*at)->next) {
                struct ns *s = *at;

                if (!hcs_strcaseeq(s->id, id))
                        continue;
                if (s->n_nics)
                        return hcs_error_make(err, E_FAIL, "network namespace '%s' contains adapters", id);
                *at = s->next;
                ns_free(s);
                break;
        }
        return S_OK;
}

static HRESULT sync_nic(struct guest_namespaces *n, struct ns *s, size_t i, struct hcs_error **err) {
        struct nic *nic = &s->nics[i];
        HRESULT hr = S_OK;

        if (nic->is_configured)
                return S_OK;
        /* All but the first adapter take the second place, with rules of their own. */
        if (nic->adapter->PolicyBasedRouting)
                nic->adapter->EnableLowMetric = i > 0;
        if (!nic->is_moved) {
                hr = guest_adapter_move(nic->link, s->pid, err);
                if (FAILED(hr)) {
                        hcs_error_wrap(err, "failed to move interface %s to network namespace", nic->link);
                        return hr;
                }
                nic->is_moved = true;
        }
        hr = guest_adapter_configure(n->roots, nic->link, s->pid, nic->adapter, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "failed to configure adapter aid: %s, if id: %s",
                               nic->adapter->ID ? nic->adapter->ID : "", nic->link);
                return hr;
        }
        nic->is_configured = true;
        return S_OK;
}

static HRESULT sync(struct guest_namespaces *n, struct ns *s, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t i = 0; s->pid && i < s->n_nics && SUCCEEDED(hr); i++)
                hr = sync_nic(n, s, i, err);
        return hr;
}

static HRESULT check_new(struct guest_namespaces *n, const adapter_t *adapter, struct ns **ret,
                         struct hcs_error **err) {
        struct ns *s = find_or_make(n, adapter->NamespaceID ? adapter->NamespaceID : "");
        const char *id = adapter->ID ? adapter->ID : "";

        for (size_t i = 0; i < s->n_nics; i++)
                if (hcs_strcaseeq(s->nics[i].adapter->ID ? s->nics[i].adapter->ID : "", id))
                        return hcs_error_make(err, E_FAIL, "adapter with id: '%s' already present in namespace", id);
        *ret = s;
        return S_OK;
}

HRESULT guest_namespaces_add_adapter(struct guest_namespaces *n, const adapter_t *adapter, uint64_t deadline_ns,
                                     struct hcs_error **err) {
        struct nic nic = {0};
        struct ns *s;
        HRESULT hr;

        hcs_mutex_lock(&n->lock);
        hr = check_new(n, adapter, &s, err);
        hcs_mutex_unlock(&n->lock);
        /* Not under the lock: a link that comes late holds nobody else up. */
        if (SUCCEEDED(hr))
                hr = guest_adapter_link(n->roots, adapter, deadline_ns, nic.link, err);
        if (FAILED(hr))
                return hr;
        {
                hcs_guard(&n->lock);
                hr = check_new(n, adapter, &s, err);
                if (FAILED(hr))
                        return hr;
                nic.adapter = copy_adapter(adapter);
                s->nics = hcs_realloc(s->nics, (s->n_nics + 1) * sizeof(*s->nics));
                s->nics[s->n_nics++] = nic;
                return sync(n, s, err);
        }
}

HRESULT guest_namespaces_remove_adapter(struct guest_namespaces *n, const char *id, const char *adapter_id,
                                        struct hcs_error **err) {
        struct ns *s;

        hcs_guard(&n->lock);
        s = find(n, id);
        for (size_t i = 0; s && i < s->n_nics; i++) {
                if (!hcs_strcaseeq(s->nics[i].adapter->ID ? s->nics[i].adapter->ID : "", adapter_id))
                        continue;
                hcs_schema_free(adapter_type(), s->nics[i].adapter);
                memmove(&s->nics[i], &s->nics[i + 1], (s->n_nics - i - 1) * sizeof(*s->nics));
                s->n_nics--;
                break;
        }
        return S_OK;
}

HRESULT guest_namespaces_assign(struct guest_namespaces *n, const char *id, pid_t pid, struct hcs_error **err) {
        struct ns *s = NULL;
        HRESULT hr;

        hcs_guard(&n->lock);
        hr = find_or_fail(n, id, &s, err);
        if (FAILED(hr))
                return hr;
        if (s->pid)
                return hcs_error_make(err, E_FAIL, "previously assigned container pid %d to network namespace \"%s\"",
                                      (int)s->pid, s->id);
        s->pid = pid;
        return S_OK;
}

HRESULT guest_namespaces_sync(struct guest_namespaces *n, const char *id, struct hcs_error **err) {
        struct ns *s = NULL;
        HRESULT hr;

        hcs_guard(&n->lock);
        hr = find_or_fail(n, id, &s, err);
        return FAILED(hr) ? hr : sync(n, s, err);
}

HRESULT guest_namespaces_dns(struct guest_namespaces *n, const char *id, struct hcs_json **ret,
                             struct hcs_error **err) {
        struct ns *s = NULL;
        HRESULT hr;

        hcs_guard(&n->lock);
        hr = find_or_fail(n, id, &s, err);
        if (FAILED(hr))
                return hr;
        *ret = hcs_json_new_array();
        for (size_t i = 0; i < s->n_nics; i++) {
                struct hcs_json *entry = hcs_json_append(*ret, hcs_json_new_object());
                const adapter_t *a = s->nics[i].adapter;

                if (a->DNSSuffix)
                        hcs_json_set_string(entry, "DNSSuffix", a->DNSSuffix);
                if (a->DNSServerList)
                        hcs_json_set_string(entry, "DNSServerList", a->DNSServerList);
        }
        return S_OK;
}
