/* SPDX-License-Identifier: MIT */

/* The documents that stand in texts. Pure functions. */

#include <stdlib.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

/* The end of the object or array that starts at s, minding strings; NULL when it is not closed. */
static const char *document_end(const char *s) {
        int depth = 0;
        bool quoted = false;

        for (; *s; s++) {
                if (quoted && *s == '\\' && s[1])
                        s++;
                else if (*s == '"')
                        quoted = !quoted;
                else if (!quoted && (*s == '{' || *s == '['))
                        depth++;
                else if (!quoted && (*s == '}' || *s == ']') && --depth == 0)
                        return s + 1;
        }
        return NULL;
}

char *import_whole_document(const char *text) {
        for (const char *p = strpbrk(text, "{["); p; p = strpbrk(p + 1, "{[")) {
                const char *next = p + 1 + strspn(p + 1, " \t\r\n"), *end;

                if (!strchr("\"}]{", *next) || !*next)
                        continue;
                end = document_end(p);
                if (!end)
                        return NULL;
                if (SUCCEEDED(hcs_json_check(p, (size_t)(end - p), NULL, NULL)))
                        return hcs_strndup(p, (size_t)(end - p));
                p = end - 1;
        }
        return NULL;
}
