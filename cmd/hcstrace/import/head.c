/* SPDX-License-Identifier: MIT */

/*
 * What loggers, consoles and collectors put in front of a message:
 *   [10:30:03.793][WindowsDaemon  ][Info   ] debug: ...        Docker Desktop
 *   DEBU[2017-12-02T19:03:38.5Z] ...                           logrus on a terminal
 *   E0316 12:38:50.424783    7490 proxier.go:1190] ...         klog
 *   2026/03/27 01:43:32.118204 [HCS] ...                       Go's standard log
 *   2026-03-31 21:06:28 [error] [VM:start] ...                 other clients
 *   2024-07-01T10:00:00.1234567Z ...                           CI systems, in front of every line
 *   [204] {...}                                                ETW collectors
 * Heads may stand one behind the other. Pure functions.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

#define NS_PER_S 1000000000u

/* n digits at p; -1 when there are fewer. */
static int digits(const char *p, int n) {
        int v = 0;

        for (int i = 0; i < n; i++) {
                if (p[i] < '0' || p[i] > '9')
                        return -1;
                v = v * 10 + (p[i] - '0');
        }
        return v;
}

/* hh:mm:ss with a fraction after '.' or ','. */
static const char *clock_time(const char *p, uint64_t *ret_ns) {
        int h = digits(p, 2), m, s;
        uint64_t scale = NS_PER_S / 10;

        if (h < 0 || p[2] != ':' || (m = digits(p + 3, 2)) < 0 || p[5] != ':' || (s = digits(p + 6, 2)) < 0)
                return NULL;
        *ret_ns = (uint64_t)(h * 3600 + m * 60 + s) * NS_PER_S;
        p += 8;
        if ((*p == '.' || *p == ',') && isdigit((unsigned char)p[1]))
                for (p++; isdigit((unsigned char)*p); p++, scale /= 10)
                        *ret_ns += (uint64_t)(*p - '0') * scale;
        return p;
}

static const char *zone(const char *p, int64_t *ret_seconds) {
        int h, m;

        *ret_seconds = 0;
        if (*p == 'Z')
                return p + 1;
        if ((*p != '+' && *p != '-') || (h = digits(p + 1, 2)) < 0)
                return p;
        m = digits(p + 3 + (p[3] == ':'), 2);
        *ret_seconds = (*p == '-' ? -1 : 1) * (h * 3600 + (m < 0 ? 0 : m * 60));
        return m < 0 ? p + 3 : p + 5 + (p[3] == ':');
}

const char *import_parse_time(const char *p, struct import_time *ret) {
        struct tm tm = {0};
        int64_t offset;
        uint64_t ns;
        char parting = p[0] && digits(p, 4) > 0 ? p[4] : '\0';

        if ((parting != '-' && parting != '/') || (tm.tm_mon = digits(p + 5, 2) - 1) < 0 || p[7] != parting ||
            (tm.tm_mday = digits(p + 8, 2)) < 1 || (p[10] != 'T' && p[10] != ' '))
                return NULL;
        tm.tm_year = digits(p, 4) - 1900;
        p = clock_time(p + 11, &ns);
        if (!p || tm.tm_year < 70)
                return NULL;
        p = zone(p, &offset);
        *ret = (struct import_time){(uint64_t)(timegm(&tm) - offset) * NS_PER_S + ns, true};
        return p;
}

/* [10:30:03.793][WindowsDaemon  ][Info   ] debug: */
static const char *docker_desktop(const char *p, struct import_time *ret) {
        static const char *const levels[] = {"debug: ", "info: ", "warning: ", "error: ", "fatal: "};
        const char *at = *p == '[' ? clock_time(p + 1, &ret->ns) : NULL;

        if (!at || *at != ']')
                return NULL;
        at++;
        while (*at == '[') {
                const char *end = strchr(at, ']');

                if (!end)
                        return NULL;
                at = end + 1;
        }
        at += *at == ' ';
        for (size_t i = 0; i < HCS_ARRAY_SIZE(levels); i++)
                if (hcs_str_starts(at, levels[i]))
                        return at + strlen(levels[i]);
        return at;
}

/* DEBU[2017-12-02T19:03:38.5Z] and DEBU[0012] */
static const char *terminal(const char *p, struct import_time *ret) {
        static const char *const levels[] = {"TRAC", "DEBU", "INFO", "WARN", "ERRO", "FATA", "PANI"};
        const char *end = p[0] && p[1] && p[2] && p[3] && p[4] == '[' ? strchr(p, ']') : NULL;

        for (size_t i = 0; end && i < HCS_ARRAY_SIZE(levels); i++)
                if (hcs_str_starts(p, levels[i])) {
                        if (!import_parse_time(p + 5, ret) && isdigit((unsigned char)p[5]))
                                *ret = (struct import_time){(uint64_t)strtoull(p + 5, NULL, 10) * NS_PER_S + 1, false};
                        return end + 1 + (end[1] == ' ');
                }
        return NULL;
}

/* E0316 12:38:50.424783    7490 proxier.go:1190] */
static const char *klog(const char *p, struct import_time *ret) {
        const char *at =
                *p && strchr("IWEF", *p) && digits(p + 1, 4) > 0 && p[5] == ' ' ? clock_time(p + 6, &ret->ns) : NULL;
        const char *end = at ? strstr(at, "] ") : NULL;

        if (!end || memchr(at, '"', (size_t)(end - at)))
                return NULL;
        return end + 2;
}

/* A date, then scopes and levels in brackets. */
static const char *dated(const char *p, struct import_time *ret) {
        const char *at = import_parse_time(p, ret);

        while (at && *at == ' ')
                at++;
        return at;
}

/* [error] [VM:start] [HCS] in front of a message; [204] in front of a record. */
static const char *bracketed(const char *p) {
        const char *end = *p == '[' ? strchr(p, ']') : NULL;

        if (!end || end == p + 1 || end - p > 24 || end[1] != ' ' || strstr(end, "]=>["))
                return NULL;
        for (const char *c = p + 1; c < end; c++)
                if (!isalnum((unsigned char)*c) && !strchr(":-_ .", *c))
                        return NULL;
        return end + 2;
}

static const char *one_head(const char *p, struct import_time *ret) {
        struct import_time t = {0};
        const char *rest = docker_desktop(p, &t);

        rest = rest ? rest : terminal(p, &t);
        rest = rest ? rest : klog(p, &t);
        rest = rest ? rest : dated(p, &t);
        if (rest && t.ns)
                *ret = t;
        return rest;
}

const char *import_head(const char *text, struct import_time *ret) {
        for (int i = 0; i < 8; i++) {
                const char *rest = one_head(text, ret);

                rest = rest ? rest : bracketed(text);
                if (!rest)
                        break;
                text = rest;
        }
        return text;
}

bool import_has_head(const char *text) {
        struct import_time t = {0};

        return one_head(text, &t) || bracketed(text) || hcs_str_starts(text, "time=\"") ||
               hcs_str_starts(text, "{\"") || hcs_str_starts(text, "HCS: ") || hcs_str_starts(text, "HCN: ");
}
