/* SPDX-License-Identifier: MIT */

/*
 * The bridge as the guest's agent logs it, as frames of a trace:
 *   bridge: read message '{..}'                       opengcs of 2017, which names neither kind nor number
 *   bridge: response sent: '{..}' to HCS
 *   opengcs::bridge - request message  message_id=7 message_type="ComputeSystem ModifySettings"    hcsshim since 0.9
 *   request read message               message="{..}"
 *   request failed                     message_id=7 error=..
 * Which kind a message is of shows in its members; a response is that of the oldest request that it fits.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"
#include "gcs/message.h"

#define MAX_ASKED 64 /* requests without an answer; the oldest is forgotten for one more */

struct asked {
        uint64_t id;
        uint32_t rpc;
        char activity[40];
};

struct import_bridge {
        struct asked asked[MAX_ASKED]; /* oldest first */
        size_t n;
        uint64_t newest;        /* the number given last to a request that has none */
        struct asked announced; /* rpc 0: none */
};

struct import_bridge *import_bridges_new(size_t n_logs) {
        return hcs_calloc(n_logs, sizeof(struct import_bridge));
}

struct import_bridge *import_bridge_of(struct import_bridge *all, unsigned log) {
        return &all[log];
}

struct import_bridge *import_bridges_free(struct import_bridge *all) {
        free(all);
        return NULL;
}

/* ---- which message is it? ---- */

/* "ComputeSystem ModifySettings", "ComputeSystemModifySettingsV1", as loggers spell them; 0: none of these. */
static uint32_t rpc_of_name(const char *text) {
        const char *name = strrchr(text, ' ') ? strrchr(text, ' ') + 1 : text;
        const struct hcs_gcs_message *m;
        _cleanup_free_ char *plain = NULL;

        if (hcs_str_starts(name, "ComputeSystem"))
                name += strlen("ComputeSystem");
        plain = hcs_strdup(name);
        if (hcs_str_ends(plain, "V1"))
                plain[strlen(plain) - 2] = '\0';
        m = hcs_gcs_message_named(plain);
        return m ? m->rpc : 0;
}

/* Requests that only their members tell apart, what is most special first. */
static uint32_t rpc_of_members(const struct hcs_json *request) {
        static const struct {
                const char *member;
                uint32_t rpc;
        } kinds[] = {
                {"Settings.ProcessParameters", HCS_GCS_EXECUTE_PROCESS},
                {"ContainerConfig", HCS_GCS_CREATE},
                {"MinimumVersion", HCS_GCS_NEGOTIATE_PROTOCOL},
                {"TimeoutInMs", HCS_GCS_WAIT_FOR_PROCESS},
                {"Height", HCS_GCS_RESIZE_CONSOLE},
                {"Query", HCS_GCS_GET_PROPERTIES},
                {"Request", HCS_GCS_MODIFY_SETTINGS},
                {"Options", HCS_GCS_SIGNAL_PROCESS},
                {"ProcessId", HCS_GCS_SIGNAL_PROCESS},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(kinds); i++)
                if (hcs_json_lookup(request, kinds[i].member))
                        return kinds[i].rpc;
        return 0;
}

static bool answers(const struct hcs_json *response, const struct asked *a) {
        const char *activity = hcs_json_get_string(response, "ActivityId");
        int64_t result;

        if (activity && a->activity[0] && !hcs_streq(activity, a->activity))
                return false;
        if (hcs_json_get(response, "ExitCode"))
                return a->rpc == HCS_GCS_WAIT_FOR_PROCESS;
        if (hcs_json_get(response, "ProcessId"))
                return a->rpc == HCS_GCS_EXECUTE_PROCESS;
        /* Of these two what worked has the member that was looked for. */
        if (hcs_json_i64(hcs_json_get(response, "Result"), &result) && result == 0)
                return a->rpc != HCS_GCS_WAIT_FOR_PROCESS && a->rpc != HCS_GCS_EXECUTE_PROCESS;
        return true;
}

/* ---- frames ---- */

static void put(struct import_ledger *l, const struct import_line *line, uint32_t type, uint64_t id, const char *body,
                const char *repair) {
        char text[HCS_GCS_TYPE_TEXT_SIZE];

        import_emit_frame(import_ledger_emitter(l), &(struct import_frame){.type = hcs_gcs_type_format(type, text),
                                                                           .id = id,
                                                                           .from_guest = type & HCS_GCS_RESPONSE,
                                                                           .document = body,
                                                                           .repair = repair,
                                                                           .time = line->ns});
}

static void ask(struct import_ledger *l, const struct import_line *line, const struct asked *a, const char *body,
                const char *repair) {
        struct import_bridge *b = import_ledger_bridge(l);

        if (b->n == MAX_ASKED)
                memmove(b->asked, b->asked + 1, --b->n * sizeof(b->asked[0]));
        b->asked[b->n++] = *a;
        put(l, line, HCS_GCS_REQUEST | a->rpc, a->id, body, repair);
}

static void answer(struct import_ledger *l, const struct import_line *line, size_t i, const char *body,
                   const char *repair) {
        struct import_bridge *b = import_ledger_bridge(l);
        const struct asked a = b->asked[i];

        memmove(b->asked + i, b->asked + i + 1, (--b->n - i) * sizeof(b->asked[0]));
        put(l, line, HCS_GCS_RESPONSE | a.rpc, a.id, body, repair);
}

static void keep_activity(struct asked *a, const char *activity) {
        snprintf(a->activity, sizeof(a->activity), "%s", activity ? activity : "");
}

/* announced: what a line before it said of it; rpc 0: nothing. */
static bool request_document(struct import_ledger *l, const struct import_line *line, const char *text,
                             struct asked announced) {
        struct import_bridge *b = import_ledger_bridge(l);
        _cleanup_free_ char *repair = NULL, *document = import_document_repaired(text, &repair);
        _cleanup_json_ struct hcs_json *json = NULL;
        struct asked a = announced;

        if (!document || FAILED(hcs_json_parse_cstr(document, &json, NULL)))
                return false;
        if (!a.rpc) {
                a.rpc = rpc_of_members(json);
                a.id = b->newest + 1;
        }
        if (!a.rpc)
                return false;
        b->newest = a.id > b->newest ? a.id : b->newest;
        keep_activity(&a, hcs_json_get_string(json, "ActivityId"));
        ask(l, line, &a, document, repair);
        return true;
}

static bool response_document(struct import_ledger *l, const struct import_line *line, const char *text) {
        struct import_bridge *b = import_ledger_bridge(l);
        _cleanup_free_ char *repair = NULL, *document = import_document_repaired(text, &repair);
        _cleanup_json_ struct hcs_json *json = NULL;

        if (!document || FAILED(hcs_json_parse_cstr(document, &json, NULL)))
                return false;
        for (size_t i = 0; i < b->n; i++)
                if (answers(json, &b->asked[i])) {
                        answer(l, line, i, document, repair);
                        return true;
                }
        import_tell(import_ledger_emitter(l), IMPORT_NO_CALL, line, "a response whose request the log does not tell");
        return true;
}

/* ---- lines ---- */

static bool id_field(const struct import_line *line, uint64_t *ret) {
        static const char *const names[] = {"message_id", "message-id", "messageID", NULL};
        const char *text = import_field_of(line, names);

        return text && hcs_str_to_u64(text, ret);
}

static bool announce(struct import_ledger *l, const struct import_line *line) {
        static const char *const types[] = {"message_type", "message-type", "messageType", NULL},
                                 *const activities[] = {"activityID", "activityId", "activity-id", NULL};
        const char *type = import_field_of(line, types);
        struct asked a = {.rpc = type ? rpc_of_name(type) : 0};

        if (!a.rpc || !id_field(line, &a.id))
                return false;
        keep_activity(&a, import_field_of(line, activities));
        import_ledger_bridge(l)->announced = a;
        return true;
}

/* Its response is not logged: the code is that of the error, or the one that the agent has for any. */
static bool failed(struct import_ledger *l, const struct import_line *line) {
        struct import_bridge *b = import_ledger_bridge(l);
        const char *error = import_field(line, "error");
        _cleanup_json_ struct hcs_json *response = hcs_json_new_object();
        _cleanup_free_ char *document = NULL;
        uint64_t id;

        if (!error || !id_field(line, &id))
                return false;
        hcs_json_set_i64(response, "Result", (int32_t)import_failure(error, NULL));
        hcs_json_set_string(response, "ErrorMessage", error);
        for (size_t i = 0; i < b->n; i++)
                if (b->asked[i].id == id) {
                        hcs_json_set_string(response, "ActivityId",
                                            b->asked[i].activity[0] ? b->asked[i].activity : HCS_GCS_NULL_ID);
                        document = hcs_json_text(response, HCS_JSON_GO);
                        answer(l, line, i, document, "made of the error that the guest logged");
                        return true;
                }
        return false;
}

bool import_say_guest(struct import_ledger *l, const struct import_line *line) {
        struct asked announced;
        const char *msg = import_field(line, "msg"), *document = import_field(line, "message"), *at;

        if (!msg)
                return false;
        if ((at = strstr(msg, "bridge: read message '")))
                return request_document(l, line, at, (struct asked){0});
        if ((at = strstr(msg, "bridge: response sent: '")))
                return response_document(l, line, at);
        if (hcs_str_starts(msg, "opengcs::bridge"))
                return announce(l, line);
        if (hcs_streq(msg, "request read message") && document) {
                announced = import_ledger_bridge(l)->announced;
                import_ledger_bridge(l)->announced = (struct asked){0};
                return request_document(l, line, document, announced);
        }
        return hcs_streq(msg, "request failed") && failed(l, line);
}
