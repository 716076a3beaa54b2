/* SPDX-License-Identifier: MIT */

/*
 * The smallest guest that is of use: a static /init that loads the modules of the image, dials the host and does what
 * it is told, line by line, each in a process of its own; it answers with "done ID ok" or "done ID what is wrong". Its
 * first argument makes it something else: "panic", "hang", "sh".
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest_net.h"
#include "pattern.h"

#define BLOCK 65536

static int control = -1;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...) {
        char line[4096];
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
        va_end(ap);
        line[n++] = '\n';
        (void)!write(control >= 0 ? control : 1, line, (size_t)n);
}

static void load_modules(void) {
        FILE *f = fopen("/lib/modules/modules.load", "re");
        char path[256];

        while (f && fgets(path, sizeof(path), f)) {
                int fd;

                path[strcspn(path, "\n")] = '\0';
                if (path[0] != '/')
                        continue;
                fd = open(path, O_RDONLY | O_CLOEXEC);
                if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0)
                        printf("guest: %s: %s\n", path, strerror(errno));
                if (fd >= 0)
                        close(fd);
        }
        if (f)
                fclose(f);
}

static int dial(unsigned port) {
        struct sockaddr_vm a = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = port};
        int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
                return fd;
        if (fd >= 0)
                close(fd);
        return -1;
}

static void serve(unsigned port, void (*fn)(int fd)) {
        struct sockaddr_vm a = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port};
        int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;

        if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 128) < 0) {
                printf("guest: listen on %u: %s\n", port, strerror(errno));
                return;
        }
        if (fork() != 0) {
                close(fd);
                return;
        }
        while ((peer = accept(fd, NULL, NULL)) >= 0) {
                if (fork() == 0) {
                        fn(peer);
                        _exit(0);
                }
                close(peer);
        }
        _exit(0);
}

static int write_all(int fd, const void *data, size_t n) {
        const char *p = data;

        while (n > 0) {
                ssize_t done = write(fd, p, n);

                if (done <= 0)
                        return -1;
                p += done;
                n -= (size_t)done;
        }
        return 0;
}

static void echo(int fd) {
        static char data[BLOCK];
        ssize_t n;

        while ((n = read(fd, data, sizeof(data))) > 0)
                if (write_all(fd, data, (size_t)n) < 0)
                        return;
}

static void sink(int fd) {
        static char data[BLOCK];

        while (read(fd, data, sizeof(data)) > 0)
                continue;
}

/* Sends the pattern and checks what comes back, both at once. */
static const char *run_echo(unsigned port, uint64_t bytes, uint32_t seed) {
        static uint8_t out[BLOCK], in[BLOCK];
        int fd = dial(port);
        uint64_t sent = 0, got = 0;
        pid_t writer;

        if (fd < 0)
                return "cannot connect";
        writer = fork();
        if (writer == 0) {
                for (; sent < bytes; sent += sizeof(out)) {
                        size_t n = bytes - sent < sizeof(out) ? (size_t)(bytes - sent) : sizeof(out);

                        pattern_fill(out, n, sent, seed);
                        if (write_all(fd, out, n) < 0)
                                _exit(1);
                }
                shutdown(fd, SHUT_WR);
                _exit(0);
        }
        for (;;) {
                ssize_t n = read(fd, in, sizeof(in));

                if (n < 0)
                        return strerror(errno);
                if (n == 0)
                        break;
                if (!pattern_is(in, (size_t)n, got, seed))
                        return "other bytes";
                got += (uint64_t)n;
        }
        waitpid(writer, NULL, 0);
        close(fd);
        return got == bytes ? NULL : "too few bytes";
}

static const char *run_connects(unsigned port, unsigned long n) {
        for (unsigned long i = 0; i < n; i++) {
                int fd = dial(port);

                if (fd < 0)
                        return strerror(errno);
                close(fd);
        }
        return NULL;
}

/* Says one thing, ends its half, and hears the answer that comes only then. */
static const char *run_half(unsigned port) {
        char data[16] = {0};
        int fd = dial(port);
        ssize_t n;

        if (fd < 0)
                return "cannot connect";
        if (write_all(fd, "question", 8) < 0 || shutdown(fd, SHUT_WR) < 0)
                return "cannot ask";
        n = read(fd, data, sizeof(data));
        if (n != 6 || memcmp(data, "answer", 6) != 0)
                return "no answer";
        return read(fd, data, sizeof(data)) == 0 ? NULL : "no end";
}

static const char *run_send(unsigned port, uint64_t bytes) {
        static uint8_t out[BLOCK];
        int fd = dial(port);
        char byte;

        if (fd < 0)
                return "cannot connect";
        for (uint64_t sent = 0; sent < bytes; sent += sizeof(out))
                if (write_all(fd, out, sizeof(out)) < 0)
                        return "cannot send";
        shutdown(fd, SHUT_WR);
        return read(fd, &byte, 1) == 0 ? NULL : "no end"; /* the host has read all of it */
}

/* Round trips of 64 bytes, one after the other; the other end echoes. */
static const char *run_trips(unsigned port, unsigned long n) {
        char data[64] = {0};
        int fd = dial(port);

        if (fd < 0)
                return "cannot connect";
        for (unsigned long i = 0; i < n; i++) {
                size_t got = 0;

                if (write_all(fd, data, sizeof(data)) < 0)
                        return "cannot send";
                while (got < sizeof(data)) {
                        ssize_t r = read(fd, data, sizeof(data) - got);

                        if (r <= 0)
                                return "cannot read";
                        got += (size_t)r;
                }
        }
        return NULL;
}

/* A file of sysfs without its newline; "" when it is not there. */
static const char *text_of(const char *folder, const char *entry, const char *file, char buf[static 256]) {
        char path[512];
        ssize_t n = -1;
        int fd;

        snprintf(path, sizeof(path), "%s/%s/%s", folder, entry, file);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
                n = read(fd, buf, 255);
                close(fd);
        }
        buf[n > 0 ? n : 0] = '\0';
        buf[strcspn(buf, "\n")] = '\0';
        return buf;
}

/* What is there, in one line: entries of a folder of /sys with the content of one of their files. */
static void list(const char *id, const char *folder, const char *file) {
        char line[3000] = "", text[256];
        DIR *d = opendir(folder);
        struct dirent *e;
        size_t n = 0;

        while (d && (e = readdir(d)))
                if (e->d_name[0] != '.')
                        n += (size_t)snprintf(line + n, sizeof(line) - n, " %s=%s", e->d_name,
                                              text_of(folder, e->d_name, file, text));
        if (d)
                closedir(d);
        say("done %s ok%s", id, line);
}

static void memory(const char *id) {
        FILE *f = fopen("/proc/meminfo", "re");
        unsigned long kb = 0;

        if (!f || fscanf(f, "MemTotal: %lu kB", &kb) != 1)
                kb = 0;
        if (f)
                fclose(f);
        say("done %s ok %lu", id, kb);
}

static void run(char *line) {
        char *id = strtok(line, " "), *verb = strtok(NULL, " "), *word[4];
        uint64_t a[4] = {0};
        const char *wrong = NULL;

        for (int i = 0; i < 4; i++) {
                word[i] = strtok(NULL, " ");
                a[i] = word[i] ? strtoull(word[i], NULL, 0) : 0;
        }
        if (!verb)
                return;
        if (strcmp(verb, "list") == 0 && word[1]) {
                list(id, word[0], word[1]);
                return;
        }
        if (strcmp(verb, "memory") == 0) {
                memory(id);
                return;
        }
        if (strcmp(verb, "echo") == 0)
                wrong = run_echo((unsigned)a[0], a[1], (uint32_t)a[2]);
        else if (strcmp(verb, "connects") == 0)
                wrong = run_connects((unsigned)a[0], (unsigned long)a[1]);
        else if (strcmp(verb, "half") == 0)
                wrong = run_half((unsigned)a[0]);
        else if (strcmp(verb, "send") == 0)
                wrong = run_send((unsigned)a[0], a[1]);
        else if (strcmp(verb, "trips") == 0)
                wrong = run_trips((unsigned)a[0], (unsigned long)a[1]);
        else if (strcmp(verb, "configure") == 0)
                wrong = net_configure(word[0], word[1], (unsigned)a[2], word[3]);
        else if (strcmp(verb, "ping") == 0)
                wrong = net_ping(word[0]);
        else if (strcmp(verb, "knock") == 0)
                wrong = net_knock(word[0], (unsigned)a[1]);
        else if (strcmp(verb, "net-send") == 0)
                wrong = net_send(word[0], (unsigned)a[1], a[2]);
        else if (strcmp(verb, "net-serve") == 0)
                wrong = net_serve((unsigned)a[0]);
        else
                wrong = "no such command";
        say("done %s %s", id, wrong ? wrong : "ok");
}

static void obey(void) {
        FILE *in = fdopen(dup(control), "re");
        char line[512];

        while (in && fgets(line, sizeof(line), in)) {
                line[strcspn(line, "\n")] = '\0';
                if (strcmp(line, "panic") == 0)
                        exit(1); /* the kernel does not go on without us */
                if (strcmp(line, "off") == 0)
                        reboot(RB_POWER_OFF);
                if (strcmp(line, "reset") == 0)
                        reboot(RB_AUTOBOOT);
                if (fork() == 0) {
                        run(line);
                        _exit(0);
                }
        }
}

/* At the console: one line is heard and said again. */
static void be_shell(void) {
        char line[256];

        printf("guest: what?\n");
        if (fgets(line, sizeof(line), stdin))
                printf("guest: heard %s", line);
        fsync(1); /* the console is slow */
        reboot(RB_POWER_OFF);
}

int main(int argc, char **argv) {
        mount("dev", "/dev", "devtmpfs", 0, "");
        mount("proc", "/proc", "proc", 0, "");
        mount("sys", "/sys", "sysfs", 0, "");
        signal(SIGCHLD, SIG_IGN); /* nobody waits for most of them */
        setvbuf(stdout, NULL, _IONBF, 0);
        load_modules();
        printf("guest: hello\n");
        if (argc > 2 && strcmp(argv[1], "-e") == 0) { /* entropy, which this init does not want */
                argv += 2;
                argc -= 2;
        }
        if (argc > 1 && strcmp(argv[1], "panic") == 0)
                return 1;
        if (argc > 1 && strcmp(argv[1], "hang") == 0)
                for (;;)
                        pause();
        if (argc > 1 && strcmp(argv[1], "sh") == 0)
                be_shell();
        serve(GUEST_ECHO, echo);
        serve(GUEST_SINK, sink);
        while ((control = dial(GUEST_CONTROL)) < 0)
                poll(NULL, 0, 20);
        say("hello");
        obey();
        reboot(RB_POWER_OFF); /* the host is gone */
        return 0;
}
