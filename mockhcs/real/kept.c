/* SPDX-License-Identifier: MIT */

/* Handles and callbacks of a recorded client; see kept.h. */

#include "mockhcs/real/kept.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void kept_deinit(struct kept_table *t) {
        for (size_t i = 0; i < KEPT_BUCKETS; i++)
                while (t->buckets[i]) {
                        struct kept *k = t->buckets[i];

                        t->buckets[i] = k->next;
                        free(k);
                }
        free(t->hearings);
        *t = (struct kept_table){0};
}

bool owner_has(const struct owner *all, const struct owner *one) {
        return all->system == one->system &&
               (!*all->process || strcmp(all->process, one->process) == 0 || (all->id && all->id == one->id));
}

struct kept *kept_new(struct kept_table *t, enum mock_handle_kind kind, enum mock_dll dll) {
        struct kept *k = hcs_calloc(1, sizeof(*k));

        k->handle.kind = kind;
        k->handle.dll = dll;
        k->handle.number = ++t->numbers[kind];
        snprintf(k->handle.symbol, sizeof(k->handle.symbol), "%s/%u", mock_handle_kind_name(kind),
                 (unsigned)k->handle.number);
        return k;
}

/* Values are addresses, or small numbers in steps of a power of two. */
static struct kept **bucket_of(struct kept_table *t, uintptr_t value) {
        return &t->buckets[(value >> 4 ^ value >> 14 ^ value >> 32) % KEPT_BUCKETS];
}

static struct kept_closed *closed_at(struct kept_table *t, uintptr_t value) {
        return &t->closed[(value >> 4 ^ value >> 14 ^ value >> 32) % KEPT_CLOSED];
}

void kept_close_operation(struct kept_table *t, const struct kept *k) {
        if (k->completion && k->call && !k->called_back)
                *closed_at(t, k->handle.value) = (struct kept_closed){k->handle.value, k->completion};
}

HCS_OPERATION_COMPLETION kept_closed_completion(struct kept_table *t, uintptr_t value) {
        struct kept_closed *c = closed_at(t, value);
        HCS_OPERATION_COMPLETION completion = c->value == value ? c->completion : NULL;

        if (completion)
                *c = (struct kept_closed){0};
        return completion;
}

void kept_add(struct kept_table *t, struct kept *k, uintptr_t value) {
        struct kept **bucket = bucket_of(t, value);

        if (k->handle.kind == MOCK_OPERATION)
                kept_closed_completion(t, value); /* what had that value is no more */
        k->handle.value = value;
        k->next = *bucket;
        *bucket = k;
}

static struct kept **place_of(struct kept_table *t, enum mock_handle_kind kind, enum mock_dll dll, uintptr_t value) {
        struct kept **at = bucket_of(t, value);

        while (*at && ((*at)->handle.value != value || (*at)->handle.kind != kind || (*at)->handle.dll != dll))
                at = &(*at)->next;
        return at;
}

struct kept *kept_find(struct kept_table *t, enum mock_handle_kind kind, enum mock_dll dll, uintptr_t value) {
        return *place_of(t, kind, dll, value);
}

static void learn(struct owner *o, const char *process, uint32_t id) {
        if (strcmp(o->process, process) == 0)
                o->id = id;
}

void kept_learn_id(struct kept_table *t, const char *process, uint32_t id) {
        for (size_t i = 0; i < KEPT_BUCKETS; i++)
                for (struct kept *k = t->buckets[i]; k; k = k->next)
                        learn(&k->owner, process, id);
        for (uint32_t i = 0; i < t->n_hearings; i++)
                learn(&t->hearings[i].owner, process, id);
}

struct kept *kept_take(struct kept_table *t, enum mock_handle_kind kind, enum mock_dll dll, uintptr_t value) {
        struct kept **at = place_of(t, kind, dll, value), *k = *at;

        if (k)
                *at = k->next;
        return k;
}

uint32_t hearing_add(struct kept_table *t, const struct hearing *h) {
        uint32_t number = t->first_gone, generation;

        if (t->n_gone > KEPT_GONE) {
                t->first_gone = t->hearings[number - 1].next_gone;
                t->n_gone--;
        } else {
                if (t->n_hearings == t->cap_hearings) {
                        t->cap_hearings = t->cap_hearings ? t->cap_hearings * 2 : 32;
                        t->hearings = hcs_realloc(t->hearings, t->cap_hearings * sizeof(*t->hearings));
                }
                number = ++t->n_hearings;
                t->hearings[number - 1].generation = 0;
        }
        generation = t->hearings[number - 1].generation + 1;
        t->hearings[number - 1] = *h;
        t->hearings[number - 1].generation = generation;
        t->hearings[number - 1].used = true;
        return number;
}

void hearing_remove(struct kept_table *t, uint32_t number) {
        if (!number)
                return;
        t->hearings[number - 1].used = false;
        if (t->n_gone++)
                t->hearings[t->last_gone - 1].next_gone = number;
        else
                t->first_gone = number;
        t->last_gone = number;
}

void hearings_closing(struct kept_table *t, const struct kept *handle, bool closing) {
        for (uint32_t i = 0; i < t->n_hearings; i++) {
                struct hearing *h = &t->hearings[i];

                if (h->used && h->kind == handle->handle.kind && h->dll == handle->handle.dll &&
                    h->value == handle->handle.value) {
                        h->closing = closing;
                        h->exited = handle->exited;
                }
        }
}

void *hearing_context(const struct kept_table *t, uint32_t number) {
        return (void *)((uintptr_t)t->hearings[number - 1].generation << 32 | number);
}

static struct hearing *at_context(const struct kept_table *t, const void *context) {
        uint32_t number = (uint32_t)(uintptr_t)context, generation = (uint32_t)((uintptr_t)context >> 32);

        if (number == 0 || number > t->n_hearings || t->hearings[number - 1].generation != generation)
                return NULL;
        return &t->hearings[number - 1];
}

struct hearing *hearing_find(const struct kept_table *t, const void *context) {
        struct hearing *h = at_context(t, context);

        return h && h->used ? h : NULL;
}

const struct hearing *hearing_of(const struct kept_table *t, const void *context) {
        return at_context(t, context);
}
