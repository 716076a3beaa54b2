/* SPDX-License-Identifier: MIT */

/*
 * Lines that belong together by their layout: the list views of PowerShell ("Name : value", long values going on behind
 * as many blanks), and the dumps of go-spew. Pure functions.
 */

#include <ctype.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

#define MAX_NAME 48

/* "Name   : value"; returns the colon. */
static const char *list_colon(const char *line) {
        const char *p = line;

        if (!isalpha((unsigned char)*p))
                return NULL;
        while (isalnum((unsigned char)*p) || *p == '_')
                p++;
        if (*p != ' ' || p - line > MAX_NAME)
                return NULL;
        p += strspn(p, " ");
        return *p == ':' && (!p[1] || p[1] == ' ') && p - line <= MAX_NAME ? p : NULL;
}

unsigned import_block_begins(const char *line) {
        size_t n;

        if (*line == 't')
                return IMPORT_NO_BLOCK; /* time=, as most lines begin */
        if (list_colon(line))
                return IMPORT_LIST_VIEW;
        n = strlen(line);
        return n > 2 && (line[n - 1] == '{') && strstr(line, "(len=") ? IMPORT_SPEW : IMPORT_NO_BLOCK;
}

/* The first line of a list says in which column its colons are. */
static bool list_goes_on(const char *text, const char *next) {
        const char *first = list_colon(text), *colon = list_colon(next);
        size_t column = (size_t)(first - text);

        if (colon)
                return (size_t)(colon - next) == column;
        return strspn(next, " ") == column + 2 && next[column + 2];
}

/* Is the dump still open? Its braces and parentheses stand outside of strings. */
static bool spew_goes_on(const char *text, const char *next) {
        return (*next == ' ' || *next == '}') && !strstr(text, "\n}");
}

bool import_block_goes_on(unsigned block, const char *text, const char *next) {
        if (block == IMPORT_LIST_VIEW)
                return list_goes_on(text, next);
        return block == IMPORT_SPEW && spew_goes_on(text, next);
}
