/* SPDX-License-Identifier: MIT */

/* Opening a client: which library, where it is, which of its functions are there; and the calls on the service. */

#include <string.h>

#include "base/str.h"
#include "hcs/internal.h"
#include "platform/env.h"
#include "platform/library.h"

#define MOD_NOT_FOUND HCS_WIN32(126)

const char *hcs_api_name(enum hcs_api api) {
        return api == HCS_API_COMPUTECORE ? "computecore" : api == HCS_API_VMCOMPUTE ? "vmcompute" : "auto";
}

static void fill_core(struct hcs_client *c, struct hcs_dynlib *lib) {
#define LOAD(ret, name, params) *(void **)&c->core.name = hcs_dynlib_symbol(lib, #name);
        HCS_COMPUTECORE_FUNCTIONS(LOAD)
#undef LOAD
}

static void fill_vm(struct hcs_client *c, struct hcs_dynlib *lib) {
#define LOAD(ret, name, params) *(void **)&c->vm.name = hcs_dynlib_symbol(lib, #name);
        HCS_VMCOMPUTE_FUNCTIONS(LOAD)
#undef LOAD
}

static HRESULT load(struct hcs_client *c, enum hcs_api api, const char *place, struct hcs_error **err) {
        const char *symbol = api == HCS_API_COMPUTECORE ? "HcsCreateOperation" : "HcsRegisterComputeSystemCallback";
        struct hcs_dynlib *lib;
        HRESULT hr = hcs_library_load(place, hcs_api_name(api), symbol, &lib, err);

        if (FAILED(hr))
                return hr;
        if (api == HCS_API_COMPUTECORE)
                fill_core(c, lib);
        else
                fill_vm(c, lib);
        return S_OK;
}

static HRESULT wanted_api(const struct hcs_client_options *options, enum hcs_api *ret, struct hcs_error **err) {
        _cleanup_free_ char *env = hcs_env_get("HCSSHIM_API");

        *ret = options ? options->api : HCS_API_AUTO;
        if (*ret != HCS_API_AUTO || !env)
                return S_OK;
        if (hcs_streq(env, "computecore"))
                *ret = HCS_API_COMPUTECORE;
        else if (hcs_streq(env, "vmcompute"))
                *ret = HCS_API_VMCOMPUTE;
        else
                return hcs_error_make(err, E_INVALIDARG, "HCSSHIM_API=%s: expected computecore or vmcompute", env);
        return S_OK;
}

static void read_timeouts(struct hcs_client *c) {
        static const char *const names[] = {"CREATE", "START", "PAUSE", "RESUME", "SAVE"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++) {
                _cleanup_free_ char *variable = hcs_asprintf("HCSSHIM_TIMEOUT_SYSTEM%s", names[i]);
                _cleanup_free_ char *value = hcs_env_get(variable);
                uint64_t seconds;

                c->timeouts_ms[i] = 240000;
                if (value && hcs_str_to_u64(value, &seconds) && seconds > 0 && seconds < INT64_MAX / 1000)
                        c->timeouts_ms[i] = (int64_t)seconds * 1000;
        }
}

/* Tables given by the caller come first; then the library of the API that is wanted, computecore before vmcompute. */
static HRESULT choose(struct hcs_client *c, const struct hcs_client_options *o, enum hcs_api api,
                      struct hcs_error **err) {
        const char *place = o ? o->library_path : NULL;
        struct hcs_error *first = NULL;
        HRESULT hr;

        if (o && o->computecore && api != HCS_API_VMCOMPUTE) {
                c->core = *o->computecore;
                c->api = HCS_API_COMPUTECORE;
                return S_OK;
        }
        if (o && o->vmcompute && api != HCS_API_COMPUTECORE) {
                c->vm = *o->vmcompute;
                c->api = HCS_API_VMCOMPUTE;
                return S_OK;
        }
        c->api = api == HCS_API_AUTO ? HCS_API_COMPUTECORE : api;
        hr = load(c, c->api, place, &first);
        if (FAILED(hr) && api == HCS_API_AUTO) {
                c->api = HCS_API_VMCOMPUTE;
                hr = load(c, c->api, place, err);
                if (FAILED(hr))
                        hcs_error_wrap(err, "neither library can be used: %s", hcs_error_message(first));
                hcs_error_free(first);
                return FAILED(hr) ? MOD_NOT_FOUND : S_OK;
        }
        return FAILED(hr) ? hcs_error_move(err, &first) : S_OK;
}

HRESULT hcs_client_open(const struct hcs_client_options *options, struct hcs_client **ret, struct hcs_error **err) {
        struct hcs_client *c = hcs_calloc(1, sizeof(*c));
        enum hcs_api api;
        HRESULT hr = wanted_api(options, &api, err);

        atomic_init(&c->refs, 1);
        read_timeouts(c);
        if (SUCCEEDED(hr))
                hr = choose(c, options, api, err);
        if (FAILED(hr)) {
                free(c);
                return hr;
        }
        c->ops = c->api == HCS_API_COMPUTECORE ? &hcs_core_ops : &hcs_vm_ops;
        *ret = c;
        return S_OK;
}

struct hcs_client *hcs_client_ref(struct hcs_client *c) {
        atomic_fetch_add(&c->refs, 1);
        return c;
}

struct hcs_client *hcs_client_unref(struct hcs_client *c) {
        if (c && atomic_fetch_sub(&c->refs, 1) == 1)
                free(c);
        return NULL;
}

enum hcs_api hcs_client_api(const struct hcs_client *c) {
        return c->api;
}

HRESULT hcs_enumerate(struct hcs_client *c, const char *query, const struct hcs_call *call, char **ret_systems,
                      struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of(c, call, HCS_TIMEOUT_NONE);
        char *data = NULL, *result = NULL;
        HRESULT hr = c->ops->enumerate(c, query, &b, &data, &result);

        if (FAILED(hr))
                return hcs_fail(err, hr, result, "EnumerateComputeSystems", NULL);
        if (!data)
                return hcs_error_make(err, E_UNEXPECTED, "EnumerateComputeSystems: the answer is empty");
        *ret_systems = data;
        return S_OK;
}

static HRESULT service(struct hcs_client *c, bool modify, const char *document, char **ret, struct hcs_error **err) {
        const char *operation = modify ? "ModifyServiceSettings" : "GetServiceProperties";
        char *data = NULL, *result = NULL;
        HRESULT hr = c->ops->service(c, modify, document, &data, &result);

        if (FAILED(hr))
                return hcs_fail(err, hr, result, operation, NULL);
        if (!data && !modify)
                return hcs_error_make(err, E_UNEXPECTED, "%s: the answer is empty", operation);
        if (ret)
                *ret = data;
        else
                free(data);
        return S_OK;
}

HRESULT hcs_service_properties(struct hcs_client *c, const char *query, char **ret, struct hcs_error **err) {
        return service(c, false, query, ret, err);
}

HRESULT hcs_service_modify(struct hcs_client *c, const char *settings, char **ret_result, struct hcs_error **err) {
        return service(c, true, settings, ret_result, err);
}

static HRESULT grant_or_revoke(struct hcs_client *c, bool grant, const char *vm_id, const char *path,
                               struct hcs_error **err) {
        HRESULT hr = c->ops->access(c, grant, vm_id, path);

        if (SUCCEEDED(hr))
                return S_OK;
        return hcs_fail(err, hr, NULL, grant ? "GrantVmAccess" : "RevokeVmAccess", path);
}

HRESULT hcs_grant_vm_access(struct hcs_client *c, const char *vm_id, const char *path, struct hcs_error **err) {
        return grant_or_revoke(c, true, vm_id, path, err);
}

HRESULT hcs_revoke_vm_access(struct hcs_client *c, const char *vm_id, const char *path, struct hcs_error **err) {
        return grant_or_revoke(c, false, vm_id, path, err);
}

HRESULT hcs_grant_vm_group_access(struct hcs_client *c, const char *path, struct hcs_error **err) {
        return grant_or_revoke(c, true, NULL, path, err);
}

HRESULT hcs_revoke_vm_group_access(struct hcs_client *c, const char *path, struct hcs_error **err) {
        return grant_or_revoke(c, false, NULL, path, err);
}
