/* SPDX-License-Identifier: MIT */

/* What verity info tells of inputs that are no images yet: the entries of a tar, the layers of an OCI image layout. */

#include <string.h>

#include "base/str.h"
#include "cmd/verity/verity.h"
#include "ext4/tar/reader.h"
#include "platform/file.h"

struct count {
        uint64_t entries, content, whiteouts;
};

static void count_entry(struct count *c, const struct tar_entry *e) {
        const char *slash = strrchr(e->name, '/');

        c->entries++;
        c->whiteouts += hcs_str_starts(slash ? slash + 1 : e->name, ".wh.");
        if (e->f.type == TAR_REGULAR)
                c->content += (uint64_t)e->f.size;
}

bool info_tar(struct hcs_data_file *f, struct hcs_json *out, struct hcs_error **err) {
        _cleanup_(tar_stream_freep) struct tar_stream *stream = NULL;
        _cleanup_(tar_reader_freep) struct tar_reader *reader = NULL;
        struct hcs_error *problem = NULL;
        const struct tar_entry *e;
        struct count c = {0};
        HRESULT hr = tar_stream_open(f, &stream, &problem);
        struct hcs_json *o;

        if (SUCCEEDED(hr)) {
                reader = tar_reader_new(stream);
                while ((hr = tar_reader_next(reader, &e, &problem)) == S_OK)
                        count_entry(&c, e);
        }
        if (c.entries == 0) {
                hcs_error_free(problem);
                return false;
        }
        o = hcs_json_set_new_object(out, "tar");
        hcs_json_set_u64(o, "entries", c.entries);
        hcs_json_set_u64(o, "whiteouts", c.whiteouts);
        hcs_json_set_u64(o, "contentBytes", c.content);
        if (problem)
                hcs_error_move(err, &problem);
        return true;
}

static HRESULT tell_blob(void *ctx, const struct place *p, struct hcs_data_file *file, struct hcs_error **err) {
        report_blob(ctx, p);
        return S_OK;
}

HRESULT info_layout(const char *path, struct report *r, struct hcs_error **err) {
        _cleanup_(input_close) struct input i = {0};
        HRESULT hr = input_open(path, INPUT_GUESS, &i, err);

        if (FAILED(hr) || i.kind != INPUT_LAYOUT)
                return FAILED(hr) ? hr : S_FALSE;
        hr = input_each(&i, tell_blob, r, err);
        r->manifest = NULL;
        return hr;
}
