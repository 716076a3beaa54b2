/* SPDX-License-Identifier: MIT */

/*
 * Networks and endpoints of HNS that somebody printed: alone on a line or in a file, or behind a few words. One that
 * has an id was there: HNS answered with it. One without is what was asked for.
 * - [ { "ID" : "..", "Subnets" : [ .. ], "Type" : "Private" } ], the answer to a list
 * - HNS objects: { "ID": "..", .. }, of WSL's networking.bat
 * - Hns Endpoint resource, {"ID":"..","VirtualNetwork":".."}, of Kubernetes' proxy
 * - the list views of Get-HnsNetwork and Get-HnsEndpoint (view.c)
 * - {"Error":"An adapter was not found. ","ErrorCode":2151350278,"Success":false}
 */

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

struct object {
        struct import_ledger *ledger;
        const struct import_line *line;
        const char *text, *repair;
};

/* Other systems have networks and types, too. */
static bool is_network(const struct hcs_json *j) {
        static const char *const types[] = {"NAT",     "Transparent", "L2Bridge", "L2Tunnel", "Overlay",
                                            "Private", "Internal",    "ICS",      "Mirrored"};
        static const char *const members[] = {"Subnets", "MacPools", "MaxConcurrentEndpoints", "Extensions"};
        const char *type = hcs_json_string(hcs_json_get(j, "Type"));
        const struct hcs_json *subnet = hcs_json_first(hcs_json_get(j, "Subnets"));
        bool known = false, has = false;

        for (size_t i = 0; type && i < HCS_ARRAY_SIZE(types); i++)
                known |= hcs_strcaseeq(type, types[i]);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(members); i++)
                has |= hcs_json_get(j, members[i]) != NULL;
        return known && has && (!subnet || hcs_json_string(hcs_json_get(subnet, "AddressPrefix")));
}

/* "networks" or "endpoints"; NULL: it is neither. */
static const char *kind_of(const struct hcs_json *j) {
        if (hcs_json_string(hcs_json_get(j, "VirtualNetwork")))
                return "endpoints";
        return is_network(j) ? "networks" : NULL;
}

static void say(const struct object *o, const char *method, const char *path, const char *request, const char *answer,
                const char *call_repair) {
        import_end(o->ledger,
                   &(struct import_operation){
                           .verb = MOCK_HNS_CALL,
                           .function = "HNSCall",
                           .dll = MOCK_VMCOMPUTE,
                           .args = {{"method", method}, {"path", path}, {request ? "object" : NULL, request}},
                           .document_repair = request ? o->repair : NULL,
                           .result = answer,
                           .result_repair = answer ? o->repair : NULL,
                           .call_repair = call_repair,
                           .time = o->line->ns});
}

static bool say_answered(const struct object *o, const char *kind, const char *id) {
        _cleanup_free_ char *path = hcs_asprintf("/%s/%s", kind, id),
                            *answer = hcs_asprintf("{\"Success\":true,\"Output\":%s}", o->text);

        say(o, "GET", path, NULL, answer, NULL);
        return true;
}

/* Asked for: how that ended, nobody says. */
static bool say_asked(const struct object *o, const char *kind) {
        _cleanup_free_ char *path = hcs_asprintf("/%s/", kind);

        import_begin(o->ledger,
                     &(struct import_operation){.verb = MOCK_HNS_CALL,
                                                .function = "HNSCall",
                                                .dll = MOCK_VMCOMPUTE,
                                                .args = {{"method", "POST"}, {"path", path}, {"object", o->text}},
                                                .document_repair = o->repair,
                                                .time = o->line->ns},
                     false);
        return true;
}

static bool say_failed(const struct object *o, const struct hcs_json *j) {
        const struct hcs_json *success = hcs_json_get(j, "Success");
        uint64_t code;

        if (!hcs_json_is(success, HCS_JSON_BOOL) || hcs_json_bool(success) || !hcs_json_get_string(j, "Error") ||
            !hcs_json_u64(hcs_json_get(j, "ErrorCode"), &code))
                return false;
        say(o, "POST", "/networks/", NULL, o->text,
            "which call it answers is not told; one that makes a network is taken");
        return true;
}

static bool say_one(const struct object *o, const struct hcs_json *j) {
        const char *kind = kind_of(j), *id = hcs_json_get_string(j, "ID");

        if (!kind)
                return say_failed(o, j);
        return id ? say_answered(o, kind, id) : say_asked(o, kind);
}

static bool say_list(const struct object *o, const struct hcs_json *list) {
        const char *kind = kind_of(hcs_json_first(list));

        for (const struct hcs_json *j = hcs_json_first(list); kind && j; j = hcs_json_next(j))
                if (!hcs_streq(kind_of(j), kind) || !hcs_json_get_string(j, "ID"))
                        return false;
        return kind && say_answered(o, kind, "");
}

/* Where a document of that kind may begin; NULL: nowhere. */
static const char *find_document(const char *text) {
        static const char *const words[] = {"HNS objects:", "Hns Endpoint resource,"};

        if (import_stands_alone(text + strspn(text, " \t")))
                return text;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(words); i++) {
                const char *at = strstr(text, words[i]);

                if (at)
                        return at + strlen(words[i]);
        }
        return NULL;
}

/* What Get-HnsNetwork and Get-HnsEndpoint print. */
static bool say_view(struct import_ledger *l, const struct import_line *line) {
        _cleanup_json_ struct hcs_json *j = NULL;
        _cleanup_free_ char *text = NULL;

        if (import_block_begins(line->text) != IMPORT_LIST_VIEW || !strstr(line->text, "\nID "))
                return false;
        j = import_view_document(line->text);
        text = hcs_json_text(j, HCS_JSON_COMPACT);
        return say_one(&(struct object){l, line, text, "made of a list view of PowerShell"}, j);
}

bool import_say_object(struct import_ledger *l, const struct import_line *line) {
        const char *at = find_document(line->text);
        _cleanup_free_ char *repair = NULL, *text = at ? import_document_repaired(at, &repair) : NULL;
        _cleanup_json_ struct hcs_json *j = NULL;
        struct object o = {l, line, text, repair};

        if (!text || FAILED(hcs_json_parse_cstr(text, &j, NULL)))
                return say_view(l, line);
        return hcs_json_is(j, HCS_JSON_ARRAY) ? say_list(&o, j) : say_one(&o, j);
}
