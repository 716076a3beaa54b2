/* SPDX-License-Identifier: MIT */

/* The rig of integration/vm/rig.h. */

#include "integration/vm/rig.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "integration/vm/pattern.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define BOOT_TIMEOUT   (120ull * HCS_NS_PER_S) /* two shared cores and several such tests */
#define ANSWER_TIMEOUT 120000

static void die(const char *what, struct hcs_error *err) {
        _cleanup_free_ char *text = err ? hcs_error_format(err) : hcs_strdup(strerror(errno));

        fprintf(stderr, "%s: %s\n", what, text);
        exit(1);
}

void rig_skip_unless_possible(void) {
        const char *kernel = getenv("VM_KERNEL"), *initrd = getenv("VM_INITRD");

        if (system("command -v qemu-system-x86_64 >/dev/null") != 0) {
                fputs("SKIPPED: qemu-system-x86_64 is not installed (ci/setup installs it)\n", stderr);
                exit(77);
        }
        if (!kernel || !initrd || access(kernel, R_OK) < 0 || access(initrd, R_OK) < 0) {
                fputs("VM_KERNEL and VM_INITRD must name a kernel and the test guest's initrd\n", stderr);
                exit(1);
        }
}

struct vm_options rig_options(const char *argument) {
        static char line[256];

        snprintf(line, sizeof(line), "console=ttyS0 quiet panic=-1 -- %s", argument ? argument : "");
        return (struct vm_options){
                .name = "test",
                .kernel = getenv("VM_KERNEL"),
                .initrd = getenv("VM_INITRD"),
                .command_line = line,
                .processors = 2,
                .memory_mb = 256,
                .run_base = getenv("VM_RUN_BASE"),
        };
}

void rig_prepare(struct rig *r, const struct vm_options *options) {
        struct hcs_error *err = NULL;

        *r = (struct rig){.control = -1, .listener = -1};
        if (FAILED(vm_new(options, &r->vm, &err)))
                die("make the machine", err);
        r->listener = rig_listen(r, GUEST_CONTROL);
}

static void ended(void *ctx, struct vm *vm) {
        /* Wakes the accept below: nobody will call any more. */
        shutdown(((struct rig *)ctx)->listener, SHUT_RDWR);
}

HRESULT rig_wait(struct rig *r, uint64_t deadline_ns, struct hcs_error **err) {
        struct pollfd p = {.fd = r->listener, .events = POLLIN};
        uint64_t now = hcs_clock_ns();
        int timeout = deadline_ns > now ? (int)((deadline_ns - now) / HCS_NS_PER_MS) : 0;

        if (poll(&p, 1, timeout) == 0)
                return vm_fail(r->vm, HCS_E_CONNECTION_TIMEOUT, err, "wait for the guest");
        r->control = accept(r->listener, NULL, NULL);
        r->dialled_ns = hcs_clock_ns();
        if (r->control < 0)
                return vm_fail(r->vm, HCS_E_CONNECTION_CLOSED, err, "wait for the guest");
        return S_OK;
}

void rig_start(struct rig *r, const struct vm_options *options) {
        struct hcs_error *err = NULL;
        struct vm_options o = *options;

        o.ended = ended;
        o.ctx = r;
        rig_prepare(r, &o);
        r->started_ns = hcs_clock_ns();
        if (FAILED(vm_start(r->vm, r->started_ns + BOOT_TIMEOUT, &err)) ||
            FAILED(rig_wait(r, r->started_ns + BOOT_TIMEOUT, &err)))
                die("boot", err);
        while (!memchr(r->in, '\n', r->in_len)) {
                ssize_t n = read(r->control, r->in + r->in_len, sizeof(r->in) - r->in_len);

                if (n <= 0)
                        die("the guest's greeting", NULL);
                r->in_len += (size_t)n;
        }
        r->in_len = 0;
}

void rig_stop(struct rig *r) {
        r->vm = vm_free(r->vm);
        if (r->control >= 0)
                close(r->control);
        if (r->listener >= 0)
                close(r->listener);
}

static int open_socket(struct rig *r, struct sockaddr_un *a, const char *fmt, unsigned port) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        size_t n;

        *a = (struct sockaddr_un){.sun_family = AF_UNIX};
        n = (size_t)snprintf(a->sun_path, sizeof(a->sun_path), "%s/v.sock", vm_folder(r->vm));
        if (fmt)
                snprintf(a->sun_path + n, sizeof(a->sun_path) - n, "_%u", port);
        return fd;
}

int rig_listen(struct rig *r, unsigned port) {
        struct sockaddr_un a;
        int fd = open_socket(r, &a, "_", port);

        unlink(a.sun_path); /* of an earlier listener on the port */
        if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1024) < 0)
                die("listen", NULL);
        return fd;
}

int rig_dial(struct rig *r, unsigned port) {
        struct sockaddr_un a;
        int fd = open_socket(r, &a, NULL, 0);
        char line[64];
        size_t n = 0;

        if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
                die("connect", NULL);
        dprintf(fd, "CONNECT %u\n", port);
        do {
                if (n + 1 >= sizeof(line) || read(fd, line + n, 1) != 1) {
                        close(fd);
                        return -1;
                }
        } while (line[n++] != '\n');
        return strncmp(line, "OK ", 3) == 0 ? fd : -1;
}

void rig_order(struct rig *r, const char *line) {
        dprintf(r->control, "%s\n", line);
}

unsigned rig_tell(struct rig *r, const char *fmt, ...) {
        _cleanup_free_ char *command = NULL;
        va_list ap;

        va_start(ap, fmt);
        command = hcs_vasprintf(fmt, ap);
        va_end(ap);
        dprintf(r->control, "%u %s\n", ++r->next_id, command);
        return r->next_id;
}

/* Takes the answer to id out of what has come. */
static bool find_answer(struct rig *r, unsigned id, char *out, size_t size) {
        for (char *line = r->in, *end; (end = memchr(line, '\n', r->in_len - (size_t)(line - r->in))); line = end + 1) {
                char *text = line + 5;

                *end = '\0';
                if (strncmp(line, "done ", 5) == 0 && strtoul(text, &text, 10) == id && *text == ' ') {
                        snprintf(out, size, "%s", text + 1);
                        memmove(line, end + 1, r->in_len - (size_t)(end + 1 - r->in));
                        r->in_len -= (size_t)(end + 1 - line);
                        return true;
                }
                *end = '\n';
        }
        return false;
}

const char *rig_answer(struct rig *r, unsigned id) {
        static char text[4096];

        while (!find_answer(r, id, text, sizeof(text))) {
                struct pollfd p = {.fd = r->control, .events = POLLIN};
                ssize_t n = 0;

                if (poll(&p, 1, ANSWER_TIMEOUT) > 0)
                        n = read(r->control, r->in + r->in_len, sizeof(r->in) - r->in_len);
                if (n <= 0) {
                        struct hcs_error *err = NULL;

                        vm_fail(r->vm, HCS_E_CONNECTION_TIMEOUT, &err, "wait for the answer to command %u", id);
                        die("the guest", err);
                }
                r->in_len += (size_t)n;
        }
        if (strncmp(text, "ok", 2) != 0) {
                fprintf(stderr, "the guest's command %u: %s\n", id, text);
                exit(1);
        }
        return text + 2 + (text[2] == ' ');
}
