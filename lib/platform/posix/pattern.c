/* SPDX-License-Identifier: MIT */

/* Patterns of platform/pattern.h by the C library. */

#include "platform/pattern.h"

#include <fnmatch.h>
#include <regex.h>

struct hcs_regex {
        regex_t re;
};

bool hcs_glob_matches(const char *pattern, const char *text) {
        return fnmatch(pattern, text, 0) == 0;
}

struct hcs_regex *hcs_regex_new(const char *pattern) {
        struct hcs_regex *r = hcs_calloc(1, sizeof(*r));

        if (regcomp(&r->re, pattern, REG_EXTENDED | REG_NOSUB) == 0)
                return r;
        free(r);
        return NULL;
}

bool hcs_regex_matches(const struct hcs_regex *r, const char *text) {
        return regexec(&r->re, text, 0, NULL, 0) == 0;
}

struct hcs_regex *hcs_regex_free(struct hcs_regex *r) {
        if (r) {
                regfree(&r->re);
                free(r);
        }
        return NULL;
}
