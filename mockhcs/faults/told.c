/* SPDX-License-Identifier: MIT */

/* What the faults of a run did; see told.h. */

#include "mockhcs/faults/told.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "hcsshim/log.h"
#include "platform/append_file.h"
#include "platform/thread.h"

struct fault_told {
        struct hcs_mutex lock;
        struct hcs_append_file *file; /* NULL: there is none, or no more */
};

HRESULT fault_told_open(const char *path, struct fault_told **ret, struct hcs_error **err) {
        struct hcs_append_file *file = NULL;
        HRESULT hr = path ? hcs_append_file_open(path, &file, NULL, err) : S_OK;

        if (FAILED(hr))
                return hr;
        *ret = hcs_calloc(1, sizeof(**ret));
        hcs_mutex_init(&(*ret)->lock);
        (*ret)->file = file;
        return S_OK;
}

struct fault_told *fault_told_close(struct fault_told *t) {
        if (!t)
                return NULL;
        hcs_append_file_close(t->file);
        hcs_mutex_deinit(&t->lock);
        free(t);
        return NULL;
}

/* A file that is full ends what is told there; the run goes on. */
static void write_line(struct fault_told *t, const struct hcs_json *line) {
        _cleanup_free_ char *text = hcs_json_text(line, HCS_JSON_COMPACT);
        _cleanup_buf_ struct hcs_buf b = {0};
        int r;

        hcs_buf_puts(&b, text);
        hcs_buf_putc(&b, '\n');
        hcs_guard(&t->lock);
        r = t->file ? hcs_append_file_write(t->file, b.data, b.len) : 0;
        if (!r)
                return;
        hcs_log(HCS_LOG_WARN, "cannot tell of faults any more", "error", strerror(r), NULL);
        t->file = hcs_append_file_close(t->file);
}

void fault_tell(struct fault_told *t, const struct fault_plan *plan, const char *kind, const char *name,
                const char *on) {
        for (size_t i = 0; i < plan->n_met; i++) {
                _cleanup_json_ struct hcs_json *line = hcs_json_new_object();
                char number[24];

                snprintf(number, sizeof(number), "%" PRIu64, plan->met[i].number);
                hcs_log(HCS_LOG_INFO, "a fault", "rule", plan->met[i].rule->text, "number", number, kind, name, "on",
                        on ? on : "", NULL);
                hcs_json_set_string(line, "rule", plan->met[i].rule->text);
                hcs_json_set_u64(line, "number", plan->met[i].number);
                hcs_json_set_string(line, kind, name);
                if (on)
                        hcs_json_set_string(line, "on", on);
                write_line(t, line);
        }
}
