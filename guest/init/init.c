/* SPDX-License-Identifier: MIT */

/*
 * /init of the utility VM: prepares the system, starts the agent, reaps until the agent ends, and ends with its status,
 * which panics the kernel; with panic=-1 the machine is reset, as its host asked for.
 *
 *   init [-d SHELL] [-e PORT] [-m LIST] [-w] [PROGRAM ARGUMENT...]
 *
 * -d  a shell beside the program; it decides the end
 * -e  entropy from a vsock port of the host
 * -m  modules to load, instead of those of /lib/modules/modules.load
 * -w  /etc and /var can be written
 *
 * Without any argument: the agent with a log in /run/gcs, and a shell. Modules that the way to the host needs come
 * first; the others are loaded by a child beside the program: the original, whose kernel has them built in, loads
 * others last.
 */

#include "guest/init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_MODULES "/lib/modules/modules.load"
#define PATH            "/sbin:/usr/sbin:/bin:/usr/bin"

static char *default_program[] = {(char *)"/bin/gcs", (char *)"-loglevel", (char *)"debug",
                                  (char *)"-logfile=/run/gcs/gcs.log", NULL};
static char *default_shell[] = {(char *)"/bin/sh", NULL};

/* Daemons that images for GPUs bring along. */
static char *persistenced[] = {(char *)"/bin/nvidia-persistenced", NULL};
static char *fabricmanager[] = {(char *)"/bin/nv-fabricmanager", (char *)"-c",
                                (char *)"/usr/share/nvidia/nvswitch/fabricmanager.cfg", NULL};

struct settings {
        char **program, **shell;
        char *shell_argv[2];
        const char *modules;
        unsigned entropy_port;
        bool writable;
};

void init_warn(const char *what, const char *thing) {
        int errnum = errno;

        fprintf(stderr, "init: %s: %s: %s\n", what, thing, strerror(errnum));
        errno = errnum;
}

_Noreturn void init_die(const char *what, const char *thing) {
        init_warn(what, thing);
        exit(errno ? errno : 1);
}

void init_log(int level, const char *text) {
        char line[256];
        int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
        int n = snprintf(line, sizeof(line), "<%d>init: %s\n", level, text);

        if (fd < 0 || write(fd, line, (size_t)n) < 0)
                fprintf(stderr, "init: %s\n", text);
        if (fd >= 0)
                close(fd);
}

static void read_arguments(int argc, char **argv, struct settings *s) {
        unsigned long port;
        char *end;

        if (argc <= 1) {
                s->program = default_program;
                s->shell = default_shell;
                return;
        }
        for (int c; (c = getopt(argc, argv, "+d:e:m:w")) >= 0;) {
                switch (c) {
                case 'd':
                        s->shell_argv[0] = optarg;
                        s->shell = s->shell_argv;
                        break;
                case 'e':
                        port = strtoul(optarg, &end, 10);
                        if (*end || port == 0 || port >= UINT32_MAX) {
                                fprintf(stderr, "init: `%s' is no port\n", optarg);
                                exit(1);
                        }
                        s->entropy_port = (unsigned)port;
                        break;
                case 'm':
                        s->modules = optarg;
                        break;
                case 'w':
                        s->writable = true;
                        break;
                default:
                        exit(1);
                }
        }
        s->program = argv + optind;
        if (!*s->program && !s->shell) {
                fprintf(stderr, "init: there is no program to run\n");
                exit(1);
        }
}

static pid_t launch(char **argv) {
        static char path[] = "PATH=" PATH;
        char *environment[] = {path, NULL};
        sigset_t all;
        pid_t pid = fork();

        if (pid < 0)
                init_die("fork", argv[0]);
        if (pid > 0)
                return pid;
        sigfillset(&all);
        sigprocmask(SIG_UNBLOCK, &all, NULL);
        setsid();
        putenv(path); /* for the search */
        execvpe(argv[0], argv, environment);
        init_die("exec", argv[0]);
}

static void start_daemon(char **argv) {
        if (access(argv[0], F_OK) == 0)
                launch(argv);
}

/* In a child that gives way: nothing waits for it but devices, and children are to be reaped meanwhile. */
static void load_the_rest(const char *modules) {
        pid_t pid = fork();

        if (pid < 0)
                init_warn("fork", modules);
        if (pid != 0)
                return;
        (void)!nice(10);
        init_modules(modules, true);
        _exit(0);
}

static int reap_until(pid_t last) {
        for (;;) {
                int status;
                pid_t pid = wait(&status);

                if (pid < 0)
                        init_die("wait", "children");
                if (pid != last)
                        continue;
                if (WIFSIGNALED(status)) {
                        fprintf(stderr, "init: the child was ended by signal %d (%s)\n", WTERMSIG(status),
                                strsignal(WTERMSIG(status)));
                        return 128 + WTERMSIG(status);
                }
                if (WEXITSTATUS(status))
                        fprintf(stderr, "init: the child ended with code %d\n", WEXITSTATUS(status));
                return WEXITSTATUS(status);
        }
}

int main(int argc, char **argv) {
        struct settings s = {.modules = DEFAULT_MODULES};
        sigset_t all;
        pid_t pid = -1;

        read_arguments(argc, argv, &s);
        /* Nothing interrupts us; wait() sees children all the same. */
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        init_limits();
        init_mounts();
        init_modules(s.modules, false);
        init_device_mapper();
        if (s.writable)
                init_writable_overlay();
        init_cgroups();
        init_loopback();
        if (s.entropy_port)
                init_entropy(s.entropy_port);
        start_daemon(persistenced);
        start_daemon(fabricmanager);
        if (*s.program)
                pid = launch(s.program);
        if (s.shell)
                pid = launch(s.shell);
        load_the_rest(s.modules);
        return reap_until(pid);
}
