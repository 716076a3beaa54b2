/* SPDX-License-Identifier: MIT */

/* Processes and their streams, for the host of host.h. */

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/guest/host_private.h"

char *quoted(const char *text) {
        struct hcs_buf b = {0};

        hcs_json_print_string(text, strlen(text), HCS_JSON_COMPACT, &b);
        return hcs_buf_steal(&b);
}

struct stdio {
        uint32_t ports[3];
        int listeners[3];
};

static struct stdio listen_for(struct host *h, unsigned streams) {
        struct stdio s = {.listeners = {-1, -1, -1}};

        for (unsigned i = 0; i < 3; i++)
                if (streams & (1u << i)) {
                        s.ports[i] = h->next_port++;
                        s.listeners[i] = host_listen(h, s.ports[i]);
                }
        return s;
}

static void stop_listening(struct host *h, struct stdio *s) {
        for (unsigned i = 0; i < 3; i++) {
                if (s->listeners[i] >= 0)
                        host_unlink(h, s->ports[i]);
                host_close(&s->listeners[i]);
        }
}

static struct hcs_json *send_exec(struct host *h, const char *container, unsigned streams, const struct stdio *s,
                                  const char *params) {
        _cleanup_json_ struct hcs_json *p = NULL;
        _cleanup_free_ char *text = NULL, *string = NULL, *cid = quoted(container);

        check(SUCCEEDED(hcs_json_parse_cstr(params, &p, NULL)), "%s", params);
        if (streams & STREAM_IN)
                hcs_json_set_bool(p, "CreateStdInPipe", true);
        if (streams & STREAM_OUT)
                hcs_json_set_bool(p, "CreateStdOutPipe", true);
        if (streams & STREAM_ERR)
                hcs_json_set_bool(p, "CreateStdErrPipe", true);
        text = hcs_json_text(p, HCS_JSON_COMPACT);
        string = quoted(text);
        return host_call(h, HCS_GCS_EXECUTE_PROCESS,
                         "{\"ContainerId\":%s,\"ActivityId\":\"" UVM "\",\"Settings\":{\"ProcessParameters\":%s,"
                         "\"VsockStdioRelaySettings\":{\"StdIn\":%u,\"StdOut\":%u,\"StdErr\":%u}}}",
                         cid, string, s->ports[0], s->ports[1], s->ports[2]);
}

struct process host_exec(struct host *h, const char *container, unsigned streams, const char *params) {
        struct process p = {.container = container, .in = -1, .out = -1, .err = -1};
        struct stdio s = listen_for(h, streams);
        _cleanup_json_ struct hcs_json *answer = send_exec(h, container, streams, &s, params);
        int *const ends[] = {&p.in, &p.out, &p.err};
        uint64_t pid = 0;

        if (host_result(answer) != S_OK) {
                stop_listening(h, &s);
                fail("exec: 0x%08x %s", (unsigned)host_result(answer), hcs_json_get_string(answer, "ErrorMessage"));
        }
        /* An agent dials before it answers, so all are waiting by now. */
        for (unsigned i = 0; i < 3; i++)
                if (s.listeners[i] >= 0)
                        *ends[i] = host_accept_on(h, s.listeners[i], "a stream");
        stop_listening(h, &s);
        check(hcs_json_u64(hcs_json_get(answer, "ProcessId"), &pid) && pid > 0, "no ProcessId");
        p.pid = (uint32_t)pid;
        return p;
}

char *host_exec_failing(struct host *h, const char *container, unsigned streams, HRESULT expected, const char *params) {
        struct stdio s = listen_for(h, streams);
        _cleanup_json_ struct hcs_json *answer = send_exec(h, container, streams, &s, params);
        const char *message = hcs_json_get_string(answer, "ErrorMessage");

        stop_listening(h, &s);
        check(host_result(answer) == expected, "0x%08x %s", (unsigned)host_result(answer), message ? message : "");
        return hcs_strdup(message ? message : "");
}

uint32_t host_wait_process(struct host *h, const struct process *p) {
        _cleanup_free_ char *cid = quoted(p->container);
        _cleanup_json_ struct hcs_json *answer =
                host_call(h, HCS_GCS_WAIT_FOR_PROCESS,
                          "{\"ContainerId\":%s,\"ActivityId\":\"" UVM "\",\"ProcessId\":%u,\"TimeoutInMs\":4294967295}",
                          cid, p->pid);
        uint64_t code = 0;

        check(host_result(answer) == S_OK, "wait: 0x%08x", (unsigned)host_result(answer));
        check(hcs_json_u64(hcs_json_get(answer, "ExitCode"), &code), "no ExitCode");
        return (uint32_t)code;
}

char *host_read_all(struct host *h, int fd) {
        struct hcs_buf b = {0};
        char chunk[65536];
        ssize_t n;

        for (;;) {
                host_await(h, fd, POLLIN, "a stream's data");
                n = read(fd, chunk, sizeof(chunk));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return hcs_buf_steal(&b);
                hcs_buf_append(&b, chunk, (size_t)n);
        }
}

void host_write(struct host *h, int fd, const char *text) {
        size_t n = strlen(text);

        while (n) {
                ssize_t w = send(fd, text, n, MSG_NOSIGNAL);

                /* A process that has ended takes no input. */
                if (w < 0 && errno == EPIPE)
                        return;
                check(w > 0 || errno == EINTR, "%s", strerror(errno));
                text += w > 0 ? w : 0;
                n -= w > 0 ? (size_t)w : 0;
        }
}

void outcome_deinit(struct outcome *o) {
        free(o->out);
        free(o->err);
        *o = (struct outcome){0};
}

void host_run(struct host *h, const char *container, const char *params, const char *input, struct outcome *ret) {
        struct process p = host_exec(h, container, input ? STREAM_ALL : STREAM_OUT | STREAM_ERR, params);

        if (input) {
                host_write(h, p.in, input);
                shutdown(p.in, SHUT_WR);
        }
        ret->out = host_read_all(h, p.out);
        ret->err = host_read_all(h, p.err);
        host_close(&p.out);
        host_close(&p.err);
        ret->exit_code = host_wait_process(h, &p);
        host_close(&p.in);
}

void outcome_check(struct host *h, struct outcome *o, uint32_t code, const char *out) {
        check(o->exit_code == code, "exit code %u: %s%s", o->exit_code, o->out, o->err);
        check(!out || hcs_streq(o->out, out), "stdout: %s stderr: %s", o->out, o->err);
        outcome_deinit(o);
}

char *host_sh(struct host *h, const char *fmt, ...) {
        _cleanup_free_ char *script = NULL, *string = NULL, *params = NULL;
        struct outcome o = {0};
        char *out;
        va_list ap;

        va_start(ap, fmt);
        script = hcs_vasprintf(fmt, ap);
        va_end(ap);
        string = quoted(script);
        params = hcs_asprintf("{\"CommandArgs\":[\"/bin/sh\",\"-c\",%s],\"WorkingDirectory\":\"/\","
                              "\"Environment\":{\"PATH\":\"/usr/sbin:/usr/bin:/sbin:/bin\"}}",
                              string);
        host_run(h, UVM, params, NULL, &o);
        check(o.exit_code == 0, "%s: exit code %u: %s%s", script, o.exit_code, o.out, o.err);
        out = steal_pointer(&o.out);
        outcome_deinit(&o);
        if (*out && out[strlen(out) - 1] == '\n')
                out[strlen(out) - 1] = '\0';
        return out;
}
