/* SPDX-License-Identifier: MIT */

/*
 * The guest's log. A thread reads the stream and re-emits each JSON object; the first thing that is none begins the
 * last words of an agent that died. Owned by whoever made it; only the thread touches the buffers.
 */

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "hcsshim/gcs.h"
#include "platform/stream.h"
#include "platform/thread.h"

#define RECORD_MAX_BYTES (1u << 20)
#define LAST_WORDS_MAX   (64u << 10)

/* How far the object in the buffer has been looked through. */
struct scan {
        size_t at;
        unsigned depth;
        bool in_string, escaped;
};

struct hcs_gcs_log {
        struct hcs_stream *stream;
        struct hcs_gcs_log_options options;
        char *name;
        struct hcs_thread thread;
        struct hcs_mutex lock;
        struct hcs_cond ended;
        bool done;
        struct hcs_buf line, last_words;
        size_t taken; /* of line: records that were looked at */
        struct scan scan;
        bool terminated; /* no JSON any more */
};

/* Fields of a record of ours: keys are constants or belong to the tree, values are owned here. */
struct fields {
        const char **list;
        char **owned;
        size_t n;
};

static void put(struct fields *f, const char *key, char *value) {
        f->list = hcs_realloc(f->list, (2 * f->n + 3) * sizeof(*f->list));
        f->owned = hcs_realloc(f->owned, (f->n + 1) * sizeof(*f->owned));
        f->list[2 * f->n] = key;
        f->list[2 * f->n + 1] = value;
        f->list[2 * f->n + 2] = NULL;
        f->owned[f->n++] = value;
}

static void fields_deinit(struct fields *f) {
        for (size_t i = 0; i < f->n; i++)
                free(f->owned[i]);
        free(f->owned);
        free(f->list);
}

/* Levels of logrus; what is worse than an error counts as one, so a guest cannot shout louder than the host. */
static enum hcs_log_level level_of(const char *level) {
        static const struct {
                const char *name;
                enum hcs_log_level level;
        } levels[] = {{"trace", HCS_LOG_TRACE}, {"debug", HCS_LOG_DEBUG},  {"info", HCS_LOG_INFO},
                      {"warn", HCS_LOG_WARN},   {"warning", HCS_LOG_WARN}, {"error", HCS_LOG_ERROR},
                      {"fatal", HCS_LOG_ERROR}, {"panic", HCS_LOG_ERROR}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(levels); i++)
                if (level && hcs_strcaseeq(levels[i].name, level))
                        return levels[i].level;
        return HCS_LOG_INFO;
}

static char *text_of(const struct hcs_json *value) {
        const char *s = hcs_json_string(value);
        int64_t whole;

        if (s)
                return hcs_strdup(s);
        if (hcs_json_i64(value, &whole)) /* 3.0 and 3e0 read 3 */
                return hcs_asprintf("%lld", (long long)whole);
        return hcs_json_text(value, HCS_JSON_COMPACT);
}

/* Guests of Windows say "message". */
static bool is_message(const char *key) {
        return hcs_streq(key, "msg") || hcs_strcaseeq(key, "message");
}

static void emit(struct hcs_gcs_log *log, const struct hcs_json *record) {
        const char *level = hcs_json_get_string(record, "level"), *msg = NULL;
        struct fields f = {0};

        put(&f, "uvm-id", hcs_strdup(log->name ? log->name : ""));
        for (const struct hcs_json *m = hcs_json_first(record); m; m = hcs_json_next(m)) {
                const char *key = hcs_json_key(m);

                if (hcs_streq(key, "level"))
                        continue;
                if (is_message(key) && hcs_json_string(m) && !msg)
                        msg = hcs_json_string(m);
                else
                        put(&f, hcs_streq(key, "time") ? "vm.time" : key, text_of(m));
        }
        hcs_log_list(level_of(level), msg ? msg : "", f.list);
        fields_deinit(&f);
}

/* The end of what it said is what matters. */
static void keep_last_words(struct hcs_gcs_log *log, const char *text, size_t n) {
        log->terminated = true;
        hcs_buf_append(&log->last_words, text, n);
        if (log->last_words.len > 2 * LAST_WORDS_MAX) {
                memmove(log->last_words.data, log->last_words.data + log->last_words.len - LAST_WORDS_MAX,
                        LAST_WORDS_MAX + 1);
                log->last_words.len = LAST_WORDS_MAX;
        }
}

/* False: it is no record, so what begins with it are the agent's last words. */
static bool take_record(struct hcs_gcs_log *log, const char *text, size_t n) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        _cleanup_json_ struct hcs_json *record = NULL;

        if (FAILED(hcs_json_parse(text, n, &lax, &record, NULL)) || !hcs_json_is(record, HCS_JSON_OBJECT))
                return false;
        emit(log, record);
        return true;
}

/* Looks for the end of the object that begins the text, from where it looked last; 0 when that has not come. */
static size_t find_end(struct scan *s, const char *text, size_t n) {
        while (s->at < n) {
                char c = text[s->at++];

                if (s->in_string) {
                        s->in_string = s->escaped || c != '"';
                        s->escaped = !s->escaped && c == '\\';
                } else if (c == '"') {
                        s->in_string = true;
                } else if (c == '{' || c == '[') {
                        s->depth++;
                } else if ((c == '}' || c == ']') && --s->depth == 0) {
                        return s->at;
                }
        }
        return 0;
}

static void pass(struct hcs_gcs_log *log, size_t n) {
        log->taken += n;
        log->scan = (struct scan){0};
}

/* Takes whole objects out of the buffer, however they are spread over lines. One without an end is none when no more
 * comes, or when it is too long. */
static void take_records(struct hcs_gcs_log *log, bool at_end) {
        while (log->taken < log->line.len) {
                const char *text = log->line.data + log->taken;
                size_t left = log->line.len - log->taken, n = strspn(text, " \t\r\n");

                if (!log->terminated && n) {
                        pass(log, n);
                        continue;
                }
                n = *text == '{' ? find_end(&log->scan, text, left) : left;
                if (!log->terminated && !n && !at_end && left <= RECORD_MAX_BYTES)
                        break;
                if (log->terminated || !n || !take_record(log, text, n)) {
                        keep_last_words(log, text, left);
                        n = left;
                }
                pass(log, n);
        }
        log->line.len -= log->taken;
        memmove(log->line.data, log->line.data + log->taken, log->line.len + 1);
        log->taken = 0;
}

static void run(void *arg) {
        struct hcs_gcs_log *log = arg;
        HRESULT hr;
        size_t n;

        for (;;) {
                hcs_buf_reserve(&log->line, 65536);
                hr = hcs_stream_read_bound(log->stream, log->line.data + log->line.len, 65536, NULL, &n, NULL);
                if (hr != S_OK)
                        break;
                if (log->options.raw)
                        log->options.raw(log->options.ctx, log->line.data + log->line.len, n);
                log->line.len += n;
                log->line.data[log->line.len] = '\0';
                take_records(log, false);
        }
        if (log->line.len)
                take_records(log, true);
        if (log->terminated) {
                size_t skip = log->last_words.len > LAST_WORDS_MAX ? log->last_words.len - LAST_WORDS_MAX : 0;

                hcs_log(HCS_LOG_ERROR, "gcs terminated", "uvm-id", log->name, "stderr", log->last_words.data + skip,
                        NULL);
        }
        hcs_guard(&log->lock);
        log->done = true;
        hcs_cond_broadcast(&log->ended);
}

HRESULT hcs_gcs_log_new(struct hcs_stream *stream, const struct hcs_gcs_log_options *options, struct hcs_gcs_log **ret,
                        struct hcs_error **err) {
        struct hcs_gcs_log *log = hcs_calloc(1, sizeof(*log));
        HRESULT hr;

        log->stream = stream;
        if (options)
                log->options = *options;
        log->name = hcs_strdup(log->options.name);
        hcs_mutex_init(&log->lock);
        hcs_cond_init(&log->ended);
        hr = hcs_thread_start(&log->thread, run, log, err);
        if (SUCCEEDED(hr)) {
                *ret = log;
                return S_OK;
        }
        hcs_stream_close(stream);
        free(log->name);
        free(log);
        return hr;
}

HRESULT hcs_gcs_log_wait(struct hcs_gcs_log *log, const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);
        hcs_guard(&log->lock);

        while (!log->done) {
                HRESULT hr = hcs_bound_check(&b);

                if (FAILED(hr))
                        return hcs_bound_fail(hr, err);
                hcs_cond_wait_until(&log->ended, &log->lock, hcs_bound_next(&b));
        }
        return S_OK;
}

struct hcs_gcs_log *hcs_gcs_log_free(struct hcs_gcs_log *log) {
        if (!log)
                return NULL;
        hcs_stream_shutdown(log->stream);
        hcs_thread_join(&log->thread);
        hcs_stream_close(log->stream);
        hcs_cond_deinit(&log->ended);
        hcs_mutex_deinit(&log->lock);
        hcs_buf_deinit(&log->line);
        hcs_buf_deinit(&log->last_words);
        free(log->name);
        free(log);
        return NULL;
}
