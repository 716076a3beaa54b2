/* SPDX-License-Identifier: MIT */

/*
 * A program with all that it started, ended: lists of processes are taken until none has a child of one that was ended.
 * A number may be given out again, so only what began after the program can be of it. One thread.
 */

#include <windows.h>

#include <tlhelp32.h>

#include <stdlib.h>

#include "base/buf.h"
#include "platform/place.h"
#include "platform/windows/child.h"
#include "platform/windows/filetime.h"
#include "platform/windows/text.h"

/* Whoever was ended keeps its id as long as there is a handle of it. */
struct family {
        struct member {
                DWORD id;
                HANDLE process;
        } * members;
        size_t n;
        ULONGLONG began;
        bool spared; /* nobody is ended */
};

static bool has(const struct family *f, DWORD id) {
        for (size_t i = 0; i < f->n; i++)
                if (f->members[i].id == id)
                        return true;
        return false;
}

static ULONGLONG beginning(HANDLE process) {
        FILETIME began = {0}, other;

        GetProcessTimes(process, &began, &other, &other, &other);
        return filetime_100ns(began);
}

/* With the code that a shell on Linux gives. */
static void take(struct family *f, DWORD id, HANDLE process) {
        if (!f->spared)
                TerminateProcess(process, 128 + 9);
        f->members = hcs_realloc(f->members, (f->n + 1) * sizeof(*f->members));
        f->members[f->n++] = (struct member){id, process};
}

/* False: nobody new was found. */
static bool look(struct family *f) {
        HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
        PROCESSENTRY32W e = {.dwSize = sizeof(e)};
        size_t before = f->n;

        for (BOOL more = Process32FirstW(list, &e); more; more = Process32NextW(list, &e)) {
                HANDLE process;

                if (has(f, e.th32ProcessID) || !has(f, e.th32ParentProcessID))
                        continue;
                process = OpenProcess(PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE,
                                      e.th32ProcessID);
                if (process && beginning(process) >= f->began)
                        take(f, e.th32ProcessID, process);
                else if (process)
                        CloseHandle(process);
        }
        if (list != INVALID_HANDLE_VALUE)
                CloseHandle(list);
        return f->n > before;
}

static void find(struct family *f, struct hcs_child *child) {
        HANDLE process = hcs_windows_child_process(child);

        f->began = beginning(process);
        take(f, GetProcessId(process), process);
        while (look(f))
                continue;
}

static void family_deinit(struct family *f) {
        for (size_t i = 1; i < f->n; i++) /* the first is the child's own */
                CloseHandle(f->members[i].process);
        free(f->members);
}

void hcs_child_kill_all(struct hcs_child *child, const char *mark) {
        struct family f = {0};

        find(&f, child);
        family_deinit(&f);
}

static void add_name(HANDLE process, struct hcs_buf *names) {
        wchar_t path[MAX_PATH];
        DWORD n = MAX_PATH;
        _cleanup_free_ char *name = NULL;

        if (!QueryFullProcessImageNameW(process, 0, path, &n))
                return;
        name = hcs_windows_narrow(path);
        hcs_buf_printf(names, "%s%s", names->len ? ", " : "", hcs_path_name(name));
}

size_t hcs_child_end_left(struct hcs_child *child, const char *mark, uint64_t deadline_ns, char **ret_names) {
        _cleanup_buf_ struct hcs_buf names = {0};
        struct family f = {.spared = true};
        size_t n = 0;

        find(&f, child);
        /* Those that end may have started others. */
        for (size_t i = 1; i < f.n || look(&f); i++)
                if (!hcs_windows_ended(f.members[i].process, deadline_ns)) {
                        add_name(f.members[i].process, &names);
                        n++;
                }
        if (n)
                hcs_child_kill_all(child, mark);
        /* Not found again are those whose parent has ended meanwhile. */
        for (size_t i = 1; i < f.n; i++)
                if (!hcs_windows_ended(f.members[i].process, 0))
                        TerminateProcess(f.members[i].process, 128 + 9);
        family_deinit(&f);
        *ret_names = n ? hcs_buf_steal(&names) : NULL;
        return n;
}
