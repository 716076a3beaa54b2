/* SPDX-License-Identifier: MIT */

/* Printing trees: compact, pretty, and byte for byte as Go's encoder. Recursion is bounded by the parser's depth. */

#include <stdio.h>
#include <string.h>

#include "base/json_private.h"

static void put_escape(struct hcs_buf *out, unsigned char c) {
        switch (c) {
        case '"':
                hcs_buf_append(out, "\\\"", 2);
                return;
        case '\\':
                hcs_buf_append(out, "\\\\", 2);
                return;
        case '\n':
                hcs_buf_append(out, "\\n", 2);
                return;
        case '\r':
                hcs_buf_append(out, "\\r", 2);
                return;
        case '\t':
                hcs_buf_append(out, "\\t", 2);
                return;
        case '\b':
        case '\f':
                /* Go prints \b and \f in short form since 1.22, which is what hcsshim is built with. */
                hcs_buf_append(out, c == '\b' ? "\\b" : "\\f", 2);
                return;
        default:
                hcs_buf_printf(out, "\\u%04x", c);
        }
}

/* What may have to be escaped: controls, quotes and backslashes (1), for HTML (2), the first byte of U+2028 (4). */
static const unsigned char special[256] = {
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,         1,          1,         1,         1,         1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ['"'] = 1, ['\\'] = 1, ['<'] = 2, ['>'] = 2, ['&'] = 2, [0xE2] = 4,
};

void hcs_json_print_string(const char *s, size_t n, enum hcs_json_style style, struct hcs_buf *out) {
        bool go = style == HCS_JSON_GO || style == HCS_JSON_GO_NO_HTML;
        unsigned char mask = (unsigned char)(1 | (style == HCS_JSON_GO ? 2 : 0) | (go ? 4 : 0));
        size_t done = 0;

        hcs_buf_reserve(out, n + 2);
        hcs_buf_putc(out, '"');
        for (size_t i = 0; i < n; i++) {
                unsigned char c = (unsigned char)s[i];

                if (!(special[c] & mask))
                        continue;
                /* U+2028 and U+2029 are E2 80 A8 and E2 80 A9. */
                if (c == 0xE2 &&
                    (n - i < 3 || (unsigned char)s[i + 1] != 0x80 || ((unsigned char)s[i + 2] & 0xFE) != 0xA8))
                        continue;
                hcs_buf_append(out, s + done, i - done);
                if (c == 0xE2) {
                        hcs_buf_puts(out, (unsigned char)s[i + 2] == 0xA8 ? "\\u2028" : "\\u2029");
                        i += 2;
                } else {
                        put_escape(out, c);
                }
                done = i + 1;
        }
        hcs_buf_append(out, s + done, n - done);
        hcs_buf_putc(out, '"');
}

static void put_number(const cJSON *c, struct hcs_buf *out) {
        if (c->valuestring) {
                hcs_buf_puts(out, c->valuestring);
                return;
        }
        if (c->valuedouble < 0)
                hcs_buf_putc(out, '-');
        hcs_buf_put_u64(out, (uint64_t)(c->valuedouble < 0 ? -c->valuedouble : c->valuedouble));
}

static void newline(struct hcs_buf *out, unsigned depth) {
        hcs_buf_putc(out, '\n');
        for (unsigned i = 0; i < depth; i++)
                hcs_buf_append(out, "  ", 2);
}

static void put(const cJSON *c, enum hcs_json_style style, unsigned depth, struct hcs_buf *out) {
        bool object = cJSON_IsObject(c), pretty = style == HCS_JSON_PRETTY;

        switch (c->type & 0xFF) {
        case cJSON_False:
                hcs_buf_append(out, "false", 5);
                return;
        case cJSON_True:
                hcs_buf_append(out, "true", 4);
                return;
        case cJSON_Number:
                put_number(c, out);
                return;
        case cJSON_String:
                hcs_json_print_string(c->valuestring, strlen(c->valuestring), style, out);
                return;
        case cJSON_Array:
        case cJSON_Object:
                break;
        default:
                hcs_buf_append(out, "null", 4);
                return;
        }
        hcs_buf_putc(out, object ? '{' : '[');
        for (const cJSON *child = c->child; child; child = child->next) {
                if (child != c->child)
                        hcs_buf_putc(out, ',');
                if (pretty)
                        newline(out, depth + 1);
                if (object) {
                        hcs_json_print_string(child->string, strlen(child->string), style, out);
                        hcs_buf_append(out, ": ", pretty ? 2 : 1);
                }
                put(child, style, depth + 1, out);
        }
        if (pretty && c->child)
                newline(out, depth);
        hcs_buf_putc(out, object ? '}' : ']');
}

void hcs_json_print(const struct hcs_json *j, enum hcs_json_style style, struct hcs_buf *out) {
        if (j)
                put(cj(j), style, 0, out);
        else
                hcs_buf_puts(out, "null");
}

char *hcs_json_text(const struct hcs_json *j, enum hcs_json_style style) {
        _cleanup_buf_ struct hcs_buf b = {0};

        hcs_json_print(j, style, &b);
        return hcs_buf_steal(&b);
}
