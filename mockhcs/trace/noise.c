/* SPDX-License-Identifier: MIT */

/* A mark is one text, its parts behind each other with a line break between them: no name has one. */

#include "mockhcs/trace/noise.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void mock_noise_deinit(struct mock_noise *n) {
        for (size_t i = 0; i < n->n; i++)
                free(n->marks[i]);
        free(n->marks);
        *n = (struct mock_noise){0};
}

/* Numbers in brackets become [*]; a name in brackets is quoted and stays. */
static char *mark_of(const char *call, const char *part, const char *path) {
        struct hcs_buf b = {0};

        hcs_buf_printf(&b, "%s\n%s\n", call, part);
        while (*path) {
                size_t digits = *path == '[' ? strspn(path + 1, "0123456789") : 0;

                if (digits && path[1 + digits] == ']') {
                        hcs_buf_puts(&b, "[*]");
                        path += digits + 2;
                } else {
                        hcs_buf_putc(&b, *path++);
                }
        }
        return hcs_buf_steal(&b);
}

static int compare(const void *a, const void *b) {
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has(const struct mock_noise *n, const char *mark) {
        return n->n && bsearch(&mark, n->marks, n->n, sizeof(*n->marks), compare);
}

bool mock_noise_has(const struct mock_noise *n, const char *call, const char *part, const char *path) {
        _cleanup_free_ char *mark = n->n ? mark_of(call, part, path) : NULL;
        size_t root = n->n ? strlen(call) + strlen(part) + 3 : 0; /* behind "$" */

        if (!n->n)
                return false;
        for (size_t len = strlen(mark); len >= root; len--) {
                if (mark[len] && mark[len] != '.' && mark[len] != '[')
                        continue;
                mark[len] = '\0';
                if (has(n, mark))
                        return true;
        }
        return false;
}

bool mock_noise_add(struct mock_noise *n, const char *call, const char *part, const char *path) {
        char *mark;

        if (mock_noise_has(n, call, part, path))
                return false;
        mark = mark_of(call, part, path);
        n->marks = hcs_realloc(n->marks, (n->n + 1) * sizeof(*n->marks));
        n->marks[n->n++] = mark;
        qsort(n->marks, n->n, sizeof(*n->marks), compare);
        return true;
}

HRESULT mock_noise_read(const struct hcs_json *header, struct mock_noise *ret, struct hcs_error **err) {
        const struct hcs_json *list = hcs_json_get(header, "noise");
        struct mock_noise n = {0};
        size_t i = 0;

        if (list && !hcs_json_is(list, HCS_JSON_ARRAY))
                return hcs_error_make(err, E_INVALIDARG, "line 1: $.noise: an array of marks is expected");
        for (const struct hcs_json *m = hcs_json_first(list); m; m = hcs_json_next(m), i++) {
                const char *call = hcs_json_get_string(m, "call"), *part = hcs_json_get_string(m, "part"),
                           *path = hcs_json_get_string(m, "path");

                if (!call || !part || !path || path[0] != '$') {
                        mock_noise_deinit(&n);
                        return hcs_error_make(err, E_INVALIDARG,
                                              "line 1: $.noise[%zu]: a mark has a call, a part, and a path from $ on",
                                              i);
                }
                mock_noise_add(&n, call, part, path);
        }
        *ret = n;
        return S_OK;
}

struct hcs_json *mock_noise_json(const struct mock_noise *n) {
        struct hcs_json *list = hcs_json_new_array();

        for (size_t i = 0; i < n->n; i++) {
                struct hcs_json *o = hcs_json_append(list, hcs_json_new_object());
                const char *part = strchr(n->marks[i], '\n') + 1, *path = strchr(part, '\n') + 1;
                _cleanup_free_ char *call = hcs_strndup(n->marks[i], (size_t)(part - n->marks[i] - 1));
                _cleanup_free_ char *middle = hcs_strndup(part, (size_t)(path - part - 1));

                hcs_json_set_string(o, "call", call);
                hcs_json_set_string(o, "part", middle);
                hcs_json_set_string(o, "path", path);
        }
        return list;
}
