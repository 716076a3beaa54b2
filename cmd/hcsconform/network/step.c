/* SPDX-License-Identifier: MIT */

/* Steps of a case: carried out one after the other, with variables for the objects they make. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cmd/hcsconform/network/network.h"
#include "hcsshim/guid.h"

#define MAX_VARIABLES 32
#define QUERY         "{\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}"

struct variable {
        char name[32];
        char id[HCS_GUID_TEXT_SIZE];
        enum networks_kind kind;
        void *handle;
};

struct run {
        struct variable variables[MAX_VARIABLES];
        size_t n;
};

struct run *run_new(void) {
        return hcs_calloc(1, sizeof(struct run));
}

/* Newest first: what refers to others goes before them. */
void run_free(struct run *r) {
        while (r->n) {
                struct variable *v = &r->variables[--r->n];

                networks_delete(v->kind, v->id);
                networks_close(v->kind, v->handle);
        }
        free(r);
}

static struct variable *find(struct run *r, const char *name) {
        for (size_t i = r->n; name && i-- > 0;)
                if (hcs_streq(r->variables[i].name, name))
                        return &r->variables[i];
        return NULL;
}

void *run_handle(struct run *r, const char *name) {
        struct variable *v = find(r, name);

        return v ? v->handle : NULL;
}

/* A name that is no variable may be an id itself. */
const char *run_id(struct run *r, const char *name) {
        struct variable *v = find(r, name);

        return v ? v->id : name;
}

static const char *id_of(void *ctx, const char *name) {
        struct variable *v = find(ctx, name);

        return v ? v->id : NULL;
}

static char *expand(struct run *r, const char *doc) {
        return conform_expand(doc, id_of, r);
}

static bool same_code(const char *what, HRESULT expected, HRESULT got) {
        return conform_code(what, expected, got, networks_record());
}

static bool same_value(struct run *r, const char *doc, const char *path, const char *value) {
        _cleanup_free_ char *text = value ? expand(r, value) : NULL;

        return conform_value(doc, path, text);
}

static bool query(enum networks_kind kind, void *handle, char **ret) {
        return same_code("query", S_OK, networks_query(kind, handle, QUERY, ret));
}

static bool create(struct run *r, const struct step *s) {
        _cleanup_free_ char *doc = expand(r, s->doc), *text = NULL;
        _cleanup_json_ struct hcs_json *properties = NULL;
        struct variable *v = &r->variables[r->n];
        void *handle = NULL;
        HRESULT hr = networks_create(s->kind, run_handle(r, s->other), NULL, doc, &handle);

        if (!same_code(s->name, s->hr, hr) || FAILED(hr))
                return hr == s->hr && !handle;
        if (!query(s->kind, handle, &text))
                return false;
        hcs_json_parse_cstr(text ? text : "", &properties, NULL);
        *v = (struct variable){.kind = s->kind, .handle = handle};
        snprintf(v->name, sizeof(v->name), "%s", s->name);
        snprintf(v->id, sizeof(v->id), "%s", hcs_json_get_string(properties, "ID") ?: "");
        r->n++;
        return *v->id || conform_failed("%s has no ID", s->name);
}

static bool open_object(struct run *r, const struct step *s) {
        void *handle = NULL;
        HRESULT hr = networks_open(s->kind, run_id(r, s->name), &handle);

        if (SUCCEEDED(hr))
                networks_close(s->kind, handle);
        return same_code("open", s->hr, hr);
}

static bool expect(struct run *r, const struct step *s) {
        _cleanup_free_ char *properties = NULL;

        return query(s->kind, run_handle(r, s->name), &properties) && same_value(r, properties, s->path, s->value);
}

static bool list(struct run *r, const struct step *s) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object();
        _cleanup_free_ char *filter = s->doc ? expand(r, s->doc) : NULL, *text = NULL, *answer = NULL;
        struct hcs_buf expected = {0};
        bool same;

        hcs_json_set_u64(hcs_json_set_new_object(request, "SchemaVersion"), "Major", 2);
        if (filter)
                hcs_json_set_string(request, "Filter", filter);
        text = hcs_json_text(request, HCS_JSON_GO);
        if (!same_code("list", s->hr, networks_enumerate(s->kind, text, &answer)) || FAILED(s->hr))
                return FAILED(s->hr);
        hcs_buf_putc(&expected, '[');
        for (const char *at = s->value; at && *at;) {
                size_t n = strcspn(at, ",");
                _cleanup_free_ char *name = hcs_strndup(at, n);

                hcs_buf_printf(&expected, "%s\"%s\"", expected.len > 1 ? "," : "", run_id(r, name));
                at += n + (at[n] == ',');
        }
        hcs_buf_putc(&expected, ']');
        same = hcs_streq(answer, expected.data) || conform_failed("expected %s, got %s", expected.data, answer);
        hcs_buf_deinit(&expected);
        return same;
}

static bool hns(struct run *r, const struct step *s) {
        _cleanup_free_ char *path = expand(r, s->other), *doc = expand(r, s->doc), *text = NULL;
        _cleanup_json_ struct hcs_json *answer = NULL;
        uint64_t code = 0;

        if (!same_code("HNSCall", S_OK, networks_hns(s->name, path, doc, &text)))
                return false;
        if (FAILED(hcs_json_parse_cstr(text ? text : "", &answer, NULL)))
                return conform_failed("the answer is not JSON: %s", text ? text : "none");
        hcs_json_u64(hcs_json_get(answer, "ErrorCode"), &code);
        if (hcs_json_bool(hcs_json_get(answer, "Success")) != SUCCEEDED(s->hr) || (HRESULT)(uint32_t)code != s->hr)
                return conform_failed("expected 0x%08X, got %s", (unsigned)s->hr, text);
        return !s->path || same_value(r, text, s->path, s->value);
}

bool run_step(struct run *r, const struct step *s) {
        _cleanup_free_ char *doc = NULL;

        switch (s->op) {
        case OP_CREATE:
                return create(r, s);
        case OP_OPEN:
                return open_object(r, s);
        case OP_MODIFY:
                doc = expand(r, s->doc);
                return same_code("modify", s->hr, networks_modify(s->kind, run_handle(r, s->name), doc));
        case OP_EXPECT:
                return expect(r, s);
        case OP_LIST:
                return list(r, s);
        case OP_DELETE:
                return same_code("delete", s->hr, networks_delete(s->kind, run_id(r, s->name)));
        case OP_HNS:
                return hns(r, s);
        case OP_RECORD:
                doc = expand(r, s->value);
                return strstr(networks_record(), doc) || conform_failed("no \"%s\" in %s", doc, networks_record());
        case OP_END:
                break;
        }
        return true;
}

bool run_steps(struct run *r, const struct step *steps) {
        for (size_t i = 0; steps[i].op != OP_END; i++)
                if (!run_step(r, &steps[i]))
                        return conform_failed("in step %zu", i + 1);
        return true;
}
