/* SPDX-License-Identifier: MIT */

/* Texts in quotes as Go's strconv.Quote makes them: errors of the original carry them. Pure functions. */

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utf.h"

/* What Go's unicode.IsPrint refuses beyond ASCII, as far as texts of this kind can hold it: other controls, blanks,
 * formats, private use. */
static bool is_printable(uint32_t c) {
        static const uint32_t ranges[][2] = {{0x7f, 0xa0},       {0xad, 0xad},     {0x600, 0x605},   {0x1680, 0x1680},
                                             {0x2000, 0x200f},   {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000},
                                             {0xe000, 0xf8ff},   {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff},
                                             {0xe0000, 0x10ffff}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(ranges); i++)
                if (c >= ranges[i][0] && c <= ranges[i][1])
                        return false;
        return c >= 0x20;
}

static void put_escaped(struct hcs_buf *b, uint32_t c) {
        static const char letters[] = "abtnvfr"; /* of 7 to 13 */

        if (c >= 7 && c <= 13)
                hcs_buf_printf(b, "\\%c", letters[c - 7]);
        else if (c < 0x80)
                hcs_buf_printf(b, "\\x%02x", c);
        else
                hcs_buf_printf(b, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
}

char *hcs_str_go_quoted(const char *s) {
        _cleanup_buf_ struct hcs_buf b = {0};
        size_t left = strlen(s);

        hcs_buf_putc(&b, '"');
        while (left) {
                uint32_t c;
                size_t n = hcs_utf8_decode(s, left, &c);

                if (!n)
                        hcs_buf_printf(&b, "\\x%02x", (unsigned char)*s);
                else if (c == '"' || c == '\\')
                        hcs_buf_printf(&b, "\\%c", (int)c);
                else if (is_printable(c))
                        hcs_buf_append(&b, s, n);
                else
                        put_escaped(&b, c);
                n += !n;
                s += n;
                left -= n;
        }
        hcs_buf_putc(&b, '"');
        return hcs_buf_steal(&b);
}
