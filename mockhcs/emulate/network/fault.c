/* SPDX-License-Identifier: MIT */

/*
 * What users met on real hosts, as rows of a file (net-faults=FILE): an array of objects, each with "fault":
 *   late-delete  a deleted object stays in lists, and its id and name taken, for "ms"; of one "kind" or of all
 *   phantom      an object of "kind" and "name" exists already, and cannot be opened
 *   hang         the "nth" call of "call" (default 1) answers "ms" late
 *   fail         the "nth" call of "call" and those that follow, "times" in all (default 1), fail with "hr"
 *   restart      the service restarts after "after" calls: handles are of no use, listeners hear ServiceDisconnect, and
 *                "objects" are kept, lost, or only the persistent ones kept
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"
#include "platform/clock.h"
#include "platform/file.h"

enum fault_type { LATE_DELETE, PHANTOM, HANG, FAIL, RESTART };
static const char *const type_names[] = {"late-delete", "phantom", "hang", "fail", "restart"};

/* An object that is gone and still shows. */
struct ghost {
        struct ghost *next;
        enum net_kind kind;
        char id[HCS_GUID_TEXT_SIZE];
        char *name;
        struct hcs_json *doc; /* as it was */
};

struct net_fault {
        enum fault_type type;
        enum net_kind kind; /* NET_KINDS: all */
        char *call, *name;
        uint64_t nth, times, ms, after, seen;
        HRESULT hr;
        const char *objects;
};

/* ---- reading ---- */

static HRESULT wrong(struct hcs_error **err, size_t i, const char *member, const char *expected) {
        return hcs_error_make(err, E_INVALIDARG, "[%zu].%s: %s is expected", i, member, expected);
}

static HRESULT read_kind(struct net_fault *f, const struct hcs_json *row, size_t i, struct hcs_error **err) {
        const char *kind = net_text(row, "kind");

        f->kind = NET_KINDS;
        for (int k = 0; *kind && k < NET_KINDS; k++)
                if (hcs_streq(mock_handle_kind_name((enum mock_handle_kind)(MOCK_NETWORK + k)), kind))
                        f->kind = (enum net_kind)k;
        if ((*kind || f->type == PHANTOM) && f->kind == NET_KINDS)
                return wrong(err, i, "kind", "network, endpoint, namespace, loadbalancer, sdnroute or guestservice");
        return S_OK;
}

static HRESULT read_call(struct net_fault *f, const struct hcs_json *row, size_t i, struct hcs_error **err) {
        const char *call = net_text(row, "call");

        if (!mock_function_find(MOCK_COMPUTENETWORK, call) && !hcs_streq(call, "HNSCall"))
                return wrong(err, i, "call", "HNSCall or a function of computenetwork");
        f->call = hcs_strdup(call);
        f->nth = net_uint(row, "nth") ? net_uint(row, "nth") : 1;
        f->times = net_uint(row, "times") ? net_uint(row, "times") : 1;
        if (f->type == FAIL && (!hcs_hresult_parse(net_text(row, "hr"), &f->hr) || !FAILED(f->hr)))
                return wrong(err, i, "hr", "the name or number of a failure");
        return S_OK;
}

static HRESULT read_objects(struct net_fault *f, const struct hcs_json *row, size_t i, struct hcs_error **err) {
        static const char *const choices[] = {"kept", "lost", "persistent"};

        f->after = net_uint(row, "after");
        for (size_t k = 0; k < HCS_ARRAY_SIZE(choices); k++)
                if (hcs_streq(choices[k], net_text(row, "objects")))
                        f->objects = choices[k];
        return f->objects ? S_OK : wrong(err, i, "objects", "kept, lost or persistent");
}

static HRESULT read_row(struct net_fault *f, const struct hcs_json *row, size_t i, struct hcs_error **err) {
        size_t type = 0;

        while (type < HCS_ARRAY_SIZE(type_names) && !hcs_streq(type_names[type], net_text(row, "fault")))
                type++;
        if (type == HCS_ARRAY_SIZE(type_names))
                return wrong(err, i, "fault", "late-delete, phantom, hang, fail or restart");
        f->type = (enum fault_type)type;
        f->ms = net_uint(row, "ms");
        f->name = hcs_strdup(net_text(row, "name"));
        if (f->type == RESTART)
                return read_objects(f, row, i, err);
        return f->type == HANG || f->type == FAIL ? read_call(f, row, i, err) : read_kind(f, row, i, err);
}

static HRESULT read_rows(struct net_model *m, const struct hcs_json *rows, struct hcs_error **err) {
        size_t n = hcs_json_count(rows), i = 0;

        if (!hcs_json_is(rows, HCS_JSON_ARRAY))
                return hcs_error_make(err, E_INVALIDARG, "an array of faults is expected");
        m->faults = hcs_calloc(n + 1, sizeof(*m->faults));
        m->n_faults = n;
        for (const struct hcs_json *row = hcs_json_first(rows); row; row = hcs_json_next(row), i++) {
                HRESULT hr = read_row(&m->faults[i], row, i, err);

                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

HRESULT net_faults_load(struct net_model *m, const char *path, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *rows = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr;

        if (!path)
                return S_OK;
        hr = hcs_file_read(path, (size_t)1 << 20, &text, err);
        if (SUCCEEDED(hr))
                hr = hcs_json_parse(hcs_buf_cstr(&text), text.len, NULL, &rows, err);
        if (SUCCEEDED(hr))
                hr = read_rows(m, rows, err);
        return FAILED(hr) ? hcs_error_wrap(err, "net-faults %s", path) : hr;
}

static void ghost_free(struct ghost *g) {
        hcs_json_free(g->doc);
        free(g->name);
        free(g);
}

void net_faults_free(struct net_model *m) {
        for (size_t i = 0; i < m->n_faults; i++) {
                free(m->faults[i].call);
                free(m->faults[i].name);
        }
        free(m->faults);
        m->faults = NULL;
        m->n_faults = 0;
        while (m->ghosts) {
                struct ghost *g = m->ghosts;

                m->ghosts = g->next;
                ghost_free(g);
        }
}

/* ---- objects that are not there ---- */

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

                if (f->type != LATE_DELETE || (f->kind != o->kind && f->kind != NET_KINDS))
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
                if (m->faults[i].type == PHANTOM && m->faults[i].kind == kind && *name &&
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

/* ---- calls that go wrong ---- */

struct hang {
        struct net_model *m;
        bool over;
};

static void wake(void *arg) {
        struct hang *h = arg;

        hcs_mutex_lock(&h->m->em->lock);
        h->over = true;
        hcs_cond_broadcast(&h->m->wake);
        hcs_mutex_unlock(&h->m->em->lock);
}

/* The lock is given back meanwhile: only this call hangs. */
static void hang(struct net_model *m, uint64_t ms) {
        struct hang h = {.m = m};

        mock_engine_after(m->em->backend.engine, ms * HCS_NS_PER_MS, wake, NULL, &h);
        while (!h.over)
                hcs_cond_wait(&m->wake, &m->em->lock);
}

static void lose(struct net_model *m, bool all) {
        for (struct net_object *o = m->tables[NET_NETWORK].first, *next; o; o = next) {
                next = o->next;
                if (net_uint(o->doc, "Flags") & 8)
                        net_delete(m, o);
        }
        if (all)
                net_clear(m);
}

static void restart(struct net_model *m, const struct net_fault *f) {
        net_restarted(m);
        if (!hcs_streq(f->objects, "kept"))
                lose(m, hcs_streq(f->objects, "lost"));
}

static bool is_next(struct net_fault *f, const struct mock_call *call) {
        if (!hcs_streq(f->call, call->function->name))
                return false;
        f->seen++;
        return f->seen >= f->nth && f->seen < f->nth + f->times;
}

static void fail(const struct net_fault *f, struct mock_call *call) {
        char *record = net_error_record(f->hr, NULL);

        if (call->function->verb == MOCK_HNS_CALL)
                mock_call_done(call, record);
        else
                mock_call_fail(call, f->hr, record);
}

bool net_faults_before(struct net_model *m, struct mock_call *call, struct emissions *out) {
        m->calls++;
        for (size_t i = 0; i < m->n_faults; i++) {
                struct net_fault *f = &m->faults[i];

                if (f->type == RESTART && m->calls == f->after + 1) {
                        m->out = out;
                        restart(m, f);
                        m->out = NULL;
                } else if (f->type == HANG && is_next(f, call)) {
                        hang(m, f->ms);
                } else if (f->type == FAIL && is_next(f, call)) {
                        fail(f, call);
                        return true;
                }
        }
        return false;
}
