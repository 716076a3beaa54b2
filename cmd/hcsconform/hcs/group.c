/* SPDX-License-Identifier: MIT */

/* The cases of the compute service as cases of the suite: each once for an API, which its name says. */

#include "base/str.h"
#include "cmd/hcsconform/hcs/hcs.h"

static const struct {
        const char *group;
        const struct hcs_case *cases;
} lists[] = {
        {"hcs", hcs_system_cases},    {"hcs", hcs_document_cases},    {"hcs", hcs_device_cases},
        {"hcs", hcs_service_cases},   {"hcs", hcs_handle_cases},      {"process", hcs_process_cases},
        {"process", hcs_stdio_cases}, {"process", hcs_program_cases},
};

static bool run_core(const struct conform_case *c) {
        return hcs_moves(&face_core, ((const struct hcs_case *)c->arg)->moves);
}

static bool run_vmcompute(const struct conform_case *c) {
        return hcs_moves(&face_vmcompute, ((const struct hcs_case *)c->arg)->moves);
}

static void each(const char *group, const struct hcs_case *h, const struct face *face, conform_fn fn, void *ctx) {
        _cleanup_free_ char *name = hcs_asprintf("%s (%s)", h->name, face->name);
        const struct conform_case c = {.group = group,
                                       .name = name,
                                       .options = h->options,
                                       .needs = h->needs,
                                       .how = h->how,
                                       .source = h->source,
                                       .differs = h->differs,
                                       .run = face->v1 ? run_vmcompute : run_core,
                                       .arg = h};

        fn(&c, ctx);
}

void hcs_each(conform_fn fn, void *ctx) {
        for (size_t l = 0; l < HCS_ARRAY_SIZE(lists); l++)
                for (const struct hcs_case *h = lists[l].cases; h->name; h++) {
                        if (h->apis & CORE)
                                each(lists[l].group, h, &face_core, fn, ctx);
                        if (h->apis & V1)
                                each(lists[l].group, h, &face_vmcompute, fn, ctx);
                }
}
