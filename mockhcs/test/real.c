/* SPDX-License-Identifier: MIT */

/* A container whose processes are real; see real.h. */

#include "mockhcs/test/real.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "base/utf.h"
#include "mockhcs/mockhcs.h"
#include "platform/abi_memory.h"
#include "platform/env.h"
#include "platform/pipe.h"
#include "testing/hcs_test.h"

static struct mockhcs *mock;
HCS_SYSTEM real_container;

int real_setup(void **state) {
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_open("emulate,processes=real", &mock, &err), err);
        assert_hresult(core_create("c", REAL_CONTAINER, &real_container, NULL), S_OK);
        assert_hresult(core_start(real_container), S_OK);
        return 0;
}

int real_teardown(void **state) {
        if (real_container)
                HcsCloseComputeSystem(real_container);
        real_container = NULL;
        mock = mockhcs_close(mock);
        return 0;
}

HRESULT real_create(const char *parameters, HCS_PROCESS *ret, HCS_PROCESS_INFORMATION *info) {
        _cleanup_free_ uint16_t *wide = NULL;
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        struct hcs_error *err = NULL;
        HRESULT hr;

        assert_ok(hcs_utf8_to_utf16(parameters, strlen(parameters), &wide, NULL, &err), err);
        hr = (HRESULT)HcsCreateProcess(real_container, (const void *)wide, op, NULL, ret);
        if (SUCCEEDED(hr))
                hr = (HRESULT)HcsWaitForOperationResultAndProcessInfo(op, INFINITE, info, NULL);
        HcsCloseOperation(op);
        return hr;
}

HCS_PROCESS real_start(const char *parameters, HCS_PROCESS_INFORMATION *info) {
        HCS_PROCESS p = NULL;

        assert_hresult(real_create(parameters, &p, info), S_OK);
        return p;
}

char *real_read_all(HANDLE h) {
        struct hcs_buf all = {0};
        char data[4096];
        size_t n;

        while (hcs_pipe_read(h, data, sizeof(data), &n, NULL) == S_OK)
                hcs_buf_append(&all, data, n);
        hcs_pipe_close(h);
        return hcs_strdup(hcs_buf_cstr(&all));
}

void real_expect_line(HANDLE h, const char *line) {
        _cleanup_buf_ struct hcs_buf got = {0};
        char c = '\0';
        size_t n;

        while (c != '\n' && hcs_pipe_read(h, &c, 1, &n, NULL) == S_OK)
                hcs_buf_append(&got, &c, 1);
        while (got.len && (got.data[got.len - 1] == '\n' || got.data[got.len - 1] == '\r'))
                got.data[--got.len] = '\0';
        assert_string_equal(hcs_buf_cstr(&got), line);
}

HCS_PROCESS real_work(const char *arguments, HCS_PROCESS_INFORMATION *info) {
        _cleanup_json_ struct hcs_json *parameters = NULL;
        _cleanup_free_ char *worker = hcs_env_get("HCSWORKER"), *command = NULL, *text = NULL;

        assert_non_null(worker);
        command = hcs_asprintf("%s %s", worker, arguments);
        assert_ok(hcs_json_parse_cstr("{" REAL_PIPES "}", &parameters, NULL), NULL);
        hcs_json_set_string(parameters, "CommandLine", command);
        text = hcs_json_text(parameters, HCS_JSON_COMPACT);
        return real_start(text, info);
}

uint32_t real_exit_code(HCS_PROCESS p) {
        _cleanup_json_ struct hcs_json *status = NULL;
        _cleanup_free_ char *text = NULL;
        PWSTR document = NULL;
        uint64_t code = 0;

        assert_hresult(HcsWaitForProcessExit(p, INFINITE, &document), S_OK);
        text = hcs_utf16_to_utf8_lossy(document, hcs_utf16_len(document), NULL);
        hcs_abi_free(document);
        assert_ok(hcs_json_parse_cstr(text, &status, NULL), NULL);
        hcs_json_u64(hcs_json_get(status, "ExitCode"), &code);
        HcsCloseProcess(p);
        return (uint32_t)code;
}
