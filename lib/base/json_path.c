/* SPDX-License-Identifier: MIT */

/* Paths into a document, as errors and differences spell them: A.B[2].C, with ["a.b"] for names that hold a dot. */

#include <string.h>

#include "base/json_private.h"

static bool is_simple(const char *name) {
        return *name && !strpbrk(name, ".[]\"");
}

void hcs_json_path_member(struct hcs_buf *path, const char *name) {
        if (is_simple(name)) {
                if (path->len)
                        hcs_buf_putc(path, '.');
                hcs_buf_puts(path, name);
                return;
        }
        hcs_buf_putc(path, '[');
        hcs_json_print_string(name, strlen(name), HCS_JSON_COMPACT, path);
        hcs_buf_putc(path, ']');
}

void hcs_json_path_index(struct hcs_buf *path, size_t i) {
        hcs_buf_putc(path, '[');
        hcs_buf_put_u64(path, i);
        hcs_buf_putc(path, ']');
}

struct hcs_json *hcs_json_lookup(const struct hcs_json *root, const char *path) {
        const struct hcs_json *at = root;

        if (*path == '$')
                path++;
        while (at && *path) {
                if (*path == '[' && path[1] == '"') {
                        const char *end = strstr(path, "\"]");
                        _cleanup_json_ struct hcs_json *name = NULL;

                        if (!end || FAILED(hcs_json_parse(path + 1, (size_t)(end - path), NULL, &name, NULL)))
                                return NULL;
                        at = hcs_json_get(at, hcs_json_string(name));
                        path = end + 2;
                } else if (*path == '[') {
                        char *end;
                        unsigned long i = strtoul(path + 1, &end, 10);

                        if (*end != ']')
                                return NULL;
                        at = hcs_json_is(at, HCS_JSON_ARRAY) ? hcs_json_at(at, i) : NULL;
                        path = end + 1;
                } else {
                        size_t n;
                        _cleanup_free_ char *name = NULL;

                        path += *path == '.';
                        n = strcspn(path, ".[");
                        if (n == 0)
                                return NULL;
                        name = hcs_strndup(path, n);
                        at = hcs_json_get(at, name);
                        path += n;
                }
        }
        return hj(cj(at));
}
