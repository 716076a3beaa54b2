/* SPDX-License-Identifier: MIT */

/*
 * What has begun and not ended. A log tells the begin and the end of a call on lines of their own, the document and the
 * result on others again, and the failure once more for every layer that it passes through; here they come together.
 * Owned by its importer.
 */

#include <string.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

#define MAX_OPEN 64

/* An operation that owns its strings. */
struct entry {
        struct import_operation op;
        uint64_t began;
        unsigned log; /* that spoke of it first */
        bool ends;    /* its end will be told */
        char *strings[6 + IMPORT_MAX_ARGS];
};

struct import_ledger {
        struct import_emitter *emitter;
        struct import_bridge *bridges; /* of each log */
        struct entry open[MAX_OPEN];   /* oldest first */
        size_t n;
        struct entry failed; /* what failed last, until something else happens to its system */
        bool has_failed;
};

static void entry_deinit(struct entry *e) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(e->strings); i++)
                free(e->strings[i]);
        memset(e, 0, sizeof(*e));
}

static void keep(struct entry *e, size_t slot, const char **field) {
        if (!*field || *field == e->strings[slot])
                return;
        free(e->strings[slot]);
        e->strings[slot] = hcs_strdup(*field);
        *field = e->strings[slot];
}

static void own(struct entry *e) {
        keep(e, 0, &e->op.system);
        keep(e, 1, &e->op.document);
        keep(e, 2, &e->op.result);
        keep(e, 3, &e->op.document_repair);
        keep(e, 4, &e->op.result_repair);
        keep(e, 5, &e->op.call_repair);
        for (size_t i = 0; i < IMPORT_MAX_ARGS; i++)
                keep(e, 6 + i, &e->op.args[i].text);
}

struct import_ledger *import_ledger_new(struct import_emitter *emitter, size_t n_logs) {
        struct import_ledger *l = hcs_calloc(1, sizeof(*l));

        l->emitter = emitter;
        l->bridges = import_bridges_new(n_logs);
        return l;
}

struct import_ledger *import_ledger_free(struct import_ledger *l) {
        if (!l)
                return NULL;
        for (size_t i = 0; i < l->n; i++)
                entry_deinit(&l->open[i]);
        entry_deinit(&l->failed);
        import_bridges_free(l->bridges);
        free(l);
        return NULL;
}

struct import_bridge *import_ledger_bridge(struct import_ledger *l) {
        return import_bridge_of(l->bridges, import_emitter_log(l->emitter));
}

struct import_emitter *import_ledger_emitter(struct import_ledger *l) {
        return l->emitter;
}

static void take_out(struct import_ledger *l, size_t i, struct entry *ret) {
        *ret = l->open[i];
        memmove(&l->open[i], &l->open[i + 1], (l->n - i - 1) * sizeof(l->open[0]));
        l->n--;
}

static void entry_set(struct import_ledger *l, struct entry *e, const struct import_operation *op, bool ends) {
        *e = (struct entry){.op = *op, .began = op->time, .log = import_emitter_log(l->emitter), .ends = ends};
        own(e);
}

static bool same_system(const char *a, const char *b) {
        return !a || !b || strcmp(a, b) == 0;
}

static bool matches(const struct import_operation *open, const struct import_operation *op) {
        if (open->verb != op->verb || !same_system(open->system, op->system) ||
            (op->function && open->function && strcmp(op->function, open->function) != 0))
                return false;
        return open->pid == 0 || op->pid == 0 || open->pid == op->pid;
}

static void remember_failure(struct import_ledger *l, const struct import_operation *op) {
        if (SUCCEEDED(op->hr)) {
                if (l->has_failed && same_system(l->failed.op.system, op->system)) {
                        entry_deinit(&l->failed);
                        l->has_failed = false;
                }
                return;
        }
        entry_deinit(&l->failed);
        entry_set(l, &l->failed, op, false);
        l->has_failed = true;
}

/* Also when it was another log's line that showed its end. */
static void finish(struct import_ledger *l, struct entry *e, bool returned) {
        unsigned log = import_emitter_of(l->emitter, e->log);

        import_emit(l->emitter, &e->op, e->began, returned);
        remember_failure(l, &e->op);
        import_emitter_of(l->emitter, log);
        entry_deinit(e);
}

/* What was only announced has worked when something else happens to the same system. */
static void settle_before(struct import_ledger *l, const struct import_operation *op) {
        for (size_t i = 0; i < l->n;) {
                struct entry e;

                if (l->open[i].ends || !same_system(l->open[i].op.system, op->system) ||
                    (l->open[i].op.function != NULL) != (op->function != NULL) || matches(&l->open[i].op, op)) {
                        i++;
                        continue;
                }
                take_out(l, i, &e);
                finish(l, &e, true);
        }
}

void import_begin(struct import_ledger *l, const struct import_operation *op, bool ends) {
        struct entry e;

        settle_before(l, op);
        for (size_t i = 0; i < l->n; i++)
                if (matches(&l->open[i].op, op)) {
                        /* Begun twice: the first one's end was lost, or it is told of by two layers. */
                        if (!op->document || !l->open[i].op.document) {
                                if (op->document) {
                                        l->open[i].op.document = op->document;
                                        l->open[i].op.document_repair = op->document_repair;
                                        own(&l->open[i]);
                                }
                                l->open[i].ends |= ends;
                                return;
                        }
                        take_out(l, i, &e);
                        finish(l, &e, !e.ends);
                        break;
                }
        if (l->n == MAX_OPEN) {
                take_out(l, 0, &e);
                finish(l, &e, false);
        }
        entry_set(l, &l->open[l->n++], op, ends);
}

/* What the begin said and the end does not. */
static void merge(struct entry *e, const struct import_operation *end) {
        struct import_operation *op = &e->op;

        op->hr = end->hr;
        op->time = end->time ? end->time : op->time;
        op->pid = end->pid ? end->pid : op->pid;
        op->dll = end->dll != MOCK_DLL_NONE ? end->dll : op->dll;
        op->system = op->system ? op->system : end->system;
        if (!op->document) {
                op->document = end->document;
                op->document_repair = end->document_repair;
        }
        if (end->result) {
                op->result = end->result;
                op->result_repair = end->result_repair;
        }
        op->call_repair = op->call_repair ? op->call_repair : end->call_repair;
        own(e);
}

void import_end(struct import_ledger *l, const struct import_operation *op) {
        struct entry e;

        settle_before(l, op);
        for (size_t i = l->n; i-- > 0;)
                if (matches(&l->open[i].op, op)) {
                        take_out(l, i, &e);
                        merge(&e, op);
                        finish(l, &e, true);
                        return;
                }
        entry_set(l, &e, op, false);
        e.began = 0;
        finish(l, &e, true);
}

/* What nobody has spoken of yet needs no place among what is open. */
void import_told(struct import_ledger *l, const struct import_operation *op, uint64_t ended) {
        struct import_operation end = *op;
        struct entry e;

        settle_before(l, op);
        end.time = ended ? ended : op->time;
        for (size_t i = 0; i < l->n; i++)
                if (matches(&l->open[i].op, op)) {
                        import_begin(l, op, true);
                        import_end(l, &end);
                        return;
                }
        e = (struct entry){.op = end, .began = op->time, .log = import_emitter_log(l->emitter)};
        finish(l, &e, true);
}

void import_echo(struct import_ledger *l, const struct import_operation *op) {
        if (!l->has_failed || !matches(&l->failed.op, op))
                import_end(l, op);
}

/* What began last in the log that speaks; NULL: nothing. */
static struct entry *newest(struct import_ledger *l) {
        for (size_t i = l->n; i-- > 0;)
                if (l->open[i].log == import_emitter_log(l->emitter))
                        return &l->open[i];
        return NULL;
}

void import_attach_document(struct import_ledger *l, const char *document, const char *repair) {
        struct entry *e = newest(l);

        if (!e)
                return;
        e->op.document = document;
        e->op.document_repair = repair;
        own(e);
}

void import_attach_result(struct import_ledger *l, const char *result, const char *repair, uint64_t time) {
        struct entry *open = newest(l), e;
        struct import_operation op;

        if (!open)
                return;
        op = open->op;
        op.hr = import_failure(NULL, result);
        op.time = time;
        op.result = result;
        op.result_repair = repair;
        if (FAILED(op.hr)) {
                take_out(l, (size_t)(open - l->open), &e);
                merge(&e, &op);
                finish(l, &e, true);
        } else {
                open->op.result = result;
                open->op.result_repair = repair;
                own(open);
        }
}

void import_exit(struct import_ledger *l, const char *system, uint32_t pid, const char *data, uint64_t time) {
        settle_before(l, &(struct import_operation){.verb = MOCK_VERB_NONE, .system = system});
        import_emit_exit(l->emitter, system, pid, data, time);
}

/* What was only announced is taken to have worked; what should have been told to end was cut off. */
void import_settle(struct import_ledger *l) {
        while (l->n) {
                struct entry e;

                take_out(l, 0, &e);
                finish(l, &e, !e.ends);
        }
}
