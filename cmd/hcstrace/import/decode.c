/* SPDX-License-Identifier: MIT */

/* Bytes to lines of UTF-8: PowerShell and Notepad save logs as UTF-16. The decoder is embedded in its importer. */

#include <string.h>

#include "base/buf.h"
#include "base/utf.h"
#include "cmd/hcstrace/import/inside.h"

static void end_line(struct import_decoder *d) {
        hcs_buf_reserve(&d->line, 1);
        d->line.data[d->line.len] = '\0';
        d->line_done(d->ctx, d->line.data, d->line.len);
        hcs_buf_clear(&d->line);
        d->cut = false;
}

/* What is behind the longest line that is kept is left out, and said. */
static void add(struct import_decoder *d, const char *p, size_t n) {
        size_t room = IMPORT_MAX_LINE - d->line.len;

        d->cut |= n > room;
        hcs_buf_append(&d->line, p, n < room ? n : room);
}

static void put(struct import_decoder *d, const char *p, size_t n) {
        if (n == 1 && *p == '\n')
                end_line(d);
        else if (n != 1 || (*p != '\r' && *p != '\0'))
                add(d, p, n);
}

/* A run of UTF-8: lines of it at once. */
static void put_run(struct import_decoder *d, const char *p, size_t n) {
        while (n) {
                const char *newline = memchr(p, '\n', n);
                size_t len = newline ? (size_t)(newline - p) : n, keep = len - (newline && len && p[len - 1] == '\r');

                if (memchr(p, '\r', keep) || memchr(p, '\0', keep)) {
                        for (size_t i = 0; i < keep; i++)
                                put(d, p + i, 1);
                } else {
                        add(d, p, keep);
                }
                if (!newline)
                        return;
                end_line(d);
                p += len + 1;
                n -= len + 1;
        }
}

static void put_code_point(struct import_decoder *d, uint32_t cp) {
        char utf8[4];

        put(d, utf8, hcs_utf8_encode(cp, utf8));
}

static void put_unit(struct import_decoder *d, uint32_t unit) {
        if (d->surrogate && unit >= 0xdc00 && unit < 0xe000) {
                put_code_point(d, 0x10000 + ((d->surrogate - 0xd800) << 10) + (unit - 0xdc00));
                d->surrogate = 0;
                return;
        }
        if (d->surrogate)
                put_code_point(d, 0xfffd);
        d->surrogate = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
        if (!d->surrogate)
                put_code_point(d, unit >= 0xdc00 && unit < 0xe000 ? 0xfffd : unit);
}

static void put_byte(struct import_decoder *d, unsigned char c) {
        if (d->encoding == IMPORT_UTF8) {
                put(d, (char *)&c, 1);
        } else if (d->half < 0) {
                d->half = c;
        } else {
                put_unit(d,
                         d->encoding == IMPORT_UTF16_LE ? (uint32_t)(d->half | c << 8) : (uint32_t)(d->half << 8 | c));
                d->half = -1;
        }
}

/* Byte order marks; without one, a NUL beside the first letter tells UTF-16 too. */
static void decide(struct import_decoder *d) {
        const unsigned char *s = d->start;
        unsigned skip = 0;

        d->half = -1;
        d->encoding = IMPORT_UTF8;
        if (d->n_start >= 2 && s[0] == 0xff && s[1] == 0xfe) {
                d->encoding = IMPORT_UTF16_LE;
                skip = 2;
        } else if (d->n_start >= 2 && s[0] == 0xfe && s[1] == 0xff) {
                d->encoding = IMPORT_UTF16_BE;
                skip = 2;
        } else if (d->n_start >= 3 && s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf) {
                skip = 3;
        } else if (d->n_start == 4 && s[0] && !s[1] && s[2] && !s[3]) {
                d->encoding = IMPORT_UTF16_LE;
        } else if (d->n_start == 4 && !s[0] && s[1] && !s[2] && s[3]) {
                d->encoding = IMPORT_UTF16_BE;
        }
        for (unsigned i = skip; i < d->n_start; i++)
                put_byte(d, s[i]);
}

void import_decode(struct import_decoder *d, const char *data, size_t len) {
        for (size_t i = 0; i < len; i++) {
                if (d->encoding == IMPORT_UTF8) {
                        put_run(d, data + i, len - i);
                        return;
                }
                if (d->encoding != IMPORT_UNDECIDED) {
                        put_byte(d, (unsigned char)data[i]);
                        continue;
                }
                d->start[d->n_start++] = (unsigned char)data[i];
                if (d->n_start == sizeof(d->start))
                        decide(d);
        }
}

void import_decode_end(struct import_decoder *d) {
        if (d->encoding == IMPORT_UNDECIDED)
                decide(d);
        if (d->surrogate)
                put_code_point(d, 0xfffd);
        if (d->line.len)
                end_line(d);
        hcs_buf_deinit(&d->line);
}
