/* SPDX-License-Identifier: MIT */

/*
 * The plan of a run as JSON: a recording keeps it in a record of its own, {PROGRAM:1,"run":{...}}, which other readers
 * of traces skip. A replay takes it from there and needs none of the files of then.
 */

#include <string.h>

#include "cmd/lcow/lcow.h"
#include "hcsshim/log.h"
#include "mockhcs/trace/reader.h"

static const struct {
        const char *name;
        size_t offset;
} texts[] = {
        {"id", offsetof(struct lcow_run, id)},
        {"scratch", offsetof(struct lcow_run, scratch)},
        {"bootFolder", offsetof(struct lcow_run, boot_folder)},
        {"kernel", offsetof(struct lcow_run, kernel)},
        {"root", offsetof(struct lcow_run, root)},
        {"kernelArguments", offsetof(struct lcow_run, kernel_arguments)},
        {"network", offsetof(struct lcow_run, network)},
        {"vm", offsetof(struct lcow_run, vm)},
        {"init", offsetof(struct lcow_run, init)},
};
/* What a run may do without. */
static const struct {
        const char *name;
        size_t offset;
} trees[] = {
        {"options", offsetof(struct lcow_run, options)},
        {"more", offsetof(struct lcow_run, more)},
};

static struct hcs_json **tree_at(struct lcow_run *r, size_t i) {
        return (struct hcs_json **)((char *)r + trees[i].offset);
}

static char **text_at(struct lcow_run *r, size_t i) {
        return (char **)((char *)r + texts[i].offset);
}

void lcow_run_deinit(struct lcow_run *r) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(texts); i++)
                free(*text_at(r, i));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(trees); i++)
                hcs_json_free(*tree_at(r, i));
        hcs_json_free(r->spec);
        hcs_json_free(r->disks);
        free(r->scratch_cache);
        free(r->transport);
        *r = (struct lcow_run){0};
}

static const char *const levels[] = {
        [HCS_LOG_ERROR] = "error", [HCS_LOG_WARN] = "warning", [HCS_LOG_INFO] = "info",
        [HCS_LOG_DEBUG] = "debug", [HCS_LOG_TRACE] = "trace",
};

const char *lcow_log_level(const char *text) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(levels); i++)
                if (hcs_streq(text, levels[i]))
                        return levels[i];
        return NULL;
}

static void drop_log(void *ctx, enum hcs_log_level level, const char *line) {
}

void lcow_show_log(const char *level) {
        if (!level)
                hcs_log_set_sink(drop_log, NULL);
        for (size_t i = 0; level && i < HCS_ARRAY_SIZE(levels); i++)
                if (hcs_streq(level, levels[i]))
                        hcs_log_set_level((enum hcs_log_level)i);
}

char *lcow_run_text(const struct lcow_run *r) {
        _cleanup_json_ struct hcs_json *record = hcs_json_new_object();
        struct hcs_json *o;

        hcs_json_set_u64(record, r->program, 1);
        o = hcs_json_set_new_object(record, "run");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(texts); i++) {
                const char *text = *text_at((struct lcow_run *)(uintptr_t)r, i);

                if (text)
                        hcs_json_set_string(o, texts[i].name, text);
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(trees); i++) {
                const struct hcs_json *tree = *tree_at((struct lcow_run *)(uintptr_t)r, i);

                if (tree)
                        hcs_json_set(o, trees[i].name, hcs_json_copy(tree));
        }
        hcs_json_set_u64(o, "cpus", r->cpus);
        hcs_json_set_u64(o, "memory", r->memory_mb);
        hcs_json_set_bool(o, "formatScratch", r->format_scratch);
        hcs_json_set_bool(o, "tty", r->tty);
        hcs_json_set_bool(o, "stats", r->stats);
        if (r->log_level)
                hcs_json_set_string(o, "logLevel", r->log_level);
        hcs_json_set(o, "disks", hcs_json_copy(r->disks));
        hcs_json_set(o, "spec", hcs_json_copy(r->spec));
        return hcs_json_text(record, HCS_JSON_COMPACT);
}

static HRESULT take(struct lcow_run *r, const struct hcs_json *o, struct hcs_error **err) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(texts); i++) {
                free(*text_at(r, i));
                *text_at(r, i) = hcs_strdup(hcs_json_get_string(o, texts[i].name));
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(trees); i++) {
                const struct hcs_json *tree = hcs_json_get(o, trees[i].name);

                hcs_json_free(*tree_at(r, i));
                *tree_at(r, i) = tree ? hcs_json_copy(tree) : NULL;
        }
        if (!r->id || !r->boot_folder || !r->kernel || !r->root ||
            !hcs_json_is(hcs_json_get(o, "spec"), HCS_JSON_OBJECT) ||
            !hcs_json_is(hcs_json_get(o, "disks"), HCS_JSON_ARRAY) ||
            !hcs_json_u64(hcs_json_get(o, "cpus"), &r->cpus) || !hcs_json_u64(hcs_json_get(o, "memory"), &r->memory_mb))
                return hcs_error_make(err, E_INVALIDARG, "its record of the run lacks something");
        r->format_scratch = hcs_json_bool(hcs_json_get(o, "formatScratch"));
        r->log_level = lcow_log_level(hcs_json_get_string(o, "logLevel"));
        r->tty = hcs_json_bool(hcs_json_get(o, "tty"));
        r->stats = hcs_json_bool(hcs_json_get(o, "stats"));
        hcs_json_free(r->spec);
        hcs_json_free(r->disks);
        r->spec = hcs_json_copy(hcs_json_get(o, "spec"));
        r->disks = hcs_json_copy(hcs_json_get(o, "disks"));
        return S_OK;
}

HRESULT lcow_run_from_trace(struct lcow_run *r, const char *trace, struct hcs_error **err) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        _cleanup_free_ char *mark = hcs_asprintf("{\"%s\":1,", r->program);
        HRESULT hr = mock_trace_reader_open(trace, &reader, err);
        bool found = false;

        while (SUCCEEDED(hr) && !found) {
                struct mock_record rec;
                struct hcs_json *record = NULL;

                hr = mock_trace_reader_next(reader, &rec, err);
                if (hr != S_OK)
                        break;
                if (rec.kind == MOCK_RECORD_UNKNOWN && hcs_str_starts(rec.data, mark) &&
                    SUCCEEDED(hcs_json_parse_cstr(rec.data, &record, NULL))) {
                        hr = take(r, hcs_json_get(record, "run"), err);
                        found = true;
                }
                hcs_json_free(record);
                mock_record_deinit(&rec);
        }
        if (SUCCEEDED(hr) && !found)
                hr = hcs_error_make(err, E_INVALIDARG, "no recording of %s", r->program);
        if (FAILED(hr))
                hcs_error_wrap(err, "--replay %s", trace);
        return SUCCEEDED(hr) ? S_OK : hr;
}
