/* SPDX-License-Identifier: MIT */

/* The fixture of the guest's tests. Single threaded. */

#include "guest/testing/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "guest/base/path.h"
#include "platform/file.h"

void guest_fixture_init(struct guest_fixture *f) {
        f->dir = hcs_test_tmpdir();
        f->sys = hcs_asprintf("%s/sys", f->dir);
        f->dev = hcs_asprintf("%s/dev", f->dir);
        f->proc = hcs_asprintf("%s/proc", f->dir);
        f->run = hcs_asprintf("%s/run", f->dir);
        f->roots = guest_real_roots;
        f->roots.sys = f->sys;
        f->roots.dev = f->dev;
        f->roots.proc = f->proc;
        f->roots.run = f->run;
        guest_fixture_folder(f, "sys");
        guest_fixture_folder(f, "dev");
        guest_fixture_folder(f, "proc");
        guest_fixture_folder(f, "run");
}

void guest_fixture_deinit(struct guest_fixture *f) {
        free(f->dir);
        free(f->sys);
        free(f->dev);
        free(f->proc);
        free(f->run);
}

char *guest_fixture_path(const struct guest_fixture *f, const char *format, ...) {
        _cleanup_free_ char *below = NULL;
        va_list ap;

        va_start(ap, format);
        below = hcs_vasprintf(format, ap);
        va_end(ap);
        return hcs_asprintf("%s/%s", f->dir, below);
}

void guest_fixture_folder(const struct guest_fixture *f, const char *path) {
        _cleanup_free_ char *full = guest_fixture_path(f, "%s", path);

        assert_ok(guest_path_make(full, 0755, NULL), NULL);
}

static void make_parent(const char *full) {
        _cleanup_free_ char *parent = guest_path_join(full, "..");

        assert_ok(guest_path_make(parent, 0755, NULL), NULL);
}

void guest_fixture_file(const struct guest_fixture *f, const char *path, const char *text) {
        _cleanup_free_ char *full = guest_fixture_path(f, "%s", path);

        make_parent(full);
        assert_ok(hcs_file_write(full, text, strlen(text), NULL), NULL);
}

void guest_fixture_link(const struct guest_fixture *f, const char *path, const char *target) {
        _cleanup_free_ char *full = guest_fixture_path(f, "%s", path);

        make_parent(full);
        assert_int_equal(symlink(target, full), 0);
}

char *guest_fixture_read(const struct guest_fixture *f, const char *path) {
        _cleanup_free_ char *full = guest_fixture_path(f, "%s", path);
        struct hcs_buf text = {0};

        assert_ok(hcs_file_read(full, 1u << 20, &text, NULL), NULL);
        return hcs_buf_steal(&text);
}

bool guest_fixture_private_mounts(void) {
        static int state; /* 1: there, -1: cannot be */

        if (!state) {
                state = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ? 1 : -1;
                if (state < 0)
                        print_message("skipped: no mount namespace of its own (%s); run as root\n", strerror(errno));
        }
        return state > 0;
}

bool guest_fixture_disk(const struct guest_fixture *f, const char *name, uint64_t size) {
        _cleanup_free_ char *image = guest_fixture_path(f, "%s.img", name),
                            *node = guest_fixture_path(f, "dev/%s", name);
        struct loop_config config = {.info.lo_flags = LO_FLAGS_AUTOCLEAR};
        int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), fd, number, loop = -1;
        char path[64];
        struct stat st;

        fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, (off_t)size), 0);
        config.fd = (uint32_t)fd;
        /* Somebody else may take the free one before us. */
        for (int i = 0; control >= 0 && loop < 0 && i < 16; i++) {
                number = ioctl(control, LOOP_CTL_GET_FREE);
                snprintf(path, sizeof(path), "/dev/loop%d", number);
                loop = number < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
                if (loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config) < 0) {
                        close(loop);
                        loop = -1;
                }
        }
        if (loop < 0)
                print_message("skipped: no loop device (%s)\n", strerror(errno));
        else
                assert_int_equal(fstat(loop, &st), 0);
        if (control >= 0)
                close(control);
        close(fd);
        /* The descriptor stays open: with the last one the device would go. */
        return loop >= 0 && mknod(node, S_IFBLK | 0600, st.st_rdev) == 0;
}

bool guest_fixture_has_tool(const char *name) {
        const char *folders[] = {"/usr/sbin", "/sbin", "/usr/bin", "/bin"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(folders); i++) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", folders[i], name);

                if (access(path, X_OK) == 0)
                        return true;
        }
        print_message("skipped: there is no %s\n", name);
        return false;
}
