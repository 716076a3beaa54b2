/* SPDX-License-Identifier: MIT */

/*
 * Documents against the schema. A host refuses values of the wrong type (observed: 0x8037010D names the path) and is
 * taken to pass over members that it does not know; the option profile=strict:BUILD refuses these too, and what is
 * newer than that build, as the guests of older releases do (hcsshim issue 2714).
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/emulate.h"

HRESULT emulate_profile_parse(struct emulator *em, const char *text, struct hcs_error **err) {
        HRESULT hr = hcs_schema_profile_parse(text, &em->profile, err);

        if (FAILED(hr))
                hcs_error_wrap(err, "profile=%s", text);
        return hr;
}

/* The guest answers for what is inside its request, with the path below the settings. */
static bool is_for_guest(const char *path) {
        return hcs_str_starts(path, "$.GuestRequest.");
}

static const struct hcs_schema_problem *first_error(const struct hcs_schema_report *report) {
        for (size_t i = 0; i < report->n; i++)
                if (report->problems[i].is_error)
                        return &report->problems[i];
        return NULL;
}

/* The problem's path is "$", "$.A" or "$[0]" of the part that stands at `path`. */
static void refuse_at(struct mock_call *call, const char *path, const struct hcs_schema_problem *problem) {
        const char *rest = problem->path + 1;
        _cleanup_free_ char *where = hcs_asprintf("%s%s", path, *path || *rest != '.' ? rest : rest + 1);

        refuse_path(call, where, problem->message);
}

bool settings_fit(struct emulator *em, struct mock_call *call, enum hcs_schema_type_id type, const char *path,
                  const struct hcs_json *part) {
        const struct hcs_schema_problem *problem;
        struct hcs_schema_report report;

        hcs_schema_validate(hcs_schema_type_at(type), part, &em->profile, &report);
        problem = first_error(&report);
        if (problem && is_for_guest(problem->path))
                mock_call_fail(call, HCS_E_INVALID_JSON, hcs_schema_guest_refusal(problem));
        else if (problem)
                refuse_at(call, path, problem);
        hcs_schema_report_deinit(&report);
        return !problem;
}

bool document_fits(struct emulator *em, struct mock_call *call, enum hcs_schema_type_id type,
                   const struct hcs_json *doc) {
        return settings_fit(em, call, type, "", doc);
}

bool options_fit(struct emulator *em, struct mock_call *call, enum hcs_schema_type_id type) {
        const struct hcs_json *options;

        if (!mock_call_arg(call, "options"))
                return true;
        options = document_of(call, "options", true);
        return options && (type == HCS_SCHEMA_TYPE_COUNT || document_fits(em, call, type, options));
}
