/* SPDX-License-Identifier: MIT */

/* Directories of tests; see hcs_test.h. */

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "testing/hcs_test.h"

#define TMPDIR_MAX 32 /* names of sockets below it have 107 bytes in all */

static char *tmpdirs[64];
static size_t n_tmpdirs;

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
        return flag == FTW_DP ? rmdir(path) : remove(path);
}

static void remove_tmpdirs(void) {
        for (size_t i = 0; i < n_tmpdirs; i++) {
                nftw(tmpdirs[i], remove_entry, 16, FTW_DEPTH | FTW_PHYS);
                free(tmpdirs[i]);
        }
        n_tmpdirs = 0;
}

char *hcs_test_tmpdir(void) {
        const char *base = getenv("TMPDIR");
        bool fits = base && *base && strlen(base) <= TMPDIR_MAX;
        char *path = hcs_asprintf("%s/hcstest.XXXXXX", fits ? base : "/tmp");

        if (!mkdtemp(path) || n_tmpdirs == HCS_ARRAY_SIZE(tmpdirs)) {
                perror("mkdtemp");
                exit(99);
        }
        if (n_tmpdirs == 0)
                atexit(remove_tmpdirs);
        tmpdirs[n_tmpdirs++] = hcs_strdup(path);
        return path;
}
