/* SPDX-License-Identifier: MIT */

/* What the service can do, by its version. A version that was read is kept; a failure is not. */

#include <string.h>

#include "hcn/internal.h"
#include "hns/internal.h"

/* The version 1 client behind HNSCall, made when it is first needed. Borrowed from c. */
static HRESULT hns_of(struct hcn_client *c, struct hns_client **ret, struct hcs_error **err) {
        struct hns_client *fresh = NULL;
        HRESULT hr;

        hcs_mutex_lock(&c->lock);
        *ret = c->hns;
        hcs_mutex_unlock(&c->lock);
        if (*ret)
                return S_OK;
        hr = hns_client_open(&(struct hns_client_options){.library_path = c->library_path}, &fresh, err);
        if (FAILED(hr))
                return hr;
        hcs_mutex_lock(&c->lock);
        if (!c->hns)
                c->hns = steal_pointer(&fresh);
        *ret = c->hns;
        hcs_mutex_unlock(&c->lock);
        hns_client_unref(fresh);
        return S_OK;
}

static HRESULT ask(struct hcn_client *c, struct hcs_schema_hcn_version *ret, struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_HCN_VERSION);
        struct hcs_schema_hcn_version *v = NULL;
        _cleanup_json_ struct hcs_json *output = NULL;
        _cleanup_free_ char *text = NULL;
        struct hns_client *hns;
        HRESULT hr;

        if (FAILED(hr = hns_of(c, &hns, err)) ||
            FAILED(hr = hns_request(hns, HNS_WORDING_HCN, "GET", "/globals/version", NULL, &output, err)))
                return hr;
        text = output ? hcs_json_text(output, HCS_JSON_COMPACT) : hcs_strdup("{}");
        if (FAILED(hr = hcs_schema_parse_answer(type, text, (void **)&v, err)))
                return hr;
        *ret = (struct hcs_schema_hcn_version){.Major = v->Major, .Minor = v->Minor};
        hcs_schema_free(type, v);
        return S_OK;
}

HRESULT hcn_globals(struct hcn_client *c, char **ret, struct hcs_error **err) {
        struct hcs_schema_hcn_globals globals = {0};
        HRESULT hr = ask(c, &globals.Version, err);

        if (SUCCEEDED(hr))
                *ret = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_HCN_GLOBALS), &globals);
        return hr;
}

HRESULT hcn_version(struct hcn_client *c, struct hcs_schema_hns_version *ret, struct hcs_error **err) {
        struct hcs_schema_hcn_version v;
        bool known;
        HRESULT hr;

        hcs_mutex_lock(&c->lock);
        known = c->has_version;
        if (known)
                *ret = c->version;
        hcs_mutex_unlock(&c->lock);
        if (known)
                return S_OK;
        hr = ask(c, &v, err);
        if (FAILED(hr)) {
                if (err)
                        hcs_error_wrap(err, "failed to query HCN version number: this is expected on pre 1803 builds.");
                return hr;
        }
        *ret = (struct hcs_schema_hns_version){v.Major, v.Minor};
        hcs_mutex_lock(&c->lock);
        c->version = *ret;
        c->has_version = true;
        hcs_mutex_unlock(&c->lock);
        return S_OK;
}

void hcn_features_refresh(struct hcn_client *c) {
        hcs_guard(&c->lock);

        c->has_version = false;
}

HRESULT hcn_features(struct hcn_client *c, char **ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        struct hcs_schema_hns_version v;
        HRESULT hr = hcn_version(c, &v, err);

        if (FAILED(hr))
                return hr;
        json = hcs_json_new_object();
        for (size_t i = 0; hcs_schema_feature_at(i); i++) {
                const struct hcs_schema_feature *f = hcs_schema_feature_at(i);
                const char *dot = strchr(f->name, '.');
                struct hcs_json *parent = json;

                if (dot) {
                        _cleanup_free_ char *group = hcs_strndup(f->name, (size_t)(dot - f->name));

                        parent = hcs_json_get(json, group);
                        if (!parent)
                                parent = hcs_json_set_new_object(json, group);
                }
                hcs_json_set_bool(parent, dot ? dot + 1 : f->name, hcs_schema_feature_in(f, v));
        }
        *ret = hcs_json_text(json, HCS_JSON_GO);
        return S_OK;
}

static HRESULT unsupported(const struct hcs_schema_feature *f, struct hcs_schema_hns_version v,
                           struct hcs_error **err) {
        return hcs_error_make(err, HCS_WIN32(50),
                              "platform does not support feature %s: the service is version %lld.%lld, it is in %s",
                              f->name, (long long)v.major, (long long)v.minor, f->versions);
}

HRESULT hcn_require(struct hcn_client *c, const char *feature, struct hcs_error **err) {
        const struct hcs_schema_feature *f = hcs_schema_feature_find(feature);
        struct hcs_schema_hns_version v;
        HRESULT hr;

        if (!f)
                return hcs_error_make(err, E_INVALIDARG, "no feature is called \"%s\"", feature ? feature : "");
        hr = hcn_version(c, &v, err);
        if (FAILED(hr))
                return hr;
        return hcs_schema_feature_in(f, v) ? S_OK : unsupported(f, v, err);
}

HRESULT hcn_require_for(struct hcn_client *c, enum hcn_kind kind, const char *settings, struct hcs_error **err) {
        const struct hcn_kind_info *k = hcn_kind_info(kind);
        const struct hcs_schema_type *type = k ? hcs_schema_type_at(k->type) : NULL;
        _cleanup_json_ struct hcs_json *json = NULL;
        const struct hcs_schema_feature *f;
        struct hcs_schema_hns_version v;
        _cleanup_free_ char *path = NULL;
        HRESULT hr;

        if (!type)
                return hcs_error_make(err, E_INVALIDARG, "a %s has no schema", hcn_kind_name(kind));
        if (FAILED(hr = hcs_json_parse_cstr(settings ? settings : "{}", &json, err)) ||
            FAILED(hr = hcn_version(c, &v, err)))
                return hr;
        if (!hcs_schema_feature_missing(type, json, v, &path, &f))
                return S_OK;
        hr = unsupported(f, v, err);
        hcs_error_set_path(err, path);
        return hr;
}
