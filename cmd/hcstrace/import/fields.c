/* SPDX-License-Identifier: MIT */

/* From a physical line to fields, from quoted text to documents, from error texts to codes. Pure functions. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "cmd/hcstrace/import/import.h"

#define MAX_QUOTING 6

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
                if (hcs_streq(l->fields[i].key, key))
                        return l->fields[i].value;
        return NULL;
}

static bool is_key(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.';
}

/* One layer of Go or JSON quoting undone. */
static char *unquote(const char *s, size_t n) {
        _cleanup_buf_ struct hcs_buf b = {0};

        hcs_buf_puts(&b, "");
        for (size_t i = 0; i < n; i++) {
                if (s[i] != '\\' || i + 1 == n) {
                        hcs_buf_putc(&b, s[i]);
                        continue;
                }
                switch (s[++i]) {
                case 'n':
                        hcs_buf_putc(&b, '\n');
                        break;
                case 'r':
                        hcs_buf_putc(&b, '\r');
                        break;
                case 't':
                        hcs_buf_putc(&b, '\t');
                        break;
                case 'u':
                        /* Left for the JSON parser, which knows surrogates. */
                        hcs_buf_append(&b, "\\u", 2);
                        break;
                default:
                        hcs_buf_putc(&b, s[i]);
                }
        }
        return hcs_buf_steal(&b);
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
        *ret = unquote(p + 1, (size_t)(end - p - 1));
        return *end ? end + 1 : end;
}

static uint64_t parse_time(const char *s) {
        struct tm tm = {0};
        const char *p = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
        uint64_t ns = 0, scale = 100000000;
        long offset = 0;

        if (!p)
                return 0;
        if (*p == '.')
                for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
                        ns += (uint64_t)(*p - '0') * scale;
        if (*p == '+' || *p == '-')
                offset = (*p == '-' ? -1 : 1) *
                         (strtol(p + 1, NULL, 10) * 3600 +
                          (strchr(p + 1, ':') ? strtol(strchr(p + 1, ':') + 1, NULL, 10) * 60 : 0));
        return (uint64_t)(timegm(&tm) - offset) * 1000000000u + ns;
}

static bool parse_json(const char *text, struct import_line *l) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        const char *start = strchr(text, '{');
        _cleanup_json_ struct hcs_json *j = NULL;

        if (!start || start - text > 8 || FAILED(hcs_json_parse(start, strlen(start), &lax, &j, NULL)) ||
            (!hcs_json_get(j, "msg") && !hcs_json_get(j, "level")))
                return false;
        for (const struct hcs_json *m = hcs_json_first(j); m; m = hcs_json_next(m))
                add(l, hcs_strdup(hcs_json_key(m)),
                    hcs_json_string(m) ? hcs_strdup(hcs_json_string(m)) : hcs_json_text(m, HCS_JSON_COMPACT));
        return true;
}

static bool parse_logfmt(const char *text, struct import_line *l) {
        const char *start = strstr(text, "time=\"");

        if (!start)
                return false;
        for (const char *p = start; *p;) {
                const char *key = p;
                char *value;

                while (is_key(*p))
                        p++;
                if (p == key || *p != '=') {
                        p += *p != '\0';
                        continue;
                }
                {
                        char *name = hcs_strndup(key, (size_t)(p - key));

                        p = take_value(p + 1, &value);
                        add(l, name, value);
                }
        }
        return l->n > 1;
}

void import_line_parse(const char *text, struct import_line *ret) {
        *ret = (struct import_line){0};
        if (!parse_logfmt(text, ret)) {
                import_line_deinit(ret);
                if (!parse_json(text, ret)) {
                        import_line_deinit(ret);
                        add(ret, hcs_strdup("msg"), hcs_strdup(text));
                }
        }
        ret->time_ns = parse_time(import_field(ret, "time"));
}

/* The end of the object or array that starts at s, minding strings; NULL when it is not closed. */
static const char *closing(const char *s) {
        int depth = 0;
        bool quoted = false;

        for (; *s; s++) {
                if (quoted && *s == '\\' && s[1])
                        s++;
                else if (*s == '"')
                        quoted = !quoted;
                else if (!quoted && (*s == '{' || *s == '['))
                        depth++;
                else if (!quoted && (*s == '}' || *s == ']') && --depth == 0)
                        return s + 1;
        }
        return NULL;
}

char *import_document(const char *text) {
        _cleanup_free_ char *current = hcs_strdup(text);

        for (int depth = 0; current && depth < MAX_QUOTING; depth++) {
                const char *start = strchr(current, '{'), *end = start ? closing(start) : NULL;
                char *next;

                if (!start)
                        return NULL;
                if (end && SUCCEEDED(hcs_json_check(start, (size_t)(end - start), NULL, NULL)))
                        return hcs_strndup(start, (size_t)(end - start));
                if (!strchr(current, '\\'))
                        return NULL;
                next = unquote(current, strlen(current));
                free(current);
                current = next;
        }
        return NULL;
}

/* hcsshim prints the system's text for a code; ours are the same sentences. */
static HRESULT code_of_sentence(const char *text) {
        static const uint32_t known[] = {1,   2,   3,   5,    6,    13,   32,   50,   52,   55,   87,  112,
                                         123, 183, 267, 1067, 1168, 1314, 1326, 1385, 1460, 2014, 5010};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(known); i++)
                if (strstr(text, hcs_hresult_lookup(HCS_WIN32(known[i]))->description))
                        return HCS_WIN32(known[i]);
        for (uint32_t c = 0xC0370100; c <= 0xC0370113; c++)
                if (hcs_hresult_lookup((HRESULT)c) && strstr(text, hcs_hresult_lookup((HRESULT)c)->description))
                        return (HRESULT)c;
        return S_OK;
}

HRESULT import_code(const char *text) {
        static const char *const marks[] = {"(0x", "winapi error #", "r1="};

        if (!text || !*text)
                return S_OK;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(marks); i++) {
                const char *p = strstr(text, marks[i]);
                unsigned long long code;

                if (!p)
                        continue;
                code = i == 0 ? strtoull(p + 1, NULL, 16) : strtoull(p + strlen(marks[i]), NULL, 10);
                if (code && code <= UINT32_MAX)
                        return hcs_hresult_from_win32((uint32_t)code);
        }
        if (strstr(text, "timeout waiting for notification"))
                return HCS_E_OPERATION_TIMEOUT;
        return code_of_sentence(text);
}
