/* SPDX-License-Identifier: MIT */

/* Control requests, each by its name; see control.h. */

#include "mockhcs/emulate/control.h"

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

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

static const struct {
        const char *name;
        HRESULT(*run)
        (struct emulator *em, const struct hcs_json *request, struct hcs_json **ret, struct hcs_error **err);
} requests[] = {
        {"drain", drain},
        {"status", status},
};

HRESULT emulate_control(struct mock_backend *b, const struct hcs_json *request, struct hcs_json **ret,
                        struct hcs_error **err) {
        const char *name = hcs_json_get_string(request, "control");

        for (size_t i = 0; i < HCS_ARRAY_SIZE(requests); i++)
                if (hcs_streq(requests[i].name, name))
                        return requests[i].run(emulator_of(b), request, ret, err);
        return hcs_error_make(err, E_NOTIMPL, "the emulator knows no request \"%s\"", name ? name : "");
}
