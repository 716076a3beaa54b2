/* SPDX-License-Identifier: MIT */

/* Which recorded call is meant, and when none is, what is nearest and where it differs. See replay.h. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/replay/replay.h"
#include "mockhcs/trace/diff.h"

static bool is_id(const struct mock_call *call, const char *name) {
        return hcs_streq(name, "id") &&
               (call->function->verb == MOCK_CREATE_SYSTEM || call->function->verb == MOCK_OPEN_SYSTEM);
}

/* Appends the differences of one argument to `lines` (may be NULL); returns how many there are. */
static unsigned diff_value(struct replay *r, struct mock_call *call, struct mock_value *recorded,
                           struct mock_value *live, struct hcs_buf *lines) {
        _cleanup_free_ char *root = NULL;
        struct mock_diff_options options = {.limit = 20,
                                            .same = variables_same,
                                            .same_key = variables_same_key,
                                            .describe = variables_describe,
                                            .ctx = &r->variables};
        struct hcs_json *a, *b;

        if (recorded->kind == MOCK_NUMBER || live->kind == MOCK_NUMBER) {
                if (recorded->kind == live->kind && recorded->number == live->number)
                        return 0;
                if (lines)
                        hcs_buf_printf(lines, "  %s: expected %llu, got %llu\n", recorded->name,
                                       (unsigned long long)recorded->number, (unsigned long long)live->number);
                return 1;
        }
        if (mock_value_is_empty(recorded) && mock_value_is_empty(live))
                return 0;
        if (recorded->len == live->len && memcmp(recorded->text, live->text, live->len) == 0)
                return 0;
        a = mock_value_tree(recorded, NULL);
        b = mock_value_tree(live, NULL);
        if (a && b) {
                root = hcs_asprintf("  %s: $", recorded->name);
                options.root = root;
                return mock_diff(a, b, &options, lines);
        }
        if (variables_same_text(&r->variables, recorded->name, recorded->text, live->text))
                return 0;
        if (is_id(call, recorded->name) && variables_bind(&r->variables, "id", recorded->text, live->text))
                return 0;
        if (lines)
                hcs_buf_printf(lines, "  %s: expected \"%.200s\", got \"%.200s\"\n", recorded->name, recorded->text,
                               live->text);
        return 1;
}

/* How a live call differs from a recorded one; an argument that the trace does not name is not held against it. */
static unsigned diff_call(struct replay *r, struct mock_call *call, struct mock_record *rec, struct hcs_buf *lines) {
        unsigned n = 0;

        for (size_t i = 0; i < rec->n_args && (lines || n == 0); i++) {
                struct mock_value empty = {.name = rec->args[i].name, .kind = MOCK_DOCUMENT, .text = (char *)""};
                struct mock_value *live = mock_call_arg(call, rec->args[i].name);

                if (rec->args[i].kind != MOCK_HANDLE && !hcs_streq(rec->args[i].name, "access"))
                        n += diff_value(r, call, &rec->args[i], live ? live : &empty, lines);
        }
        return n;
}

static bool fits(struct replay *r, struct mock_call *call, uint64_t hash, const struct script_call *c) {
        struct mock_record rec;
        bool equal;

        if (c->verb != call->function->verb)
                return false;
        /* The same bytes say the same, as long as no value stands for another one. */
        if (c->hash == hash && !r->variables.any_differ)
                return true;
        if (FAILED(script_read(r->script, c->offset, c->line, &rec)))
                return false;
        equal = diff_call(r, call, &rec, NULL) == 0;
        if (equal)
                variables_commit(&r->variables);
        else
                variables_rollback(&r->variables);
        mock_record_deinit(&rec);
        return equal;
}

static void explain(struct replay *r, struct mock_call *call, uint32_t nearest, struct hcs_buf *why) {
        const struct script_call *c = nearest == SCRIPT_NONE ? NULL : &r->script->calls[nearest];
        const struct mock_handle *subject = mock_call_subject(call);
        const char *on = subject ? subject->symbol : NULL;
        struct mock_record rec;

        hcs_buf_printf(why, "%s%s%s: ", call->function->name, on ? " on " : "", on ? on : "");
        if (!c || FAILED(script_read(r->script, c->offset, c->line, &rec))) {
                hcs_buf_printf(why, "the trace has no further call %s\n", on ? "on this handle" : "of this kind");
                return;
        }
        if (c->verb != call->function->verb) {
                hcs_buf_printf(why, "not the call that comes next\n  nearest: %s:%u\n  expected %s, got %s\n",
                               r->script->path, c->line, rec.function, call->function->name);
        } else {
                hcs_buf_printf(why, "no recorded call matches\n  nearest: %s:%u\n", r->script->path, c->line);
                diff_call(r, call, &rec, why);
                if (why->len && why->data[why->len - 1] != '\n')
                        hcs_buf_putc(why, '\n');
        }
        variables_rollback(&r->variables);
        mock_record_deinit(&rec);
}

/* The oldest record that cannot be passed over, across all handles (order=global). */
static uint32_t oldest(struct replay *r) {
        while (r->oldest < r->script->n_calls && r->script->calls[r->oldest].answered)
                r->oldest++;
        for (uint32_t i = r->oldest; i < r->script->n_calls; i++)
                if (!r->script->calls[i].answered && !r->script->calls[i].read_only && !r->script->calls[i].closes)
                        return i;
        return SCRIPT_NONE;
}

/* A query that was answered before may be answered so again, with the latest answer. */
static uint32_t again(struct replay *r, struct mock_call *call, uint64_t hash, uint32_t handle) {
        for (uint32_t i = r->script->n_calls ? r->newest + 1 : 0; i-- > 0;) {
                const struct script_call *c = &r->script->calls[i];

                if (c->answered && c->read_only && c->verb == call->function->verb && fits(r, call, hash, c)) {
                        struct mock_record rec;
                        bool same;

                        if (FAILED(script_read(r->script, c->offset, c->line, &rec)))
                                continue;
                        same = true;
                        for (size_t k = 0; k < rec.n_args; k++) {
                                enum mock_handle_kind kind;
                                uint32_t number;

                                if (rec.args[k].kind == MOCK_HANDLE &&
                                    mock_handle_symbol_parse(rec.args[k].text, &kind, &number) &&
                                    kind != MOCK_OPERATION)
                                        same &= script_handle_find(r->script, kind, number) == handle;
                        }
                        mock_record_deinit(&rec);
                        if (same)
                                return i;
                }
        }
        return SCRIPT_NONE;
}

uint32_t replay_match(struct replay *r, struct mock_call *call, uint32_t handle, struct hcs_buf *why) {
        bool read_only = mock_call_is_read_only(call->function, mock_call_text(call, "method"));
        uint64_t hash = script_hash(call->args, call->n_args);
        uint32_t limit = r->order == ORDER_GLOBAL ? oldest(r) : SCRIPT_NONE, nearest = SCRIPT_NONE,
                 blocked = SCRIPT_NONE;

        for (uint32_t i = r->script->handles[handle].head; i != SCRIPT_NONE; i = r->script->calls[i].next) {
                const struct script_call *c = &r->script->calls[i];

                if (limit != SCRIPT_NONE && i > limit)
                        break;
                if (blocked == SCRIPT_NONE && fits(r, call, hash, c))
                        return i;
                if (nearest == SCRIPT_NONE && c->verb == call->function->verb)
                        nearest = i;
                /* Calls on no handle come from anywhere in the program: only the same kind keeps its order. */
                if (r->order != ORDER_ANY && handle != 0 && !c->read_only && !c->closes && blocked == SCRIPT_NONE)
                        blocked = i;
                if (blocked != SCRIPT_NONE && nearest != SCRIPT_NONE)
                        break;
        }
        if (read_only) {
                uint32_t repeated = again(r, call, hash, handle);

                if (repeated != SCRIPT_NONE)
                        return repeated;
        }
        explain(r, call, blocked != SCRIPT_NONE && (nearest == SCRIPT_NONE || blocked < nearest) ? blocked : nearest,
                why);
        return SCRIPT_NONE;
}

void replay_take(struct replay *r, uint32_t handle, uint32_t index) {
        struct script_handle *h = &r->script->handles[handle];
        uint32_t *at = &h->head;
        uint32_t before = SCRIPT_NONE;

        while (*at != SCRIPT_NONE && *at != index) {
                before = *at;
                at = &r->script->calls[*at].next;
        }
        if (*at != index)
                return;
        *at = r->script->calls[index].next;
        if (h->tail == index)
                h->tail = before;
}
