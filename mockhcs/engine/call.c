/* SPDX-License-Identifier: MIT */

/* The call document: building it, and the ways of answering it. Lives on the stack of the calling thread. */

#include "mockhcs/engine/call.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

struct mock_handle *mock_call_subject(const struct mock_call *call) {
        if (call->process || call->entity)
                return call->process ? call->process : call->entity;
        return call->callback ? call->callback : call->system;
}

const char *mock_stream_name(enum mock_stream stream) {
        static const char *const names[] = {"stdin", "stdout", "stderr"};

        return names[stream];
}

bool mock_call_is_network(const struct mock_call *call) {
        return call->function->dll == MOCK_COMPUTENETWORK || call->function->verb == MOCK_HNS_CALL;
}

bool mock_call_is_read_only(const struct mock_function *f, const char *method) {
        return (f->flags & MOCK_READ_ONLY) || (f->verb == MOCK_HNS_CALL && hcs_strcaseeq(method, "GET"));
}

struct mock_value *mock_call_arg(struct mock_call *call, const char *name) {
        for (size_t i = 0; i < call->n_args; i++)
                if (strcmp(call->args[i].name, name) == 0)
                        return &call->args[i];
        return NULL;
}

const char *mock_call_text(struct mock_call *call, const char *name) {
        const struct mock_value *v = mock_call_arg(call, name);

        return v && v->text ? v->text : "";
}

struct mock_value *mock_call_add(struct mock_call *call) {
        assert(call->n_args < MOCK_MAX_ARGS);
        return &call->args[call->n_args++];
}

void mock_completion_deinit(struct mock_completion *c) {
        mock_value_deinit(&c->result);
        *c = (struct mock_completion){0};
}

void mock_call_deinit(struct mock_call *call) {
        for (size_t i = 0; i < call->n_args; i++)
                mock_value_deinit(&call->args[i]);
        call->n_args = 0;
        mock_completion_deinit(&call->completion);
}

bool mock_call_closes_stdin(struct mock_call *call) {
        _cleanup_json_ struct hcs_json *settings = NULL;
        const char *handle;

        if (call->function->verb != MOCK_MODIFY_PROCESS ||
            FAILED(hcs_json_parse_cstr(mock_call_text(call, "settings"), &settings, NULL)) ||
            !hcs_streq(hcs_json_get_string(settings, "Operation"), "CloseHandle"))
                return false;
        handle = hcs_json_string(hcs_json_lookup(settings, "CloseHandle.Handle"));
        return hcs_streq(handle, "StdIn") || hcs_streq(handle, "All");
}

static void finish(struct mock_call *call, HRESULT hr, char *result) {
        call->completed = true;
        call->completion.number = call->number;
        call->completion.hr = hr;
        if (result)
                mock_value_set_document(&call->completion.result, "result", result);
}

void mock_call_done(struct mock_call *call, char *result) {
        call->hr = S_OK;
        finish(call, S_OK, result);
}

void mock_call_fail(struct mock_call *call, HRESULT hr, char *result) {
        assert(FAILED(hr));
        call->hr = hr;
        finish(call, hr, result);
}

void mock_call_refuse(struct mock_call *call, HRESULT hr, const char *why) {
        _cleanup_json_ struct hcs_json *root = hcs_json_new_object();
        HRESULT spelled = mock_call_spell(call, hr);

        if (mock_call_is_network(call)) {
                hcs_json_set_bool(root, "Success", false);
                hcs_json_set_string(root, "Error", why);
                hcs_json_set_u64(root, "ErrorCode", (uint32_t)spelled);
        } else {
                hcs_json_set_i64(root, "Error", (int32_t)spelled);
                hcs_json_set_string(root, "ErrorMessage", why);
        }
        mock_value_deinit(&call->completion.result);
        mock_call_fail(call, hr, hcs_json_text(root, HCS_JSON_GO));
}

void mock_call_later(struct mock_call *call) {
        call->hr = S_OK;
        call->completed = false;
}

HRESULT mock_call_spell(const struct mock_call *call, HRESULT hr) {
        return call->function->dll == MOCK_VMCOMPUTE ? hcs_hresult_to_vmcompute(hr) : hcs_hresult_to_computecore(hr);
}
