/* SPDX-License-Identifier: MIT */

/* Which recorded call is meant, and when none is, what is nearest and where it differs. See replay.h. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/replay/replay.h"
#include "mockhcs/trace/diff.h"
#include "mockhcs/trace/report.h"

static bool is_id(const struct mock_call *call, const char *name) {
        return hcs_streq(name, "id") &&
               (call->function->verb == MOCK_CREATE_SYSTEM || call->function->verb == MOCK_OPEN_SYSTEM);
}

/* Calls on layers are about folders, which are others in every run. */
static bool is_path(const struct mock_call *call, const char *name) {
        return mock_verb_is_storage(call->function->verb) && !hcs_streq(name, "name");
}

/* Where the differences of a call are gathered: lines for people, and objects for programs. */
struct differences {
        struct hcs_buf lines;
        struct hcs_json *list;
        const char *argument;
};

static void add_difference(struct differences *d, const char *path, struct hcs_json *expected, struct hcs_json *got) {
        struct hcs_json *o = hcs_json_append(d->list, hcs_json_new_object());

        hcs_json_set_string(o, "argument", d->argument);
        hcs_json_set_string(o, "path", path);
        hcs_json_set(o, "expected", expected);
        hcs_json_set(o, "got", got);
}

/* The walk over two documents asks the variables, and tells its differences. */
struct document_diff {
        struct replay *replay;
        struct variables *variables;
        struct differences *out;
        const char *call, *argument;
        size_t root; /* bytes of a path that name the argument */
        bool paths;  /* members called Path are paths of layers */
};

static bool same(void *ctx, const char *key, const struct hcs_json *expected, const struct hcs_json *got) {
        struct document_diff *d = ctx;
        const char *e = hcs_json_string(expected), *g = hcs_json_string(got);

        if (d->paths && e && g && hcs_strcaseeq(key, "Path"))
                return variables_same_path(d->variables, key, e, g);
        return variables_same(d->variables, key, expected, got);
}

static bool same_key(void *ctx, const char *expected, const char *got) {
        return variables_same_key(((struct document_diff *)ctx)->variables, expected, got);
}

static bool describe(void *ctx, const char *expected, struct hcs_buf *out) {
        return variables_describe(((struct document_diff *)ctx)->variables, expected, out);
}

static void found(void *ctx, const char *path, const struct hcs_json *expected, const struct hcs_json *got) {
        struct document_diff *d = ctx;

        if (d->out)
                add_difference(d->out, path + d->root, expected ? hcs_json_copy(expected) : hcs_json_new_null(),
                               got ? hcs_json_copy(got) : hcs_json_new_null());
}

/* What varies by itself, as the header of the trace says. */
static bool is_noise(const struct replay *r, const char *call, const char *argument, const char *path) {
        _cleanup_free_ char *part = r->script->noise.n ? hcs_asprintf("args.%s", argument) : NULL;

        return part && mock_noise_has(&r->script->noise, call, part, path);
}

static bool ignored(void *ctx, const char *path) {
        const struct document_diff *d = ctx;

        return is_noise(d->replay, d->call, d->argument, path + d->root);
}

static unsigned diff_documents(struct replay *r, const struct mock_call *call, const char *name,
                               const struct hcs_json *recorded, const struct hcs_json *live, struct differences *out) {
        _cleanup_free_ char *root = hcs_asprintf("  %s: $", name);
        struct document_diff d = {
                r, &r->variables, out, call->function->name, name, strlen(root) - 1, is_path(call, name)};
        struct mock_diff_options options = {.limit = 20,
                                            .root = root,
                                            .same = same,
                                            .same_key = same_key,
                                            .describe = describe,
                                            .ignored = ignored,
                                            .found = found,
                                            .ctx = &d};

        return mock_diff(recorded, live, &options, out ? &out->lines : NULL);
}

/* Adds the differences of one argument to `out` (may be NULL); returns how many there are. */
static unsigned diff_value(struct replay *r, struct mock_call *call, struct mock_value *recorded,
                           struct mock_value *live, struct differences *out) {
        bool (*same_text)(struct variables *, const char *, const char *, const char *);
        struct hcs_json *a, *b;

        if (out)
                out->argument = recorded->name;
        if (is_noise(r, call->function->name, recorded->name, "$"))
                return 0;
        if (recorded->kind == MOCK_NUMBER || live->kind == MOCK_NUMBER) {
                if (recorded->kind == live->kind && recorded->number == live->number)
                        return 0;
                if (out) {
                        hcs_buf_printf(&out->lines, "  %s: expected %llu, got %llu\n", recorded->name,
                                       (unsigned long long)recorded->number, (unsigned long long)live->number);
                        add_difference(out, "$", hcs_json_new_u64(recorded->number), hcs_json_new_u64(live->number));
                }
                return 1;
        }
        if (mock_value_is_empty(recorded) && mock_value_is_empty(live))
                return 0;
        if (recorded->len == live->len && memcmp(recorded->text, live->text, live->len) == 0)
                return 0;
        a = mock_value_tree(recorded, NULL);
        b = mock_value_tree(live, NULL);
        if (a && b)
                return diff_documents(r, call, recorded->name, a, b, out);
        same_text = is_path(call, recorded->name) ? variables_same_path : variables_same_text;
        if (same_text(&r->variables, recorded->name, recorded->text, live->text))
                return 0;
        if (is_id(call, recorded->name) && variables_bind(&r->variables, "id", recorded->text, live->text))
                return 0;
        if (out) {
                hcs_buf_printf(&out->lines, "  %s: expected \"%.200s\", got \"%.200s\"\n", recorded->name,
                               recorded->text, live->text);
                add_difference(out, "$", hcs_json_new_string(recorded->text), hcs_json_new_string(live->text));
        }
        return 1;
}

/* How a live call differs from a recorded one; an argument that the trace does not name is not held against it. */
static unsigned diff_call(struct replay *r, struct mock_call *call, struct mock_record *rec, struct differences *out) {
        unsigned n = 0;

        for (size_t i = 0; i < rec->n_args && (out || n == 0); i++) {
                struct mock_value empty = {.name = rec->args[i].name, .kind = MOCK_DOCUMENT, .text = (char *)""};
                struct mock_value *live = mock_call_arg(call, rec->args[i].name);

                if (rec->args[i].kind != MOCK_HANDLE && !hcs_streq(rec->args[i].name, "access"))
                        n += diff_value(r, call, &rec->args[i], live ? live : &empty, out);
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

static struct hcs_json *explain(struct replay *r, struct mock_call *call, uint32_t nearest) {
        const struct script_call *c = nearest == SCRIPT_NONE ? NULL : &r->script->calls[nearest];
        const struct mock_handle *subject = mock_call_subject(call);
        _cleanup_free_ char *head = subject ? hcs_asprintf("%s on %s", call->function->name, subject->symbol)
                                            : hcs_strdup(call->function->name);
        struct differences d = {0};
        struct mock_record rec;
        struct hcs_json *problem;

        if (!c || FAILED(script_read(r->script, c->offset, c->line, &rec))) {
                problem = mock_problem_new("mismatch", "%s: the trace has no further call %s\n", head,
                                           subject ? "on this handle" : "of this kind");
                c = NULL;
        } else if (c->verb != call->function->verb) {
                problem = mock_problem_new(
                        "mismatch", "%s: not the call that comes next\n  nearest: %s:%u\n  expected %s, got %s\n", head,
                        r->script->path, c->line, rec.function, call->function->name);
                hcs_json_set_string(problem, "expected", rec.function);
        } else {
                d.list = hcs_json_new_array();
                diff_call(r, call, &rec, &d);
                problem = mock_problem_new("mismatch", "%s: no recorded call matches\n  nearest: %s:%u\n%s", head,
                                           r->script->path, c->line, hcs_buf_cstr(&d.lines));
                hcs_json_set(problem, "differences", d.list);
                hcs_buf_deinit(&d.lines);
        }
        hcs_json_set_string(problem, "call", call->function->name);
        if (subject)
                hcs_json_set_string(problem, "on", subject->symbol);
        if (c) {
                hcs_json_set_string(problem, "trace", r->script->path);
                hcs_json_set_u64(problem, "line", c->line);
                mock_record_deinit(&rec);
        }
        variables_rollback(&r->variables);
        return problem;
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

/*
 * Of calls on no handle one with the same bytes goes first: threads that each make a system of their own come in
 * another order than then, and the id of a system stands for any other one.
 */
static uint32_t match_to_the_letter(struct replay *r, struct mock_call *call, uint64_t hash) {
        for (uint32_t i = r->script->handles[0].head; i != SCRIPT_NONE; i = r->script->calls[i].next)
                if (r->script->calls[i].hash == hash && fits(r, call, hash, &r->script->calls[i]))
                        return i;
        return SCRIPT_NONE;
}

uint32_t replay_match(struct replay *r, struct mock_call *call, uint32_t handle, struct hcs_json **ret_problem) {
        bool read_only = mock_call_is_read_only(call->function, mock_call_text(call, "method"));
        uint64_t hash = script_hash(call->args, call->n_args);
        uint32_t limit = r->order == ORDER_GLOBAL ? oldest(r) : SCRIPT_NONE, nearest = SCRIPT_NONE,
                 blocked = SCRIPT_NONE;

        if (handle == 0 && r->order != ORDER_GLOBAL) {
                uint32_t same = match_to_the_letter(r, call, hash);

                if (same != SCRIPT_NONE)
                        return same;
        }
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
        if (ret_problem)
                *ret_problem = explain(
                        r, call,
                        blocked != SCRIPT_NONE && (nearest == SCRIPT_NONE || blocked < nearest) ? blocked : nearest);
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
