/* SPDX-License-Identifier: MIT */

/* The importer: its parts put together, and the count of what was not understood. See import.h. */

#include "cmd/hcstrace/import/import.h"

#include <string.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

struct import {
        struct import_options options;
        struct import_stats stats;
        struct import_decoder decoder;
        struct import_joiner joiner;
        struct import_emitter *emitter;
        struct import_ledger *ledger;
};

static void physical_line(void *ctx, const char *line, size_t len) {
        struct import *i = ctx;

        i->stats.lines++;
        import_join(&i->joiner, line, len);
}

static bool speaks_of_hcs(const char *text) {
        static const char *const words[] = {"hcs", "Hcs", "HCS", "HNS", "hnsCall", "HcnC", "hcnC", "[POST]=>"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(words); i++)
                if (strstr(text, words[i]))
                        return true;
        return false;
}

static void logged_line(void *ctx, uint64_t number, const char *text) {
        struct import *i = ctx;
        struct import_line line;
        bool understood;

        if (!import_may_say(text))
                return;
        import_line_parse(text, &line);
        understood = import_say_modern(i->ledger, &line) || import_say_layer(i->ledger, &line) ||
                     import_say_legacy(i->ledger, &line) || import_say_network(i->ledger, &line) ||
                     import_say_error(i->ledger, &line) || import_say_client(i->ledger, &line);
        if (!understood && speaks_of_hcs(text)) {
                if (i->stats.unparsed++ == 0)
                        i->stats.first_unparsed = number;
                if (i->options.tell)
                        i->options.tell(i->options.ctx, number, text);
        }
        import_line_deinit(&line);
}

struct import *import_new(const struct import_options *options) {
        struct import *i = hcs_calloc(1, sizeof(*i));

        i->options = *options;
        i->decoder = (struct import_decoder){.line_done = physical_line, .ctx = i};
        i->joiner = (struct import_joiner){.line_done = logged_line, .ctx = i};
        i->emitter = import_emitter_new(&i->options, &i->stats);
        i->ledger = import_ledger_new(i->emitter);
        return i;
}

struct import *import_free(struct import *i) {
        if (!i)
                return NULL;
        import_ledger_free(i->ledger);
        import_emitter_free(i->emitter);
        hcs_buf_deinit(&i->decoder.line);
        hcs_buf_deinit(&i->joiner.text);
        hcs_buf_deinit(&i->joiner.ends);
        free(i);
        return NULL;
}

void import_feed(struct import *i, const char *data, size_t len) {
        import_decode(&i->decoder, data, len);
}

HRESULT import_finish(struct import *i, struct import_stats *ret, struct hcs_error **err) {
        HRESULT hr;

        import_decode_end(&i->decoder);
        import_join_end(&i->joiner);
        import_settle(i->ledger);
        hr = import_emitter_status(i->emitter, err);
        if (SUCCEEDED(hr))
                *ret = i->stats;
        return hr;
}
