/* SPDX-License-Identifier: MIT */

/* All problems of a document at once: a walk over the tree beside the table. The report belongs to the caller. */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/guid.h"
#include "schema/guess.h"

struct walk {
        const struct hcs_schema_profile *profile;
        struct hcs_schema_report *report;
        struct hcs_buf path;
};

static void check_members(struct walk *w, const struct hcs_schema_type *type, const struct hcs_json *doc);

static void problem(struct walk *w, enum hcs_schema_problem_kind kind, bool is_error, char *message) {
        struct hcs_schema_report *r = w->report;

        r->problems = hcs_realloc(r->problems, (r->n + 1) * sizeof(*r->problems));
        r->problems[r->n++] = (struct hcs_schema_problem){
                .kind = kind, .is_error = is_error, .path = hcs_strdup(hcs_buf_cstr(&w->path)), .message = message};
        r->n_errors += is_error;
}

void hcs_schema_report_deinit(struct hcs_schema_report *r) {
        for (size_t i = 0; i < r->n; i++) {
                free(r->problems[i].path);
                free(r->problems[i].message);
        }
        free(r->problems);
        *r = (struct hcs_schema_report){0};
}

static void wrong_type(struct walk *w, const char *expected, const struct hcs_json *got) {
        static const char *const names[] = {"null", "true or false", "a number", "a string", "an array", "an object"};

        problem(w, HCS_SCHEMA_WRONG_TYPE, true,
                hcs_asprintf("%s is expected, not %s", expected, names[hcs_json_kind(got)]));
}

static void check_number(struct walk *w, const struct hcs_json *json, int64_t min, uint64_t max) {
        char text[64];
        uint64_t u;
        int64_t i;

        if (!hcs_json_is(json, HCS_JSON_NUMBER))
                wrong_type(w, "a number", json);
        else if (!((hcs_json_u64(json, &u) && u <= max) || (hcs_json_i64(json, &i) && i < 0 && i >= min)))
                problem(w, HCS_SCHEMA_OUT_OF_RANGE, true,
                        hcs_asprintf("%s is not an integer from %lld to %llu",
                                     hcs_json_number_text(json, text, sizeof(text)), (long long)min,
                                     (unsigned long long)max));
}

static void check_name(struct walk *w, const struct hcs_schema_field *f, const char *value) {
        size_t n = 0;
        const char *alike;

        /* Empty stands for "not said" wherever a name may be left out. */
        for (; f->values[n]; n++)
                if (strcmp(f->values[n], value) == 0 || !*value)
                        return;
        alike = hcs_str_nearest(value, f->values, n);
        problem(w, HCS_SCHEMA_BAD_VALUE, w->profile->strict,
                alike ? hcs_asprintf("unknown value \"%s\" (did you mean \"%s\"?)", value, alike)
                      : hcs_asprintf("unknown value \"%s\"", value));
}

static void check_text(struct walk *w, const struct hcs_schema_field *f, const struct hcs_json *json) {
        const char *s = hcs_json_string(json);
        GUID guid;

        if (!s)
                wrong_type(w, "a string", json);
        else if (f->values)
                check_name(w, f, s);
        else if (f->kind == HCS_SCHEMA_GUID && FAILED(hcs_guid_parse(s, &guid, NULL)))
                problem(w, HCS_SCHEMA_BAD_VALUE, true, hcs_asprintf("\"%s\" is not a GUID", s));
}

static void check_value(struct walk *w, const struct hcs_schema_field *f, const struct hcs_json *json) {
        switch (f->kind) {
        case HCS_SCHEMA_STRING:
        case HCS_SCHEMA_GUID:
        case HCS_SCHEMA_TIME:
        case HCS_SCHEMA_BASE64:
                check_text(w, f, json);
                return;
        case HCS_SCHEMA_BOOL:
                if (!hcs_json_is(json, HCS_JSON_BOOL))
                        wrong_type(w, "true or false", json);
                return;
        case HCS_SCHEMA_U8:
                check_number(w, json, 0, UINT8_MAX);
                return;
        case HCS_SCHEMA_U16:
                check_number(w, json, 0, UINT16_MAX);
                return;
        case HCS_SCHEMA_U32:
                check_number(w, json, 0, UINT32_MAX);
                return;
        case HCS_SCHEMA_U64:
                check_number(w, json, 0, UINT64_MAX);
                return;
        case HCS_SCHEMA_I32:
                check_number(w, json, INT32_MIN, INT32_MAX);
                return;
        case HCS_SCHEMA_I64:
                check_number(w, json, INT64_MIN, INT64_MAX);
                return;
        case HCS_SCHEMA_F64:
                if (!hcs_json_is(json, HCS_JSON_NUMBER))
                        wrong_type(w, "a number", json);
                return;
        case HCS_SCHEMA_ANY:
                return;
        case HCS_SCHEMA_STRUCT:
                check_members(w, f->type, json);
                return;
        }
}

static void cut(struct walk *w, size_t keep) {
        w->path.len = keep;
        w->path.data[keep] = '\0';
}

static void check_field(struct walk *w, const struct hcs_schema_type *owner, const struct hcs_schema_field *f,
                        const struct hcs_json *json) {
        size_t keep = w->path.len, i = 0;
        const struct hcs_schema_type *inner;

        if (f->shape == HCS_SCHEMA_SINGLE) {
                check_value(w, f, json);
                return;
        }
        if (!hcs_json_is(json, f->shape == HCS_SCHEMA_MAP ? HCS_JSON_OBJECT : HCS_JSON_ARRAY)) {
                wrong_type(w, f->shape == HCS_SCHEMA_MAP ? "an object" : "an array", json);
                return;
        }
        for (const struct hcs_json *e = hcs_json_first(json); e; e = hcs_json_next(e), i++) {
                if (f->shape == HCS_SCHEMA_MAP)
                        hcs_json_path_member(&w->path, hcs_json_key(e));
                else
                        hcs_json_path_index(&w->path, i);
                inner = f->kind == HCS_SCHEMA_ANY ? schema_element_type(owner, f->name, e) : NULL;
                if (inner)
                        check_members(w, inner, e);
                else if (!hcs_json_is(e, HCS_JSON_NULL))
                        check_value(w, f, e);
                cut(w, keep);
        }
}

static void unknown_member(struct walk *w, const struct hcs_schema_type *type, const char *name) {
        _cleanup_free_ const char **names = hcs_malloc((type->n_fields + 1) * sizeof(*names));
        const char *alike;

        for (size_t i = 0; i < type->n_fields; i++)
                names[i] = type->fields[i].name;
        alike = hcs_str_nearest(name, names, type->n_fields);
        problem(w, HCS_SCHEMA_UNKNOWN_MEMBER, w->profile->strict,
                alike ? hcs_asprintf("unknown member of %s (did you mean \"%s\"?)", type->name, alike)
                      : hcs_asprintf("unknown member of %s", type->name));
}

/* Is the member newer than what the profile's build knows? */
static bool too_new(const struct walk *w, const struct hcs_schema_field *f) {
        const struct hcs_schema_profile *p = w->profile;

        return p->strict && (f->since_major > p->major || (f->since_major == p->major && f->since_minor > p->minor));
}

static void check_members(struct walk *w, const struct hcs_schema_type *type, const struct hcs_json *doc) {
        size_t keep = w->path.len;

        if (!hcs_json_is(doc, HCS_JSON_OBJECT)) {
                wrong_type(w, "an object", doc);
                return;
        }
        for (const struct hcs_json *m = hcs_json_first(doc); m; m = hcs_json_next(m)) {
                const struct hcs_schema_field *f = hcs_schema_field_find(type, hcs_json_key(m), true);
                const struct hcs_schema_type *inner;

                hcs_json_path_member(&w->path, hcs_json_key(m));
                if (!f) {
                        unknown_member(w, type, hcs_json_key(m));
                } else if (too_new(w, f)) {
                        problem(w, HCS_SCHEMA_TOO_NEW, true,
                                hcs_asprintf("member of schema %u.%u%s, but build %u knows only up to %u.%u",
                                             f->since_major, f->since_minor,
                                             f->flags & HCS_SCHEMA_SINCE_ASSUMED ? " (assumed)" : "", w->profile->build,
                                             w->profile->major, w->profile->minor));
                } else {
                        if (strcmp(f->name, hcs_json_key(m)) != 0)
                                problem(w, HCS_SCHEMA_WRONG_CASE, w->profile->strict,
                                        hcs_asprintf("spelled in another case than \"%s\"", f->name));
                        inner = f->kind == HCS_SCHEMA_ANY ? schema_inner_type(type, doc, m) : NULL;
                        if (inner)
                                check_members(w, inner, m);
                        else if (!hcs_json_is(m, HCS_JSON_NULL))
                                check_field(w, type, f, m);
                }
                cut(w, keep);
        }
}

void hcs_schema_validate(const struct hcs_schema_type *type, const struct hcs_json *doc,
                         const struct hcs_schema_profile *profile, struct hcs_schema_report *ret) {
        static const struct hcs_schema_profile lenient;
        struct walk w = {.profile = profile ? profile : &lenient, .report = ret};

        *ret = (struct hcs_schema_report){0};
        hcs_buf_putc(&w.path, '$');
        check_members(&w, type, doc);
        hcs_buf_deinit(&w.path);
}

/* The guest names the path below the settings it was given, not below the whole request. */
char *hcs_schema_guest_refusal(const struct hcs_schema_problem *p) {
        const char *settings = strstr(p->path, ".Settings.");
        _cleanup_free_ char *path = settings ? hcs_asprintf("$.%s", settings + 10) : hcs_strdup(p->path);
        _cleanup_free_ char *message =
                hcs_asprintf("The virtual machine or container JSON document is invalid. Msg:[%s]", path);
        _cleanup_json_ struct hcs_json *root = hcs_json_new_object();
        struct hcs_json *event;

        hcs_json_set_i64(root, "Error", (int32_t)0xC037010D);
        hcs_json_set_string(root, "ErrorMessage", "The virtual machine or container JSON document is invalid.");
        event = hcs_json_append(hcs_json_set_new_array(root, "ErrorEvents"), hcs_json_new_object());
        hcs_json_set_string(event, "Message", message);
        return hcs_json_text(root, HCS_JSON_GO);
}
