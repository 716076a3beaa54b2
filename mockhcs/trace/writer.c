/* SPDX-License-Identifier: MIT */

/*
 * The writer. Lines are made outside the lock and handed to the kernel in one write, so a killed process has lost
 * nothing that was written. A line that only went out in part is taken back, so that the next one is not glued to it.
 */

#include "mockhcs/trace/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/trace/quiet.h"
#include "platform/clock.h"
#include "platform/thread.h"

#ifndef O_CLOEXEC
#define O_CLOEXEC 0
#endif
#ifndef O_BINARY
#define O_BINARY 0
#endif

struct mock_trace_writer {
        struct hcs_mutex lock;
        char *name;
        int fd;
        uint64_t offset; /* end of the last whole write */
        bool torn;       /* half a line stands in the file and could not be taken back */
        bool said;
        uint64_t lost;
};

struct mock_trace_writer *mock_trace_writer_free(struct mock_trace_writer *w) {
        if (!w)
                return NULL;
        if (w->fd > 1)
                close(w->fd);
        hcs_mutex_deinit(&w->lock);
        free(w->name);
        free(w);
        return NULL;
}

/* 0, or the errno that stopped it. */
static int write_all(struct mock_trace_writer *w, const char *data, size_t len) {
        size_t done = 0;

        while (done < len) {
                ssize_t n = write(w->fd, data + done, len - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0) {
                        int why = n < 0 ? errno : EIO;

                        if (done &&
                            (ftruncate(w->fd, (off_t)w->offset) < 0 || lseek(w->fd, (off_t)w->offset, SEEK_SET) < 0))
                                w->torn = true;
                        return why;
                }
                done += (size_t)n;
        }
        w->offset += len;
        return 0;
}

static void put(struct mock_trace_writer *w, const char *data, size_t len, size_t n_records) {
        int saved = errno;
        struct mock_quiet quiet;
        int why;

        hcs_mutex_lock(&w->lock);
        mock_quiet_enter(&quiet);
        why = w->torn ? EIO : write_all(w, data, len);
        mock_quiet_leave(&quiet, why);
        if (why) {
                w->lost += n_records;
                if (!w->said)
                        hcs_log(HCS_LOG_ERROR, "cannot write the trace; the run goes on without", "file", w->name,
                                "error", strerror(why), NULL);
                w->said = true;
        }
        hcs_mutex_unlock(&w->lock);
        errno = saved;
}

static void print_header(const struct mock_trace_header *h, struct hcs_buf *out) {
        _cleanup_json_ struct hcs_json *j = hcs_json_new_object();
        char now[40];

        hcs_json_set_string(j, "trace", "hcs");
        hcs_json_set_u64(j, "version", 1);
        hcs_json_set_string(j, "recorder", h->recorder ? h->recorder : "mockhcs");
        if (h->os || h->build) {
                struct hcs_json *host = hcs_json_set_new_object(j, "host");

                if (h->os)
                        hcs_json_set_string(host, "os", h->os);
                if (h->build)
                        hcs_json_set_u64(host, "build", h->build);
        }
        hcs_json_set_string(j, "started", h->started ? h->started : hcs_wall_clock_format(hcs_wall_clock_ns(), now));
        hcs_json_set_bool(j, "redacted", h->redacted);
        hcs_json_print(j, HCS_JSON_COMPACT, out);
        hcs_buf_putc(out, '\n');
}

HRESULT mock_trace_writer_open(const char *path, const struct mock_trace_header *header, struct mock_trace_writer **ret,
                               struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf line = {0};
        struct mock_trace_writer *w;
        int fd = hcs_streq(path, "-") ? 1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_BINARY, 0600);

        if (fd < 0)
                return hcs_error_errno(err, errno, "create `%s`", path);
        w = hcs_calloc(1, sizeof(*w));
        hcs_mutex_init(&w->lock);
        w->name = hcs_strdup(path);
        w->fd = fd;
        print_header(header, &line);
        put(w, line.data, line.len, 1);
        *ret = w;
        return S_OK;
}

void mock_trace_write(struct mock_trace_writer *w, const struct mock_record *r) {
        mock_trace_write_all(w, r, 1);
}

void mock_trace_write_all(struct mock_trace_writer *w, const struct mock_record *records, size_t n) {
        _cleanup_buf_ struct hcs_buf lines = {0};

        hcs_buf_reserve(&lines, 1024);
        for (size_t i = 0; i < n; i++)
                mock_record_print(&records[i], &lines);
        put(w, lines.data, lines.len, n);
}

uint64_t mock_trace_writer_lost(const struct mock_trace_writer *w) {
        return w->lost;
}
