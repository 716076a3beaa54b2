/* SPDX-License-Identifier: MIT */

/* Making and changing trees. A node belongs to the caller until it is put into a tree. */

#include <stdio.h>
#include <string.h>

#include "base/json_private.h"
#include "base/utf.h"

static struct hcs_json *made(cJSON *c) {
        if (!c)
                abort(); /* as every small allocation: see mem.h */
        return hj(c);
}

struct hcs_json *hcs_json_new_object(void) {
        return made(cJSON_CreateObject());
}

struct hcs_json *hcs_json_new_array(void) {
        return made(cJSON_CreateArray());
}

struct hcs_json *hcs_json_new_null(void) {
        return made(cJSON_CreateNull());
}

struct hcs_json *hcs_json_new_bool(bool b) {
        return made(cJSON_CreateBool(b));
}

struct hcs_json *hcs_json_new_string(const char *s) {
        return s ? made(cJSON_CreateString(s)) : hcs_json_new_null();
}

struct hcs_json *hcs_json_new_string_n(const char *s, size_t n) {
        _cleanup_free_ char *copy = hcs_strndup(s, n);

        return hcs_json_new_string(copy);
}

static struct hcs_json *new_number(double value, const char *text) {
        struct hcs_json *j = made(cJSON_CreateNumber(value));

        if (!hcs_json_number_is_plain(text, strlen(text)))
                cj(j)->valuestring = hcs_strdup(text);
        return j;
}

struct hcs_json *hcs_json_new_i64(int64_t v) {
        char text[32];

        snprintf(text, sizeof(text), "%lld", (long long)v);
        return new_number((double)v, text);
}

struct hcs_json *hcs_json_new_u64(uint64_t v) {
        char text[32];

        snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
        return new_number((double)v, text);
}

struct hcs_json *hcs_json_new_double(double v) {
        char text[64];

        /* The shortest of these that reads back to the same value. */
        for (int digits = 15; digits <= 17; digits++) {
                snprintf(text, sizeof(text), "%.*g", digits, v);
                if (strtod(text, NULL) == v)
                        break;
        }
        if (v != v || v - v != 0)
                return hcs_json_new_null(); /* JSON has no NaN and no infinity */
        return new_number(v, text);
}

struct hcs_json *hcs_json_copy(const struct hcs_json *j) {
        return j ? made(cJSON_Duplicate(cj(j), true)) : NULL;
}

struct hcs_json *hcs_json_set(struct hcs_json *obj, const char *key, struct hcs_json *value) {
        struct hcs_json *old = hcs_json_get(obj, key);

        if (old) {
                hcs_json_replace(obj, old, value);
                return value;
        }
        cJSON_AddItemToObject(cj(obj), key, cj(value));
        return value;
}

struct hcs_json *hcs_json_append(struct hcs_json *array, struct hcs_json *value) {
        cJSON_AddItemToArray(cj(array), cj(value));
        return value;
}

struct hcs_json *hcs_json_set_string(struct hcs_json *obj, const char *key, const char *s) {
        return hcs_json_set(obj, key, hcs_json_new_string(s));
}

struct hcs_json *hcs_json_set_u64(struct hcs_json *obj, const char *key, uint64_t v) {
        return hcs_json_set(obj, key, hcs_json_new_u64(v));
}

struct hcs_json *hcs_json_set_i64(struct hcs_json *obj, const char *key, int64_t v) {
        return hcs_json_set(obj, key, hcs_json_new_i64(v));
}

struct hcs_json *hcs_json_set_bool(struct hcs_json *obj, const char *key, bool b) {
        return hcs_json_set(obj, key, hcs_json_new_bool(b));
}

struct hcs_json *hcs_json_set_new_object(struct hcs_json *obj, const char *key) {
        return hcs_json_set(obj, key, hcs_json_new_object());
}

struct hcs_json *hcs_json_set_new_array(struct hcs_json *obj, const char *key) {
        return hcs_json_set(obj, key, hcs_json_new_array());
}

struct hcs_json *hcs_json_detach(struct hcs_json *parent, struct hcs_json *child) {
        return hj(cJSON_DetachItemViaPointer(cj(parent), cj(child)));
}

void hcs_json_remove(struct hcs_json *obj, const char *key) {
        struct hcs_json *child = hcs_json_get(obj, key);

        if (child)
                hcs_json_free(hcs_json_detach(obj, child));
}

void hcs_json_replace(struct hcs_json *parent, struct hcs_json *child, struct hcs_json *value) {
        /* A copy brings the name that it had where it was copied from. */
        if (cj(child)->string) {
                if (cj(value)->string && !(cj(value)->type & cJSON_StringIsConst))
                        cJSON_free(cj(value)->string);
                cj(value)->string = hcs_strdup(cj(child)->string);
                cj(value)->type &= ~cJSON_StringIsConst;
        }
        cJSON_ReplaceItemViaPointer(cj(parent), cj(child), cj(value));
}
