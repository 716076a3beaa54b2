/* SPDX-License-Identifier: MIT */

/* Parsing into a cJSON tree, and reading one. The strict pass is json_check.c, numbers json_number.c. */

#include <string.h>

#include "base/json_private.h"
#include "base/str.h"

/* Gives the numbers that need it their exact text, walking the tree in document order. */
static void attach_numbers(cJSON *node, const struct hcs_json_scan *s, const char *text, size_t *ordinal,
                           size_t *next) {
        for (; node && *next < s->n_numbers; node = node->next) {
                if (cJSON_IsNumber(node)) {
                        if ((*ordinal)++ == s->ordinals[*next]) {
                                const struct hcs_json_number *n = &s->numbers[(*next)++];

                                node->valuestring = hcs_strndup(text + n->offset, n->len);
                        }
                } else if (node->child) {
                        attach_numbers(node->child, s, text, ordinal, next);
                }
        }
}

/* Keeps the last of members with one name, at the place of the last; or reports the first pair. */
static const char *resolve_duplicates(cJSON *node, bool keep_last) {
        for (cJSON *child = node->child, *next; child; child = next) {
                const char *found = child->child ? resolve_duplicates(child, keep_last) : NULL;

                next = child->next;
                if (found)
                        return found;
                if (!cJSON_IsObject(node))
                        continue;
                for (cJSON *later = next; later; later = later->next) {
                        if (strcmp(later->string, child->string) != 0)
                                continue;
                        if (!keep_last)
                                return child->string;
                        cJSON_Delete(cJSON_DetachItemViaPointer(node, child));
                        break;
                }
        }
        return NULL;
}

HRESULT hcs_json_parse(const char *text, size_t len, const struct hcs_json_options *options, struct hcs_json **ret,
                       struct hcs_error **err) {
        _cleanup_(hcs_json_scan_deinit) struct hcs_json_scan scan = {0};
        unsigned flags = options ? options->flags : 0;
        _cleanup_json_ struct hcs_json *tree = NULL;
        size_t ordinal = 0, next = 0;
        const char *twice;
        HRESULT hr;

        hr = hcs_json_scan(text, len, options, &scan, err);
        if (FAILED(hr))
                return hr;
        if (scan.repair) {
                /* The offsets of numbers moved with the repairs: look at the repaired text instead. */
                struct hcs_json_options strict = {.max_bytes = SIZE_MAX,
                                                  .flags = flags & ~(unsigned)HCS_JSON_REPLACE_BAD};

                strict.max_depth = options->max_depth;
                return hcs_json_parse(scan.text.data, scan.text.len, &strict, ret, err);
        }
        tree = hj(cJSON_ParseWithLengthOpts(text, len, NULL, false));
        if (!tree)
                return hcs_error_make(err, HCS_E_INVALID_JSON, "document refused by the tree builder");
        attach_numbers(cj(tree), &scan, text, &ordinal, &next);
        if (scan.duplicates || scan.escaped_names) {
                twice = resolve_duplicates(cj(tree), flags & HCS_JSON_DUPLICATE_LAST);
                if (twice)
                        return hcs_error_make(err, HCS_E_INVALID_JSON, "duplicate member \"%s\"", twice);
        }
        *ret = steal_pointer(&tree);
        return S_OK;
}

HRESULT hcs_json_parse_cstr(const char *text, struct hcs_json **ret, struct hcs_error **err) {
        return hcs_json_parse(text ? text : "", text ? strlen(text) : 0, NULL, ret, err);
}

struct hcs_json *hcs_json_free(struct hcs_json *j) {
        cJSON_Delete(cj(j));
        return NULL;
}

enum hcs_json_kind hcs_json_kind(const struct hcs_json *j) {
        switch (j ? cj(j)->type & 0xFF : cJSON_NULL) {
        case cJSON_False:
        case cJSON_True:
                return HCS_JSON_BOOL;
        case cJSON_Number:
                return HCS_JSON_NUMBER;
        case cJSON_String:
                return HCS_JSON_STRING;
        case cJSON_Array:
                return HCS_JSON_ARRAY;
        case cJSON_Object:
                return HCS_JSON_OBJECT;
        default:
                return HCS_JSON_NULL;
        }
}

bool hcs_json_is(const struct hcs_json *j, enum hcs_json_kind kind) {
        return j && hcs_json_kind(j) == kind;
}

struct hcs_json *hcs_json_first(const struct hcs_json *j) {
        return j ? hj(cj(j)->child) : NULL;
}

struct hcs_json *hcs_json_next(const struct hcs_json *j) {
        return j ? hj(cj(j)->next) : NULL;
}

const char *hcs_json_key(const struct hcs_json *j) {
        return j ? cj(j)->string : NULL;
}

size_t hcs_json_count(const struct hcs_json *j) {
        size_t n = 0;

        for (const cJSON *c = j ? cj(j)->child : NULL; c; c = c->next)
                n++;
        return n;
}

struct hcs_json *hcs_json_get(const struct hcs_json *obj, const char *key) {
        if (!cJSON_IsObject(cj(obj)))
                return NULL;
        for (const cJSON *c = cj(obj)->child; c; c = c->next)
                if (strcmp(c->string, key) == 0)
                        return hj(c);
        return NULL;
}

struct hcs_json *hcs_json_get_nocase(const struct hcs_json *obj, const char *key) {
        struct hcs_json *exact = hcs_json_get(obj, key);

        if (exact || !cJSON_IsObject(cj(obj)))
                return exact;
        for (const cJSON *c = cj(obj)->child; c; c = c->next)
                if (hcs_strcaseeq(c->string, key))
                        return hj(c);
        return NULL;
}

struct hcs_json *hcs_json_at(const struct hcs_json *array, size_t i) {
        const cJSON *c = array ? cj(array)->child : NULL;

        while (c && i--)
                c = c->next;
        return hj(c);
}

const char *hcs_json_string(const struct hcs_json *j) {
        return cJSON_IsString(cj(j)) ? cj(j)->valuestring : NULL;
}

const char *hcs_json_get_string(const struct hcs_json *obj, const char *key) {
        return hcs_json_string(hcs_json_get(obj, key));
}

bool hcs_json_bool(const struct hcs_json *j) {
        return cJSON_IsTrue(cj(j));
}

bool hcs_json_equal(const struct hcs_json *a, const struct hcs_json *b) {
        enum hcs_json_kind kind = hcs_json_kind(a);
        char x[512], y[512];

        if (kind != hcs_json_kind(b))
                return false;
        switch (kind) {
        case HCS_JSON_NULL:
                return true;
        case HCS_JSON_BOOL:
                return hcs_json_bool(a) == hcs_json_bool(b);
        case HCS_JSON_STRING:
                return strcmp(cj(a)->valuestring, cj(b)->valuestring) == 0;
        case HCS_JSON_NUMBER:
                return hcs_json_number_equal(
                        cj(a)->valuestring ? cj(a)->valuestring : hcs_json_number_text(a, x, sizeof(x)),
                        cj(b)->valuestring ? cj(b)->valuestring : hcs_json_number_text(b, y, sizeof(y)));
        case HCS_JSON_ARRAY:
                for (a = hcs_json_first(a), b = hcs_json_first(b); a && b; a = hcs_json_next(a), b = hcs_json_next(b))
                        if (!hcs_json_equal(a, b))
                                return false;
                return !a && !b;
        case HCS_JSON_OBJECT:
                if (hcs_json_count(a) != hcs_json_count(b))
                        return false;
                for (const struct hcs_json *m = hcs_json_first(a); m; m = hcs_json_next(m)) {
                        const struct hcs_json *other = hcs_json_get(b, hcs_json_key(m));

                        if (!other || !hcs_json_equal(m, other))
                                return false;
                }
                return true;
        }
        return false;
}
