/* SPDX-License-Identifier: MIT */

/* Control requests, each by its name; see control.h. */

#include "mockhcs/emulate/control.h"

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"
#include "mockhcs/emulate/world.h"

static size_t count_processes(const struct emulator *em) {
        size_t n = 0;

        for (size_t i = 0; i < EMULATE_BUCKETS; i++)
                for (const struct compute_system *s = em->systems[i]; s; s = s->next)
                        for (const struct process *p = s->processes; p; p = p->next)
                                n += !p->exited;
        return n;
}

static HRESULT status(struct emulator *em, const struct hcs_json *request, struct hcs_json **ret,
                      struct hcs_error **err) {
        struct hcs_json *o = hcs_json_new_object();
        size_t objects = 0;

        hcs_guard(&em->lock);
        for (size_t kind = 0; kind < NET_KINDS; kind++)
                objects += em->net->tables[kind].n;
        hcs_json_set_u64(o, "Systems", em->n_systems);
        hcs_json_set_u64(o, "Processes", count_processes(em));
        hcs_json_set_u64(o, "NetworkObjects", objects);
        *ret = o;
        return S_OK;
}

/* The engine's dispatcher does it. */
static HRESULT drain(struct emulator *em, const struct hcs_json *request, struct hcs_json **ret,
                     struct hcs_error **err) {
        *ret = hcs_json_new_object();
        return S_OK;
}

static HRESULT save(struct emulator *em, const struct hcs_json *request, struct hcs_json **ret,
                    struct hcs_error **err) {
        hcs_guard(&em->lock);
        *ret = world_describe(em);
        return S_OK;
}

static HRESULT restore(struct emulator *em, const struct hcs_json *request, struct hcs_json **ret,
                       struct hcs_error **err) {
        struct hcs_json *lost = NULL;
        struct emissions out = {0};
        HRESULT hr;

        hcs_mutex_lock(&em->lock);
        hr = world_restore(em, hcs_json_get(request, "world"), &out, &lost, err);
        hcs_mutex_unlock(&em->lock);
        emissions_send(em, &out);
        if (SUCCEEDED(hr)) {
                *ret = hcs_json_new_object();
                hcs_json_set(*ret, "Lost", lost);
        }
        return hr;
}

static HRESULT reboot(struct emulator *em, const struct hcs_json *request, struct hcs_json **ret,
                      struct hcs_error **err) {
        const struct hcs_json *networks = hcs_json_get(request, "networks");
        struct emissions out = {0};
        HRESULT hr;

        if (!hcs_json_is(networks, HCS_JSON_BOOL))
                return hcs_error_make(err, E_INVALIDARG, "networks: true or false is expected");
        hcs_mutex_lock(&em->lock);
        hr = world_reboot(em, hcs_json_bool(networks), &out, err);
        hcs_mutex_unlock(&em->lock);
        emissions_send(em, &out);
        if (SUCCEEDED(hr))
                *ret = hcs_json_new_object();
        return hr;
}

static const struct {
        const char *name;
        HRESULT(*run)
        (struct emulator *em, const struct hcs_json *request, struct hcs_json **ret, struct hcs_error **err);
} requests[] = {
        {"drain", drain}, {"reboot", reboot}, {"restore", restore}, {"save", save}, {"status", status},
};

HRESULT emulate_control(struct mock_backend *b, const struct hcs_json *request, struct hcs_json **ret,
                        struct hcs_error **err) {
        const char *name = hcs_json_get_string(request, "control");

        for (size_t i = 0; i < HCS_ARRAY_SIZE(requests); i++)
                if (hcs_streq(requests[i].name, name))
                        return requests[i].run(emulator_of(b), request, ret, err);
        return hcs_error_make(err, E_NOTIMPL, "the emulator knows no request \"%s\"", name ? name : "");
}
