/* SPDX-License-Identifier: MIT */

/*
 * One pass over a document, see redact.h. What cannot be decided without undoing escapes, as a document within a
 * string, and what is no document is left to base/scrub.c.
 */

#include "mockhcs/record/redact.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/scrub.h"
#include "mockhcs/trace/scan.h"

#define MAX_DEPTH 32
#define MAX_KEY   64

struct redaction {
        struct mock_scan scan;
        struct hcs_buf out;
        const char *kept; /* from here on the text has not been written out */
        unsigned depth;
};

/* What is done with each value of a container, in front of which the scan is; key: empty in an array. False: this is
 * not for us, or no document. */
typedef bool (*visit)(struct redaction *r, struct mock_slice key);

/* Writes the text of a secret out in place of what is there. */
static void replace(struct redaction *r, const char *from, const char *to, const char *text) {
        hcs_buf_append(&r->out, r->kept, (size_t)(from - r->kept));
        hcs_buf_puts(&r->out, text);
        r->kept = to;
}

static bool is_redacted(const char *text, size_t len) {
        return len == strlen(HCS_SCRUBBED) && memcmp(text, HCS_SCRUBBED, len) == 0;
}

/* A value that is secret as a whole, whatever it is. */
static bool hide(struct redaction *r, struct mock_slice key) {
        struct mock_slice v, string;

        if (!mock_scan_value(&r->scan, &v))
                return false;
        string = mock_slice_string(v);
        if (!string.p || (string.n && !is_redacted(string.p, string.n)))
                replace(r, v.p, v.p + v.n, "\"" HCS_SCRUBBED "\"");
        return true;
}

/* "NAME=value" keeps its name. */
static bool hide_assigned(struct redaction *r, struct mock_slice key) {
        struct mock_slice v, string;
        const char *equals, *end;

        if (!mock_scan_value(&r->scan, &v))
                return false;
        string = mock_slice_string(v);
        if (!string.n)
                return true;
        if (memchr(string.p, '\\', string.n))
                return false;
        end = string.p + string.n;
        equals = memchr(string.p, '=', string.n);
        if (equals && !is_redacted(equals + 1, (size_t)(end - equals - 1)))
                replace(r, equals + 1, end, HCS_SCRUBBED);
        return true;
}

static bool each(struct redaction *r, visit object, visit array) {
        bool is_object = *r->scan.p == '{';
        struct mock_slice key = {0};
        int more;

        if (++r->depth > MAX_DEPTH || !mock_scan_enter(&r->scan, *r->scan.p))
                return false;
        while ((more = is_object ? mock_scan_member(&r->scan, &key) : mock_scan_element(&r->scan)) > 0) {
                mock_scan_blanks(&r->scan);
                if (r->scan.p == r->scan.end || !(is_object ? object : array)(r, key))
                        return false;
                r->scan.inside = true; /* again: the value may have been a container */
        }
        r->depth--;
        return more == 0;
}

static bool look(struct redaction *r, struct mock_slice key) {
        struct mock_slice v;
        char name[MAX_KEY];

        if (key.n >= sizeof(name) || (key.n && memchr(key.p, '\\', key.n)))
                return false;
        if (key.n)
                memcpy(name, key.p, key.n);
        name[key.n] = '\0';
        if (*r->scan.p == '{' || *r->scan.p == '[')
                return hcs_scrub_environment(name) ? each(r, hide, hide_assigned) : each(r, look, look);
        if (*r->scan.p == '"' && hcs_scrub_key(name))
                return hide(r, key);
        /* A string that may hold a document is not for us. */
        return mock_scan_value(&r->scan, &v) && (*v.p != '"' || !strchr("{[\\", v.p[1]));
}

static bool is_container(struct redaction *r) {
        mock_scan_blanks(&r->scan);
        return r->scan.p < r->scan.end && (*r->scan.p == '{' || *r->scan.p == '[');
}

char *record_redact(const char *text, size_t len) {
        struct redaction r = {.kept = text};
        unsigned n = 0;
        char *whole;

        if (!hcs_scrub_might_find(text, len))
                return NULL;
        mock_scan_init(&r.scan, text, len);
        if (is_container(&r) && each(&r, look, look) && mock_scan_done(&r.scan)) {
                if (r.kept == text)
                        return NULL;
                hcs_buf_append(&r.out, r.kept, (size_t)(text + len - r.kept));
                return hcs_buf_steal(&r.out);
        }
        hcs_buf_deinit(&r.out);
        whole = hcs_scrub_text(text, &n);
        return n ? whole : hcs_free(whole);
}
