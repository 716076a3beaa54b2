/* SPDX-License-Identifier: MIT */

/* Recorded guests of a replay. See guests.h. */

#include "mockhcs/replay/guests.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/bridge/stand_in.h"
#include "mockhcs/replay/replay.h"
#include "mockhcs/trace/report.h"

struct replay_guest {
        struct replay_guest *next;
        struct replay *replay;
        uint32_t system; /* a handle index of the script */
        char name[32];   /* of its bridge */
        uint64_t heard;  /* the first line of the host that it did not hear; UINT64_MAX: it heard all */
        bool is_known;   /* the client has its RuntimeId */
        struct hcs_work_folder *folder;
        struct mock_stand_in *stand_in;
};

static struct replay_guest *find(struct replay *r, uint32_t system) {
        for (struct replay_guest *g = r->guests.first; g; g = g->next)
                if (g->system == system)
                        return g;
        return NULL;
}

void replay_guests_init(struct replay *r) {
        for (uint32_t i = 1; i < r->script->n_handles; i++) {
                const struct script_handle *h = &r->script->handles[i];
                struct replay_guest *g;

                if (!h->bridge_line)
                        continue;
                g = hcs_calloc(1, sizeof(*g));
                *g = (struct replay_guest){.next = r->guests.first, .replay = r, .system = i, .heard = h->bridge_line};
                snprintf(g->name, sizeof(g->name), "bridge/%u", (unsigned)h->number);
                r->guests.first = g;
        }
}

void replay_guests_verify(struct replay *r, bool failed, struct hcs_json *problems) {
        for (struct replay_guest *g = r->guests.first; g; g = g->next) {
                const struct mock_bridge_report *report;
                struct hcs_json *p, *lines = NULL;

                if (!g->stand_in)
                        continue;
                report = mock_stand_in_end(g->stand_in);
                if (!report->mismatched && (failed || !report->left))
                        continue;
                p = hcs_json_append(problems, mock_problem_new(report->mismatched ? "mismatch" : "unasked", "%s: %s",
                                                               g->name, hcs_buf_cstr(&report->text)));
                hcs_json_set_string(p, "on", g->name);
                hcs_json_set_string(p, "trace", r->script->path);
                for (size_t i = 0; i < report->n_lines; i++)
                        hcs_json_append(i ? lines : (lines = hcs_json_set_new_array(p, "lines")),
                                        hcs_json_new_u64(report->lines[i]));
        }
}

void replay_guests_deinit(struct replay *r) {
        while (r->guests.first) {
                struct replay_guest *g = r->guests.first;

                r->guests.first = g->next;
                mock_stand_in_free(g->stand_in);
                hcs_hvsocket_folder_free(g->folder);
                free(g);
        }
}

/* The newest machine with that id whose client does not know it yet. */
static struct replay_guest *find_unknown(struct replay *r, const char *id) {
        struct replay_guest *found = NULL;

        for (struct replay_guest *g = r->guests.first; g; g = g->next)
                if (!g->is_known && hcs_strcaseeq(r->script->handles[g->system].id, id) && r->live[g->system])
                        found = g;
        return found;
}

void replay_guests_look(struct replay *r, const char *document) {
        _cleanup_json_ struct hcs_json *properties = NULL;
        struct hcs_error *err = NULL;
        const char *recorded;
        char live[HCS_GUID_TEXT_SIZE];
        struct replay_guest *g;
        GUID id;

        if (!r->guests.first || !document || !strstr(document, "\"RuntimeId\"") ||
            FAILED(hcs_json_parse_cstr(document, &properties, NULL)))
                return;
        recorded = hcs_json_get_string(properties, "RuntimeId");
        g = recorded ? find_unknown(r, hcs_json_get_string(properties, "Id")) : NULL;
        if (!g || FAILED(hcs_guid_v4(&id)) ||
            !variables_bind(&r->variables, "guid", recorded, hcs_guid_format(&id, live)))
                return;
        g->is_known = true;
        if (FAILED(hcs_hvsocket_folder_new(&id, &g->folder, &err)))
                hcs_log(HCS_LOG_WARN, "a replayed machine has no sockets", "bridge", g->name, "error",
                        hcs_error_message(err), NULL);
        hcs_error_free(err);
}

bool replay_guests_heard(struct replay *r, uint32_t system, uint64_t line) {
        const struct replay_guest *g = find(r, system);

        return !g || line < g->heard;
}

/* On the guest's thread. */
static void heard(void *ctx, unsigned long long line) {
        struct replay_guest *g = ctx;

        hcs_mutex_lock(&g->replay->lock);
        g->heard = line;
        hcs_mutex_unlock(&g->replay->lock);
        replay_go_on(g->replay);
}

void replay_guests_start(struct replay *r, uint32_t system) {
        struct replay_guest *g = find(r, system);
        struct mock_stand_in_options o = {.trace = r->script->path, .heard = heard, .ctx = g};
        struct mock_stand_in *made = NULL;
        struct hcs_error *err = NULL;

        if (!g || !g->folder || g->stand_in)
                return;
        o.bridge = g->name;
        o.folder = hcs_work_folder_path(g->folder);
        if (FAILED(mock_stand_in_start(&o, &made, &err)))
                hcs_log(HCS_LOG_WARN, "a replayed machine has no guest", "bridge", g->name, "error",
                        hcs_error_message(err), NULL);
        hcs_error_free(err);
        hcs_guard(&r->lock);
        g->stand_in = made;
}

void replay_guests_hang_up(struct replay *r, uint32_t system) {
        struct replay_guest *g = find(r, system);
        struct mock_stand_in *s;

        hcs_mutex_lock(&r->lock);
        s = g ? g->stand_in : NULL;
        hcs_mutex_unlock(&r->lock);
        if (s)
                mock_stand_in_hang_up(s);
}
