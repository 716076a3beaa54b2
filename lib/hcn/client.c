/* SPDX-License-Identifier: MIT */

/* Opening and dropping a client, and the handles that failing calls left to it. */

#include <string.h>

#include "hcn/internal.h"
#include "platform/library.h"

static void fill(struct hcn_client *c, struct hcs_dynlib *lib) {
#define LOAD(ret, name, params) *(void **)&c->api.name = hcs_dynlib_symbol(lib, #name);
        HCS_COMPUTENETWORK_FUNCTIONS(LOAD)
#undef LOAD
}

HRESULT hcn_client_open(const struct hcn_client_options *o, struct hcn_client **ret, struct hcs_error **err) {
        _cleanup_(hcn_client_unrefp) struct hcn_client *c = hcs_calloc(1, sizeof(*c));
        struct hcs_dynlib *lib;
        HRESULT hr;

        atomic_init(&c->refs, 1);
        hcs_mutex_init(&c->lock);
        c->keep_unknown = o && o->keep_unknown;
        c->library_path = hcs_strdup(o ? o->library_path : NULL);
        if (o && o->computenetwork) {
                c->api = *o->computenetwork;
        } else {
                hr = hcs_library_load(c->library_path, "computenetwork", "HcnEnumerateNetworks", &lib, err);
                if (FAILED(hr))
                        return hr;
                fill(c, lib);
        }
        if (o && o->vmcompute) {
                hr = hns_client_open(&(struct hns_client_options){.vmcompute = o->vmcompute}, &c->hns, err);
                if (FAILED(hr))
                        return hr;
        }
        *ret = steal_pointer(&c);
        return S_OK;
}

struct hcn_client *hcn_client_ref(struct hcn_client *c) {
        atomic_fetch_add(&c->refs, 1);
        return c;
}

struct hcn_client *hcn_client_unref(struct hcn_client *c) {
        if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
                return NULL;
        hcn_client_sweep(c, 1);
        hns_client_unref(c->hns);
        hcs_mutex_deinit(&c->lock);
        free(c->library_path);
        free(c);
        return NULL;
}

void hcn_client_sweep(struct hcn_client *c, size_t at_least) {
        struct hcn_leftover taken[HCN_LEFTOVERS];
        size_t n = 0;

        hcs_mutex_lock(&c->lock);
        if (c->n_leftovers >= at_least) {
                n = c->n_leftovers;
                memcpy(taken, c->leftovers, n * sizeof(*taken));
                c->n_leftovers = 0;
        }
        hcs_mutex_unlock(&c->lock);
        while (n-- > 0)
                taken[n].kind->close(&c->api, taken[n].handle);
}

void hcn_leave_open(struct hcn_client *c, const struct hcn_kind_info *k, void *handle) {
        hcn_client_sweep(c, HCN_LEFTOVERS);
        hcs_mutex_lock(&c->lock);
        if (c->n_leftovers < HCN_LEFTOVERS) {
                c->leftovers[c->n_leftovers++] = (struct hcn_leftover){k, handle};
                handle = NULL;
        }
        hcs_mutex_unlock(&c->lock);
        /* Others filled it again meanwhile. */
        if (handle)
                k->close(&c->api, handle);
}
