/* SPDX-License-Identifier: MIT */

/* Layer after layer: named, made unless an equal one was, told. Which are equal, the digests of their blobs say. */

#include "base/str.h"
#include "cmd/verity/verity.h"

struct known_layer {
        char *digest;
        struct layer layer;
};

void work_init(struct work *w) {
        layer_options_init(&w->options);
        progress_init(&w->progress, NULL);
        w->options.convert.progress = progress_convert;
        w->options.hashing.progress = progress_bytes;
        w->options.convert.ctx = w->options.hashing.ctx = &w->progress;
}

void work_end(struct work *w) {
        report_end(&w->report);
        for (size_t n = 0; n < w->n_known; n++)
                free(w->known[n].digest);
        free(steal_pointer(&w->known));
        w->n_known = 0;
}

/* NULL: not yet, or not of a layout. */
static const struct layer *find_known(const struct work *w, const struct place *p) {
        for (size_t n = 0; p->layer && n < w->n_known; n++)
                if (hcs_streq(w->known[n].digest, p->layer->blob.digest))
                        return &w->known[n].layer;
        return NULL;
}

static void add_known(struct work *w, const struct place *p, const struct layer *layer) {
        if (!p->layer)
                return;
        if ((w->n_known & (w->n_known - 1)) == 0)
                w->known = hcs_realloc(w->known, (w->n_known ? 2 * w->n_known : 1) * sizeof(*w->known));
        w->known[w->n_known++] = (struct known_layer){.digest = hcs_strdup(p->layer->blob.digest), .layer = *layer};
}

static HRESULT make(struct work *w, const struct place *p, struct hcs_data_file *file, struct outcome *ret,
                    struct hcs_error **err) {
        _cleanup_free_ char *name = place_name(p);
        HRESULT hr;

        w->progress.what = name;
        hr = w->make(w, p, file, ret, err);
        progress_end(&w->progress);
        w->progress.what = NULL;
        if (SUCCEEDED(hr))
                add_known(w, p, &ret->layer);
        return hr;
}

static HRESULT work_on_layer(void *ctx, const struct place *p, struct hcs_data_file *file, struct hcs_error **err) {
        struct work *w = ctx;
        const struct layer *known = find_known(w, p);
        struct outcome o = {0};
        HRESULT hr = S_OK;

        if (!file) {
                report_skipped(&w->report, p);
                return S_OK;
        }
        if (w->name)
                w->name(w, p, &o);
        if (known)
                o.layer = *known;
        else
                hr = make(w, p, file, &o, err);
        if (SUCCEEDED(hr) && w->judge)
                w->judge(w, p, &o);
        if (SUCCEEDED(hr))
                report_layer(&w->report, p, &o);
        free(o.output);
        free(o.hashes);
        return hr;
}

HRESULT work_on(struct work *w, struct input *i, struct hcs_error **err) {
        HRESULT hr = input_each(i, work_on_layer, w, err);

        w->report.manifest = NULL;
        return hr;
}
