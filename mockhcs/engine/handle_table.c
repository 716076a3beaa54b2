/* SPDX-License-Identifier: MIT */

/* Handles: their table, their names and their end. See handle_table.h. */

#include "mockhcs/engine/handle_table.h"

#include <stdio.h>
#include <string.h>

#include "platform/pipe.h"

void mock_handle_table_deinit(struct mock_handle_table *t) {
        free(t->slots);
        *t = (struct mock_handle_table){0};
}

struct mock_live *mock_live_new(struct mock_engine *e, struct mock_handle_table *t, enum mock_handle_kind kind,
                                enum mock_dll dll) {
        struct mock_live *l = hcs_calloc(1, sizeof(*l));

        l->engine = e;
        l->h.kind = kind;
        l->h.dll = dll;
        l->h.number = ++t->numbers[kind];
        l->tail = &l->first;
        l->op.type = HcsOperationTypeNone;
        atomic_init(&l->h.refs, 1);
        hcs_cond_init(&l->changed);
        snprintf(l->h.symbol, sizeof(l->h.symbol), "%s/%u", mock_handle_kind_name(kind), (unsigned)l->h.number);
        return l;
}

static void *value_of(uint32_t slot, uint32_t generation, enum mock_handle_kind kind) {
        return (void *)((uintptr_t)generation << 32 | (uintptr_t)(slot + 1) << 4 | (uintptr_t)(kind + 1));
}

void mock_handle_table_publish(struct mock_handle_table *t, struct mock_live *l) {
        uint32_t slot;

        if (t->free_list) {
                slot = t->free_list - 1;
                t->free_list = t->slots[slot].next_free;
        } else {
                if (t->n == t->cap) {
                        t->cap = t->cap ? t->cap * 2 : 64;
                        t->slots = hcs_realloc(t->slots, t->cap * sizeof(*t->slots));
                }
                slot = t->n++;
                t->slots[slot] = (struct mock_handle_slot){.generation = 1};
        }
        t->slots[slot].live = l;
        l->slot = slot;
        l->published = true;
        l->h.value = (uintptr_t)value_of(slot, t->slots[slot].generation, l->h.kind);
        mock_handle_ref(&l->h);
}

void mock_handle_table_remove(struct mock_handle_table *t, struct mock_live *l) {
        struct mock_handle_slot *s = &t->slots[l->slot];

        s->live = NULL;
        s->generation++;
        s->next_free = t->free_list;
        t->free_list = l->slot + 1;
        l->published = false;
}

struct mock_live *mock_handle_table_find(struct mock_handle_table *t, const void *value, enum mock_handle_kind kind,
                                         enum mock_dll dll) {
        uintptr_t v = (uintptr_t)value;
        uint32_t slot = (uint32_t)(v & 0xFFFFFFFFu) >> 4, generation = (uint32_t)(v >> 32);
        struct mock_live *l;

        if ((v & 0xF) != (uintptr_t)kind + 1 || slot == 0 || slot > t->n)
                return NULL;
        l = t->slots[slot - 1].live;
        if (!l || t->slots[slot - 1].generation != generation || l->h.dll != dll)
                return NULL;
        return l;
}

struct mock_handle *mock_handle_ref(struct mock_handle *h) {
        atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
        return h;
}

static void free_events(struct mock_live *l) {
        while (l->first) {
                struct mock_live_event *ev = l->first;

                l->first = ev->next;
                free(ev->data);
                free(ev);
        }
}

struct mock_handle *mock_handle_unref(struct mock_handle *h) {
        struct mock_live *l = (struct mock_live *)h;

        if (!h || atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) != 1)
                return NULL;
        free_events(l);
        for (int i = 0; i < 3; i++) {
                hcs_pipe_close(l->pumps[i].end);
                hcs_pipe_close(l->pumps[i].client);
                hcs_buf_deinit(&l->pumps[i].backlog);
        }
        if (!l->op.info_made) {
                hcs_pipe_close(l->op.info.StdInput);
                hcs_pipe_close(l->op.info.StdOutput);
                hcs_pipe_close(l->op.info.StdError);
        }
        mock_completion_deinit(&l->op.completion);
        mock_handle_unref(l->op.system);
        mock_handle_unref(l->op.process);
        mock_handle_unref(l->h.system);
        hcs_cond_deinit(&l->changed);
        free(l->exit_data);
        free(l);
        return NULL;
}
