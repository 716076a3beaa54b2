/* SPDX-License-Identifier: MIT */

/* What the kernel is given: modules, entropy, limits, a loopback that is up. */

#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/random.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest/init/init.h"
#include "guest/init/vsock.h"

#define CHUNK             4096
#define MAPPER_CTRL_MINOR 236 /* as the kernel's linux/miscdevice.h has it */

void init_limits(void) {
        /* A low soft limit for programs of old, room for those that ask. */
        struct rlimit files = {.rlim_cur = 1024, .rlim_max = 1024 * 1024};

        if (setrlimit(RLIMIT_NOFILE, &files) < 0)
                init_die("setrlimit", "RLIMIT_NOFILE");
}

static void bring_up(int domain) {
        struct ifreq request = {.ifr_name = "lo"};
        int fd = socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd < 0) {
                if (errno != EAFNOSUPPORT)
                        init_die("socket", "lo");
                return;
        }
        if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
                init_die("ioctl(SIOCGIFFLAGS)", "lo");
        request.ifr_flags |= IFF_UP | IFF_RUNNING;
        if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
                init_die("ioctl(SIOCSIFFLAGS)", "lo");
        close(fd);
}

void init_loopback(void) {
        bring_up(AF_INET);
        bring_up(AF_INET6);
}

static bool is_compressed(const char *path) {
        const char *dot = strrchr(path, '.');

        return dot && strcmp(dot, ".ko") != 0;
}

static void load(const char *path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || (syscall(SYS_finit_module, fd, "", is_compressed(path) ? MODULE_INIT_COMPRESSED_FILE : 0) < 0 &&
                       errno != EEXIST))
                init_warn("load module", path);
        if (fd >= 0)
                close(fd);
}

void init_modules(const char *list, bool soon) {
        FILE *f = fopen(list, "re");
        char line[512];
        bool behind = false;

        if (!f) {
                if (errno != ENOENT)
                        init_warn("open", list);
                return;
        }
        while (fgets(line, sizeof(line), f)) {
                line[strcspn(line, "\n")] = '\0';
                if (strcmp(line, "soon") == 0)
                        behind = true;
                else if (line[0] == '/' && behind == soon)
                        load(line);
        }
        fclose(f);
}

void init_device_mapper(void) {
        if ((mkdir("/dev/mapper", 0755) < 0 && errno != EEXIST) ||
            (mknod("/dev/mapper/control", S_IFCHR | 0600, makedev(MISC_MAJOR, MAPPER_CTRL_MINOR)) < 0 &&
             errno != EEXIST))
                init_warn("make", "/dev/mapper/control");
}

void init_entropy(unsigned port) {
        /* A struct rand_pool_info, whose bytes are behind it. */
        _Alignas(struct rand_pool_info) static char room[sizeof(struct rand_pool_info) + CHUNK];
        struct rand_pool_info *pool = (struct rand_pool_info *)(void *)room;
        int fd = vsock_connect(port), random;
        ssize_t n;

        if (fd < 0)
                init_die("connect", "vsock port of entropy");
        random = open("/dev/random", O_RDWR | O_CLOEXEC);
        if (random < 0)
                init_die("open", "/dev/random");
        while ((n = read(fd, pool->buf, CHUNK)) > 0) {
                pool->entropy_count = (int)n * 8; /* bits */
                pool->buf_size = (int)n;
                if (ioctl(random, RNDADDENTROPY, pool) < 0)
                        init_die("ioctl", "RNDADDENTROPY");
        }
        if (n < 0)
                init_die("read", "vsock port of entropy");
        close(random);
        close(fd);
}
