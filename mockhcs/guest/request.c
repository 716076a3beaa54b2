/* SPDX-License-Identifier: MIT */

/* What the agent on paper answers. On the guest's thread. */

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/guest/private.h"

#define CAPABILITIES                                                                                           \
        ",\"Version\":4,\"Capabilities\":{\"SupportedSchemaVersions\":[{\"Major\":2,\"Minor\":1}],"            \
        "\"RuntimeOsType\":\"Linux\",\"GuestDefinedCapabilities\":{\"NamespaceAddRequestSupported\":true,"     \
        "\"SignalProcessSupported\":true,\"DumpStacksSupported\":true,\"DeleteContainerStateSupported\":true," \
        "\"UpdateContainerSupported\":true}}"

struct guest_container *guest_container_find(struct paper_guest *g, const char *id) {
        for (struct guest_container *c = g->containers; c; c = c->next)
                if (!c->gone && hcs_streq(c->id, id))
                        return c;
        return NULL;
}

static void container_free(struct guest_container *c) {
        hcs_json_free(c->config);
        free(c->id);
        free(c);
}

void guest_containers_free(struct paper_guest *g) {
        while (g->containers) {
                struct guest_container *c = g->containers;

                g->containers = c->next;
                container_free(c);
        }
}

/* True when there is such a container, or it is the VM itself. */
static bool exists(struct paper_guest *g, const char *id) {
        hcs_guard(&g->lock);
        return hcs_streq(id, HCS_GCS_NULL_ID) || guest_container_find(g, id);
}

static void create(struct paper_guest *g, uint64_t request, const char *id, const struct hcs_json *doc) {
        const char *text = hcs_json_get_string(doc, "ContainerConfig");
        struct guest_container *c;
        struct hcs_json *config = NULL;

        if (exists(g, id)) {
                guest_refuse(g, HCS_GCS_CREATE, request, HCS_E_SYSTEM_ALREADY_EXISTS, "container %s exists", id);
                return;
        }
        if (FAILED(hcs_json_parse_cstr(text ? text : "", &config, NULL))) {
                guest_refuse(g, HCS_GCS_CREATE, request, HCS_E_INVALID_JSON, "ContainerConfig is no document");
                return;
        }
        c = hcs_calloc(1, sizeof(*c));
        c->id = hcs_strdup(id);
        c->config = config;
        {
                hcs_guard(&g->lock);
                c->next = g->containers;
                g->containers = c;
        }
        guest_answer(g, HCS_GCS_CREATE, request, ",\"SelectedProtocolVersion\":0");
}

static void delete_state(struct paper_guest *g, uint64_t request, const char *id) {
        struct guest_container *found = NULL;

        {
                hcs_guard(&g->lock);
                for (struct guest_container **at = &g->containers; *at; at = &(*at)->next)
                        if (hcs_streq((*at)->id, id)) {
                                found = *at;
                                *at = found->next;
                                break;
                        }
        }
        if (!found) {
                guest_refuse(g, HCS_GCS_DELETE_CONTAINER_STATE, request, GUEST_NOT_FOUND, "there is no container %s",
                             id);
                return;
        }
        container_free(found);
        guest_answer(g, HCS_GCS_DELETE_CONTAINER_STATE, request, "");
}

static void shut_down(struct paper_guest *g, enum hcs_gcs_rpc rpc, uint64_t request, const char *id) {
        bool forced = rpc == HCS_GCS_SHUTDOWN_FORCED, is_idle = false;

        if (hcs_streq(id, HCS_GCS_NULL_ID)) {
                bool dead;

                {
                        hcs_guard(&g->lock);
                        dead = g->dead;
                }
                if (!dead)
                        g->options.powered_off(g->options.ctx); /* nothing answers any more */
                return;
        }
        guest_answer(g, rpc, request, "");
        {
                hcs_guard(&g->lock);
                struct guest_container *c = guest_container_find(g, id);

                is_idle = c && c->init == 0;
                if (is_idle)
                        c->gone = true;
                else
                        guest_kill_processes(g, id, forced ? 137 : 143, forced ? "ForcedExit" : "GracefulExit");
        }
        if (is_idle)
                guest_notify_exit(g, id, forced ? "ForcedExit" : "GracefulExit");
}

static void get_properties(struct paper_guest *g, uint64_t request, const char *id) {
        _cleanup_json_ struct hcs_json *o = hcs_json_new_object();
        _cleanup_free_ char *text = NULL;
        _cleanup_buf_ struct hcs_buf members = {0};
        struct hcs_json *list = hcs_json_set_new_array(o, "ProcessList");

        {
                hcs_guard(&g->lock);
                for (const struct guest_process *p = g->processes; p; p = p->next)
                        if (!p->exited && hcs_streq(p->container, id))
                                hcs_json_set_u64(hcs_json_append(list, hcs_json_new_object()), "ProcessId", p->pid);
        }
        text = hcs_json_text(o, HCS_JSON_GO);
        hcs_buf_puts(&members, ",\"Properties\":");
        hcs_json_print_string(text, strlen(text), HCS_JSON_GO_NO_HTML, &members);
        guest_answer(g, HCS_GCS_GET_PROPERTIES, request, hcs_buf_cstr(&members));
}

/* Those that name a container need it to be there. */
static void handle(struct paper_guest *g, enum hcs_gcs_rpc rpc, uint64_t request, const struct hcs_json *doc) {
        const char *id = hcs_json_get_string(doc, "ContainerId");

        if (!id)
                id = HCS_GCS_NULL_ID;
        switch (rpc) {
        case HCS_GCS_NEGOTIATE_PROTOCOL:
                guest_answer(g, rpc, request, CAPABILITIES);
                return;
        case HCS_GCS_CREATE:
                create(g, request, id, doc);
                return;
        case HCS_GCS_DELETE_CONTAINER_STATE:
                delete_state(g, request, id);
                return;
        case HCS_GCS_WAIT_FOR_PROCESS:
                guest_wait_for(g, request, doc);
                return;
        case HCS_GCS_START: /* nothing to do, whatever it names, as in the agent */
                guest_answer(g, rpc, request, "");
                return;
        default:
                break;
        }
        if (!exists(g, id))
                guest_refuse(g, rpc, request, GUEST_NOT_FOUND, "there is no container %s", id);
        else if (rpc == HCS_GCS_EXECUTE_PROCESS)
                guest_execute(g, request, doc);
        else if (rpc == HCS_GCS_SIGNAL_PROCESS)
                guest_signal(g, request, doc);
        else if (rpc == HCS_GCS_SHUTDOWN_GRACEFUL || rpc == HCS_GCS_SHUTDOWN_FORCED)
                shut_down(g, rpc, request, id);
        else if (rpc == HCS_GCS_GET_PROPERTIES)
                get_properties(g, request, id);
        else if (rpc == HCS_GCS_DUMP_STACKS)
                guest_answer(g, rpc, request, ",\"GuestStacks\":\"a guest on paper has none\"");
        else
                guest_answer(g, rpc, request, "");
}

void guest_handle(struct paper_guest *g, const struct hcs_gcs_frame *f) {
        _cleanup_json_ struct hcs_json *doc = NULL;
        enum hcs_gcs_rpc rpc = (enum hcs_gcs_rpc)(f->type & ~(uint32_t)HCS_GCS_CATEGORY_MASK);

        if ((f->type & (uint32_t)HCS_GCS_CATEGORY_MASK) != HCS_GCS_REQUEST)
                return;
        if (!hcs_gcs_message_find(f->type))
                guest_refuse(g, rpc, f->id, E_NOTIMPL, "this message is not known");
        else if (FAILED(hcs_json_parse(f->body, f->len, NULL, &doc, NULL)))
                guest_refuse(g, rpc, f->id, HCS_E_INVALID_JSON, "the message is no document");
        else
                handle(g, rpc, f->id, doc);
}
