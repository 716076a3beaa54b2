/* SPDX-License-Identifier: MIT */

/* The client of layers: loading its libraries, and what every call does the same way. */

#include "storage/internal.h"

#include "platform/abi_text.h"
#include "platform/library.h"

const HCS_DRIVER_INFO storage_driver = {.Flavour = 1, .HomeDir = (PCWSTR)u""};

#define LOAD(ret, name, params) *(void **)&api->name = hcs_dynlib_symbol(lib, #name);

static HRESULT load_vmcompute(const char *path, struct hcs_vmcompute_api *api, struct hcs_error **err) {
        struct hcs_dynlib *lib = NULL;
        HRESULT hr = hcs_library_load(path, "vmcompute", "ActivateLayer", &lib, err);

        if (FAILED(hr))
                return hr;
        HCS_VMCOMPUTE_FUNCTIONS(LOAD)
        return S_OK;
}

/* Builds before 17763 have none. */
static void load_computestorage(const char *path, struct hcs_computestorage_api *api) {
        struct hcs_dynlib *lib = NULL;

        if (FAILED(hcs_library_load(path, "computestorage", "HcsImportLayer", &lib, NULL)))
                return;
        HCS_COMPUTESTORAGE_FUNCTIONS(LOAD)
}

HRESULT hcs_storage_open(const struct hcs_storage_options *o, struct hcs_storage **ret, struct hcs_error **err) {
        struct hcs_storage *s = hcs_calloc(1, sizeof(*s));
        HRESULT hr = S_OK;

        atomic_init(&s->refs, 1);
        if (o && o->vmcompute)
                s->vmcompute = *o->vmcompute;
        else
                hr = load_vmcompute(o ? o->library_path : NULL, &s->vmcompute, err);
        if (FAILED(hr)) {
                free(s);
                return hr;
        }
        if (o && o->computestorage)
                s->computestorage = *o->computestorage;
        else
                load_computestorage(o ? o->library_path : NULL, &s->computestorage);
        *ret = s;
        return S_OK;
}

struct hcs_storage *hcs_storage_ref(struct hcs_storage *s) {
        atomic_fetch_add(&s->refs, 1);
        return s;
}

struct hcs_storage *hcs_storage_unref(struct hcs_storage *s) {
        if (s && atomic_fetch_sub(&s->refs, 1) == 1)
                free(s);
        return NULL;
}

HRESULT storage_outcome(HRESULT hr, const char *function, const char *subject, struct hcs_error **err) {
        if (SUCCEEDED(hr))
                return S_OK;
        hcs_error_from_result(err, hr, NULL);
        hcs_error_set_operation(err, function);
        hcs_error_set_id(err, subject);
        return hr;
}

HRESULT storage_has(const void *function, const char *name, struct hcs_error **err) {
        return function ? S_OK : hcs_error_make(err, HCS_WIN32(127), "the library does not export %s", name);
}

HRESULT storage_wide(const char *text, const char *name, uint16_t **ret, struct hcs_error **err) {
        return text ? hcs_abi_text_wide(text, ret, err) : hcs_error_make(err, E_POINTER, "%s is needed", name);
}
