/* SPDX-License-Identifier: MIT */

/*
 * Runs a program with its standard streams on vsock ports of the host.
 *
 *   vsockexec [-r] [-i PORT] [-o PORT] [-e PORT] PROGRAM ARGUMENT...
 *
 * Ports that are equal are one connection. With -r the program writes to a pipe instead, of which everything goes to
 * the port of -e, or of -o, through connections that are made again as often as they break: for logs that outlive their
 * host. There is no input with -r. Source of flags and exit codes: hcsshim vsockexec.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/init/vsock.h"

#define REDIAL_MS 100
#define CHUNK     65536

_Noreturn static void usage(const char *name) {
        fprintf(stderr, "usage: %s [-r] [-i port] [-o port] [-e port] program [argument...]\n", name);
        exit(1);
}

static unsigned parse_port(const char *name, const char *text) {
        char *end;
        unsigned long port = strtoul(text, &end, 10);

        if (*end || end == text || port == 0 || port >= 0xFFFFFFFFul) {
                fprintf(stderr, "%s: `%s' is no port\n", name, text);
                exit(1);
        }
        return (unsigned)port;
}

static int connect_or_die(unsigned port) {
        int fd = vsock_connect(port);

        if (fd < 0) {
                fprintf(stderr, "vsockexec: connect to port %u: %s\n", port, strerror(errno));
                exit(1);
        }
        return fd;
}

static void connect_streams(const unsigned ports[3]) {
        int fds[3] = {-1, -1, -1};

        for (int i = 0; i < 3; i++) {
                if (!ports[i])
                        continue;
                for (int j = 0; j < i && fds[i] < 0; j++)
                        if (ports[j] == ports[i])
                                fds[i] = dup(fds[j]);
                if (fds[i] < 0)
                        fds[i] = connect_or_die(ports[i]);
        }
        for (int i = 0; i < 3; i++)
                if (fds[i] >= 0) {
                        dup2(fds[i], i);
                        if (fds[i] > 2)
                                close(fds[i]);
                }
}

/* Waits for the host as long as it takes. */
static int redial(unsigned port) {
        int fd;

        while ((fd = vsock_connect(port)) < 0)
                poll(NULL, 0, REDIAL_MS);
        return fd;
}

/* Everything from a pipe to the port; what a broken connection did not take goes to the next. */
static void forward(int pipe_fd, unsigned port) {
        static char buf[CHUNK];
        int fd = redial(port);
        ssize_t n;

        while ((n = read(pipe_fd, buf, sizeof(buf))) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        break;
                for (ssize_t sent = 0; sent < n;) {
                        ssize_t w = write(fd, buf + sent, (size_t)(n - sent));

                        if (w >= 0) {
                                sent += w;
                        } else if (errno != EINTR) {
                                close(fd);
                                fd = redial(port);
                        }
                }
        }
        close(fd);
}

static int relay(const unsigned ports[3], char **argv) {
        unsigned port = ports[2] ? ports[2] : ports[1];
        int ends[2], status;
        pid_t pid;

        if (!port) {
                fprintf(stderr, "vsockexec: -r requires -o or -e\n");
                return 1;
        }
        signal(SIGPIPE, SIG_IGN);
        if (pipe(ends) < 0 || (pid = fork()) < 0) {
                perror("vsockexec");
                return 1;
        }
        if (pid == 0) {
                signal(SIGPIPE, SIG_DFL);
                close(ends[0]);
                if (ports[1])
                        dup2(ends[1], STDOUT_FILENO);
                if (ports[2])
                        dup2(ends[1], STDERR_FILENO);
                close(ends[1]);
                execvp(argv[0], argv);
                fprintf(stderr, "vsockexec: %s: %s\n", argv[0], strerror(errno));
                _exit(127);
        }
        close(ends[1]);
        forward(ends[0], port);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
        unsigned ports[3] = {0};
        int is_relay = 0;

        for (int c; (c = getopt(argc, argv, "+i:o:e:r")) >= 0;) {
                switch (c) {
                case 'i':
                        ports[0] = parse_port(argv[0], optarg);
                        break;
                case 'o':
                        ports[1] = parse_port(argv[0], optarg);
                        break;
                case 'e':
                        ports[2] = parse_port(argv[0], optarg);
                        break;
                case 'r':
                        is_relay = 1;
                        break;
                default:
                        usage(argv[0]);
                }
        }
        if (optind == argc) {
                fprintf(stderr, "%s: missing program argument\n", argv[0]);
                usage(argv[0]);
        }
        if (is_relay)
                return relay(ports, argv + optind);
        connect_streams(ports);
        execvp(argv[optind], argv + optind);
        fprintf(stderr, "vsockexec: %s: %s\n", argv[optind], strerror(errno));
        return 1;
}
