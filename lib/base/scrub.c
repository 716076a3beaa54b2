/* SPDX-License-Identifier: MIT */

/* Redaction: what is secret is decided here and nowhere else. Pure functions over trees and texts. */

#include "base/scrub.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

/* Members whose whole value is secret, whatever it is. */
static const char *const secret_members[] = {
        "Credentials",  "CredentialSpec", "Password",     "Token",         "Secret",      "AccessToken",
        "RefreshToken", "ClientSecret",   "Sas",          "SasToken",      "SharedKey",   "ApiKey",
        "PrivateKey",   "Authorization",  "RegistryAuth", "IdentityToken", "StringValue", "BinaryValue",
};
/* Objects whose member values (or arrays whose "K=V" texts) are the environment. */
static const char *const environments[] = {"Environment", "Env"};

static bool listed(const char *key, const char *const *list, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (hcs_strcaseeq(key, list[i]))
                        return true;
        return false;
}

bool hcs_scrub_key(const char *key) {
        static const char *const parts[] = {"password", "passwd", "secret", "token", "credential"};

        if (!key)
                return false;
        if (listed(key, secret_members, HCS_ARRAY_SIZE(secret_members)))
                return true;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(parts); i++)
                for (const char *p = key; *p; p++)
                        if ((*p | 32) == *parts[i] && strncasecmp(p, parts[i], strlen(parts[i])) == 0)
                                return true;
        return false;
}

bool hcs_scrub_environment(const char *key) {
        return listed(key, environments, HCS_ARRAY_SIZE(environments));
}

static bool is_redacted(const struct hcs_json *j) {
        return hcs_streq(hcs_json_string(j), HCS_SCRUBBED);
}

static unsigned redact(struct hcs_json *parent, struct hcs_json *child, const char *text) {
        if (is_redacted(child) || (hcs_json_string(child) && !*hcs_json_string(child)))
                return 0;
        hcs_json_replace(parent, child, hcs_json_new_string(text));
        return 1;
}

static unsigned scrub_environment(struct hcs_json *env) {
        unsigned n = 0;

        for (struct hcs_json *c = hcs_json_first(env), *next; c; c = next) {
                const char *s = hcs_json_string(c), *eq = s ? strchr(s, '=') : NULL;

                next = hcs_json_next(c);
                if (hcs_json_is(env, HCS_JSON_OBJECT)) {
                        n += redact(env, c, HCS_SCRUBBED);
                } else if (eq && strcmp(eq + 1, HCS_SCRUBBED) != 0) {
                        _cleanup_free_ char *text = hcs_asprintf("%.*s=" HCS_SCRUBBED, (int)(eq - s), s);

                        n += redact(env, c, text);
                }
        }
        return n;
}

/* A string that holds a document: scrubbed inside and printed again only when something was found. */
static unsigned scrub_embedded(struct hcs_json *parent, struct hcs_json *child, unsigned depth);

static unsigned scrub_tree(struct hcs_json *node, unsigned depth) {
        unsigned n = 0;

        for (struct hcs_json *c = hcs_json_first(node), *next; c; c = next) {
                const char *key = hcs_json_key(c);
                enum hcs_json_kind kind = hcs_json_kind(c);

                next = hcs_json_next(c);
                if (key && hcs_scrub_environment(key) && (kind == HCS_JSON_OBJECT || kind == HCS_JSON_ARRAY))
                        n += scrub_environment(c);
                else if (kind == HCS_JSON_STRING && key && hcs_scrub_key(key))
                        n += redact(node, c, HCS_SCRUBBED);
                else if (kind == HCS_JSON_STRING)
                        n += scrub_embedded(node, c, depth);
                else
                        n += scrub_tree(c, depth);
        }
        return n;
}

static unsigned scrub_embedded(struct hcs_json *parent, struct hcs_json *child, unsigned depth) {
        const char *s = hcs_json_string(child);
        _cleanup_json_ struct hcs_json *inner = NULL;
        unsigned n;

        if (depth == 8 || (*s != '{' && *s != '[') || FAILED(hcs_json_parse_cstr(s, &inner, NULL)))
                return 0;
        n = scrub_tree(inner, depth + 1);
        if (n) {
                _cleanup_free_ char *text = hcs_json_text(inner, HCS_JSON_COMPACT);

                hcs_json_replace(parent, child, hcs_json_new_string(text));
        }
        return n;
}

unsigned hcs_scrub_json(struct hcs_json *root) {
        return scrub_tree(root, 0);
}

/* In plain text: what follows "Bearer " and "<secret key>=" up to a blank. */
static char *scrub_plain(const char *text, unsigned *count) {
        static const char *const marks[] = {
                "Bearer ", "password=", "passwd=", "token=", "secret=", "sig=", "SharedKey "};
        _cleanup_buf_ struct hcs_buf out = {0};

        hcs_buf_puts(&out, "");
        for (const char *p = text; *p;) {
                size_t mark = 0;

                for (size_t i = 0; i < HCS_ARRAY_SIZE(marks) && !mark; i++)
                        if (strncasecmp(p, marks[i], strlen(marks[i])) == 0)
                                mark = strlen(marks[i]);
                if (mark) {
                        size_t n = strcspn(p + mark, " \t\r\n\"'&;,");

                        hcs_buf_append(&out, p, mark);
                        p += mark + n;
                        if (n) {
                                hcs_buf_puts(&out, HCS_SCRUBBED);
                                ++*count;
                        }
                        continue;
                }
                hcs_buf_putc(&out, *p++);
        }
        return hcs_buf_steal(&out);
}

char *hcs_scrub_text(const char *text, unsigned *ret_count) {
        _cleanup_json_ struct hcs_json *json = NULL;
        unsigned n = 0;
        char *out;

        if (!hcs_scrub_might_find(text, strlen(text))) {
                out = hcs_strdup(text);
        } else if (SUCCEEDED(hcs_json_parse_cstr(text, &json, NULL)) && hcs_json_kind(json) >= HCS_JSON_ARRAY) {
                n = hcs_scrub_json(json);
                out = n ? hcs_json_text(json, HCS_JSON_COMPACT) : hcs_strdup(text);
        } else {
                out = scrub_plain(text, &n);
        }
        if (ret_count)
                *ret_count = n;
        return out;
}

/*
 * Every key and mark above holds one of these, whatever its case, or an escape that may stand for a letter of it. No
 * two begin with the same two letters.
 */
static const struct {
        const char *text;
        size_t len;
} hints[] = {
        {NULL, 0},        {"env", 3},    {"cred", 4},      {"passw", 5},  {"token", 5},  {"secret", 6},
        {"apikey", 6},    {"sig=", 4},   {"bearer", 6},    {"shared", 6}, {"string", 6}, {"sas", 3},
        {"authoriza", 9}, {"regist", 6}, {"privateke", 9}, {"binary", 6}, {"identi", 6}, {"\\u", 2},
};

#define PAIR(a, b) (((unsigned char)(a)&31) << 5 | ((unsigned char)(b)&31))

/* The hint that begins with a pair of letters: one look rules most places out. */
static const unsigned char hint_of[1024] = {
        [PAIR('e', 'n')] = 1,   [PAIR('c', 'r')] = 2,  [PAIR('p', 'a')] = 3,  [PAIR('t', 'o')] = 4,
        [PAIR('s', 'e')] = 5,   [PAIR('a', 'p')] = 6,  [PAIR('s', 'i')] = 7,  [PAIR('b', 'e')] = 8,
        [PAIR('s', 'h')] = 9,   [PAIR('s', 't')] = 10, [PAIR('s', 'a')] = 11, [PAIR('a', 'u')] = 12,
        [PAIR('r', 'e')] = 13,  [PAIR('p', 'r')] = 14, [PAIR('b', 'i')] = 15, [PAIR('i', 'd')] = 16,
        [PAIR('\\', 'u')] = 17,
};

/* A hint has small letters, and = or a backslash at the most. */
static bool is_hint(const char *text, const char *hint, size_t len) {
        for (size_t i = 0; i < len; i++)
                if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 32 : text[i]) != hint[i])
                        return false;
        return true;
}

bool hcs_scrub_might_find(const char *text, size_t len) {
        for (size_t i = 0; i + 2 < len; i++) {
                unsigned h = hint_of[PAIR(text[i], text[i + 1])];

                if (h && hints[h].len <= len - i && is_hint(text + i, hints[h].text, hints[h].len))
                        return true;
        }
        return false;
}
