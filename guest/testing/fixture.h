/* SPDX-License-Identifier: MIT */
#ifndef GUEST_TESTING_FIXTURE_H
#define GUEST_TESTING_FIXTURE_H

/*
 * What tests of the guest's rooms share: trees that stand for /sys, /dev and /proc, and a mount namespace of the test's
 * own with loop devices. What needs root or a kernel feature that is not there is skipped with a word why.
 */

#include "guest/base/roots.h"
#include "testing/hcs_test.h"

struct guest_fixture {
        char *dir; /* a temporary directory; sys, dev, proc and run are below it */
        char *sys, *dev, *proc, *run;
        struct guest_roots roots;
};

void guest_fixture_init(struct guest_fixture *f);
void guest_fixture_deinit(struct guest_fixture *f);
/* Path below the fixture; caller frees. */
char *guest_fixture_path(const struct guest_fixture *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Makes a folder, or a file with the folders above it, at a path below the fixture. */
void guest_fixture_folder(const struct guest_fixture *f, const char *path);
void guest_fixture_file(const struct guest_fixture *f, const char *path, const char *text);
void guest_fixture_link(const struct guest_fixture *f, const char *path, const char *target);
/* Content of a file; caller frees. */
char *guest_fixture_read(const struct guest_fixture *f, const char *path);

/* A private mount namespace for the whole program, once. False, having said why, when that cannot be. */
bool guest_fixture_private_mounts(void);
/* A block device of that many bytes at DEV/NAME (a loop device of a sparse file), gone with its last user. False,
 * having said why, when there are no loop devices. */
bool guest_fixture_disk(const struct guest_fixture *f, const char *name, uint64_t size);
/* Is there a program of that name? False having said so. */
bool guest_fixture_has_tool(const char *name);

#define guest_skip_unless(condition) \
        do {                         \
                if (!(condition))    \
                        skip();      \
        } while (0)

#endif
