/* SPDX-License-Identifier: MIT */

/* Control groups mounted. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/init/init.h"

#define ROOT "/sys/fs/cgroup"
#define SAFE (MS_NODEV | MS_NOSUID | MS_NOEXEC)

/* The start of a file as text; false when it cannot be read. */
static bool read_file(const char *path, char *buf, size_t size) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

        if (fd >= 0)
                close(fd);
        buf[n > 0 ? n : 0] = '\0';
        return n >= 0;
}

bool init_kernel_has(const char *command_line, const char *word) {
        size_t n = strlen(word);

        for (const char *p = command_line; *(p += strspn(p, " \n"));) {
                size_t len = strcspn(p, " \n");

                if (len == n && memcmp(p, word, n) == 0)
                        return true;
                p += len;
        }
        return false;
}

const char *init_subtree_control(const char *controllers, char *buf, size_t size) {
        size_t used = 0;

        buf[0] = '\0';
        for (const char *p = controllers; *(p += strspn(p, " \n"));) {
                size_t len = strcspn(p, " \n");
                int n = snprintf(buf + used, size - used, "%s+%.*s", used ? " " : "", (int)len, p);

                if (n < 0 || (size_t)n >= size - used)
                        return NULL;
                used += (size_t)n;
                p += len;
        }
        return buf;
}

static void enable_controllers(void) {
        char controllers[1024], text[2048];
        int fd;

        if (!read_file(ROOT "/cgroup.controllers", controllers, sizeof(controllers)) ||
            !init_subtree_control(controllers, text, sizeof(text)) || !*text)
                return;
        fd = open(ROOT "/cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                init_log(4, "cgroup v2: the root's controllers cannot be enabled");
        if (fd >= 0)
                close(fd);
}

static bool mount_v2(void) {
        char command_line[4096];

        if (read_file("/proc/cmdline", command_line, sizeof(command_line)) &&
            init_kernel_has(command_line, "cgroup_no_v2=all"))
                return false;
        if (mount("cgroup2", ROOT, "cgroup2", SAFE, "") < 0)
                return false;
        if (access(ROOT "/cgroup.controllers", F_OK) == 0) {
                enable_controllers();
                return true;
        }
        umount(ROOT);
        return false;
}

static void mount_v1(void) {
        FILE *f = fopen("/proc/cgroups", "re");
        char line[256], path[sizeof(ROOT) + sizeof(line)];

        if (!f)
                init_die("open", "/proc/cgroups");
        if (mount("cgroup_root", ROOT, "tmpfs", SAFE, "mode=0755") < 0)
                init_die("mount", ROOT);
        while (fgets(line, sizeof(line), f)) {
                /* NAME HIERARCHY GROUPS ENABLED */
                char *rest = line, *name = strsep(&rest, "\t"), *enabled;

                strsep(&rest, "\t");
                strsep(&rest, "\t");
                enabled = strsep(&rest, "\n");
                if (name[0] == '#' || !enabled || enabled[0] != '1')
                        continue;
                snprintf(path, sizeof(path), ROOT "/%s", name);
                if (mkdir(path, 0755) < 0)
                        init_die("mkdir", path);
                if (mount(name, path, "cgroup", SAFE, name) < 0)
                        init_die("mount", path);
        }
        fclose(f);
}

/* With the first group that counts memory the kernel patches its own allocator (a static key). */
static void count_memory(const char *first) {
        if (mkdir(first, 0755) < 0 || rmdir(first) < 0)
                init_warn("make and remove", first);
}

void init_cgroups(void) {
        if (mount_v2()) {
                init_log(6, "using cgroup v2");
                init_alone(count_memory, ROOT "/init");
        } else {
                init_log(6, "using cgroup v1");
                mount_v1();
                if (access(ROOT "/memory", F_OK) == 0)
                        init_alone(count_memory, ROOT "/memory/init");
        }
}
