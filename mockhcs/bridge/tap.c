/* SPDX-License-Identifier: MIT */

/* Frames into records. The tap only holds what does not change; the writer guards itself. */

#include "mockhcs/bridge/tap.h"

#include <string.h>

#include "base/scrub.h"
#include "base/utf.h"
#include "gcs/frame.h"
#include "gcs/message.h"
#include "platform/clock.h"

struct mock_tap {
        struct mock_trace_writer *writer;
        char *name;
        uint64_t started_ns;
        bool redact;
};

struct mock_tap *mock_tap_new(struct mock_trace_writer *writer, const char *name, uint64_t started_ns, bool redact) {
        struct mock_tap *t = hcs_calloc(1, sizeof(*t));

        t->writer = writer;
        t->name = hcs_strdup(name);
        t->started_ns = started_ns;
        t->redact = redact;
        return t;
}

struct mock_tap *mock_tap_free(struct mock_tap *t) {
        if (t) {
                free(t->name);
                free(t);
        }
        return NULL;
}

/* The body without secrets; NULL when it may stay as it is. A host's line feed is kept. */
static char *scrubbed(const struct mock_tap *t, const struct hcs_gcs_tap_frame *f) {
        _cleanup_free_ char *text = NULL, *clean = NULL;
        unsigned n = 0;
        size_t bad, len = f->len;

        if (!t->redact || f->broken || !hcs_scrub_might_find(f->body, f->len) ||
            !hcs_utf8_valid(f->body, f->len, &bad) || memchr(f->body, '\0', f->len))
                return NULL;
        if (!f->from_guest && len && ((const char *)f->body)[len - 1] == '\n')
                len--;
        text = hcs_strndup(f->body, len);
        clean = hcs_scrub_text(text, &n);
        return n ? hcs_asprintf("%s%s", clean, len < f->len ? "\n" : "") : NULL;
}

void mock_tap_frame(void *ctx, const struct hcs_gcs_tap_frame *f) {
        struct mock_tap *t = ctx;
        char type[HCS_GCS_TYPE_TEXT_SIZE];
        _cleanup_free_ char *clean = scrubbed(t, f);

        mock_trace_write(t->writer, &(struct mock_record){
                                            .kind = MOCK_RECORD_FRAME,
                                            .t = hcs_clock_ns() - t->started_ns,
                                            .function = hcs_gcs_type_format(f->type, type),
                                            .subject = t->name,
                                            .n = f->id,
                                            .from_guest = f->from_guest,
                                            .broken = f->broken,
                                            .data = clean ? clean : (char *)(uintptr_t)f->body,
                                            .len = clean ? strlen(clean) : f->len,
                                    });
}

void mock_tap_bytes(void *ctx, const struct hcs_gcs_tap_bytes *b) {
        struct mock_tap *t = ctx;

        mock_trace_write(t->writer, &(struct mock_record){
                                            .kind = MOCK_RECORD_STDIO,
                                            .t = hcs_clock_ns() - t->started_ns,
                                            .subject = t->name,
                                            .n = b->port,
                                            .stream = (enum mock_stream)b->stream,
                                            .data = (char *)(uintptr_t)b->data,
                                            .len = b->len,
                                            .end = b->end,
                                    });
}
