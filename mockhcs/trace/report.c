/* SPDX-License-Identifier: MIT */

/* The list of report.h. */

#include "mockhcs/trace/report.h"

#include <stdarg.h>

#include "base/str.h"
#include "base/utf.h"

struct hcs_json *mock_problem_new(const char *kind, const char *fmt, ...) {
        struct hcs_json *p = hcs_json_new_object();
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, fmt);
        text = hcs_vasprintf(fmt, ap);
        va_end(ap);
        hcs_json_set_string(p, "kind", kind);
        hcs_json_set_string(p, "text", text);
        return p;
}

void mock_report_text(const struct hcs_json *problems, struct hcs_buf *out) {
        for (const struct hcs_json *p = hcs_json_first(problems); p; p = hcs_json_next(p)) {
                const char *text = hcs_json_string(hcs_json_get(p, "text"));
                _cleanup_free_ char *plain = hcs_utf8_plain(text ? text : "");

                hcs_buf_puts(out, plain);
        }
}
