/* SPDX-License-Identifier: MIT */

/*
 * A program with all that it started, ended. /proc tells who is whose child, and by a mark in the environment also
 * those whose parent is gone already. Each is stopped when it is found, so that it starts no further ones, and all are
 * ended when no new one turns up. One thread.
 */

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "platform/file.h"
#include "platform/posix/child.h"

#define MAX_ENVIRONMENT ((size_t)4 << 20)

struct family {
        pid_t *members;
        size_t n;
        bool spared; /* nobody is stopped */
};

static bool has(const struct family *f, pid_t pid) {
        for (size_t i = 0; i < f->n; i++)
                if (f->members[i] == pid)
                        return true;
        return false;
}

static void take(struct family *f, pid_t pid) {
        if (!f->spared)
                kill(pid, SIGSTOP);
        f->members = hcs_realloc(f->members, (f->n + 1) * sizeof(*f->members));
        f->members[f->n++] = pid;
}

/* 0: it has gone. The name of the program, which stands in front of it, may have any letters. */
static pid_t parent_of(pid_t pid) {
        _cleanup_free_ char *path = hcs_asprintf("/proc/%d/stat", (int)pid);
        _cleanup_buf_ struct hcs_buf text = {0};
        const char *name_end;

        if (FAILED(hcs_file_read(path, 65536, &text, NULL)))
                return 0;
        name_end = strrchr(hcs_buf_cstr(&text), ')');
        return name_end && strlen(name_end) > 4 ? (pid_t)strtol(name_end + 4, NULL, 10) : 0; /* ") S 1234 " */
}

/* Entries end with a NUL. Those of strangers cannot be read. */
static bool is_marked(pid_t pid, const char *mark) {
        _cleanup_free_ char *path = hcs_asprintf("/proc/%d/environ", (int)pid);
        _cleanup_buf_ struct hcs_buf text = {0};
        const char *at;

        if (!mark || FAILED(hcs_file_read(path, MAX_ENVIRONMENT, &text, NULL)))
                return false;
        at = text.len ? memmem(text.data, text.len, mark, strlen(mark) + 1) : NULL;
        return at && (at == text.data || at[-1] == '\0');
}

/* False: nobody new was found. */
static bool look(struct family *f, const char *mark) {
        DIR *dir = opendir("/proc");
        size_t before = f->n;
        struct dirent *e;

        while (dir && (e = readdir(dir))) {
                uint64_t number;
                pid_t pid;

                if (!hcs_str_to_u64(e->d_name, &number))
                        continue;
                pid = (pid_t)number;
                if (pid != getpid() && !has(f, pid) && (has(f, parent_of(pid)) || is_marked(pid, mark)))
                        take(f, pid);
        }
        if (dir)
                closedir(dir);
        return f->n > before;
}

void hcs_child_kill_all(struct hcs_child *child, const char *mark) {
        struct family f = {0};

        take(&f, hcs_child_pid(child));
        while (look(&f, mark))
                continue;
        for (size_t i = 0; i < f.n; i++)
                kill(f.members[i], SIGKILL);
        free(f.members);
}

static void add_name(pid_t pid, struct hcs_buf *names) {
        _cleanup_free_ char *path = hcs_asprintf("/proc/%d/comm", (int)pid);
        _cleanup_buf_ struct hcs_buf name = {0};

        if (FAILED(hcs_file_read(path, 4096, &name, NULL)))
                return;
        hcs_buf_printf(names, "%s%.*s", names->len ? ", " : "", (int)strcspn(hcs_buf_cstr(&name), "\n"),
                       hcs_buf_cstr(&name));
}

size_t hcs_child_end_left(struct hcs_child *child, const char *mark, uint64_t deadline_ns, char **ret_names) {
        _cleanup_buf_ struct hcs_buf names = {0};
        struct family f = {.spared = true}, left = {.spared = true};
        size_t n;

        take(&f, hcs_child_pid(child));
        /* Those that end may have started others. */
        for (size_t i = 1; i < f.n || look(&f, mark); i++)
                if (!hcs_pid_ended(f.members[i], deadline_ns)) {
                        add_name(f.members[i], &names);
                        take(&left, f.members[i]);
                }
        n = left.n;
        if (n)
                hcs_child_kill_all(child, mark);
        /* Not found again are those without the mark whose parent has ended meanwhile. */
        for (size_t i = 0; i < n; i++)
                kill(left.members[i], SIGKILL);
        free(left.members);
        free(f.members);
        *ret_names = n ? hcs_buf_steal(&names) : NULL;
        return n;
}
