/* SPDX-License-Identifier: MIT */

/* The bridge of host.h: sockets, frames, answers. Processes and streams are in host_process.c. */

#include "integration/guest/host.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/guest/host_private.h"
#include "platform/clock.h"

void host_init(struct host *h, const char *path, const char *const *agent) {
        *h = (struct host){.path = path,
                           .agent = agent,
                           .listener = -1,
                           .bridge = -1,
                           .next_id = 1,
                           .next_port = HCS_GCS_PORT_STDIO,
                           .limit_ms = agent ? 60000 : 180000}; /* a machine may be emulated, on a host that is busy */
        h->answers = hcs_json_new_object();
        h->notifications = hcs_json_new_array();
}

void host_deinit(struct host *h) {
        host_kill_agent(h);
        host_hang_up(h);
        host_close(&h->listener);
        hcs_json_free(h->answers);
        hcs_json_free(h->notifications);
        hcs_buf_deinit(&h->reason);
}

void host_fail(struct host *h, const char *file, int line, const char *fmt, ...) {
        va_list ap;

        hcs_buf_clear(&h->reason);
        hcs_buf_printf(&h->reason, "%s:%d: ", strrchr(file, '/') ? strrchr(file, '/') + 1 : file, line);
        va_start(ap, fmt);
        hcs_buf_vprintf(&h->reason, fmt, ap);
        va_end(ap);
        longjmp(h->failed, 1);
}

void host_close(int *fd) {
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}

static struct sockaddr_un address_of(const struct host *h, uint32_t port) {
        struct sockaddr_un addr = {.sun_family = AF_UNIX};

        snprintf(addr.sun_path, sizeof(addr.sun_path), "%s_%u", h->path, port);
        return addr;
}

int host_knock(struct host *h, uint32_t port) {
        struct sockaddr_un addr = address_of(h, port);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
                host_close(&fd);
        return fd;
}

int host_listen(struct host *h, uint32_t port) {
        struct sockaddr_un addr = address_of(h, port);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        unlink(addr.sun_path);
        if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 64) < 0)
                fail("listen on %s: %s", addr.sun_path, strerror(errno));
        return fd;
}

void host_unlink(struct host *h, uint32_t port) {
        _cleanup_free_ char *path = hcs_asprintf("%s_%u", h->path, port);

        unlink(path);
}

void host_await(struct host *h, int fd, short events, const char *what) {
        struct pollfd p = {.fd = fd, .events = events};
        int r;

        while ((r = poll(&p, 1, (int)h->limit_ms)) < 0 && errno == EINTR)
                ;
        if (r <= 0)
                fail("%s: nothing came within %lld ms", what, (long long)h->limit_ms);
}

int host_accept_on(struct host *h, int listener, const char *what) {
        int fd;

        host_await(h, listener, POLLIN, what);
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
                fail("accept %s: %s", what, strerror(errno));
        return fd;
}

static void start_agent(struct host *h) {
        pid_t pid = fork();

        if (pid == 0) {
                execvp(h->agent[0], (char *const *)h->agent);
                _exit(127);
        }
        h->agent_pid = pid;
}

void host_kill_agent(struct host *h) {
        if (h->agent_pid > 0) {
                kill(h->agent_pid, SIGKILL);
                waitpid(h->agent_pid, NULL, 0);
        }
        h->agent_pid = 0;
}

bool host_agent_lives(struct host *h) {
        if (h->agent_pid > 0 && waitpid(h->agent_pid, NULL, WNOHANG) == h->agent_pid)
                h->agent_pid = 0;
        return !h->agent || h->agent_pid > 0;
}

void host_accept(struct host *h) {
        if (h->listener < 0)
                h->listener = host_listen(h, HCS_GCS_PORT_BRIDGE);
        if (h->agent && !host_agent_lives(h))
                start_agent(h);
        else if (h->agent && h->agent_pid == 0)
                start_agent(h);
        h->bridge = host_accept_on(h, h->listener, "the agent's bridge");
        hcs_gcs_reader_init(&h->reader, HCS_GCS_MAX_TO_HOST);
        h->connections++;
}

void host_hang_up(struct host *h) {
        if (h->bridge >= 0)
                hcs_gcs_reader_deinit(&h->reader);
        host_close(&h->bridge);
}

void host_send_bytes(struct host *h, const void *bytes, size_t n) {
        const char *p = bytes;

        while (n) {
                ssize_t w = send(h->bridge, p, n, MSG_NOSIGNAL);

                if (w < 0 && errno == EINTR)
                        continue;
                if (w <= 0)
                        fail("the bridge takes nothing: %s", strerror(errno));
                p += w;
                n -= (size_t)w;
        }
}

void host_send_frame(struct host *h, uint32_t type, uint64_t id, const char *body, size_t len) {
        _cleanup_buf_ struct hcs_buf frame = {0};

        hcs_gcs_frame_append(&frame, type, id, body, len, NULL);
        host_send_bytes(h, frame.data, frame.len);
}

uint64_t host_send(struct host *h, uint32_t type, const char *body) {
        uint64_t id = h->next_id++;

        host_send_frame(h, type, id, body, strlen(body));
        return id;
}

static void keep(struct host *h, const struct hcs_gcs_frame *f) {
        struct hcs_json *j = NULL;
        char key[32];

        if (FAILED(hcs_json_parse(f->body, f->len, NULL, &j, NULL)))
                fail("the agent sent no JSON: %.*s", (int)f->len, f->body);
        if (f->type == HCS_GCS_NOTIFY_CONTAINER) {
                hcs_json_append(h->notifications, j);
                return;
        }
        snprintf(key, sizeof(key), "%llu", (unsigned long long)f->id);
        hcs_json_set_u64(j, "#type", f->type);
        hcs_json_set(h->answers, key, j);
}

/* Takes in what the agent sends; false when it hung up. */
static bool receive(struct host *h) {
        struct hcs_gcs_frame f;
        size_t room;
        void *at = hcs_gcs_reader_room(&h->reader, &room);
        ssize_t n = read(h->bridge, at, room);
        HRESULT hr;

        if (n < 0 && errno == EINTR)
                return true;
        if (n <= 0)
                return false;
        hcs_gcs_reader_fed(&h->reader, (size_t)n);
        while ((hr = hcs_gcs_reader_next(&h->reader, &f, NULL)) == S_OK)
                keep(h, &f);
        if (FAILED(hr))
                fail("the agent sent a frame of an impossible size");
        return true;
}

static struct hcs_json *take(struct host *h, uint64_t id) {
        struct hcs_json *j;
        char key[32];

        snprintf(key, sizeof(key), "%llu", (unsigned long long)id);
        j = hcs_json_get(h->answers, key);
        return j ? hcs_json_detach(h->answers, j) : NULL;
}

bool host_has_answer(struct host *h, uint64_t id, int ms) {
        uint64_t deadline = hcs_clock_ns() + (uint64_t)ms * HCS_NS_PER_MS;
        char key[32];

        snprintf(key, sizeof(key), "%llu", (unsigned long long)id);
        for (;;) {
                struct pollfd p = {.fd = h->bridge, .events = POLLIN};
                uint64_t now = hcs_clock_ns();

                if (hcs_json_get(h->answers, key))
                        return true;
                if (now > deadline || poll(&p, 1, (int)((deadline - now) / HCS_NS_PER_MS)) <= 0)
                        return false;
                if (!receive(h))
                        fail("the agent hung up");
        }
}

struct hcs_json *host_wait(struct host *h, uint64_t id) {
        struct hcs_json *j;

        while (!(j = take(h, id))) {
                host_await(h, h->bridge, POLLIN, "an answer");
                if (!receive(h))
                        fail("the agent hung up");
        }
        return j;
}

void host_wait_closed(struct host *h) {
        do
                host_await(h, h->bridge, POLLIN, "the end of the bridge");
        while (receive(h));
        host_hang_up(h);
}

HRESULT host_result(const struct hcs_json *answer) {
        int64_t v = INT64_MIN;

        hcs_json_i64(hcs_json_get(answer, "Result"), &v);
        return (HRESULT)v;
}

static struct hcs_json *call(struct host *h, uint32_t rpc, const char *fmt, va_list ap) {
        _cleanup_free_ char *body = hcs_vasprintf(fmt, ap);
        struct hcs_json *answer = host_wait(h, host_send(h, HCS_GCS_REQUEST | rpc, body));
        uint64_t type = 0;

        hcs_json_u64(hcs_json_get(answer, "#type"), &type);
        if (type != (HCS_GCS_RESPONSE | rpc))
                fail("the answer's type is 0x%llx", (unsigned long long)type);
        return answer;
}

struct hcs_json *host_call(struct host *h, uint32_t rpc, const char *fmt, ...) {
        struct hcs_json *answer;
        va_list ap;

        va_start(ap, fmt);
        answer = call(h, rpc, fmt, ap);
        va_end(ap);
        return answer;
}

char *host_call_failing(struct host *h, uint32_t rpc, HRESULT expected, const char *fmt, ...) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        const char *message;
        va_list ap;

        va_start(ap, fmt);
        answer = call(h, rpc, fmt, ap);
        va_end(ap);
        message = hcs_json_get_string(answer, "ErrorMessage");
        if (host_result(answer) != expected)
                fail("Result is 0x%08x, not 0x%08x (%s)", (unsigned)host_result(answer), (unsigned)expected,
                     message ? message : "");
        if (!message || hcs_json_count(hcs_json_get(answer, "ErrorRecords")) != 1)
                fail("a failure has a message and a record");
        return hcs_strdup(message);
}

void host_call_ok(struct host *h, uint32_t rpc, const char *fmt, ...) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        va_list ap;

        va_start(ap, fmt);
        answer = call(h, rpc, fmt, ap);
        va_end(ap);
        if (host_result(answer) != S_OK)
                fail("Result is 0x%08x (%s)", (unsigned)host_result(answer),
                     hcs_json_get_string(answer, "ErrorMessage"));
}

#define MODIFY \
        "{\"ContainerId\":\"" UVM "\",\"Request\":{\"RequestType\":\"%s\",\"ResourceType\":\"%s\",\"Settings\":%s}}"

void host_modify(struct host *h, const char *request, const char *resource, const char *fmt, ...) {
        _cleanup_free_ char *settings = NULL;
        va_list ap;

        va_start(ap, fmt);
        settings = hcs_vasprintf(fmt, ap);
        va_end(ap);
        host_call_ok(h, HCS_GCS_MODIFY_SETTINGS, MODIFY, request, resource, settings);
}

char *host_modify_failing(struct host *h, const char *request, const char *resource, const char *fmt, ...) {
        _cleanup_free_ char *settings = NULL;
        va_list ap;

        va_start(ap, fmt);
        settings = hcs_vasprintf(fmt, ap);
        va_end(ap);
        return host_call_failing(h, HCS_GCS_MODIFY_SETTINGS, E_FAIL, MODIFY, request, resource, settings);
}

void host_negotiate(struct host *h) {
        host_call_ok(h, HCS_GCS_NEGOTIATE_PROTOCOL,
                     "{\"ContainerId\":\"\",\"ActivityId\":\"" UVM "\",\"MinimumVersion\":4,\"MaximumVersion\":4}");
}

static struct hcs_json *find_notification(struct host *h, const char *container) {
        for (struct hcs_json *n = hcs_json_first(h->notifications); n; n = hcs_json_next(n))
                if (hcs_streq(hcs_json_get_string(n, "ContainerId"), container))
                        return n;
        return NULL;
}

char *host_notification(struct host *h, const char *container) {
        _cleanup_json_ struct hcs_json *n = NULL;

        while (!find_notification(h, container)) {
                host_await(h, h->bridge, POLLIN, "a notification");
                if (!receive(h))
                        fail("the agent hung up");
        }
        n = hcs_json_detach(h->notifications, find_notification(h, container));
        return hcs_strdup(hcs_json_get_string(n, "Type"));
}

size_t host_notification_count(struct host *h, const char *container) {
        size_t count = 0;

        for (struct hcs_json *n = hcs_json_first(h->notifications); n; n = hcs_json_next(n))
                count += hcs_streq(hcs_json_get_string(n, "ContainerId"), container);
        return count;
}
