/* SPDX-License-Identifier: MIT */

/*
 * What collectors, pages and terminals do to each physical line, undone in place: colours, the stamps of CI systems,
 * the HTML escapes of a page. What was seen is kept for the source of the log.
 */

#include <ctype.h>

#include "cmd/hcstrace/import/inside.h"

const char *import_wrapper_name(unsigned bit) {
        static const char *const names[] = {[IMPORT_WRAPPER_COLOURS] = "colours",
                                            [IMPORT_WRAPPER_CI_STAMP] = "CI stamps",
                                            [IMPORT_WRAPPER_HTML] = "HTML escapes",
                                            [IMPORT_WRAPPER_DOCKER] = "Docker's json-file",
                                            [IMPORT_WRAPPER_CRI] = "CRI",
                                            [IMPORT_WRAPPER_JOURNAL] = "journal records",
                                            [IMPORT_WRAPPER_EVENT] = "events as XML",
                                            [IMPORT_WRAPPER_CSV] = "events as CSV",
                                            [IMPORT_WRAPPER_QUOTATION] = "quotation marks"};

        return bit < HCS_ARRAY_SIZE(names) ? names[bit] : NULL;
}

static void seen(unsigned *wrappers, unsigned wrapper) {
        *wrappers |= 1u << wrapper;
}

/* ESC [ .. letter, and ESC ] .. BEL of titles and links. */
static size_t without_colours(char *line, size_t len) {
        size_t out = 0;

        for (size_t i = 0; i < len; i++) {
                if (line[i] != '\033') {
                        line[out++] = line[i];
                        continue;
                }
                if (line[i + 1] == '[') {
                        for (i += 2; i < len && (line[i] < '@' || line[i] > '~'); i++)
                                ;
                } else if (line[i + 1] == ']') {
                        for (i += 2; i < len && line[i] != '\a' && line[i] != '\033'; i++)
                                ;
                        i += i < len && line[i] == '\033' && line[i + 1] == '\\';
                } else {
                        i += i + 1 < len;
                }
        }
        line[out] = '\0';
        return out;
}

/* The escapes that pages use for what logs hold. */
size_t import_without_html(char *line, size_t len) {
        static const struct {
                const char *name;
                char c;
        } entities[] = {{"&quot;", '"'}, {"&#34;", '"'},  {"&lt;", '<'},    {"&gt;", '>'},
                        {"&amp;", '&'},  {"&#39;", '\''}, {"&apos;", '\''}, {"&nbsp;", ' '},
                        {"&#10;", ' '},  {"&#xD;", ' '},  {"&#xA;", ' '},   {"&#13;", ' '}};
        size_t out = 0;

        for (size_t i = 0; i < len;) {
                size_t n = 0;

                for (size_t e = 0; line[i] == '&' && e < HCS_ARRAY_SIZE(entities) && !n; e++)
                        if (strncmp(line + i, entities[e].name, strlen(entities[e].name)) == 0) {
                                n = strlen(entities[e].name);
                                line[out++] = entities[e].c;
                        }
                if (!n)
                        line[out++] = line[i];
                i += n ? n : 1;
        }
        line[out] = '\0';
        return out;
}

/* 2024-07-01T10:00:00.1234567Z in front of whatever a step of a build printed. */
static char *ci_stamp(unsigned *wrappers, char *line, size_t *len, struct import_time *time) {
        struct import_time stamp = {0};
        const char *end = import_parse_time(line, &stamp);

        if (!end || line[10] != 'T' || end[-1] != 'Z' || (*end != ' ' && *end))
                return line;
        *time = stamp;
        end += *end == ' ';
        seen(wrappers, IMPORT_WRAPPER_CI_STAMP);
        *len -= (size_t)(end - line);
        return line + (end - line);
}

char *import_unwrap(unsigned *wrappers, char *line, size_t *len, struct import_time *time) {
        if (memchr(line, '\033', *len)) {
                *len = without_colours(line, *len);
                seen(wrappers, IMPORT_WRAPPER_COLOURS);
        }
        if (*line == 't')
                return line; /* time=, as most lines begin */
        if (isdigit((unsigned char)*line))
                line = ci_stamp(wrappers, line, len, time);
        if (memchr(line, '&', *len) && strstr(line, "&quot;")) {
                *len = import_without_html(line, *len);
                seen(wrappers, IMPORT_WRAPPER_HTML);
        }
        return line;
}
