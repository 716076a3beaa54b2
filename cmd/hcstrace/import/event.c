/* SPDX-License-Identifier: MIT */

/*
 * An event of Windows as XML, by wevtutil, Get-WinEvent or Event Viewer: where one begins, and what it says. That is in
 * its elements Data, else in whatever stands behind its System. Pure functions.
 */

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

/* Behind a declaration, the element around events, and the dash of a browser. */
const char *import_event_begins(const char *line) {
        const char *p = line + strspn(line, " \t-"), *end;

        while ((hcs_str_starts(p, "<?xml") || hcs_str_starts(p, "<Events")) && (end = strchr(p, '>')))
                p = end + 1 + strspn(end + 1, " \t");
        return hcs_str_starts(p, "<Event xmlns=") ? p : NULL;
}

static bool is_data(const char *p) {
        return p[5] == '>' || p[5] == ' ' || p[5] == '/';
}

bool import_event_in_data(const char *line, bool in_data) {
        for (const char *p = line; (p = strchr(p, '<')); p++) {
                if (hcs_str_starts(p, "</Data>")) {
                        in_data = false;
                } else if (hcs_str_starts(p, "<Data") && is_data(p)) {
                        const char *end = strchr(p, '>');

                        in_data = end && end[-1] != '/';
                }
        }
        return in_data;
}

/* Text of an element: as it stands in CDATA, else with its escapes undone. */
static void put_text(struct hcs_buf *out, const char *text, size_t n) {
        static const char open[] = "<![CDATA[", close[] = "]]>";
        size_t start;

        if (out->len && out->data[out->len - 1] != '\n')
                hcs_buf_putc(out, '\n');
        if (n >= strlen(open) + strlen(close) && hcs_str_starts(text, open)) {
                hcs_buf_append(out, text + strlen(open), n - strlen(open) - strlen(close));
                return;
        }
        start = out->len;
        for (size_t i = 0; i < n; i++) {
                bool newline = strncmp(text + i, "&#10;", 5) == 0 || strncmp(text + i, "&#xA;", 5) == 0;

                hcs_buf_putc(out, newline ? '\n' : text[i]);
                i += newline ? 4 : 0;
        }
        if (out->len > start)
                out->len = start + import_without_html(out->data + start, out->len - start);
}

static void take_data(const char *event, struct hcs_buf *out) {
        for (const char *p = event; (p = strstr(p, "<Data"));) {
                const char *open = strchr(p, '>'), *end = open ? strstr(open, "</Data>") : NULL;

                if (!open || (!end && open[-1] != '/'))
                        return;
                if (is_data(p) && open[-1] != '/') {
                        put_text(out, open + 1, (size_t)(end - open - 1));
                        p = end;
                } else {
                        p = open + 1;
                }
        }
}

/* What stands between the tags behind its System. */
static void take_rest(const char *event, struct hcs_buf *out) {
        const char *p = strstr(event, "</System>");

        for (p = p ? strchr(p, '>') : NULL; p; p = strchr(p, '>')) {
                size_t n = strcspn(++p, "<");

                if (strspn(p, " \t\r\n") < n)
                        put_text(out, p, n);
        }
}

void import_event_text(struct import_carried *part) {
        struct hcs_buf event = part->text;
        const char *time = strstr(hcs_buf_cstr(&event), "SystemTime=");

        part->text = (struct hcs_buf){0};
        if (time)
                import_parse_time(time + strlen("SystemTime=") + 1, &part->time);
        take_data(hcs_buf_cstr(&event), &part->text);
        if (!part->text.len)
                take_rest(hcs_buf_cstr(&event), &part->text);
        hcs_buf_deinit(&event);
}
