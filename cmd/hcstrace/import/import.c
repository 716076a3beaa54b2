/* SPDX-License-Identifier: MIT */

/* The importer: the lines of all logs in the order of their times, the families, and what is told. See import.h. */

#include "cmd/hcstrace/import/import.h"

#include <stdlib.h>

#include "cmd/hcstrace/import/inside.h"
#include "platform/clock.h"

/* A log, and the line of it that is next. */
struct input {
        struct import_source *source;
        struct import_batch *batch; /* NULL: at its end */
        size_t at;                  /* in the batch */
        uint64_t before;            /* where lines in front of the first time of the log belong */
};

struct import {
        struct import_options options;
        struct import_stats stats;
        struct input *inputs;
        struct import_emitter *emitter;
        struct import_ledger *ledger;
};

/* The order counts: the first that understands a line has it. */
static const struct {
        bool (*say)(struct import_ledger *l, const struct import_line *line);
        enum import_family family;
} families[] = {
        {import_say_span, IMPORT_SPANS},           {import_say_notification, IMPORT_NOTIFICATIONS},
        {import_say_begin_end, IMPORT_BEGIN_END},  {import_say_layer, IMPORT_LAYERS},
        {import_say_legacy, IMPORT_ANNOUNCEMENTS}, {import_say_network, IMPORT_NETWORKS},
        {import_say_guest, IMPORT_GUEST},          {import_say_error, IMPORT_ERRORS},
        {import_say_client, IMPORT_CLIENTS},       {import_say_document, IMPORT_DOCUMENTS},
        {import_say_object, IMPORT_DOCUMENTS},
};

static bool speaks_of_hcs(const char *text) {
        static const char *const words[] = {"hcs", "Hcs", "HCS", "HNS", "hnsCall", "HcnC", "hcnC", "[POST]=>"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(words); i++)
                if (strstr(text, words[i]))
                        return true;
        return false;
}

static void understand(struct import *i, const struct import_line *line) {
        enum import_note_kind kind;
        const char *reason;

        import_emitter_at(i->emitter, line);
        for (size_t f = 0; f < HCS_ARRAY_SIZE(families); f++)
                if (families[f].say(i->ledger, line)) {
                        i->stats.family_lines[families[f].family]++;
                        return;
                }
        if (!speaks_of_hcs(line->text))
                return;
        reason = import_reason(line, &kind);
        if (kind == IMPORT_NOT_UNDERSTOOD && i->stats.notes[kind] == 0)
                i->stats.first_unparsed = line->number;
        import_tell(i->emitter, kind, line, reason);
}

static void take_line(struct import *i, size_t n, struct import_line *line) {
        struct import_log_stats *log = &i->stats.logs[n];

        if (line->note) {
                import_tell(i->emitter, IMPORT_NOT_UNDERSTOOD, line, line->note);
                return;
        }
        log->dated = import_source_clock(line->source)->dated;
        if (line->ns) {
                log->first = log->first && log->first < line->ns ? log->first : line->ns;
                log->last = log->last > line->ns ? log->last : line->ns;
        }
        understand(i, line);
}

static void note_progress(struct import *i, size_t n, const struct import_batch *b) {
        struct import_log_stats *log = &i->stats.logs[n];

        i->stats.lines += b->physical - log->lines;
        log->lines = b->physical;
        log->logged = b->logged;
        log->wrappers = b->wrappers;
        log->encoding = b->encoding;
}

/* Batches without lines are gone through, so that there is a line unless the log is at its end. */
static void advance(struct import *i, size_t n) {
        struct input *in = &i->inputs[n];
        bool line = false;

        while (!line) {
                if (in->batch && ++in->at < in->batch->n)
                        break;
                in->batch = import_source_next(in->source);
                in->at = (size_t)-1;
                if (!in->batch)
                        return;
                note_progress(i, n, in->batch);
                if (in->batch->n) {
                        in->at = 0;
                        line = true;
                }
        }
        in->batch->lines[in->at].ns =
                import_clock_resolve(import_source_clock(in->source), in->batch->lines[in->at].time);
}

/* Lines of an unknown time go with the line before them in their log. A log that tells no time at all comes last. */
static uint64_t place(const struct input *in) {
        uint64_t ns = in->batch->lines[in->at].ns;

        return ns ? ns : in->before;
}

/* The one whose next line is the oldest. */
static size_t next_input(const struct import *i) {
        size_t best = SIZE_MAX;

        for (size_t n = 0; n < i->stats.n_logs; n++)
                if (i->inputs[n].batch && (best == SIZE_MAX || place(&i->inputs[n]) < place(&i->inputs[best])))
                        best = n;
        return best;
}

static void find_first_time(struct input *in) {
        struct import_clock clock = *import_source_clock(in->source);

        in->before = UINT64_MAX;
        for (size_t k = 0; in->batch && k < in->batch->n && in->before == UINT64_MAX; k++)
                if (in->batch->lines[k].time.kind != IMPORT_TIME_NONE)
                        in->before = import_clock_resolve(&clock, in->batch->lines[k].time);
}

/* A log whose times have no day is of the day on which the first of the others begins. */
static void find_days(struct import *i) {
        uint64_t day = 0;

        for (size_t n = 0; n < i->stats.n_logs; n++) {
                const struct import_clock *c = import_source_clock(i->inputs[n].source);
                uint64_t first = i->inputs[n].batch && c->dated ? c->last_local : 0;

                if (first && (!day || first < day))
                        day = first;
        }
        for (size_t n = 0; n < i->stats.n_logs; n++) {
                struct input *in = &i->inputs[n];
                struct import_clock *c = import_source_clock(in->source);

                if (day && in->batch && !c->dated && !c->day_ns) {
                        *c = (struct import_clock){.zone_seconds = c->zone_seconds,
                                                   .offset_ns = c->offset_ns,
                                                   .day_ns = day - day % HCS_NS_PER_DAY};
                        in->batch->lines[in->at].ns = import_clock_resolve(c, in->batch->lines[in->at].time);
                }
                find_first_time(in);
        }
}

struct import *import_new(const struct import_options *options, const struct import_log *logs, size_t n_logs) {
        struct import *i = hcs_calloc(1, sizeof(*i));

        i->options = *options;
        i->stats.logs = hcs_calloc(n_logs, sizeof(*i->stats.logs));
        i->stats.n_logs = n_logs;
        i->inputs = hcs_calloc(n_logs, sizeof(*i->inputs));
        for (size_t n = 0; n < n_logs; n++) {
                struct import_log log = logs[n];

                log.index = (unsigned)n;
                i->inputs[n].source = import_source_new(&log, options->threads);
                i->stats.logs[n].name = logs[n].name;
        }
        i->emitter = import_emitter_new(&i->options, &i->stats);
        i->ledger = import_ledger_new(i->emitter, n_logs);
        return i;
}

struct import *import_free(struct import *i) {
        if (!i)
                return NULL;
        import_ledger_free(i->ledger);
        import_emitter_free(i->emitter);
        for (size_t n = 0; n < i->stats.n_logs; n++)
                import_source_free(i->inputs[n].source);
        free(i->inputs);
        free(i->stats.logs);
        free(i);
        return NULL;
}

HRESULT import_run(struct import *i, const struct import_stats **ret, struct hcs_error **err) {
        HRESULT hr;

        for (size_t n = 0; n < i->stats.n_logs; n++)
                advance(i, n);
        find_days(i);
        for (size_t n; (n = next_input(i)) != SIZE_MAX; advance(i, n))
                take_line(i, n, &i->inputs[n].batch->lines[i->inputs[n].at]);
        import_emitter_at(i->emitter, NULL);
        import_settle(i->ledger);
        hr = import_emitter_finish(i->emitter, err);
        if (SUCCEEDED(hr))
                *ret = &i->stats;
        return hr;
}
