/* SPDX-License-Identifier: MIT */

/* A recorded client; see recorded.h. */

#include "mockhcs/test/recorded.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/trace/reader.h"

void *real_of(const struct world *w, const struct signature *s) {
        return hcs_dynlib_symbol(w->libraries[s->function->dll], s->function->name);
}

void open_world(struct world *w, struct real_recorder_options options) {
        static const char *const firsts[] = {NULL, "HNSCall", "HcsCreateOperation", "HcnOpenNetwork",
                                             "HcsDestroyLayer"};
        _cleanup_free_ char *spec = NULL;
        struct hcs_error *err = NULL;
        const struct signature *s;
        size_t n;

        *w = (struct world){0};
        assert_ok(hcs_work_folder_new(NULL, "real", &w->folder, &err), err);
        w->ours = hcs_asprintf("%s/ours.trace", hcs_work_folder_path(w->folder));
        w->theirs = hcs_asprintf("%s/theirs.trace", hcs_work_folder_path(w->folder));
        spec = hcs_asprintf("record=%s,emulate", w->theirs);
        for (char *p = spec; (p = strchr(p, '\\')); p++)
                *p = '/';
        assert_ok(mockhcs_open(spec, &w->mock, &err), err);
        for (int dll = MOCK_VMCOMPUTE; dll <= MOCK_COMPUTESTORAGE; dll++)
                assert_ok(hcs_library_load(NULL, mock_dll_name((enum mock_dll)dll), firsts[dll], &w->libraries[dll],
                                           &err),
                          err);
        if (!options.path)
                options.path = w->ours;
        w->recorder = real_recorder_new(&options);
        s = signatures_get(&n);
        for (size_t i = 0; i < n; i++)
                real_recorder_learn(w->recorder, &s[i], real_of(w, &s[i]));
}

void close_world(struct world *w) {
        real_recorder_free(w->recorder);
        mockhcs_close(w->mock);
        hcs_work_folder_free(w->folder);
        free(w->ours);
        free(w->theirs);
}

const struct signature *signature(enum mock_dll dll, const char *name) {
        size_t n;
        const struct signature *s = signatures_get(&n);

        for (size_t i = 0; i < n; i++)
                if (s[i].function->dll == dll && hcs_streq(s[i].function->name, name))
                        return &s[i];
        fail_msg("there is no signature of %s", name);
        return NULL;
}

uint64_t call(struct world *w, const struct signature *s, const uint64_t *args) {
        return real_recorder_call(w->recorder, s, args, real_of(w, s));
}

struct lines read_lines(const char *path, enum mock_record_kind kind) {
        struct mock_trace_reader *reader = NULL;
        struct hcs_error *err = NULL;
        struct lines lines = {0};
        struct mock_record r;

        assert_ok(mock_trace_reader_open(path, &reader, &err), err);
        while (mock_trace_reader_next(reader, &r, &err) == S_OK) {
                if (r.kind != kind) {
                        mock_record_deinit(&r);
                        continue;
                }
                lines.items = hcs_realloc(lines.items, (lines.n + 1) * sizeof(*lines.items));
                lines.items[lines.n++] = r;
        }
        mock_trace_reader_free(reader);
        return lines;
}

void free_lines(struct lines *lines) {
        for (size_t i = 0; i < lines->n; i++)
                mock_record_deinit(&lines->items[i]);
        free(lines->items);
}

HCS_OPERATION new_operation(struct world *w) {
        return (HCS_OPERATION)(uintptr_t)CALL(w, COMPUTECORE, "HcsCreateOperation", 0, 0);
}

HCS_SYSTEM create_and_close(struct world *w) {
        HCS_OPERATION op = new_operation(w);
        HCS_SYSTEM system = NULL;

        assert_hresult(CALL(w, COMPUTECORE, "HcsCreateComputeSystem", ARG(u"real"), ARG(VM), ARG(op), 0, ARG(&system)),
                       S_OK);
        CALL(w, COMPUTECORE, "HcsWaitForOperationResult", ARG(op), INFINITE, 0);
        CALL(w, COMPUTECORE, "HcsCloseOperation", ARG(op));
        return system;
}

HCS_SYSTEM open_with_system(struct world *w, struct real_recorder_options o) {
        open_world(w, o);
        return create_and_close(w);
}
