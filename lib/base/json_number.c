/* SPDX-License-Identifier: MIT */

/* Numbers as decimal text: what a double would lose is decided and compared here. Pure functions. */

#include <stdio.h>
#include <string.h>

#include "base/json_private.h"
#include "base/str.h"

bool hcs_json_number_is_plain(const char *text, size_t len) {
        bool negative = len > 0 && text[0] == '-';
        size_t n = len - negative;

        if (n == 0 || n > 15 || (negative && text[1] == '0'))
                return false;
        for (size_t i = negative; i < len; i++)
                if (text[i] < '0' || text[i] > '9')
                        return false;
        return true;
}

/* A number as sign, digits without leading or trailing zeros, and the exponent of the last digit. */
struct decimal {
        bool negative;
        char *digits;
        size_t n;
        int64_t exponent;
};

static void decimal_parse(const char *s, struct decimal *d) {
        bool fraction = false;
        int64_t exponent = 0;
        size_t lead = 0;

        *d = (struct decimal){.digits = hcs_malloc(strlen(s) + 1)};
        if (*s == '-') {
                d->negative = true;
                s++;
        }
        for (; *s && *s != 'e' && *s != 'E'; s++) {
                if (*s == '.') {
                        fraction = true;
                        continue;
                }
                d->digits[d->n++] = *s;
                exponent -= fraction;
        }
        if (*s) {
                int64_t e = 0;

                s++;
                /* An exponent beyond int64 is as good as infinite: clamp it. */
                if (!hcs_str_to_i64(*s == '+' ? s + 1 : s, &e) || e > INT64_MAX / 4 || e < -INT64_MAX / 4)
                        e = *s == '-' ? -INT64_MAX / 4 : INT64_MAX / 4;
                exponent += e;
        }
        while (d->n && d->digits[d->n - 1] == '0') {
                d->n--;
                exponent++;
        }
        while (lead < d->n && d->digits[lead] == '0')
                lead++;
        memmove(d->digits, d->digits + lead, d->n - lead);
        d->n -= lead;
        d->digits[d->n] = '\0';
        d->exponent = d->n ? exponent : 0;
        if (d->n == 0)
                d->negative = false;
}

bool hcs_json_number_equal(const char *a, const char *b) {
        struct decimal x, y;
        bool equal;

        if (strcmp(a, b) == 0)
                return true;
        decimal_parse(a, &x);
        decimal_parse(b, &y);
        equal = x.negative == y.negative && x.exponent == y.exponent && strcmp(x.digits, y.digits) == 0;
        free(x.digits);
        free(y.digits);
        return equal;
}

/* The magnitude as an integer: false when it has a fraction or does not fit. */
static bool to_integer(const char *text, bool *ret_negative, uint64_t *ret) {
        struct decimal d;
        uint64_t v = 0;
        bool ok = true;

        decimal_parse(text, &d);
        if (d.exponent < 0 || d.exponent > 20)
                ok = d.n == 0;
        for (size_t i = 0; ok && i < d.n; i++) {
                unsigned digit = (unsigned)(d.digits[i] - '0');

                ok = v <= (UINT64_MAX - digit) / 10;
                v = v * 10 + digit;
        }
        for (int64_t i = 0; ok && d.n && i < d.exponent; i++) {
                ok = v <= UINT64_MAX / 10;
                v *= 10;
        }
        *ret_negative = d.negative;
        *ret = v;
        free(d.digits);
        return ok;
}

const char *hcs_json_number_text(const struct hcs_json *j, char *buf, size_t size) {
        const cJSON *c = cj(j);

        if (!cJSON_IsNumber(c))
                snprintf(buf, size, "0");
        else if (c->valuestring)
                snprintf(buf, size, "%s", c->valuestring);
        else
                snprintf(buf, size, "%lld", (long long)c->valuedouble);
        return buf;
}

bool hcs_json_u64(const struct hcs_json *j, uint64_t *ret) {
        const cJSON *c = cj(j);
        bool negative;
        uint64_t v;

        if (!cJSON_IsNumber(c))
                return false;
        if (!c->valuestring) {
                if (c->valuedouble < 0)
                        return false;
                *ret = (uint64_t)c->valuedouble;
                return true;
        }
        if (!to_integer(c->valuestring, &negative, &v) || negative)
                return false;
        *ret = v;
        return true;
}

bool hcs_json_i64(const struct hcs_json *j, int64_t *ret) {
        const cJSON *c = cj(j);
        bool negative;
        uint64_t v;

        if (!cJSON_IsNumber(c))
                return false;
        if (!c->valuestring) {
                *ret = (int64_t)c->valuedouble;
                return true;
        }
        if (!to_integer(c->valuestring, &negative, &v) || v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
                return false;
        *ret = negative ? (int64_t)(0 - v) : (int64_t)v;
        return true;
}

bool hcs_json_double(const struct hcs_json *j, double *ret) {
        if (!cJSON_IsNumber(cj(j)))
                return false;
        *ret = cj(j)->valuedouble;
        return true;
}
