/* SPDX-License-Identifier: MIT */

/* Messages of mockhcs/vm/plan9/wire.h. */

#include "mockhcs/vm/plan9/wire.h"

#include <string.h>

#define QID_FOLDER 0x80
#define QID_LINK   0x02

static uint64_t get(struct plan9_in *in, size_t n) {
        uint64_t v = 0;

        if (in->left < n) {
                in->bad = true;
                in->left = 0;
                return 0;
        }
        for (size_t i = n; i-- > 0;)
                v = v << 8 | in->at[i];
        in->at += n;
        in->left -= n;
        return v;
}

uint8_t plan9_get8(struct plan9_in *in) {
        return (uint8_t)get(in, 1);
}

uint16_t plan9_get16(struct plan9_in *in) {
        return (uint16_t)get(in, 2);
}

uint32_t plan9_get32(struct plan9_in *in) {
        return (uint32_t)get(in, 4);
}

uint64_t plan9_get64(struct plan9_in *in) {
        return get(in, 8);
}

void plan9_get_text(struct plan9_in *in, char *text, size_t size) {
        size_t n = plan9_get16(in);

        text[0] = '\0';
        if (n > in->left || n >= size || memchr(in->at, '\0', n)) {
                in->bad = true;
                in->left = 0;
                return;
        }
        memcpy(text, in->at, n);
        text[n] = '\0';
        in->at += n;
        in->left -= n;
}

static void put(struct plan9_out *out, uint64_t v, size_t n) {
        if (out->size - out->len < n) {
                out->full = true;
                return;
        }
        for (size_t i = 0; i < n; i++, v >>= 8)
                out->data[out->len++] = (uint8_t)v;
}

void plan9_put8(struct plan9_out *out, uint8_t v) {
        put(out, v, 1);
}

void plan9_put16(struct plan9_out *out, uint16_t v) {
        put(out, v, 2);
}

void plan9_put32(struct plan9_out *out, uint32_t v) {
        put(out, v, 4);
}

void plan9_put64(struct plan9_out *out, uint64_t v) {
        put(out, v, 8);
}

void plan9_put_text(struct plan9_out *out, const char *text, size_t len) {
        if (len > UINT16_MAX || out->size - out->len < 2 + len) {
                out->full = true;
                return;
        }
        plan9_put16(out, (uint16_t)len);
        memcpy(out->data + out->len, text, len);
        out->len += len;
}

void plan9_put_qid(struct plan9_out *out, const struct stat *st) {
        plan9_put8(out, S_ISDIR(st->st_mode) ? QID_FOLDER : S_ISLNK(st->st_mode) ? QID_LINK : 0);
        /* Clients compare it to see a change: what a file's content was changed at. */
        plan9_put32(out, (uint32_t)(st->st_mtim.tv_sec ^ st->st_mtim.tv_nsec ^ st->st_size << 8));
        /* A share may have other file systems in it. */
        plan9_put64(out, (uint64_t)st->st_ino ^ (uint64_t)st->st_dev << 48);
}
