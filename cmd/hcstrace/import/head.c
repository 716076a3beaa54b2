/* SPDX-License-Identifier: MIT */

/*
 * What loggers put in front of a message:
 *   [10:30:03.793][WindowsDaemon  ][Info   ] debug: ...        Docker Desktop
 *   [2023-11-04T10:22:31.123456700Z][dockerd.exe][I] ...       Docker Desktop 4
 *   DEBU[2017-12-02T19:03:38.5Z] ...                           logrus on a terminal
 *   E0316 12:38:50.424783    7490 proxier.go:1190] ...         klog
 *   2026/03/27 01:43:32.118204 [HCS] ...                       Go's standard log
 *   2026-03-31 21:06:28 [error] [VM:start] ...                 other clients
 *   Nov 26 08:43:11 host dockerd[812]: ...                     syslog, journalctl
 *   [204] {...}                                                ETW collectors
 * Heads may stand one behind the other. Pure functions.
 */

#include <ctype.h>
#include <stdlib.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"
#include "platform/clock.h"

const char *import_parse_time(const char *p, struct import_time *ret) {
        bool zoned;
        const char *end = hcs_wall_clock_parse(p, &ret->ns, &zoned);

        if (end)
                ret->kind = zoned ? IMPORT_TIME_UTC : IMPORT_TIME_LOCAL;
        return end;
}

/* Jan, Feb ...: 1..12; 0 when it is none. */
static int month_at(const char *p) {
        static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

        for (int m = 0; m < 12; m++)
                if (strncmp(p, names + (size_t)m * 3, 3) == 0)
                        return m + 1;
        return 0;
}

/* The number that stands at p, at most two digits, perhaps behind one blank; 0 when there is none. */
static int small_number(const char **p) {
        int v = 0;

        *p += **p == ' ';
        for (int i = 0; i < 2 && isdigit((unsigned char)**p); i++)
                v = v * 10 + *(*p)++ - '0';
        return v;
}

static const char *time_of_day(const char *p, struct import_time *ret) {
        const char *end = hcs_clock_time_parse(p, &ret->ns);

        if (end)
                ret->kind = IMPORT_TIME_OF_DAY;
        return end;
}

/* [10:30:03.793][WindowsDaemon  ][Info   ] debug: */
static const char *docker_desktop(const char *p, struct import_time *ret) {
        static const char *const levels[] = {"debug: ", "info: ", "warning: ", "error: ", "fatal: "};
        const char *at = *p == '[' ? time_of_day(p + 1, ret) : NULL;

        if (*p == '[' && !at)
                at = import_parse_time(p + 1, ret);
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
                                *ret = (struct import_time){(uint64_t)strtoul(p + 5, NULL, 10) % 100000000 *
                                                                    HCS_NS_PER_S,
                                                            IMPORT_TIME_SINCE_START};
                        return end + 1 + (end[1] == ' ');
                }
        return NULL;
}

/* E0316 12:38:50.424783    7490 proxier.go:1190] */
static const char *klog(const char *p, struct import_time *ret) {
        const char *at = p + 1, *end;
        uint64_t ns;
        int month = 0, day = 0;

        if (!*p || !strchr("IWEF", *p))
                return NULL;
        for (int i = 0; i < 4; i++, at++) {
                if (!isdigit((unsigned char)*at))
                        return NULL;
                *(i < 2 ? &month : &day) = (i < 2 ? month : day) * 10 + *at - '0';
        }
        at = *at == ' ' ? hcs_clock_time_parse(at + 1, &ns) : NULL;
        end = at ? strstr(at, "] ") : NULL;
        if (!end || month < 1 || month > 12 || day < 1 || day > 31 || memchr(at, '"', (size_t)(end - at)))
                return NULL;
        *ret = (struct import_time){import_yearless(month, day, ns), IMPORT_TIME_YEARLESS};
        return end + 2;
}

/* A date, then scopes and levels in brackets. */
static const char *dated(const char *p, struct import_time *ret) {
        const char *at = import_parse_time(p, ret);

        while (at && *at == ' ')
                at++;
        return at;
}

/* Nov 26 08:43:11 host dockerd[812]: */
static const char *syslog(const char *p, struct import_time *ret) {
        int month = month_at(p), day;
        uint64_t ns;

        if (!month || p[3] != ' ')
                return NULL;
        p += 4;
        day = small_number(&p);
        if (day < 1 || day > 31 || *p != ' ' || !(p = hcs_clock_time_parse(p + 1, &ns)) || *p != ' ')
                return NULL;
        *ret = (struct import_time){import_yearless(month, day, ns), IMPORT_TIME_YEARLESS};
        /* The host and the program, when there is one with its colon. */
        for (const char *colon = strstr(p, ": "); colon; colon = NULL) {
                size_t words = 0;

                for (const char *c = p; c < colon; c++)
                        words += *c == ' ';
                if (words <= 2)
                        return colon + 2;
        }
        return p + 1;
}

/* [error] [VM:start] [HCS] in front of a message; [204] in front of a record. */
static const char *bracketed(const char *p) {
        const char *end = *p == '[' ? strchr(p, ']') : NULL;

        if (!end || end == p + 1 || end - p > 24 || end[1] != ' ' || strncmp(end, "]=>[", 4) == 0)
                return NULL;
        for (const char *c = p + 1; c < end; c++)
                if (!isalnum((unsigned char)*c) && !strchr(":-_ .", *c))
                        return NULL;
        return end + 2;
}

static const char *one_head(const char *p, struct import_time *ret) {
        struct import_time t = {0};
        const char *rest = NULL;

        if (*p == '[')
                rest = docker_desktop(p, &t);
        else if (isdigit((unsigned char)*p))
                rest = dated(p, &t);
        else if (*p >= 'A' && *p <= 'Z')
                (void)((rest = terminal(p, &t)) || (rest = klog(p, &t)) || (rest = syslog(p, &t)));
        if (rest && t.kind != IMPORT_TIME_NONE)
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

        return hcs_str_starts(text, "time=\"") || one_head(text, &t) || bracketed(text) ||
               hcs_str_starts(text, "{\"") || hcs_str_starts(text, "HCS: ") || hcs_str_starts(text, "HCN: ");
}
