/* SPDX-License-Identifier: MIT */

/*
 * A line to fields. logfmt and JSON say their fields; a terminal's line ends in key=value words that are left in the
 * message, because messages of old generations look the same. Pure functions over a line that its caller owns.
 */

#include <string.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

static void add(struct import_line *l, char *key, char *value) {
        if (l->n == HCS_ARRAY_SIZE(l->fields)) {
                free(key);
                free(value);
                return;
        }
        l->fields[l->n++] = (struct import_field){key, value};
}

void import_line_deinit(struct import_line *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->fields[i].key);
                free(l->fields[i].value);
        }
        l->n = 0;
}

const char *import_field(const struct import_line *l, const char *key) {
        for (size_t i = 0; i < l->n; i++)
                if (strcmp(l->fields[i].key, key) == 0)
                        return l->fields[i].value;
        return NULL;
}

const char *import_field_of(const struct import_line *l, const char *const *keys) {
        for (; *keys; keys++) {
                const char *v = import_field(l, *keys);

                if (v && *v)
                        return v;
        }
        return NULL;
}

const char *import_system_field(const struct import_line *l) {
        static const char *const keys[] = {"cid", "system-id", "systemID", "id", "uvm-id", "containerID", NULL};

        return import_field_of(l, keys);
}

uint32_t import_pid_field(const struct import_line *l) {
        static const char *const keys[] = {"pid", "process-id", "processId", "processID", NULL};
        const char *pid = import_field_of(l, keys);
        uint64_t n;

        return pid && hcs_str_to_u64(pid, &n) && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static bool is_key(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.';
}

/* Returns where the value ends. */
static const char *take_value(const char *p, char **ret) {
        const char *end = p;

        if (*p != '"') {
                end += strcspn(p, " \t");
                *ret = hcs_strndup(p, (size_t)(end - p));
                return end;
        }
        for (end = p + 1; *end && *end != '"'; end++)
                if (*end == '\\' && end[1])
                        end++;
        *ret = import_unquote(p + 1, (size_t)(end - p - 1));
        return *end ? end + 1 : end;
}

/* From "time=" on, whatever stands in front of it. */
static bool parse_logfmt(const char *text, struct import_line *l) {
        const char *start = strstr(text, "time=\"");

        /* A head that lost its first letter on the way through somebody's clipboard. */
        if (!start && hcs_str_starts(text, "ime=\""))
                start = text;
        for (const char *p = start; p && *p;) {
                const char *key = p;
                char *value, *name;

                while (is_key(*p))
                        p++;
                if (p == key || *p != '=') {
                        p += *p != '\0';
                        continue;
                }
                name = key == start ? hcs_strdup("time") : hcs_strndup(key, (size_t)(p - key));
                p = take_value(p + 1, &value);
                add(l, name, value);
        }
        return l->n > 1;
}

static char *text_of(const struct hcs_json *j) {
        return hcs_json_string(j) ? hcs_strdup(hcs_json_string(j)) : hcs_json_text(j, HCS_JSON_COMPACT);
}

/* ETW: {"Timestamp":..,"Payload":{"EventName":"LogrusEntry","Message":..,"Fields.name":..}} */
static void add_etw(struct import_line *l, const struct hcs_json *record, const struct hcs_json *payload) {
        const char *time = hcs_json_get_string(record, "Timestamp");

        if (time)
                add(l, hcs_strdup("time"), hcs_strdup(time));
        for (const struct hcs_json *m = hcs_json_first(payload); m; m = hcs_json_next(m)) {
                const char *key = hcs_json_key(m);

                if (strcmp(key, "Message") == 0)
                        key = "msg";
                else if (hcs_str_starts(key, "Fields."))
                        key += strlen("Fields.");
                add(l, hcs_strdup(key), text_of(m));
        }
}

static bool parse_json(const char *text, struct import_line *l) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        _cleanup_json_ struct hcs_json *j = NULL;
        const struct hcs_json *payload;

        if (*text != '{' || FAILED(hcs_json_parse(text, strlen(text), &lax, &j, NULL)))
                return false;
        payload = hcs_json_get(j, "Payload");
        if (hcs_json_get(payload, "Message"))
                add_etw(l, j, payload);
        else if (hcs_json_get(j, "msg") || hcs_json_get(j, "level"))
                for (const struct hcs_json *m = hcs_json_first(j); m; m = hcs_json_next(m))
                        add(l, hcs_strdup(hcs_json_key(m)), text_of(m));
        return l->n != 0;
}

void import_line_parse(const char *text, struct import_line *ret) {
        const char *message;

        memset(ret, 0, sizeof(*ret));
        ret->text = text;
        message = import_head(text, &ret->time);
        if (!parse_logfmt(message, ret) && !parse_json(message, ret)) {
                import_line_deinit(ret);
                add(ret, hcs_strdup("msg"), hcs_strdup(message));
        }
        if (import_field(ret, "time"))
                import_parse_time(import_field(ret, "time"), &ret->time);
}
