/* SPDX-License-Identifier: MIT */

/*
 * A line to fields. logfmt and JSON say their fields; a terminal's line ends in key=value words that are left in the
 * message, because messages of old generations look the same. What a line is made of lives in its batch.
 */

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

static void add(struct import_line *l, const char *key, size_t key_len, const char *value) {
        if (l->n < IMPORT_MAX_FIELDS)
                l->fields[l->n++] = (struct import_field){.key = key, .key_len = key_len, .value = value};
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

uint64_t import_time_field(const struct import_line *l, const char *key) {
        const char *text = import_field(l, key);
        struct import_clock clock = *import_source_clock(l->source);
        struct import_time t;

        return text && import_parse_time(text, &t) ? import_clock_resolve(&clock, t) : 0;
}

static bool is_key(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.';
}

/* Undoes one layer of quoting while it looks for the closing quote. Returns where the value ends. */
static const char *take_quoted(const char *p, const char *limit, struct import_arena *a, const char **ret, bool *open) {
        const char *end = p, *quote = memchr(p, '"', (size_t)(limit - p));
        char *value;

        quote = quote ? quote : limit;
        if (!memchr(p, '\\', (size_t)(quote - p))) {
                *ret = import_arena_copy(a, p, (size_t)(quote - p));
                *open = quote == limit;
                return *open ? limit : quote + 1;
        }
        while (end < limit && *end != '"')
                end += *end == '\\' && limit - end > 1 ? 2 : 1;
        value = import_arena_take(a, (size_t)(end - p) + 1);
        import_unquote_to(p, (size_t)(end - p), value);
        *ret = value;
        *open = end == limit;
        return *open ? end : end + 1;
}

/* From "time=" on, whatever stands in front of it. */
static bool parse_logfmt(const char *text, struct import_arena *a, struct import_line *l) {
        const char *start = hcs_str_starts(text, "time=\"") ? text : strstr(text, "time=\""), *limit;

        /* A head that lost its first letter on the way through somebody's clipboard. */
        if (!start && hcs_str_starts(text, "ime=\""))
                start = text;
        if (!start && (hcs_str_starts(text, "level=") || hcs_str_starts(text, "msg=")))
                start = text; /* a view of a log that shows the time elsewhere */
        limit = start ? start + strlen(start) : NULL;
        for (const char *p = start; p && *p;) {
                const char *key = p, *value;
                size_t n;

                while (is_key(*p))
                        p++;
                n = (size_t)(p - key);
                if (n == 0 || *p != '=') {
                        p += *p != '\0';
                        continue;
                }
                if (*++p == '"') {
                        p = take_quoted(p + 1, limit, a, &value, &l->cut);
                } else {
                        size_t len = strcspn(p, " \t");

                        value = import_arena_copy(a, p, len);
                        p += len;
                }
                if (key == start && n == 3)
                        add(l, "time", 4, value);
                else
                        add(l, key, n, value);
        }
        return l->n > 1;
}

static void add_member(struct import_line *l, struct import_arena *a, const char *key, const struct hcs_json *value) {
        const char *text = hcs_json_string(value), *kept_key = import_arena_copy(a, key, strlen(key));
        _cleanup_free_ char *printed = text ? NULL : hcs_json_text(value, HCS_JSON_COMPACT);

        text = text ? text : printed;
        add(l, kept_key, strlen(kept_key), import_arena_copy(a, text, strlen(text)));
}

/* ETW: {"Timestamp":..,"Payload":{"EventName":"LogrusEntry","Message":..,"Fields.name":..}} */
static void add_etw(struct import_line *l, struct import_arena *a, const struct hcs_json *record,
                    const struct hcs_json *payload) {
        const struct hcs_json *time = hcs_json_get(record, "Timestamp");

        if (time)
                add_member(l, a, "time", time);
        for (const struct hcs_json *m = hcs_json_first(payload); m; m = hcs_json_next(m)) {
                const char *key = hcs_json_key(m);

                if (strcmp(key, "Message") == 0)
                        key = "msg";
                else if (hcs_str_starts(key, "Fields."))
                        key += strlen("Fields.");
                add_member(l, a, key, m);
        }
}

/* What other JSON loggers call the message and the time. */
static const char *usual_key(const char *key) {
        static const char *const names[][2] = {{"message", "msg"},    {"Message", "msg"},     {"ts", "time"},
                                               {"timestamp", "time"}, {"@timestamp", "time"}, {"err", "error"}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++)
                if (strcmp(key, names[i][0]) == 0)
                        return names[i][1];
        return key;
}

static bool is_log_record(const struct hcs_json *j) {
        return hcs_json_get(j, "msg") || hcs_json_get(j, "level") ||
               (hcs_json_get_string(j, "message") && (hcs_json_get(j, "timestamp") || hcs_json_get(j, "ts") ||
                                                      hcs_json_get(j, "@timestamp") || hcs_json_get(j, "time")));
}

static bool parse_json(const char *text, struct import_arena *a, struct import_line *l) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        _cleanup_json_ struct hcs_json *j = NULL;
        const struct hcs_json *payload;

        if (*text != '{' || FAILED(hcs_json_parse(text, strlen(text), &lax, &j, NULL)))
                return false;
        payload = hcs_json_get(j, "Payload");
        if (hcs_json_get(payload, "Message"))
                add_etw(l, a, j, payload);
        else if (is_log_record(j))
                for (const struct hcs_json *m = hcs_json_first(j); m; m = hcs_json_next(m)) {
                        const char *key = hcs_json_key(m);

                        add_member(l, a, hcs_json_get(j, "msg") ? key : usual_key(key), m);
                }
        return l->n != 0;
}

void import_line_parse(const char *text, struct import_arena *arena, struct import_line *ret) {
        struct import_field fields[IMPORT_MAX_FIELDS];
        const char *message = import_head(text, &ret->time), *time;

        ret->text = text;
        ret->fields = fields;
        if (!parse_logfmt(message, arena, ret) && !parse_json(message, arena, ret)) {
                ret->n = 0;
                add(ret, "msg", 3, message);
        }
        ret->fields = import_arena_take(arena, ret->n * sizeof(fields[0]));
        memcpy(ret->fields, fields, ret->n * sizeof(fields[0]));
        time = import_field(ret, "time");
        if (time)
                import_parse_time(time, &ret->time);
}
