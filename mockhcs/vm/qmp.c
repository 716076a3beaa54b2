/* SPDX-License-Identifier: MIT */

/* The QMP client of mockhcs/vm/qmp.h. */

#include "mockhcs/vm/qmp.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "platform/clock.h"
#include "platform/pipe.h"

#define LINE_LIMIT (4u << 20) /* the longest answer of QEMU is its schema, some 200 KiB */

struct qmp_question {
        struct qmp_question *next;
        uint64_t id;
        struct hcs_json *answer; /* the whole object; NULL until it came */
};

void qmp_init(struct qmp *q, HANDLE socket, void (*event)(void *, const char *, const struct hcs_json *), void *ctx) {
        *q = (struct qmp){.socket = socket, .event = event, .ctx = ctx};
        hcs_mutex_init(&q->lock);
        hcs_cond_init(&q->changed);
}

void qmp_deinit(struct qmp *q) {
        hcs_pipe_close(q->socket);
        hcs_buf_deinit(&q->in);
        hcs_cond_deinit(&q->changed);
        hcs_mutex_deinit(&q->lock);
}

void qmp_close(struct qmp *q) {
        hcs_guard(&q->lock);
        q->closed = true;
        hcs_cond_broadcast(&q->changed);
}

static void answer(struct qmp *q, struct hcs_json **message) {
        hcs_guard(&q->lock);
        uint64_t id;

        if (!hcs_json_u64(hcs_json_get(*message, "id"), &id))
                return;
        for (struct qmp_question *a = q->questions; a; a = a->next)
                if (a->id == id && !a->answer)
                        a->answer = steal_pointer(message);
        hcs_cond_broadcast(&q->changed);
}

static bool handle(struct qmp *q, const char *line, size_t len) {
        _cleanup_json_ struct hcs_json *message = NULL;
        const char *event;

        if (FAILED(hcs_json_parse(line, len, NULL, &message, NULL)))
                return false;
        event = hcs_json_get_string(message, "event");
        if (event) {
                q->event(q->ctx, event, hcs_json_get(message, "data"));
        } else if (hcs_json_get(message, "QMP")) {
                hcs_guard(&q->lock);
                q->greeted = true;
                hcs_cond_broadcast(&q->changed);
        } else {
                answer(q, &message);
        }
        return true;
}

static bool handle_lines(struct qmp *q) {
        size_t start = 0;
        char *end;

        while ((end = memchr(q->in.data + start, '\n', q->in.len - start))) {
                size_t len = (size_t)(end - (q->in.data + start));

                if (!handle(q, q->in.data + start, len && end[-1] == '\r' ? len - 1 : len))
                        return false;
                start += len + 1;
        }
        memmove(q->in.data, q->in.data + start, q->in.len - start);
        q->in.len -= start;
        return q->in.len <= LINE_LIMIT;
}

bool qmp_feed(struct qmp *q) {
        for (;;) {
                size_t n = 0;
                HRESULT hr;

                hcs_buf_reserve(&q->in, 4096);
                hr = hcs_pipe_read(q->socket, q->in.data + q->in.len, 4096, &n, NULL);
                if (hr == HCS_PIPE_WOULD_BLOCK)
                        return true;
                q->in.len += n;
                if (hr != S_OK || !handle_lines(q)) {
                        qmp_close(q);
                        return false;
                }
        }
}

static HRESULT closed(struct hcs_error **err) {
        return hcs_error_make(err, HCS_E_CONNECTION_CLOSED, "QEMU is gone");
}

static HRESULT timed_out(struct hcs_error **err) {
        return hcs_error_make(err, HCS_E_CONNECTION_TIMEOUT, "QEMU did not answer in time");
}

/* The first byte of a line brings the descriptor along: the socket is empty then, as commands are answered in turn. */
static HRESULT send_descriptor(struct qmp *q, int fd, const struct hcs_buf *line, size_t *ret, struct hcs_error **err) {
        union {
                char bytes[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control = {0};
        struct iovec first = {line->data, 1};
        struct msghdr m = {
                .msg_iov = &first, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);

        *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(c), &fd, sizeof(fd));
        if (sendmsg(hcs_abi_handle_to_fd(q->socket), &m, MSG_NOSIGNAL) != 1)
                return hcs_error_errno(err, errno, "give QEMU a descriptor");
        *ret = 1;
        return S_OK;
}

/* Commands are short and QEMU reads them at once, or hangs: then the deadline ends it. fd: -1 for none. */
static HRESULT send_line(struct qmp *q, const struct hcs_buf *line, int fd, uint64_t deadline_ns,
                         struct hcs_error **err) {
        struct hcs_poller *poller = NULL;
        size_t done = 0, n;
        HRESULT hr = hcs_poller_new(&poller, err);

        if (SUCCEEDED(hr) && fd >= 0)
                hr = send_descriptor(q, fd, line, &done, err);
        while (SUCCEEDED(hr) && done < line->len) {
                n = 0;
                hr = hcs_pipe_write(q->socket, line->data + done, line->len - done, &n, NULL);
                done += n;
                if (hr == HCS_PIPE_WOULD_BLOCK) {
                        struct hcs_poll_entry e = {.h = q->socket, .want_write = true};

                        hcs_poller_wait(poller, &e, 1, deadline_ns);
                        hr = e.writable ? S_OK : timed_out(err);
                } else if (FAILED(hr)) {
                        hr = closed(err);
                }
        }
        hcs_poller_free(poller);
        return hr;
}

static HRESULT outcome(const struct hcs_json *answer, struct hcs_json **ret, struct hcs_error **err) {
        const struct hcs_json *error = hcs_json_get(answer, "error");
        const char *class = hcs_json_get_string(error, "class"), *desc = hcs_json_get_string(error, "desc");

        if (error)
                return hcs_error_make(err, hcs_streq(class, "DeviceNotFound") ? HCS_WIN32(1168) : E_FAIL, "%s",
                                      desc ? desc : "QEMU gave no reason");
        if (ret)
                *ret = hcs_json_copy(hcs_json_get(answer, "return"));
        return S_OK;
}

/* Under the lock: commands go out one at a time. */
static HRESULT ask(struct qmp *q, struct qmp_question *a, const struct hcs_buf *line, int fd, uint64_t deadline_ns,
                   struct hcs_error **err) {
        HRESULT hr;

        if (q->closed)
                return closed(err);
        hr = send_line(q, line, fd, deadline_ns, err);
        while (SUCCEEDED(hr) && !a->answer) {
                if (q->closed)
                        hr = closed(err);
                else if (!hcs_cond_wait_until(&q->changed, &q->lock, deadline_ns) && !a->answer)
                        hr = timed_out(err);
        }
        return hr;
}

static HRESULT execute(struct qmp *q, const char *command, struct hcs_json *arguments, int fd, uint64_t deadline_ns,
                       struct hcs_json **ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *message = hcs_json_new_object();
        _cleanup_buf_ struct hcs_buf line = {0};
        struct qmp_question a = {0}, **p;
        HRESULT hr;

        hcs_json_set_string(message, "execute", command);
        if (arguments)
                hcs_json_set(message, "arguments", arguments);
        {
                hcs_guard(&q->lock);
                a.id = ++q->next_id;
                hcs_json_set_u64(message, "id", a.id);
                hcs_json_print(message, HCS_JSON_COMPACT, &line);
                hcs_buf_putc(&line, '\n');
                a.next = q->questions;
                q->questions = &a;
                hr = ask(q, &a, &line, fd, deadline_ns, err);
                for (p = &q->questions; *p != &a;)
                        p = &(*p)->next;
                *p = a.next;
        }
        if (SUCCEEDED(hr))
                hr = outcome(a.answer, ret, err);
        hcs_json_free(a.answer);
        if (FAILED(hr))
                hcs_error_wrap(err, "QMP %s", command);
        return hr;
}

HRESULT qmp_execute(struct qmp *q, const char *command, struct hcs_json *arguments, uint64_t deadline_ns,
                    struct hcs_json **ret, struct hcs_error **err) {
        return execute(q, command, arguments, -1, deadline_ns, ret, err);
}

HRESULT qmp_give(struct qmp *q, int fd, const char *name, uint64_t deadline_ns, struct hcs_error **err) {
        struct hcs_json *arguments = hcs_json_new_object();

        hcs_json_set_string(arguments, "fdname", name);
        return execute(q, "getfd", arguments, fd, deadline_ns, NULL, err);
}

HRESULT qmp_negotiate(struct qmp *q, uint64_t deadline_ns, struct hcs_error **err) {
        HRESULT hr = S_OK;

        {
                hcs_guard(&q->lock);
                while (SUCCEEDED(hr) && !q->greeted) {
                        if (q->closed)
                                hr = closed(err);
                        else if (!hcs_cond_wait_until(&q->changed, &q->lock, deadline_ns) && !q->greeted)
                                hr = timed_out(err);
                }
        }
        return SUCCEEDED(hr) ? qmp_execute(q, "qmp_capabilities", NULL, deadline_ns, NULL, err) : hr;
}
