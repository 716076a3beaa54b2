/* SPDX-License-Identifier: MIT */

/*
 * The bytes are a file. What must hold: the reader comes to an end and its records print; an engine opens over it or
 * says why not; a client that asks for anything gets an answer, and JSON where one is due.
 */

#define HCS_ABI_PROTOTYPES
#include "integration/fuzz/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/trace/reader.h"

static void must(bool ok) {
        if (!ok)
                abort();
}

static void read_all(const char *path) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        struct hcs_error *err = NULL;
        struct mock_record record;
        HRESULT hr = mock_trace_reader_open(path, &reader, &err);

        while (hr == S_OK && (hr = mock_trace_reader_next(reader, &record, &err)) == S_OK) {
                _cleanup_buf_ struct hcs_buf line = {0};

                mock_record_print(&record, &line);
                must(line.len > 0);
                mock_record_deinit(&record);
        }
        must(FAILED(hr) == (err != NULL));
        hcs_error_free(err);
}

static void close_pipe(HANDLE h) {
        if (h)
                close(hcs_abi_handle_to_fd(h));
}

/* The calls of a client that does a little of everything, whatever the trace holds. */
static void run_client(void) {
        HCS_SYSTEM system = NULL;
        HCS_PROCESS process = NULL;
        HCS_PROCESS_INFORMATION info = {0};
        PWSTR text = NULL, result = NULL;

#define CALL(f, ...)                     \
        do {                             \
                f(__VA_ARGS__, &result); \
                free(result);            \
                result = NULL;           \
        } while (0)
        CALL(HcsEnumerateComputeSystems, u"{}", &text);
        free(text);
        text = NULL;
        CALL(HcsCreateComputeSystem, u"a", u"{}", NULL, &system);
        CALL(HcsStartComputeSystem, system, u"");
        CALL(HcsGetComputeSystemProperties, system, u"{}", &text);
        free(text);
        CALL(HcsModifyComputeSystem, system, u"{\"ResourcePath\":\"X\"}");
        CALL(HcsCreateProcess, system, u"{\"CommandLine\":\"x\"}", &info, &process);
        CALL(HcsTerminateProcess, process);
        HcsCloseProcess(process);
        close_pipe(info.StdInput);
        close_pipe(info.StdOutput);
        close_pipe(info.StdError);
        CALL(HcsTerminateComputeSystem, system, u"");
        HcsCloseComputeSystem(system);
}

static void replay(const char *path) {
        _cleanup_free_ char *spec = hcs_asprintf("replay=%s,order=any", path), *problems = NULL;
        _cleanup_json_ struct hcs_json *list = NULL;
        struct hcs_error *err = NULL;
        struct mockhcs *mock = NULL;

        if (FAILED(mockhcs_open(spec, &mock, &err))) {
                must(err != NULL);
                hcs_error_free(err);
                return;
        }
        run_client();
        mockhcs_verify_json(mock, false, &problems);
        must(SUCCEEDED(hcs_json_parse_cstr(problems, &list, NULL)));
        mockhcs_close(mock);
}

bool fuzz_trace(uint8_t which, const uint8_t *data, size_t size) {
        static const char header[] = "{\"trace\":\"hcs\",\"version\":1,\"redacted\":false}\n";
        char path[64];
        int fd;

        if (which != 'T' && which != 'R')
                return false;
        fd = memfd_create("trace", MFD_CLOEXEC);
        must(fd >= 0);
        if (which == 'R')
                must(write(fd, header, sizeof(header) - 1) == sizeof(header) - 1);
        must(write(fd, data, size) == (ssize_t)size);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        read_all(path);
        replay(path);
        close(fd);
        return true;
}
