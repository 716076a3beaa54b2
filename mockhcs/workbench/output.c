/* SPDX-License-Identifier: MIT */

/* Written beside its place and renamed, as output.h says. */

#include "mockhcs/workbench/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

struct trace_output {
        FILE *file;
        char *path;
        char *temporary; /* NULL: written to directly */
        int why;         /* the errno that stopped it before its end, or 0 */
};

struct trace_output *trace_output_free(struct trace_output *o) {
        if (!o)
                return NULL;
        if (o->file && o->file != stdout)
                fclose(o->file);
        if (o->temporary)
                unlink(o->temporary);
        free(o->temporary);
        free(o->path);
        free(o);
        return NULL;
}

HRESULT trace_output_open(const char *path, struct trace_output **ret, struct hcs_error **err) {
        _cleanup_(trace_output_freep) struct trace_output *o = hcs_calloc(1, sizeof(*o));
        struct stat st;
        bool is_file = stat(path, &st) != 0 || S_ISREG(st.st_mode);

        o->path = hcs_strdup(path);
        if (hcs_streq(path, "-")) {
                o->file = stdout;
        } else if (is_file) {
                int fd;

                o->temporary = hcs_asprintf("%s.XXXXXX", path);
                fd = mkstemp(o->temporary);
                o->file = fd < 0 ? NULL : fdopen(fd, "w");
                if (fd < 0) {
                        int why = errno;

                        free(o->temporary);
                        o->temporary = NULL;
                        return hcs_error_errno(err, why, "make `%s`", path);
                }
        } else {
                o->file = fopen(path, "we");
        }
        if (!o->file)
                return hcs_error_errno(err, errno, "open `%s`", path);
        *ret = steal_pointer(&o);
        return S_OK;
}

void trace_output_rest(struct trace_output *o) {
        bool failed;
        int why;

        if (!o->temporary || !o->file)
                return;
        failed = fflush(o->file) != 0 || ferror(o->file); /* a write that failed before does not make fclose() fail */
        why = errno;
        if ((fclose(steal_pointer(&o->file)) || failed) && !o->why)
                o->why = why ? why : EIO;
}

static bool is_ready(struct trace_output *o) {
        if (!o->file && !o->why)
                o->file = fopen(o->temporary, "ae");
        if (!o->file && !o->why)
                o->why = errno;
        return o->file;
}

void trace_output_line(struct trace_output *o, const char *text, size_t n) {
        if (!is_ready(o))
                return;
        fwrite(text, 1, n, o->file);
        putc('\n', o->file);
}

void trace_output_json(struct trace_output *o, const struct hcs_json *j) {
        _cleanup_buf_ struct hcs_buf line = {0};

        hcs_json_print(j, HCS_JSON_COMPACT, &line);
        trace_output_line(o, hcs_buf_cstr(&line), line.len);
}

/* The errno that stopped it, or 0. */
static int put_in_place(struct trace_output *o) {
        if (!is_ready(o))
                return o->why;
        /* A write that failed earlier may have left no errno. */
        if (fflush(o->file) || ferror(o->file))
                return errno ? errno : EIO;
        if (o->file == stdout)
                return 0;
        if (fclose(steal_pointer(&o->file)))
                return errno;
        if (!o->temporary)
                return 0;
        if (rename(o->temporary, o->path))
                return errno;
        free(o->temporary);
        o->temporary = NULL;
        return 0;
}

HRESULT trace_output_finish(struct trace_output *o, struct hcs_error **err) {
        int why = put_in_place(o);
        HRESULT hr = why ? hcs_error_errno(err, why, "write `%s`", o->path) : S_OK;

        trace_output_free(o);
        return hr;
}
