/* SPDX-License-Identifier: MIT */

/* What stands behind HCS for a run. See lcow.h. */

#include "cmd/lcow/lcow.h"
#include "platform/env.h"

char *lcow_quoted(const char *value) {
        struct hcs_buf b = {0};

        for (; *value; value++) {
                if (*value == ',' || *value == '\\')
                        hcs_buf_putc(&b, '\\');
                hcs_buf_putc(&b, *value);
        }
        return hcs_buf_steal(&b);
}

HRESULT lcow_open(const struct lcow_run *r, const char *options, struct mockhcs **ret, struct hcs_error **err) {
        _cleanup_free_ char *env = hcs_env_get("MOCKHCS"), *spec = NULL, *plan = NULL;
        _cleanup_free_ char *behind =
                env ? hcs_strdup(env) : hcs_asprintf("emulate,machines=qemu%s", options ? options : "");
        _cleanup_free_ char *file = r->record || r->replay ? lcow_quoted(r->replay ? r->replay : r->record) : NULL;
        HRESULT hr;

        if (r->replay)
                spec = hcs_asprintf("replay=%s", file);
        else if (r->record)
                spec = hcs_asprintf("record=%s,%s", file, behind);
        else
                spec = hcs_strdup(behind);
        hr = mockhcs_open(spec, ret, err);
        if (FAILED(hr) || !r->record)
                return hr;
        plan = lcow_run_text(r);
        mockhcs_note_record(*ret, plan);
        return hr;
}

char *lcow_differences(const struct lcow_run *r, struct mockhcs *mock, bool failed) {
        _cleanup_free_ char *report = NULL;

        if (!r->replay || !mock || !mockhcs_verify(mock, failed, &report))
                return NULL;
        return hcs_asprintf("the run differs from %s:\n%s", r->replay, report);
}
