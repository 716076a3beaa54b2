/* SPDX-License-Identifier: MIT */

/*
 * The networks of an engine saved and put back while it runs: what mockhcs.h offers to tests. The model that a file
 * describes is made aside and takes the place of the one that is there when all of it could be made. Any thread.
 */

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"
#include "mockhcs/engine/engine.h"
#include "mockhcs/mockhcs.h"

static HRESULT find_emulator(struct mockhcs *m, struct emulator **ret, struct hcs_error **err) {
        struct mock_backend *b = mockhcs_engine(m)->top;

        while (b->next)
                b = b->next;
        if (!hcs_streq(b->ops->name, "emulate"))
                return hcs_error_make(err, E_NOTIMPL, "the networks of \"%s\" are not ours", b->ops->name);
        *ret = emulator_of(b);
        return S_OK;
}

HRESULT mockhcs_networks_save(struct mockhcs *m, const char *path, struct hcs_error **err) {
        struct emulator *em = NULL;
        HRESULT hr = find_emulator(m, &em, err);

        if (FAILED(hr))
                return hr;
        if (!path)
                return hcs_error_make(err, E_POINTER, "the name of a file is needed");
        hcs_mutex_lock(&em->lock);
        hr = net_state_write(em->net, path, err);
        hcs_mutex_unlock(&em->lock);
        return hr;
}

/* What is to be there afterwards; NULL: nothing. */
static HRESULT describe(struct emulator *em, const char *path, bool clean, struct hcs_json **ret,
                        struct hcs_error **err) {
        if (clean)
                return S_OK;
        if (path)
                return net_state_read(path, ret, err);
        *ret = net_state_describe(em->net);
        return S_OK;
}

static HRESULT restore(struct emulator *em, const char *path, const char *boot, struct emissions *out,
                       struct hcs_error **err) {
        struct net_model *aside = net_model_aside(em->net);
        struct emissions nobody_hears = {0};
        _cleanup_json_ struct hcs_json *root = NULL;
        HRESULT hr = describe(em, path, hcs_streq(boot, "clean"), &root, err);

        aside->out = &nobody_hears;
        if (SUCCEEDED(hr) && root)
                hr = net_state_apply(aside, root, hcs_streq(boot, "reboot"), err);
        if (SUCCEEDED(hr)) {
                em->net->out = out;
                net_restarted(em->net);
                net_model_take(em->net, aside);
                em->net->out = NULL;
        }
        net_model_free(aside);
        return hr;
}

HRESULT mockhcs_networks_restore(struct mockhcs *m, const char *path, const char *boot, struct hcs_error **err) {
        struct emissions out = {0};
        struct emulator *em = NULL;
        HRESULT hr = find_emulator(m, &em, err);

        if (FAILED(hr))
                return hr;
        if (!hcs_streq(boot, "resume") && !hcs_streq(boot, "reboot") && !hcs_streq(boot, "clean"))
                return hcs_error_make(err, E_INVALIDARG, "\"%s\": expected resume, reboot or clean", boot ? boot : "");
        hcs_mutex_lock(&em->lock);
        hr = restore(em, path, boot, &out, err);
        hcs_mutex_unlock(&em->lock);
        emissions_send(em, &out);
        if (FAILED(hr) && path)
                hcs_error_wrap(err, "networks of %s", path);
        return hr;
}
