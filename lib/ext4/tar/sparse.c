/* SPDX-License-Identifier: MIT */

#include "ext4/tar/sparse.h"

#include <string.h>

void tar_sparse_deinit(struct tar_sparse *s) {
        free(s->spans);
        *s = (struct tar_sparse){0};
}

void tar_sparse_clear(struct tar_sparse *s) {
        s->n = 0;
        s->active = false;
}

void tar_sparse_add(void *sparse, struct tar_span span) {
        struct tar_sparse *s = sparse;

        if (s->n == s->cap) {
                s->cap = s->cap ? 2 * s->cap : 32;
                s->spans = hcs_realloc(s->spans, s->cap * sizeof(*s->spans));
        }
        s->spans[s->n++] = span;
}

bool tar_sparse_from_pax(struct tar_sparse *s, const struct tar_pax *pax) {
        size_t count_len = 0, len = 0;
        const char *count = tar_pax_get(pax, "GNU.sparse.numblocks", &count_len);
        const char *map = tar_pax_get(pax, "GNU.sparse.map", &len), *end;
        struct tar_span span = {0};
        uint64_t fields = 0;
        int64_t n;

        if (!count || !tar_pax_number(count, count_len, &n) || n < 0)
                return false;
        end = map ? map + len : NULL;
        while (map && (map < end || fields > 0)) {
                const char *comma = memchr(map, ',', (size_t)(end - map));
                size_t field = (size_t)((comma ? comma : end) - map);

                if (!tar_pax_number(map, field, fields % 2 ? &span.length : &span.offset))
                        return false;
                if (fields++ % 2)
                        tar_sparse_add(s, span);
                if (!comma)
                        break;
                map = comma + 1;
        }
        return fields % 2 == 0 && fields / 2 == (uint64_t)n;
}

bool tar_sparse_begin(struct tar_sparse *s, int64_t size) {
        int64_t end = 0;

        if (size < 0)
                return false;
        for (size_t i = 0; i < s->n; i++) {
                const struct tar_span *span = &s->spans[i];

                if (span->offset < end || span->length < 0 || span->offset > size || span->length > size - span->offset)
                        return false;
                end = span->offset + span->length;
        }
        s->at = 0;
        s->size = size;
        s->position = 0;
        s->active = true;
        return true;
}

void tar_sparse_run(struct tar_sparse *s, uint64_t *ret_n, bool *ret_is_data) {
        while (s->at < s->n && s->spans[s->at].offset + s->spans[s->at].length <= s->position)
                s->at++;
        *ret_is_data = s->at < s->n && s->spans[s->at].offset <= s->position;
        if (*ret_is_data)
                *ret_n = (uint64_t)(s->spans[s->at].offset + s->spans[s->at].length - s->position);
        else
                *ret_n = (uint64_t)((s->at < s->n ? s->spans[s->at].offset : s->size) - s->position);
}
