/* SPDX-License-Identifier: MIT */

/*
 * The bytes are two files. What must hold: each tool comes to an end, with an error or with a trace that is one; a
 * trace does not differ from itself; no record is lost in a merge or a split; what was redacted comes back byte for
 * byte; in a page no element begins that is not the page's own.
 */

#include "integration/fuzz/workbench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/hcstrace/page/page.h"
#include "mockhcs/trace/noise.h"
#include "mockhcs/workbench/differences.h"
#include "mockhcs/workbench/merge.h"
#include "mockhcs/workbench/noise.h"
#include "mockhcs/workbench/redact.h"
#include "mockhcs/workbench/selection.h"
#include "mockhcs/workbench/split.h"
#include "mockhcs/workbench/statistics.h"
#include "platform/file.h"

#define MAX_TRACE ((size_t)1 << 20)

static char folder[] = "/tmp/fuzz-workbench.XXXXXX";

static void must(bool ok) {
        if (!ok)
                abort();
}

static void forget_folder(void) {
        _cleanup_free_ char *command = hcs_asprintf("rm -rf '%s'", folder);

        must(system(command) == 0);
}

/* Caller frees. */
static char *in_folder(const char *name) {
        return hcs_asprintf("%s/%s", folder, name);
}

static void put_file(const char *path, bool header, const uint8_t *data, size_t size) {
        FILE *f = fopen(path, "we");

        must(f != NULL);
        if (header)
                fputs("{\"trace\":\"hcs\",\"version\":1,\"redacted\":false}\n", f);
        must(fwrite(data, 1, size, f) == size);
        must(fclose(f) == 0);
}

/* A failure has words, a success has none. True: it went well. */
static bool settle(HRESULT hr, struct hcs_error **err) {
        must(FAILED(hr) == (*err != NULL));
        hcs_error_free(*err);
        *err = NULL;
        return SUCCEEDED(hr);
}

/* How many records it has; *ret: it can be read to its end. */
static uint64_t count(const char *path, bool *ret) {
        _cleanup_(catalog_freep) struct catalog *c = NULL;
        struct hcs_error *err = NULL;

        *ret = settle(catalog_open(path, NULL, &c, &err), &err);
        return *ret ? c->n : 0;
}

static void count_stats(const char *path, bool readable, uint64_t expected) {
        _cleanup_json_ struct hcs_json *stats = NULL;
        struct hcs_error *err = NULL;
        uint64_t records = 0;

        must(settle(trace_statistics(path, &stats, &err), &err) == readable);
        must(!readable || (hcs_json_u64(hcs_json_get(stats, "records"), &records) && records == expected));
}

static void compare(const char *a, const char *b, bool readable) {
        _cleanup_json_ struct hcs_json *list = hcs_json_new_array();
        _cleanup_buf_ struct hcs_buf text = {0};
        struct hcs_error *err = NULL;
        struct differences d;

        if (settle(differences_find(a, b, &(struct differences_options){.list = list, .text = &text}, &d, &err),
                   &err)) {
                must(readable);
                must(strcmp(a, b) != 0 || d.n == 0);
                must((d.n == 0) == (text.len == 0));
                differences_deinit(&d);
        }
}

static void merge(const char *a, const char *b, const char *out, uint64_t expected) {
        const char *both[] = {a, b};
        struct hcs_error *err = NULL;
        uint64_t n = 0;
        bool readable;

        if (settle(trace_merge(both, 2, out, &n, &err), &err)) {
                must(n == expected);
                must(count(out, &readable) == expected && readable);
        }
        if (settle(trace_update(a, b, out, &n, &err), &err)) {
                count(out, &readable);
                must(readable);
        }
}

static void add_records(void *ctx, const char *name, uint64_t records) {
        must(*name && !strchr(name, '/'));
        *(uint64_t *)ctx += records;
}

static void split(const char *path, uint64_t expected) {
        _cleanup_free_ char *parts = in_folder("parts");

        for (int by = SPLIT_BY_SYSTEM; by <= SPLIT_BY_THREAD; by++) {
                struct hcs_error *err = NULL;
                uint64_t records = 0;

                if (settle(trace_split(path, parts, (enum split_by)by, add_records, &records, &err), &err))
                        must(records == expected);
        }
}

static void redact(const char *path, const char *out) {
        static const char *const members[] = {"ContainerId", "Name"}, *const texts[] = {"demo", "1"};
        _cleanup_free_ char *key = in_folder("key"), *back = in_folder("back");
        _cleanup_buf_ struct hcs_buf was = {0}, is = {0};
        struct redact_options o = {
                .members = members, .n_members = 2, .texts = texts, .n_texts = 2, .output = true, .key = key};
        struct hcs_error *err = NULL;
        uint64_t n;
        bool readable;

        if (!settle(trace_redact(path, out, &o, &n, &err), &err))
                return;
        count(out, &readable);
        must(readable);
        if (!settle(trace_restore(out, key, back, &n, &err), &err))
                abort();
        must(SUCCEEDED(hcs_file_read(path, MAX_TRACE, &was, NULL)) &&
             SUCCEEDED(hcs_file_read(back, MAX_TRACE, &is, NULL)));
        /* But for a last line that was cut off, or has no end. */
        must(is.len <= was.len + 1 &&
             memcmp(hcs_buf_cstr(&is), hcs_buf_cstr(&was), is.len < was.len ? is.len : was.len) == 0);
}

static void find_noise(const char *a, const char *b, const char *out) {
        struct mock_noise noise = {0};
        struct hcs_error *err = NULL;
        uint64_t unmarked = 0;
        bool readable;

        if (settle(trace_noise_find(a, b, &noise, &unmarked, &err), &err) &&
            settle(trace_noise_write(a, &noise, out, &err), &err)) {
                count(out, &readable);
                must(readable);
                compare(out, b, true);
        }
        mock_noise_deinit(&noise);
}

/* Every third is left out, with what it made. */
static void select_some(const char *path, const char *out) {
        _cleanup_(catalog_freep) struct catalog *c = NULL;
        struct hcs_error *err = NULL;
        struct selection s;
        bool readable;

        if (!settle(catalog_open(path, NULL, &c, &err), &err))
                return;
        selection_init(&s, c, true);
        selection_begin_drop(&s);
        for (uint32_t i = 0; i < c->n; i += 3)
                selection_drop(&s, i);
        must(settle(selection_settle(&s, &err), &err));
        must(settle(selection_write(&s, out, NULL, &err), &err));
        must(count(out, &readable) == selection_count(&s) && readable);
        selection_deinit(&s);
}

static size_t count_elements(const char *text, const char *name) {
        size_t n = 0;

        for (const char *at = strcasestr(text, name); at; at = strcasestr(at + 1, name))
                n++;
        return n;
}

static void show(const char *a, const char *b) {
        char *text = NULL;
        size_t len = 0;
        FILE *f = open_memstream(&text, &len);
        struct hcs_error *err = NULL;
        bool well;

        must(f != NULL);
        well = settle(page_write(f, a, b, &err), &err);
        must(fclose(f) == 0);
        if (well) { /* the data of both, how they belong together, about them, and the page's own */
                must(count_elements(text, "<script") == 5 && count_elements(text, "</script") == 5);
                must(count_elements(text, "<!--") == 0 && count_elements(text, "<style") == 1);
        }
        free(text);
}

bool fuzz_workbench(uint8_t which, const uint8_t *data, size_t size) {
        _cleanup_free_ char *a = NULL, *b = NULL, *out = NULL;
        const uint8_t *nul;
        size_t first;
        uint64_t n_a, n_b;
        bool is_a, is_b;

        if (which != 'C' && which != 'D')
                return false;
        if (folder[sizeof(folder) - 2] == 'X') {
                must(mkdtemp(folder) != NULL);
                atexit(forget_folder);
        }
        a = in_folder("a");
        b = in_folder("b");
        out = in_folder("out");
        nul = size ? memchr(data, 0, size) : NULL;
        first = nul ? (size_t)(nul - data) : size;
        put_file(a, which == 'C', data, first);
        put_file(b, which == 'C', nul ? nul + 1 : data, nul ? size - first - 1 : size);
        n_a = count(a, &is_a);
        n_b = count(b, &is_b);
        count_stats(a, is_a, n_a);
        if (is_a)
                compare(a, a, true);
        compare(a, b, is_a && is_b);
        merge(a, b, out, n_a + n_b);
        split(a, n_a);
        redact(a, out);
        find_noise(a, b, out);
        select_some(a, out);
        show(a, b);
        return true;
}
