/* SPDX-License-Identifier: MIT */

/* What goes with the scanner: strings in and out of their escaped form, and small looks at slices. No state. */

#include <string.h>

#include "base/utf.h"
#include "mockhcs/trace/scan.h"

void mock_scan_minify(const char *text, size_t n, struct hcs_buf *out) {
        const char *end = text + n;

        while (text < end) {
                const char *first = text;

                if (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r') {
                        text++;
                        continue;
                }
                if (*text == '"') {
                        for (text++; text < end && *text != '"'; text++)
                                if (*text == '\\' && text + 1 < end)
                                        text++;
                        text += text < end;
                } else {
                        while (text < end && *text != '"' && (unsigned char)*text > ' ')
                                text++;
                }
                hcs_buf_append(out, first, (size_t)(text - first));
        }
}

static void escape(char c, struct hcs_buf *out) {
        static const char names[] = "btnvfr"; /* 8.. */
        static const char hex[] = "0123456789abcdef";
        unsigned char u = (unsigned char)c;

        if (c == '"' || c == '\\') {
                hcs_buf_append(out, (char[]){'\\', c}, 2);
        } else if (u >= 8 && u <= 13 && u != 11) {
                hcs_buf_append(out, (char[]){'\\', names[u - 8]}, 2);
        } else {
                hcs_buf_append(out, (char[]){'\\', 'u', '0', '0', hex[u >> 4], hex[u & 15]}, 6);
        }
}

/* What follows what is plain. */
static void quote_rest(const char *text, const char *end, struct hcs_buf *out) {
        while (text < end) {
                size_t plain = mock_scan_plain(text, (size_t)(end - text)), used;
                uint32_t cp;

                hcs_buf_append(out, text, plain);
                text += plain;
                if (text == end)
                        break;
                if ((unsigned char)*text < 0x80) {
                        escape(*text++, out);
                        continue;
                }
                used = hcs_utf8_decode(text, (size_t)(end - text), &cp);
                hcs_buf_append(out, used ? text : "\xef\xbf\xbd", used ? used : 3);
                text += used ? used : 1;
        }
        hcs_buf_putc(out, '"');
}

/* Most texts are short: of those a call of memcpy() costs more than the copy. */
static inline void copy(char *to, const char *from, size_t n) {
        if (n > 16) {
                memcpy(to, from, n);
        } else if (n >= 8) {
                memcpy(to, from, 8);
                memcpy(to + n - 8, from + n - 8, 8);
        } else {
                for (size_t i = 0; i < n; i++)
                        to[i] = from[i];
        }
}

void mock_scan_quote(const char *text, size_t n, struct hcs_buf *out) {
        size_t plain = mock_scan_plain(text, n);
        char *p;

        hcs_buf_reserve(out, n + 2);
        p = out->data + out->len;
        *p++ = '"';
        copy(p, text, plain);
        out->len += 1 + plain;
        if (plain < n) {
                quote_rest(text + plain, text + n, out);
                return;
        }
        p[plain] = '"';
        p[plain + 1] = '\0';
        out->len++;
}

static uint32_t hex4(const char *p) {
        uint32_t v = 0;

        for (int i = 0; i < 4; i++)
                v = v << 4 | (uint32_t)(p[i] <= '9' ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
        return v;
}

void mock_scan_unescape(struct mock_slice raw, struct hcs_buf *out) {
        const char *p = raw.p;
        const char *end = raw.p + raw.n;

        hcs_buf_reserve(out, raw.n);
        while (p < end) {
                const char *back = memchr(p, '\\', (size_t)(end - p));
                char utf8[4];
                uint32_t cp;

                hcs_buf_append(out, p, (size_t)((back ? back : end) - p));
                if (!back)
                        break;
                p = back + 2;
                switch (back[1]) {
                case 'b':
                        hcs_buf_putc(out, '\b');
                        break;
                case 'f':
                        hcs_buf_putc(out, '\f');
                        break;
                case 'n':
                        hcs_buf_putc(out, '\n');
                        break;
                case 'r':
                        hcs_buf_putc(out, '\r');
                        break;
                case 't':
                        hcs_buf_putc(out, '\t');
                        break;
                case 'u':
                        cp = hex4(p);
                        p += 4;
                        if (cp >= 0xd800 && cp < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
                            hex4(p + 2) >= 0xdc00 && hex4(p + 2) < 0xe000) {
                                cp = 0x10000 + ((cp - 0xd800) << 10) + (hex4(p + 2) - 0xdc00);
                                p += 6;
                        } else if (cp >= 0xd800 && cp < 0xe000) {
                                cp = 0xfffd;
                        }
                        hcs_buf_append(out, utf8, hcs_utf8_encode(cp, utf8));
                        break;
                default:
                        hcs_buf_putc(out, back[1]);
                }
        }
}

char *mock_scan_unescaped(struct mock_slice raw, size_t *ret_len) {
        struct hcs_buf b = {0};

        if (raw.n)
                mock_scan_unescape(raw, &b);
        if (ret_len)
                *ret_len = b.len;
        return hcs_buf_steal(&b);
}

bool mock_slice_is(struct mock_slice s, const char *text) {
        return s.p && strlen(text) == s.n && memcmp(s.p, text, s.n) == 0;
}

struct mock_slice mock_slice_string(struct mock_slice value) {
        if (!value.p || value.n < 2 || value.p[0] != '"')
                return (struct mock_slice){0};
        return (struct mock_slice){value.p + 1, value.n - 2};
}

bool mock_slice_u64(struct mock_slice s, uint64_t *ret) {
        uint64_t v = 0;

        if (!s.p || s.n == 0 || s.n > 20)
                return false;
        for (size_t i = 0; i < s.n; i++) {
                unsigned d = (unsigned)(s.p[i] - '0');

                if (d > 9 || v > (UINT64_MAX - d) / 10)
                        return false;
                v = v * 10 + d;
        }
        *ret = v;
        return true;
}
