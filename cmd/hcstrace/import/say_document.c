/* SPDX-License-Identifier: MIT */

/*
 * Documents that stand alone on a line, or in a file of their own, as somebody copied them out of a log, an event
 * viewer or a debugger: what they are shows in their members, and so does which call they belong to.
 */

#include "base/json.h"
#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"
#include "hcsshim/schema.h"

struct alone {
        struct import_ledger *ledger;
        const struct hcs_json *json;
        const char *text, *repair;
        uint64_t time;
};

/* By its name where the schema has one (v1), or its owner's. */
static bool say_created(const struct alone *d) {
        struct import_operation op = {.verb = MOCK_CREATE_SYSTEM,
                                      .system = hcs_json_get_string(d->json, "Name"),
                                      .document = d->text,
                                      .document_repair = d->repair,
                                      .time = d->time};

        if (!op.system)
                op.system = hcs_json_get_string(d->json, "Owner");
        import_end(d->ledger, &op);
        return true;
}

static bool say_with_document(const struct alone *d, enum mock_verb verb) {
        struct import_operation op = {.verb = verb, .document = d->text, .document_repair = d->repair, .time = d->time};

        import_end(d->ledger, &op);
        return true;
}

static bool say_modified(const struct alone *d) {
        return say_with_document(d, MOCK_MODIFY_SYSTEM);
}

static bool say_process(const struct alone *d) {
        return say_with_document(d, MOCK_CREATE_PROCESS);
}

static bool say_result(const struct alone *d) {
        int64_t code;

        return hcs_json_i64(hcs_json_get(d->json, "Error"), &code) &&
               import_say_result(d->ledger, d->text, d->repair, d->time);
}

static bool say_process_exited(const struct alone *d) {
        uint64_t pid;

        if (!hcs_json_bool(hcs_json_get(d->json, "Exited")) ||
            !hcs_json_u64(hcs_json_get(d->json, "ProcessId"), &pid) || pid == 0 || pid >= IMPORT_NEWEST_PROCESS)
                return false;
        import_exit(d->ledger, NULL, (uint32_t)pid, d->text, d->time);
        return true;
}

static bool say_exited(const struct alone *d) {
        import_exit(d->ledger, NULL, 0, d->text, d->time);
        return true;
}

static const struct {
        const char *type;
        bool (*say)(const struct alone *d);
} kinds[] = {
        {"ComputeSystem", say_created},     {"v1.ContainerConfig", say_created},
        {"ResultError", say_result},        {"ProcessStatus", say_process_exited},
        {"SystemExitStatus", say_exited},   {"ModifySettingRequest", say_modified},
        {"ProcessParameters", say_process},
};

bool import_stands_alone(const char *text) {
        const char *first = *text == '[' ? text + 1 + strspn(text + 1, " \t") : text;

        return *first == '{' && !strstr(text, "\"msg\"") && !strstr(text, "\"message\"") && !strstr(text, "\"level\"");
}

bool import_say_document(struct import_ledger *l, const struct import_line *line) {
        const char *text = line->text + strspn(line->text, " \t");
        _cleanup_free_ char *repair = NULL, *document = NULL;
        _cleanup_json_ struct hcs_json *json = NULL;
        const struct hcs_schema_type *type;
        struct alone d;

        if (!import_stands_alone(text))
                return false;
        document = import_document_repaired(text, &repair);
        if (!document || FAILED(hcs_json_parse_cstr(document, &json, NULL)))
                return false;
        type = hcs_schema_guess(json);
        d = (struct alone){.ledger = l, .json = json, .text = document, .repair = repair, .time = line->ns};
        for (size_t i = 0; type && i < HCS_ARRAY_SIZE(kinds); i++)
                if (hcs_streq(type->name, kinds[i].type))
                        return kinds[i].say(&d);
        return false;
}
