/* SPDX-License-Identifier: MIT */

/*
 * Objects that are not there: those that were deleted and show for a while, and those that exist without ever having
 * been made. Under the emulator's lock.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/fault.h"
#include "platform/clock.h"

/* An object that is gone and still shows. */
struct ghost {
        struct ghost *next;
        enum net_kind kind;
        char id[HCS_GUID_TEXT_SIZE];
        char *name;
        struct hcs_json *doc; /* as it was */
};

static void ghost_free(struct ghost *g) {
        hcs_json_free(g->doc);
        free(g->name);
        free(g);
}

void net_ghosts_free(struct net_model *m) {
        while (m->ghosts) {
                struct ghost *g = m->ghosts;

                m->ghosts = g->next;
                ghost_free(g);
        }
}

struct parting {
        struct emulator *em;
        char id[HCS_GUID_TEXT_SIZE];
};

static void part(void *arg) {
        struct parting *p = arg;

        hcs_mutex_lock(&p->em->lock);
        for (struct ghost **at = &p->em->net->ghosts; *at; at = &(*at)->next)
                if (hcs_streq((*at)->id, p->id)) {
                        struct ghost *g = *at;

                        *at = g->next;
                        ghost_free(g);
                        break;
                }
        hcs_mutex_unlock(&p->em->lock);
        free(p);
}

void net_faults_deleted(struct net_model *m, const struct net_object *o) {
        for (size_t i = 0; i < m->n_faults; i++) {
                const struct net_fault *f = &m->faults[i];
                struct parting *p;
                struct ghost *g;

                if (f->type != NET_FAULT_LATE_DELETE || (f->kind != o->kind && f->kind != NET_KINDS))
                        continue;
                g = hcs_calloc(1, sizeof(*g));
                g->kind = o->kind;
                g->name = hcs_strdup(o->name);
                g->doc = hcs_json_copy(o->doc);
                memcpy(g->id, o->id_text, sizeof(g->id));
                g->next = m->ghosts;
                m->ghosts = g;
                p = hcs_malloc(sizeof(*p));
                p->em = m->em;
                memcpy(p->id, o->id_text, sizeof(p->id));
                mock_engine_after(m->em->backend.engine, f->ms * HCS_NS_PER_MS, part, free, p);
                return;
        }
}

bool net_faults_haunts(const struct net_model *m, enum net_kind kind, const char *id, const char *name) {
        for (const struct ghost *g = m->ghosts; g; g = g->next)
                if (g->kind == kind && (hcs_strcaseeq(g->id, id) || (*name && hcs_streq(g->name, name))))
                        return true;
        for (size_t i = 0; i < m->n_faults; i++)
                if (m->faults[i].type == NET_FAULT_PHANTOM && m->faults[i].kind == kind && *name &&
                    hcs_streq(m->faults[i].name, name))
                        return true;
        return false;
}

void net_faults_list(const struct net_model *m, enum net_kind kind, const struct hcs_json *filter,
                     void (*fn)(void *ctx, const char *id), void *ctx) {
        for (const struct ghost *g = m->ghosts; g; g = g->next)
                if (g->kind == kind && net_query_fits(g->doc, filter))
                        fn(ctx, g->id);
}
