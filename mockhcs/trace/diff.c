/* SPDX-License-Identifier: MIT */

/* The walk over two trees side by side. The path is one buffer that grows and shrinks with the walk. */

#include "mockhcs/trace/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/scrub.h"
#include "base/str.h"

#define SHOWN 160 /* bytes of a value in a line */
#define FEW   16  /* members */
#define MANY  1024

struct walk {
        const struct mock_diff_options *options;
        struct hcs_buf *lines;
        struct hcs_buf path;
        unsigned n;
        unsigned embedded; /* documents in strings in documents ... */
};

static bool full(const struct walk *w) {
        return w->options->limit && w->n >= w->options->limit;
}

static void put_value(const struct hcs_json *j, struct hcs_buf *out) {
        _cleanup_buf_ struct hcs_buf text = {0};

        if (!j) {
                hcs_buf_puts(out, "nothing");
                return;
        }
        hcs_json_print(j, HCS_JSON_COMPACT, &text);
        if (text.len > SHOWN) {
                size_t n = SHOWN;

                while (n && ((unsigned char)text.data[n] & 0xc0) == 0x80)
                        n--;
                hcs_buf_append(out, text.data, n);
                hcs_buf_printf(out, "... (%zu bytes)", text.len);
        } else {
                hcs_buf_append(out, text.data, text.len);
        }
}

static void differ(struct walk *w, const struct hcs_json *expected, const struct hcs_json *got) {
        if (w->options->ignored && w->options->ignored(w->options->ctx, hcs_buf_cstr(&w->path)))
                return;
        w->n++;
        if (w->options->found)
                w->options->found(w->options->ctx, hcs_buf_cstr(&w->path), expected, got);
        if (!w->lines)
                return;
        hcs_buf_puts(w->lines, hcs_buf_cstr(&w->path));
        hcs_buf_puts(w->lines, ": expected ");
        if (!hcs_json_string(expected) || !w->options->describe ||
            !w->options->describe(w->options->ctx, hcs_json_string(expected), w->lines))
                put_value(expected, w->lines);
        hcs_buf_puts(w->lines, ", got ");
        put_value(got, w->lines);
        hcs_buf_putc(w->lines, '\n');
}

static void compare(struct walk *w, const char *key, const struct hcs_json *expected, const struct hcs_json *got);

static void cut(struct walk *w, size_t len) {
        w->path.len = len;
        w->path.data[len] = '\0';
}

static bool same_key(const struct walk *w, const char *expected, const char *got) {
        return w->options->same_key && w->options->same_key(w->options->ctx, expected, got);
}

/* Members by name, so that what a document's author made long takes no longer than that. */
struct member {
        const struct hcs_json *m;
        size_t place; /* of several with one name the first is meant */
};
struct members {
        const struct hcs_json *object;
        struct member *sorted; /* NULL: they are so few that looking at each is quicker */
        size_t n;
};

static int by_name(const void *a, const void *b) {
        const struct member *x = a, *y = b;
        int order = strcmp(hcs_json_key(x->m), hcs_json_key(y->m));

        return order ? order : x->place < y->place ? -1 : 1;
}

static struct members members_of(const struct hcs_json *object) {
        struct members ret = {.object = object, .n = hcs_json_count(object)};

        if (ret.n <= FEW)
                return ret;
        ret.sorted = hcs_malloc(ret.n * sizeof(*ret.sorted));
        ret.n = 0;
        for (const struct hcs_json *m = hcs_json_first(object); m; m = hcs_json_next(m)) {
                ret.sorted[ret.n] = (struct member){m, ret.n};
                ret.n++;
        }
        qsort(ret.sorted, ret.n, sizeof(*ret.sorted), by_name);
        return ret;
}

static const struct hcs_json *find(const struct members *in, const char *key) {
        size_t from = 0, beyond = in->n;

        if (!in->sorted)
                return hcs_json_get(in->object, key);
        while (from < beyond) {
                size_t middle = from + (beyond - from) / 2;

                if (strcmp(hcs_json_key(in->sorted[middle].m), key) < 0)
                        from = middle + 1;
                else
                        beyond = middle;
        }
        return from < in->n && hcs_streq(hcs_json_key(in->sorted[from].m), key) ? in->sorted[from].m : NULL;
}

/* The member that `key` of `of` stands for: the same name, or a variable of which nothing else is the partner. In
 * objects of more members than anybody names by variables none is looked for. */
static const struct hcs_json *partner(const struct walk *w, const struct members *of, const char *key,
                                      const struct members *in, bool in_expected) {
        const struct hcs_json *m = find(in, key);

        if (m || !w->options->same_key || in->n > MANY)
                return m;
        for (m = hcs_json_first(in->object); m; m = hcs_json_next(m)) {
                const char *other = hcs_json_key(m);

                if (!find(of, other) && (in_expected ? same_key(w, other, key) : same_key(w, key, other)))
                        return m;
        }
        return NULL;
}

static void compare_objects(struct walk *w, const struct hcs_json *expected, const struct hcs_json *got) {
        struct members of_expected = members_of(expected), of_got = members_of(got);
        size_t len = w->path.len;

        for (const struct hcs_json *m = hcs_json_first(expected); m && !full(w); m = hcs_json_next(m)) {
                hcs_json_path_member(&w->path, hcs_json_key(m));
                compare(w, hcs_json_key(m), m, partner(w, &of_expected, hcs_json_key(m), &of_got, false));
                cut(w, len);
        }
        for (const struct hcs_json *m = hcs_json_first(got); m && !full(w); m = hcs_json_next(m)) {
                if (partner(w, &of_got, hcs_json_key(m), &of_expected, true))
                        continue;
                hcs_json_path_member(&w->path, hcs_json_key(m));
                differ(w, NULL, m);
                cut(w, len);
        }
        free(of_expected.sorted);
        free(of_got.sorted);
}

static void compare_arrays(struct walk *w, const char *key, const struct hcs_json *expected,
                           const struct hcs_json *got) {
        const struct hcs_json *e = hcs_json_first(expected);
        const struct hcs_json *g = hcs_json_first(got);
        size_t len = w->path.len;

        for (size_t i = 0; (e || g) && !full(w); i++) {
                hcs_json_path_index(&w->path, i);
                compare(w, key, e, g);
                cut(w, len);
                e = e ? hcs_json_next(e) : NULL;
                g = g ? hcs_json_next(g) : NULL;
        }
}

bool mock_diff_redacted(const char *pattern, const char *text) {
        static const size_t mark = sizeof(HCS_SCRUBBED) - 1;
        const char *hole = strstr(pattern, HCS_SCRUBBED);

        if (!hole)
                return strcmp(pattern, text) == 0;
        if (strncmp(pattern, text, (size_t)(hole - pattern)) != 0)
                return false;
        text += hole - pattern;
        pattern = hole + mark;
        /* What stands between two holes is found at its first place; what follows the last must end the text. */
        while ((hole = strstr(pattern, HCS_SCRUBBED))) {
                _cleanup_free_ char *piece = hcs_strndup(pattern, (size_t)(hole - pattern));
                const char *at = strstr(text, piece);

                if (!at)
                        return false;
                text = at + (hole - pattern);
                pattern = hole + mark;
        }
        return hcs_str_ends(text, pattern);
}

/* A document in a string: its tree, or NULL. */
static struct hcs_json *embedded(const struct hcs_json *j) {
        const char *s = hcs_json_string(j);
        struct hcs_json *tree = NULL;

        if (s && (*s == '{' || *s == '['))
                hcs_json_parse_cstr(s, &tree, NULL);
        return tree;
}

static void compare_scalars(struct walk *w, const char *key, const struct hcs_json *expected,
                            const struct hcs_json *got) {
        const char *e = hcs_json_string(expected);
        const char *g = hcs_json_string(got);

        if (hcs_json_equal(expected, got))
                return;
        if (e && g) {
                _cleanup_json_ struct hcs_json *et = w->embedded < 8 ? embedded(expected) : NULL;
                _cleanup_json_ struct hcs_json *gt = et ? embedded(got) : NULL;

                if (gt) {
                        w->embedded++;
                        compare(w, key, et, gt);
                        w->embedded--;
                        return;
                }
                if (strstr(e, HCS_SCRUBBED) && mock_diff_redacted(e, g))
                        return;
        }
        if (w->options->same && w->options->same(w->options->ctx, key, expected, got))
                return;
        differ(w, expected, got);
}

static void compare(struct walk *w, const char *key, const struct hcs_json *expected, const struct hcs_json *got) {
        enum hcs_json_kind kind = hcs_json_kind(expected);

        if (!expected || !got)
                differ(w, expected, got);
        else if (hcs_streq(hcs_json_string(expected), HCS_SCRUBBED))
                return;
        else if (kind == HCS_JSON_OBJECT && hcs_json_is(got, HCS_JSON_OBJECT))
                compare_objects(w, expected, got);
        else if (kind == HCS_JSON_ARRAY && hcs_json_is(got, HCS_JSON_ARRAY))
                compare_arrays(w, key, expected, got);
        else
                compare_scalars(w, key, expected, got);
}

unsigned mock_diff(const struct hcs_json *expected, const struct hcs_json *got, const struct mock_diff_options *options,
                   struct hcs_buf *lines) {
        static const struct mock_diff_options none = {0};
        struct walk w = {.options = options ? options : &none, .lines = lines};

        hcs_buf_puts(&w.path, w.options->root ? w.options->root : "$");
        compare(&w, NULL, expected, got);
        hcs_buf_deinit(&w.path);
        return w.n;
}

unsigned mock_diff_text(const char *expected, const char *got, const struct mock_diff_options *options,
                        struct hcs_buf *lines) {
        _cleanup_json_ struct hcs_json *e = NULL;
        _cleanup_json_ struct hcs_json *g = NULL;

        if (strcmp(expected, got) == 0)
                return 0;
        if (!*expected || FAILED(hcs_json_parse_cstr(expected, &e, NULL)))
                e = hcs_json_new_string(expected);
        if (!*got || FAILED(hcs_json_parse_cstr(got, &g, NULL)))
                g = hcs_json_new_string(got);
        return mock_diff(e, g, options, lines);
}
