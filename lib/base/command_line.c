/* SPDX-License-Identifier: MIT */

/* Command lines of Windows from the arguments that a program is to find there again. Pure. */

#include <string.h>

#include "base/buf.h"
#include "base/str.h"

void hcs_str_append_windows_argument(struct hcs_buf *line, const char *argument) {
        bool quote = !*argument || strpbrk(argument, " \t");
        size_t slashes = 0; /* that stand in front of p */

        if (line->len)
                hcs_buf_putc(line, ' ');
        if (quote)
                hcs_buf_putc(line, '"');
        for (const char *p = argument; *p; p++) {
                for (size_t i = 0; *p == '"' && i <= slashes; i++)
                        hcs_buf_putc(line, '\\');
                slashes = *p == '\\' ? slashes + 1 : 0;
                hcs_buf_putc(line, *p);
        }
        for (; quote && slashes; slashes--)
                hcs_buf_putc(line, '\\');
        if (quote)
                hcs_buf_putc(line, '"');
}
