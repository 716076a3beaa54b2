/* SPDX-License-Identifier: MIT */

/* Programs in a VM. See exec.h. */

#include "uvm/exec.h"

#include "base/json.h"
#include "platform/thread.h"

#define OUTPUT_LIMIT ((size_t)1 << 20)

struct output {
        struct hcs_mutex lock;
        struct hcs_buf *buf;
};

static void take(void *ctx, enum hcs_gcs_stream stream, const void *data, size_t n) {
        struct output *o = ctx;
        hcs_guard(&o->lock);

        hcs_buf_append(o->buf, data, n < OUTPUT_LIMIT - o->buf->len ? n : OUTPUT_LIMIT - o->buf->len);
}

static char *parameters_of(const char *const *argv) {
        _cleanup_json_ struct hcs_json *p = hcs_json_new_object();
        struct hcs_json *list = hcs_json_set_new_array(p, "CommandArgs"), *environment;

        for (; *argv; argv++)
                hcs_json_append(list, hcs_json_new_string(*argv));
        hcs_json_set_string(p, "WorkingDirectory", "/");
        environment = hcs_json_set_new_object(p, "Environment");
        hcs_json_set_string(environment, "PATH", HCS_GCS_PATH);
        hcs_json_set_bool(p, "CreateStdOutPipe", true);
        hcs_json_set_bool(p, "CreateStdErrPipe", true);
        return hcs_json_text(p, HCS_JSON_GO);
}

HRESULT uvm_run(struct uvm *u, const char *const *argv, const struct hcs_call *call, struct hcs_buf *out,
                uint32_t *ret_code, struct hcs_error **err) {
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        _cleanup_free_ char *parameters = parameters_of(argv);
        _cleanup_buf_ struct hcs_buf mine = {0};
        struct output o = {.lock = HCS_MUTEX_INIT, .buf = out ? out : &mine};
        uint32_t code = 0;
        HRESULT hr;

        if (!uvm_guest(u))
                return hcs_error_make(err, HCS_E_INVALID_STATE, "%s: there is no guest to run `%s` in", uvm_id(u),
                                      argv[0]);
        hr = hcs_gcs_exec(uvm_guest(u), parameters, call, &p, err);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_process_relay(p, &(struct hcs_gcs_relay){.write = take, .ctx = &o}, err);
        if (SUCCEEDED(hr)) {
                hr = hcs_gcs_process_relay_wait(p, call, err);
                if (FAILED(hr)) { /* the copies write to our stack */
                        hcs_gcs_process_close(p);
                        hcs_gcs_process_relay_wait(p, NULL, NULL);
                }
        }
        if (SUCCEEDED(hr))
                hr = hcs_gcs_process_wait(p, call, &code, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "run `%s` in %s", argv[0], uvm_id(u)), hr;
        if (!ret_code && code)
                return hcs_error_make(err, E_FAIL, "`%s` in %s ended with %u: %.500s", argv[0], uvm_id(u),
                                      (unsigned)code, hcs_buf_cstr(o.buf));
        if (ret_code)
                *ret_code = code;
        return S_OK;
}
