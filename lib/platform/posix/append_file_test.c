/* SPDX-License-Identifier: MIT */

/* Appending where files cannot be mapped: in a process for which the kernel refuses it. */

#include "platform/append_file.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define LINE "a line of the trace, as it might be\n"
#define N    10000u

/* From here on mmap() of what others can see fails. */
static int refuse_shared_mappings(void) {
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])),
                BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_SHARED, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENODEV),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog filter = {.len = HCS_ARRAY_SIZE(code), .filter = code};

        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) | prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

static int append_without_mappings(const char *path) {
        struct hcs_append_file *f = NULL;

        if (FAILED(hcs_append_file_open(path, &f, NULL, NULL)) || hcs_append_file_write(f, LINE, sizeof(LINE) - 1))
                return 1;
        if (refuse_shared_mappings())
                return 3;
        for (unsigned i = 1; i < N; i++)
                if (hcs_append_file_write(f, LINE, sizeof(LINE) - 1))
                        return 2;
        hcs_append_file_close(f);
        return 0;
}

static void what_cannot_be_mapped_is_written(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/trace", dir);
        _cleanup_buf_ struct hcs_buf text = {0};
        pid_t pid = fork();
        int status = 0;

        if (pid == 0)
                _exit(append_without_mappings(path));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_ok(hcs_file_read(path, 1 << 20, &text, NULL), NULL);
        assert_int_equal(text.len, N * (sizeof(LINE) - 1));
        for (unsigned i = 0; i < N; i++)
                assert_memory_equal(text.data + i * (sizeof(LINE) - 1), LINE, sizeof(LINE) - 1);
}

HCS_TESTS(cmocka_unit_test(what_cannot_be_mapped_is_written))
