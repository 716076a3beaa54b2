/* SPDX-License-Identifier: MIT */

/*
 * The lines of one log, in batches: read, taken out of what carries them, unwrapped, joined, those that cannot mean
 * anything left out, the others cut into fields. With a thread of its own a source reads ahead: three batches go round
 * between it and its importer, so it never has more than two that nobody has asked for yet.
 */

#include <stdlib.h>

#include "cmd/hcstrace/import/inside.h"

#define BATCH_LINES 512
#define BATCH_BYTES ((size_t)512 << 10)
#define CHUNK       ((size_t)128 << 10)
#define BATCHES     3

struct import_source {
        struct import_log log;
        struct import_clock clock;
        struct import_decoder decoder;
        struct import_carrier carrier;
        struct import_joiner joiner;
        uint64_t physical, logged;
        char *chunk;
        size_t chunk_len, chunk_at; /* what of it was not decoded yet */
        bool ended;
        struct import_batch *filling;
        struct import_batch batches[BATCHES];
        struct import_batch *current; /* at the importer */

        /* With a thread: */
        bool threaded, stop;
        struct hcs_thread thread;
        struct hcs_mutex lock;
        struct hcs_cond changed;
        unsigned made, taken; /* batches, counted; batch k is in slot k % BATCHES */
};

static struct import_line *new_line(struct import_batch *b) {
        if (b->n == b->room) {
                b->room = b->room ? 2 * b->room : BATCH_LINES;
                b->lines = hcs_realloc(b->lines, b->room * sizeof(*b->lines));
        }
        b->lines[b->n] = (struct import_line){0};
        return &b->lines[b->n++];
}

static void logged_line(void *ctx, uint64_t number, const char *text, size_t len, struct import_time outer) {
        struct import_source *s = ctx;
        struct import_line *line;

        s->logged++;
        if (!import_may_say(text))
                return;
        line = new_line(s->filling);
        line->time = outer;
        line->number = number;
        line->source = s;
        line->log = s->log.index;
        import_line_parse(import_arena_copy(&s->filling->arena, text, len), &s->filling->arena, line);
}

static void note(void *ctx, uint64_t number, const char *text) {
        struct import_source *s = ctx;
        struct import_line *line = new_line(s->filling);

        line->number = number;
        line->source = s;
        line->log = s->log.index;
        line->text = "";
        line->note = text;
}

static void physical_line(void *ctx, char *line, size_t len) {
        struct import_source *s = ctx;
        uint64_t number = ++s->physical;

        if (s->decoder.cut)
                note(s, number, IMPORT_CUT_NOTE);
        import_carry(&s->carrier, number, line, len);
}

static void carried_line(void *ctx, uint64_t number, char *line, size_t len, struct import_time outer) {
        import_join(&((struct import_source *)ctx)->joiner, number, line, len, outer);
}

struct import_source *import_source_new(const struct import_log *log, bool thread) {
        struct import_source *s = hcs_calloc(1, sizeof(*s));

        s->log = *log;
        s->threaded = thread;
        s->clock = (struct import_clock){
                .zone_seconds = log->zone_seconds, .offset_ns = log->offset_ns, .day_ns = log->day_ns};
        s->decoder = (struct import_decoder){.line_done = physical_line, .ctx = s};
        s->carrier = (struct import_carrier){.line_done = carried_line, .note = note, .ctx = s};
        s->joiner = (struct import_joiner){.line_done = logged_line, .ctx = s};
        s->chunk = hcs_malloc(CHUNK);
        hcs_mutex_init(&s->lock);
        hcs_cond_init(&s->changed);
        return s;
}

struct import_clock *import_source_clock(struct import_source *s) {
        return &s->clock;
}

static const char *encoding_name(const struct import_decoder *d) {
        static const char *const names[] = {"utf-8", "utf-8", "utf-16le", "utf-16be"};

        return names[d->encoding];
}

/* Fills one batch. A piece of the chunk at a time, so that a batch ends soon after it is full. */
static void fill(struct import_source *s, struct import_batch *b) {
        b->n = 0;
        import_arena_clear(&b->arena);
        s->filling = b;
        while (!s->ended && b->n < BATCH_LINES && b->arena.total < BATCH_BYTES) {
                size_t n;

                if (s->chunk_at == s->chunk_len) {
                        s->chunk_len = s->log.read(s->log.ctx, s->chunk, CHUNK);
                        s->chunk_at = 0;
                }
                n = s->chunk_len - s->chunk_at < 16384 ? s->chunk_len - s->chunk_at : 16384;
                if (n) {
                        import_decode(&s->decoder, s->chunk + s->chunk_at, n);
                        s->chunk_at += n;
                        continue;
                }
                import_decode_end(&s->decoder);
                import_carry_end(&s->carrier);
                import_join_end(&s->joiner);
                s->ended = true;
        }
        b->physical = s->physical;
        b->logged = s->logged;
        b->wrappers = s->carrier.wrappers;
        b->encoding = encoding_name(&s->decoder);
        b->last = s->ended;
}

static void read_ahead(void *arg) {
        struct import_source *s = arg;
        bool last = false;

        while (!last) {
                hcs_mutex_lock(&s->lock);
                while (!s->stop && s->made - s->taken >= BATCHES - 1)
                        hcs_cond_wait(&s->changed, &s->lock);
                last = s->stop;
                hcs_mutex_unlock(&s->lock);
                if (last)
                        return;
                fill(s, &s->batches[s->made % BATCHES]);
                last = s->ended;
                hcs_mutex_lock(&s->lock);
                s->made++;
                hcs_cond_signal(&s->changed);
                hcs_mutex_unlock(&s->lock);
        }
}

/* The importer holds batch taken - 1; the source may fill the other slots. */
struct import_batch *import_source_next(struct import_source *s) {
        if (s->current && s->current->last)
                return NULL;
        if (!s->current && s->threaded && FAILED(hcs_thread_start(&s->thread, read_ahead, s, NULL)))
                s->threaded = false;
        if (!s->threaded) {
                s->current = &s->batches[0];
                fill(s, s->current);
                return s->current;
        }
        hcs_mutex_lock(&s->lock);
        while (s->made == s->taken)
                hcs_cond_wait(&s->changed, &s->lock);
        s->current = &s->batches[s->taken++ % BATCHES];
        hcs_cond_signal(&s->changed);
        hcs_mutex_unlock(&s->lock);
        return s->current;
}

struct import_source *import_source_free(struct import_source *s) {
        if (!s)
                return NULL;
        if (s->threaded && s->current) {
                hcs_mutex_lock(&s->lock);
                s->stop = true;
                hcs_cond_signal(&s->changed);
                hcs_mutex_unlock(&s->lock);
                hcs_thread_join(&s->thread);
        }
        for (size_t i = 0; i < BATCHES; i++) {
                free(s->batches[i].lines);
                import_arena_deinit(&s->batches[i].arena);
        }
        hcs_buf_deinit(&s->decoder.line);
        import_carrier_deinit(&s->carrier);
        import_join_deinit(&s->joiner);
        hcs_mutex_deinit(&s->lock);
        hcs_cond_deinit(&s->changed);
        free(s->chunk);
        free(s);
        return NULL;
}
