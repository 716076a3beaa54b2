/* SPDX-License-Identifier: MIT */

/*
 * Layer calls:
 *   hcsshim::ActivateLayer Flavour 1 ID ..      an announcement; "hcsshim::ActivateLayer  - succeeded id=.. flavour=1"
 *   hcsshim::GetLayerMountPath succeeded path=.. mountPath=..
 *   hcsshim::PrepareLayer - failed failed in Win32: Incorrect function. (0x1)
 *   msg="hcsshim::ImportLayer failed in Win32: .. (0x3)" folder=.. path=..
 *   msg=Span name="hcsshim::NameToGuid" objectName=.. guid=..
 */

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

static const struct mock_function *layer_function(const char *name) {
        _cleanup_free_ char *word = hcs_strndup(name, strcspn(name, " :\t"));
        const struct mock_function *f = mock_function_find(MOCK_VMCOMPUTE, word);

        return f && mock_verb_is_layer(f->verb) ? f : NULL;
}

static void quote(const char *text, char **ret) {
        _cleanup_json_ struct hcs_json *j = text ? hcs_json_new_string(text) : NULL;

        *ret = j ? hcs_json_text(j, HCS_JSON_COMPACT) : NULL;
}

/* id: of the layer; answer: what the call gave back, NULL for nothing. */
static void emit(struct import_ledger *l, const struct import_line *line, const struct mock_function *f, const char *id,
                 const char *path, const char *answer, HRESULT hr) {
        bool named = strcmp(f->name, "NameToGuid") == 0,
             alone = strcmp(f->name, "ProcessBaseImage") == 0 || strcmp(f->name, "ProcessUtilityImage") == 0;
        _cleanup_free_ char *result = NULL;
        struct import_operation op = {.verb = f->verb,
                                      .function = f->name,
                                      .dll = MOCK_VMCOMPUTE,
                                      .hr = hr,
                                      .time = line->ns,
                                      .args = {{named   ? "name"
                                                : alone ? "path"
                                                        : "id",
                                                id}}};

        quote(answer, &result);
        op.result = result;
        if (path) {
                op.args[1].name = "path";
                op.args[1].text = path;
        }
        import_end(l, &op);
}

static bool span(struct import_ledger *l, const struct import_line *line) {
        static const char *const ids[] = {"objectName", "path", "id", NULL}, *const answers[] = {"guid", "mountPath",
                                                                                                 NULL};
        const char *name = import_field(line, "name"), *error = import_field(line, "error");
        const struct mock_function *f = name && hcs_str_starts(name, "hcsshim::") ? layer_function(name + 9) : NULL;

        if (!f)
                return name && hcs_streq(name, "hcsshim::LayerID"); /* reads a file, calls nothing */
        emit(l, line, f, import_field_of(line, ids), NULL, import_field_of(line, answers), import_failure(error, NULL));
        return true;
}

static bool message(struct import_ledger *l, const struct import_line *line, const char *name) {
        const struct mock_function *f = layer_function(name);
        const char *rest = name + strcspn(name, " :\t"), *win32 = strstr(rest, "failed in Win32");
        _cleanup_free_ char *id = import_after(rest, " id="), *layer = import_after(rest, " layerId="),
                            *path = import_after(rest, " path="), *mounted = import_after(rest, " mountPath="),
                            *of = import_after(rest, "name:"), *guid = import_after(rest, "guid:");
        const char *field = import_field(line, "path"), *folder = import_field(line, "folder");

        if (!f)
                return false;
        if (win32 || strstr(rest, "- failed")) {
                const char *known = id ? id : layer ? layer : path ? path : field;

                emit(l, line, f, known ? known : "unknown", folder, NULL, import_failure(rest, NULL));
        } else if (strstr(rest, "succeeded")) {
                bool mount = strcmp(f->name, "GetLayerMountPath") == 0;
                const char *known = id ? id : layer ? layer : path;

                emit(l, line, f, known ? known : "unknown", NULL,
                     mounted                  ? mounted
                     : mount && known != path ? path
                                              : NULL,
                     S_OK);
        } else if (of && guid) {
                emit(l, line, f, of, NULL, guid, S_OK);
        }
        return true; /* an announcement: its end says how it went */
}

bool import_say_layer(struct import_ledger *l, const struct import_line *line) {
        const char *msg = import_field(line, "msg"), *name = msg ? strstr(msg, "hcsshim::") : NULL;

        if (hcs_streq(msg, "Span"))
                return span(l, line);
        return name && message(l, line, name + strlen("hcsshim::"));
}
