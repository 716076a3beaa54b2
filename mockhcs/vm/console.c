/* SPDX-License-Identifier: MIT */

/* Consoles of mockhcs/vm/console.h. */

#include "mockhcs/vm/console.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024u
#define LINES_BEFORE   15 /* a panic */

/* How Linux begins the line (kernel/panic.c); what follows says why. */
static const char panic_words[] = "Kernel panic - not syncing";

HRESULT console_init(struct console *c, const char *path, struct hcs_error **err) {
        *c = (struct console){.file = fopen(path, "wbe")};
        if (!c->file)
                return hcs_error_errno(err, errno, "open `%s`", path);
        setvbuf(c->file, NULL, _IONBF, 0); /* people follow it, and a process that is killed loses nothing */
        return S_OK;
}

void console_deinit(struct console *c) {
        if (c->file)
                fclose(c->file);
        hcs_buf_deinit(&c->tail);
        hcs_buf_deinit(&c->line);
        free(c->panic);
        *c = (struct console){0};
}

static void end_of_line(struct console *c) {
        const char *words = c->panic ? NULL : strstr(hcs_buf_cstr(&c->line), panic_words);

        if (words)
                c->panic = hcs_strdup(words);
        hcs_buf_clear(&c->line);
}

static void put(struct console *c, const char *data, size_t n) {
        c->written += fwrite(data, 1, n, c->file);
}

/* What is no file has no end. */
static void begin_again(struct console *c) {
        static const char note[] = "[what the console said before is gone: it was too much]\n";

        c->written = 0;
        if (ftruncate(fileno(c->file), 0) < 0)
                return;
        rewind(c->file);
        put(c, note, sizeof(note) - 1);
        put(c, hcs_buf_cstr(&c->tail), c->tail.len);
}

void console_feed(struct console *c, const char *data, size_t n) {
        if (c->written + n > CONSOLE_FILE)
                begin_again(c);
        put(c, data, n);
        hcs_buf_append(&c->tail, data, n);
        if (c->tail.len > 2 * CONSOLE_TAIL) {
                memmove(c->tail.data, c->tail.data + c->tail.len - CONSOLE_TAIL, CONSOLE_TAIL);
                c->tail.len = CONSOLE_TAIL;
                c->tail.data[c->tail.len] = '\0';
        }
        for (size_t i = 0; i < n; i++) {
                if (data[i] == '\n' || c->line.len == LINE_MAX_BYTES)
                        end_of_line(c);
                if (data[i] >= ' ' && data[i] != 0x7f)
                        hcs_buf_putc(&c->line, data[i]);
        }
}

/* Past a terminal's escape sequence that begins at s, at least one byte. */
static const char *skip_escape(const char *s, const char *end) {
        s++;
        if (s == end || *s != '[')
                return s;
        for (s++; s < end && !(*s >= '@' && *s <= '~');)
                s++;
        return s < end ? s + 1 : s;
}

static void plain_text(const struct hcs_buf *tail, struct hcs_buf *out) {
        const char *s = hcs_buf_cstr(tail), *end = s + tail->len;

        while (s < end) {
                if (*s == 0x1b) {
                        s = skip_escape(s, end);
                        continue;
                }
                if (*s == '\n' && (out->len == 0 || out->data[out->len - 1] == '\n'))
                        ; /* a blank line */
                else if (*s == '\n' || *s == '\t' || ((unsigned char)*s >= ' ' && *s != 0x7f))
                        hcs_buf_putc(out, *s);
                s++;
        }
        while (out->len > 0 && out->data[out->len - 1] == '\n')
                out->data[--out->len] = '\0';
}

/* The beginning of the n-th line that ends at or before s, counted backwards from 1. */
static const char *back(const char *start, const char *s, int n) {
        while (s > start && !(s[-1] == '\n' && --n == 0))
                s--;
        return s;
}

/* Behind n lines from s. */
static const char *forward(const char *s, const char *end, int n) {
        while (s < end && !(*s == '\n' && --n == 0))
                s++;
        return s;
}

char *console_tail(const struct console *c) {
        _cleanup_buf_ struct hcs_buf text = {0};
        const char *start, *end;

        plain_text(&c->tail, &text);
        start = hcs_buf_cstr(&text);
        end = start + text.len;
        if (c->panic && strstr(start, c->panic)) {
                /* A stack trace says less than what was before the panic. */
                const char *panic = strstr(start, c->panic), *from = back(start, panic, LINES_BEFORE + 1);

                end = forward(panic, end, CONSOLE_LINES - LINES_BEFORE);
                return hcs_strndup(from, (size_t)(end - from));
        }
        return hcs_strdup(back(start, end, CONSOLE_LINES));
}
