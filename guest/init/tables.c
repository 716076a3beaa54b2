/* SPDX-License-Identifier: MIT */

/* What is mounted where. The tables are the contract with images: order and flags are the original's. */

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/init/init.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SAFE     (MS_NODEV | MS_NOSUID | MS_NOEXEC)

static const struct init_row mounts[] = {
        {INIT_MOUNT, "/proc", "proc", "proc", SAFE, NULL},
        {INIT_LINK, "/dev/fd", "/proc/self/fd", NULL, 0, NULL},
        {INIT_LINK, "/dev/stdin", "/proc/self/fd/0", NULL, 0, NULL},
        {INIT_LINK, "/dev/stdout", "/proc/self/fd/1", NULL, 0, NULL},
        {INIT_LINK, "/dev/stderr", "/proc/self/fd/2", NULL, 0, NULL},
        {INIT_MOUNT, "/run", "tmpfs", "tmpfs", SAFE, "mode=0755"},
        {INIT_MOUNT, "/tmp", "tmpfs", "tmpfs", SAFE, NULL},
        {INIT_FOLDER, "/dev/shm", NULL, NULL, 0, NULL},
        {INIT_MOUNT, "/dev/shm", "shm", "tmpfs", SAFE, NULL},
        {INIT_FOLDER, "/dev/pts", NULL, NULL, 0, NULL},
        {INIT_MOUNT, "/dev/pts", "devpts", "devpts", MS_NOSUID | MS_NOEXEC, NULL},
        {INIT_MOUNT, "/sys", "sysfs", "sysfs", SAFE, NULL},
};

/* A root disk is read-only, and programs expect to write below /etc and /var. In a tmpfs of its own, so that
 * containers' files in /run and these do not crowd each other out. */
static const struct init_row overlay[] = {
        {INIT_FOLDER, "/run/over", NULL, NULL, 0, NULL},
        {INIT_MOUNT, "/run/over", "tmpfs", "tmpfs", SAFE, "size=40%,mode=0755"},
        {INIT_FOLDER, "/run/over/etc", NULL, NULL, 0, NULL},
        {INIT_FOLDER, "/run/over/etc/upper", NULL, NULL, 0, NULL},
        {INIT_FOLDER, "/run/over/etc/work", NULL, NULL, 0, NULL},
        {INIT_MOUNT, "/etc", "overlay", "overlay", SAFE,
         "lowerdir=/etc,upperdir=/run/over/etc/upper,workdir=/run/over/etc/work"},
        {INIT_FOLDER, "/run/over/var", NULL, NULL, 0, NULL},
        {INIT_FOLDER, "/run/over/var/upper", NULL, NULL, 0, NULL},
        {INIT_FOLDER, "/run/over/var/work", NULL, NULL, 0, NULL},
        /* Programs below /var may run. */
        {INIT_MOUNT, "/var", "overlay", "overlay", MS_NODEV | MS_NOSUID,
         "lowerdir=/var,upperdir=/run/over/var/upper,workdir=/run/over/var/work"},
};

void init_carry_out(const struct init_row *rows, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const struct init_row *r = &rows[i];

                if (r->kind == INIT_MOUNT && mount(r->source, r->target, r->type, r->flags, r->data) < 0)
                        init_die("mount", r->target);
                if (r->kind == INIT_FOLDER && mkdir(r->target, 0755) < 0 && errno != EEXIST)
                        init_die("mkdir", r->target);
                if (r->kind == INIT_LINK && symlink(r->source, r->target) < 0 && errno != EEXIST)
                        init_die("symlink", r->target);
        }
}

void init_mounts(void) {
        /* EBUSY: the kernel has done it (devtmpfs.mount). */
        if (mount("dev", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, NULL) < 0 && errno != EBUSY)
                init_die("mount", "/dev");
        init_carry_out(mounts, COUNT(mounts));
}

void init_writable_overlay(void) {
        init_carry_out(overlay, COUNT(overlay));
}
