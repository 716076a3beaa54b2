/* SPDX-License-Identifier: MIT */

/* Requests about containers: create, start (nothing to do), properties, delete. */

#include <stddef.h>
#include <stdio.h>

#include "base/str.h"
#include "gcs/message.h"
#include "guest/agent/agent.h"
#include "guest/agent/properties.h"
#include "guest/base/failure.h"

#define FREE(name, q) hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_##name), q)

static void answer_create(void *ctx, struct hcs_error *err) {
        if (err)
                guest_request_fail(ctx, err);
        else
                guest_request_answer(ctx, ",\"SelectedProtocolVersion\":0");
}

static bool is_version_known(const struct hcs_schema_version *v) {
        return v && (v->Major > 2 || (v->Major == 2 && v->Minor >= 1));
}

static void create(struct guest_agent *a, struct guest_request *r, const char *id,
                   struct hcs_schema_gcs_linux_hosted_system *s) {
        struct guest_container_settings settings;
        struct hcs_error *err = NULL;

        if (!is_version_known(s->SchemaVersion)) {
                guest_fail_with(&err, GUEST_E_INVALID_JSON, "invalid schema version: {%d %d}",
                                s->SchemaVersion ? (int)s->SchemaVersion->Major : 0,
                                s->SchemaVersion ? (int)s->SchemaVersion->Minor : 0);
        } else if (!hcs_json_is(s->OciSpecification, HCS_JSON_OBJECT)) {
                hcs_error_make(&err, E_FAIL, "OciSpecification: absent");
        } else if (!s->OciBundlePath || *s->OciBundlePath != '/') {
                hcs_error_make(&err, E_FAIL, "OciBundlePath `%s`: not an absolute path",
                               s->OciBundlePath ? s->OciBundlePath : "");
        }
        if (err) {
                guest_request_fail(r, err);
                return;
        }
        settings = (struct guest_container_settings){
                .bundle = steal_pointer(&s->OciBundlePath),
                .scratch = s->ScratchDirPath ? steal_pointer(&s->ScratchDirPath) : hcs_strdup(""),
                .spec = steal_pointer(&s->OciSpecification),
        };
        guest_container_create(&a->host, id, r->activity_id, &settings, answer_create, r);
}

void guest_handle_create(struct guest_agent *a, struct guest_request *r) {
        struct hcs_schema_gcs_linux_hosted_system *s = NULL;
        struct hcs_schema_gcs_container_create *q = NULL;

        if (!guest_request_decode(r, HCS_SCHEMA_GCS_CONTAINER_CREATE, &q))
                return;
        if (guest_request_decode_text(r, "ContainerConfig", q->ContainerConfig, HCS_SCHEMA_GCS_LINUX_HOSTED_SYSTEM,
                                      &s)) {
                create(a, r, q->ContainerId ? q->ContainerId : "", s);
                FREE(GCS_LINUX_HOSTED_SYSTEM, s);
        }
        FREE(GCS_CONTAINER_CREATE, q);
}

/* A Linux container is its first process: nothing starts before that is asked for. Unknown containers are fine. */
void guest_handle_start(struct guest_agent *a, struct guest_request *r) {
        struct hcs_schema_gcs_request_base *q = NULL;

        if (!guest_request_decode(r, HCS_SCHEMA_GCS_REQUEST_BASE, &q))
                return;
        FREE(GCS_REQUEST_BASE, q);
        guest_request_answer(r, NULL);
}

void guest_handle_delete_state(struct guest_agent *a, struct guest_request *r) {
        struct hcs_schema_gcs_request_base *q = NULL;
        struct guest_container *c;
        struct hcs_error *err = NULL;

        if (!guest_request_decode(r, HCS_SCHEMA_GCS_REQUEST_BASE, &q))
                return;
        if (FAILED(guest_host_find_container(&a->host, q->ContainerId ? q->ContainerId : "", &c, &err)))
                guest_request_fail(r, err);
        else
                guest_container_delete(c, guest_request_done, r);
        FREE(GCS_REQUEST_BASE, q);
}

static void answer_properties(void *ctx, char *text, struct hcs_error *err) {
        _cleanup_free_ char *properties = text;
        _cleanup_buf_ struct hcs_buf members = {0};

        if (err) {
                guest_request_fail(ctx, err);
                return;
        }
        hcs_buf_puts(&members, ",\"Properties\":");
        hcs_json_print_string(properties, strlen(properties), HCS_JSON_GO, &members);
        guest_request_answer(ctx, members.data);
}

/* The query as text, "" for none; NULL when it was refused. */
static struct hcs_json *parse_query(struct guest_request *r, const char *text) {
        struct hcs_json *query = NULL;
        struct hcs_error *err = NULL;

        if (!text || !*text)
                return hcs_json_new_object();
        if (SUCCEEDED(hcs_json_parse_cstr(text, &query, &err)))
                return query;
        guest_fail_json(&err, NULL, NULL, text, strlen(text));
        hcs_error_wrap(&err, "The query could not be unmarshaled: '{[]}'");
        guest_request_fail(r, err);
        return NULL;
}

void guest_handle_get_properties(struct guest_agent *a, struct guest_request *r) {
        struct hcs_schema_gcs_container_get_properties *q = NULL;
        _cleanup_json_ struct hcs_json *query = NULL;
        struct guest_container *c;
        struct hcs_error *err = NULL;

        if (!guest_request_decode(r, HCS_SCHEMA_GCS_CONTAINER_GET_PROPERTIES, &q))
                return;
        query = parse_query(r, q->Query);
        if (query) {
                const char *id = q->ContainerId ? q->ContainerId : "";

                if (hcs_streq(id, HCS_GCS_NULL_ID))
                        hcs_error_make(&err, E_FAIL, "getPropertiesV2 is not supported against the UVM");
                else if (FAILED(guest_policy_ask(a->host.policy, get_properties, &err)))
                        hcs_error_wrap(&err, "get properties denied due to policy");
                else
                        guest_host_find_container(&a->host, id, &c, &err);
                if (err)
                        guest_request_fail(r, err);
                else
                        guest_properties_query(c, query, answer_properties, r);
        }
        FREE(GCS_CONTAINER_GET_PROPERTIES, q);
}

void guest_agent_notify_exit(void *agent, const struct guest_container *c) {
        static const char *const types[] = {"UnexpectedExit", "GracefulExit", "ForcedExit"};
        struct hcs_schema_gcs_container_notification n = {
                .ContainerId = c->id,
                .ActivityId = c->activity_id,
                .Type = (char *)types[c->exit_type],
                .Operation = (char *)"None",
        };
        _cleanup_free_ char *text = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_GCS_CONTAINER_NOTIFICATION), &n);
        struct guest_agent *a = agent;

        guest_bridge_notify(a->bridge, text);
}
