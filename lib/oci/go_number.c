/* SPDX-License-Identifier: MIT */

/* Booleans and numbers as Go's strconv reads them, with its errors: values of annotations. Pure functions. */

#include "base/str.h"
#include "oci/annotation.h"

enum outcome { FINE, BAD_SYNTAX, OUT_OF_RANGE };

static bool tell(enum outcome outcome, const char *function, const char *s, char **ret_error) {
        _cleanup_free_ char *quoted = NULL;

        if (outcome == FINE)
                return true;
        if (ret_error) {
                quoted = hcs_str_go_quoted(s);
                *ret_error = hcs_asprintf("strconv.%s: parsing %s: %s", function, quoted,
                                          outcome == BAD_SYNTAX ? "invalid syntax" : "value out of range");
        }
        return false;
}

bool oci_go_parse_bool(const char *s, bool *ret, char **ret_error) {
        static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
        static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(yes); i++)
                if (hcs_streq(s, yes[i]) || hcs_streq(s, no[i])) {
                        *ret = hcs_streq(s, yes[i]);
                        return true;
                }
        return tell(BAD_SYNTAX, "ParseBool", s, ret_error);
}

/* Go tells a number too large as soon as it is, whatever follows. */
static enum outcome digits(const char *s, uint64_t max, uint64_t *ret) {
        uint64_t n = 0;

        if (!*s)
                return BAD_SYNTAX;
        for (; *s; s++) {
                unsigned d = (unsigned)(unsigned char)*s - '0';

                if (d > 9)
                        return BAD_SYNTAX;
                if (n > (max - d) / 10)
                        return OUT_OF_RANGE;
                n = n * 10 + d;
        }
        *ret = n;
        return FINE;
}

static uint64_t max_of(unsigned bits) {
        return bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
}

bool oci_go_parse_uint(const char *s, unsigned bits, uint64_t *ret, char **ret_error) {
        uint64_t n = 0;
        enum outcome outcome = digits(s, max_of(bits), &n);

        if (outcome == FINE)
                *ret = n;
        return tell(outcome, "ParseUint", s, ret_error);
}

bool oci_go_parse_int(const char *s, unsigned bits, int64_t *ret, char **ret_error) {
        bool negative = *s == '-';
        uint64_t n = 0, limit = ((uint64_t)1 << (bits - 1)) - !negative;
        enum outcome outcome = digits(s + (negative || *s == '+'), max_of(bits), &n);

        if (outcome == FINE && n > limit)
                outcome = OUT_OF_RANGE;
        if (outcome == FINE)
                *ret = negative ? (int64_t)(0 - n) : (int64_t)n;
        return tell(outcome, "ParseInt", s, ret_error);
}
