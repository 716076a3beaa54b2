/* SPDX-License-Identifier: MIT */

/*
 * A program with all that it started, ended: lists of processes are taken until none has a child of one that was ended.
 * A number may be given out again, so only what began after the program can be of it. One thread.
 */

#include <windows.h>

#include <tlhelp32.h>

#include <stdlib.h>

#include "base/mem.h"
#include "platform/windows/child.h"
#include "platform/windows/filetime.h"

/* Whoever was ended keeps its id as long as there is a handle of it. */
struct family {
        struct member {
                DWORD id;
                HANDLE process;
        } * members;
        size_t n;
        ULONGLONG began;
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
                process = OpenProcess(PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, e.th32ProcessID);
                if (process && beginning(process) >= f->began)
                        take(f, e.th32ProcessID, process);
                else if (process)
                        CloseHandle(process);
        }
        if (list != INVALID_HANDLE_VALUE)
                CloseHandle(list);
        return f->n > before;
}

void hcs_child_kill_all(struct hcs_child *child, const char *mark) {
        struct family f = {.began = beginning(hcs_windows_child_process(child))};

        take(&f, GetProcessId(hcs_windows_child_process(child)), hcs_windows_child_process(child));
        while (look(&f))
                continue;
        for (size_t i = 1; i < f.n; i++) /* the first is the child's own */
                CloseHandle(f.members[i].process);
        free(f.members);
}
