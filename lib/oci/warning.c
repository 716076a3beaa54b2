/* SPDX-License-Identifier: MIT */

#include "oci/warning.h"

#include "base/mem.h"
#include "base/str.h"

static struct hcs_json *append(struct oci_warnings *w, const char *level, const char *msg) {
        struct hcs_json *entry;

        if (!w->list)
                w->list = hcs_json_new_array();
        entry = hcs_json_append(w->list, hcs_json_new_object());
        hcs_json_set_string(entry, "level", level);
        hcs_json_set_string(entry, "msg", msg);
        return entry;
}

struct hcs_json *oci_warn(struct oci_warnings *w, const char *msg) {
        return append(w, "warning", msg);
}

struct hcs_json *oci_warn_error(struct oci_warnings *w, const char *msg) {
        return append(w, "error", msg);
}

static void log_entry(const struct hcs_json *entry) {
        size_t n = hcs_json_count(entry), filled = 0;
        _cleanup_free_ const char **fields = hcs_calloc(2 * n + 1, sizeof(*fields));
        _cleanup_free_ char **texts = hcs_calloc(n, sizeof(*texts));
        bool is_error = hcs_streq(hcs_json_get_string(entry, "level"), "error");

        for (const struct hcs_json *m = hcs_json_first(entry); m; m = hcs_json_next(m)) {
                if (hcs_streq(hcs_json_key(m), "level") || hcs_streq(hcs_json_key(m), "msg"))
                        continue;
                texts[filled] = hcs_json_string(m) ? hcs_strdup(hcs_json_string(m)) : hcs_json_text(m, HCS_JSON_GO);
                fields[2 * filled] = hcs_json_key(m);
                fields[2 * filled + 1] = texts[filled];
                filled++;
        }
        hcs_log_list(is_error ? HCS_LOG_ERROR : HCS_LOG_WARN, hcs_json_get_string(entry, "msg"), fields);
        for (size_t i = 0; i < filled; i++)
                free(texts[i]);
}

void oci_warnings_log(const struct oci_warnings *w) {
        for (const struct hcs_json *entry = hcs_json_first(w->list); entry; entry = hcs_json_next(entry))
                log_entry(entry);
}

void oci_warnings_deinit(struct oci_warnings *w) {
        w->list = hcs_json_free(w->list);
}
