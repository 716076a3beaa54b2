/* SPDX-License-Identifier: MIT */

/* The guest of integration/bench/guest.h. */

#include "integration/bench/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPABILITIES \
        "{\"Result\":0,\"Version\":4,\"Capabilities\":{\"RuntimeOsType\":\"linux\",\"GuestDefinedCapabilities\":{}}}"

void bench_must(HRESULT hr, const char *what) {
        if (FAILED(hr)) {
                fprintf(stderr, "%s: 0x%08X\n", what, (unsigned)hr);
                exit(1);
        }
}

void bench_guest_answer(struct bench_guest *g, const struct hcs_gcs_frame *f, const char *body) {
        _cleanup_buf_ struct hcs_buf out = {0};

        hcs_gcs_frame_append(&out, (f->type & ~(uint32_t)HCS_GCS_CATEGORY_MASK) | HCS_GCS_RESPONSE, f->id, body,
                             strlen(body), NULL);
        bench_must(hcs_stream_write(g->stream, out.data, out.len, NULL, NULL), "answer");
}

void bench_guest_run(void *guest) {
        struct bench_guest *g = guest;
        struct hcs_gcs_reader r;
        struct hcs_gcs_frame f;

        hcs_gcs_reader_init(&r, HCS_GCS_MAX_TO_GUEST);
        while (hcs_gcs_frame_read(&r, g->stream, NULL, &f, NULL) == S_OK)
                if (f.type == (HCS_GCS_REQUEST | HCS_GCS_NEGOTIATE_PROTOCOL))
                        bench_guest_answer(g, &f, CAPABILITIES);
                else
                        g->on_frame(g, &f);
        hcs_gcs_reader_deinit(&r);
}
