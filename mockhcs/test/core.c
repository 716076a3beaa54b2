/* SPDX-License-Identifier: MIT */

/* See core.h. */

#include "mockhcs/test/core.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/utf.h"
#include "platform/abi_memory.h"
#include "testing/hcs_test.h"

#define WIDE(name, text) _cleanup_free_ uint16_t *name = text ? hcs_utf8_to_utf16_lossy(text, strlen(text), NULL) : NULL

static HRESULT finish(HCS_OPERATION op, HRESULT hr, char **ret) {
        PWSTR document = NULL;
        HRESULT done = HcsWaitForOperationResult(op, INFINITE, &document);

        HcsCloseOperation(op);
        if (ret)
                *ret = document ? hcs_utf16_to_utf8_lossy(document, hcs_utf16_len(document), NULL) : NULL;
        hcs_abi_free(document);
        return FAILED(hr) ? hr : done;
}

static HCS_OPERATION operation(void) {
        return HcsCreateOperation(NULL, NULL);
}

HRESULT core_create(const char *id, const char *configuration, HCS_SYSTEM *ret, char **ret_document) {
        WIDE(wide_id, id);
        WIDE(wide, configuration);
        HCS_OPERATION op = operation();

        return finish(op, HcsCreateComputeSystem(wide_id, wide, op, NULL, ret), ret_document);
}

HRESULT core_start(HCS_SYSTEM s) {
        HCS_OPERATION op = operation();

        return finish(op, HcsStartComputeSystem(s, op, NULL), NULL);
}

HRESULT core_terminate(HCS_SYSTEM s) {
        HCS_OPERATION op = operation();

        return finish(op, HcsTerminateComputeSystem(s, op, NULL), NULL);
}

HRESULT core_shutdown(HCS_SYSTEM s) {
        HCS_OPERATION op = operation();

        return finish(op, HcsShutDownComputeSystem(s, op, NULL), NULL);
}

HRESULT core_pause(HCS_SYSTEM s) {
        HCS_OPERATION op = operation();

        return finish(op, HcsPauseComputeSystem(s, op, NULL), NULL);
}

HRESULT core_resume(HCS_SYSTEM s) {
        HCS_OPERATION op = operation();

        return finish(op, HcsResumeComputeSystem(s, op, NULL), NULL);
}

HRESULT core_save(HCS_SYSTEM s, const char *options) {
        WIDE(wide, options);
        HCS_OPERATION op = operation();

        return finish(op, HcsSaveComputeSystem(s, op, wide), NULL);
}

HRESULT core_modify(HCS_SYSTEM s, const char *settings, char **ret_document) {
        WIDE(wide, settings);
        HCS_OPERATION op = operation();

        return finish(op, HcsModifyComputeSystem(s, op, wide, NULL), ret_document);
}

HRESULT core_query(HCS_SYSTEM s, const char *query, char **ret_document) {
        WIDE(wide, query);
        HCS_OPERATION op = operation();

        return finish(op, HcsGetComputeSystemProperties(s, op, wide), ret_document);
}

HRESULT core_enumerate(const char *query, char **ret_document) {
        WIDE(wide, query);
        HCS_OPERATION op = operation();

        return finish(op, HcsEnumerateComputeSystems(wide, op), ret_document);
}

HRESULT core_service(const char *query, char **ret_document) {
        WIDE(wide, query);
        PWSTR document = NULL;
        HRESULT hr = HcsGetServiceProperties(wide, &document);

        if (ret_document)
                *ret_document = document ? hcs_utf16_to_utf8_lossy(document, hcs_utf16_len(document), NULL) : NULL;
        hcs_abi_free(document);
        return hr;
}

HRESULT core_modify_service(const char *settings, char **ret_document) {
        WIDE(wide, settings);
        PWSTR document = NULL;
        HRESULT hr = HcsModifyServiceSettings(wide, &document);

        if (ret_document)
                *ret_document = document ? hcs_utf16_to_utf8_lossy(document, hcs_utf16_len(document), NULL) : NULL;
        hcs_abi_free(document);
        return hr;
}

HRESULT core_process(HCS_SYSTEM s, const char *parameters, HCS_PROCESS *ret, char **ret_document) {
        WIDE(wide, parameters);
        HCS_OPERATION op = operation();

        return finish(op, HcsCreateProcess(s, wide, op, NULL, ret), ret_document);
}

uint32_t core_run(HCS_SYSTEM s, const char *command) {
        _cleanup_free_ char *parameters = hcs_asprintf("{\"CommandLine\":\"%s\"}", command), *text = NULL;
        _cleanup_json_ struct hcs_json *status = NULL;
        HCS_PROCESS p = NULL;
        PWSTR document = NULL;
        uint64_t code = 0;

        assert_hresult(core_process(s, parameters, &p, NULL), S_OK);
        assert_hresult(HcsWaitForProcessExit(p, INFINITE, &document), S_OK);
        text = hcs_utf16_to_utf8_lossy(document, hcs_utf16_len(document), NULL);
        hcs_abi_free(document);
        HcsCloseProcess(p);
        assert_ok(hcs_json_parse_cstr(text, &status, NULL), NULL);
        hcs_json_u64(hcs_json_get(status, "ExitCode"), &code); /* 0 is left out, as everything empty is */
        return (uint32_t)code;
}
