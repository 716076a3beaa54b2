/* SPDX-License-Identifier: MIT */

/* The structured log: process-wide, thread safe, to stderr or a sink. Settings come from the environment once. */

#include "hcsshim/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/scrub.h"
#include "base/str.h"

static const char *const level_names[] = {"error", "warning", "info", "debug", "trace"};

static struct {
        pthread_mutex_t lock;
        pthread_once_t once;
        enum hcs_log_level level;
        enum hcs_log_format format;
        bool scrub;
        hcs_log_sink sink;
        void *ctx;
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT, .level = HCS_LOG_WARN, .scrub = true};

static void from_environment(void) {
        const char *level = getenv("HCSSHIM_LOG"), *format = getenv("HCSSHIM_LOG_FORMAT");

        for (size_t i = 0; level && i < HCS_ARRAY_SIZE(level_names); i++)
                if (hcs_strcaseeq(level, level_names[i]) || (i == HCS_LOG_WARN && hcs_strcaseeq(level, "warn")))
                        logger.level = (enum hcs_log_level)i;
        if (format && hcs_strcaseeq(format, "json"))
                logger.format = HCS_LOG_JSON;
}

void hcs_log_set_level(enum hcs_log_level level) {
        pthread_once(&logger.once, from_environment);
        __atomic_store_n(&logger.level, level, __ATOMIC_RELAXED);
}

void hcs_log_set_format(enum hcs_log_format format) {
        pthread_once(&logger.once, from_environment);
        pthread_mutex_lock(&logger.lock);
        logger.format = format;
        pthread_mutex_unlock(&logger.lock);
}

bool hcs_log_enabled(enum hcs_log_level level) {
        pthread_once(&logger.once, from_environment);
        return level <= __atomic_load_n(&logger.level, __ATOMIC_RELAXED);
}

void hcs_log_set_scrub(bool on) {
        pthread_mutex_lock(&logger.lock);
        logger.scrub = on;
        pthread_mutex_unlock(&logger.lock);
}

void hcs_log_set_sink(hcs_log_sink sink, void *ctx) {
        pthread_mutex_lock(&logger.lock);
        logger.sink = sink;
        logger.ctx = ctx;
        pthread_mutex_unlock(&logger.lock);
}

/* logfmt: bare when it can be, else quoted as Go quotes. */
static void put_text(struct hcs_buf *b, const char *s) {
        if (*s && !strpbrk(s, " =\"\\\t\r\n"))
                hcs_buf_puts(b, s);
        else
                hcs_json_print_string(s, strlen(s), HCS_JSON_COMPACT, b);
}

static void put_field(struct hcs_buf *b, const char *key, const char *value) {
        if (logger.format == HCS_LOG_JSON) {
                if (b->len > 1)
                        hcs_buf_putc(b, ',');
                hcs_json_print_string(key, strlen(key), HCS_JSON_COMPACT, b);
                hcs_buf_putc(b, ':');
                hcs_json_print_string(value, strlen(value), HCS_JSON_COMPACT, b);
        } else {
                if (b->len)
                        hcs_buf_putc(b, ' ');
                hcs_buf_printf(b, "%s=", key);
                put_text(b, value);
        }
}

static void put_time(struct hcs_buf *b) {
        struct timespec now;
        struct tm tm;
        char day[32], text[64];

        clock_gettime(CLOCK_REALTIME, &now);
        gmtime_r(&now.tv_sec, &tm);
        strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(text, sizeof(text), "%s.%09ldZ", day, now.tv_nsec);
        put_field(b, "time", text);
}

static void put_pair(struct hcs_buf *b, const char *key, const char *value) {
        _cleanup_free_ char *scrubbed = NULL;

        if (value && logger.scrub)
                scrubbed = hcs_scrub_key(key) ? hcs_strdup(HCS_SCRUBBED) : hcs_scrub_text(value, NULL);
        put_field(b, key, scrubbed ? scrubbed : value ? value : "");
}

static void put_head(struct hcs_buf *b, enum hcs_log_level level, const char *msg) {
        if (logger.format == HCS_LOG_JSON)
                hcs_buf_putc(b, '{');
        put_time(b);
        put_field(b, "level", level_names[level]);
        put_field(b, "msg", msg);
}

static void put_line(struct hcs_buf *b, enum hcs_log_level level) {
        if (logger.format == HCS_LOG_JSON)
                hcs_buf_putc(b, '}');
        if (logger.sink)
                logger.sink(logger.ctx, level, b->data);
        else
                fprintf(stderr, "%s\n", b->data);
}

void hcs_log(enum hcs_log_level level, const char *msg, ...) {
        _cleanup_buf_ struct hcs_buf b = {0};
        const char *key;
        va_list ap;

        if (!hcs_log_enabled(level))
                return;
        pthread_mutex_lock(&logger.lock);
        put_head(&b, level, msg);
        va_start(ap, msg);
        while ((key = va_arg(ap, const char *)))
                put_pair(&b, key, va_arg(ap, const char *));
        va_end(ap);
        put_line(&b, level);
        pthread_mutex_unlock(&logger.lock);
}

void hcs_log_list(enum hcs_log_level level, const char *msg, const char *const *fields) {
        _cleanup_buf_ struct hcs_buf b = {0};

        if (!hcs_log_enabled(level))
                return;
        pthread_mutex_lock(&logger.lock);
        put_head(&b, level, msg);
        for (; *fields; fields += 2)
                put_pair(&b, fields[0], fields[1]);
        put_line(&b, level);
        pthread_mutex_unlock(&logger.lock);
}
