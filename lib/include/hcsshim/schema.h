/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_SCHEMA_H
#define HCSSHIM_SCHEMA_H

/*
 * The documents of HCS as data and as C structs.
 *
 * Every document type of schema 1 (names "v1.X"), schema 2, guest requests ("guest.X"), the GCS bridge ("gcs.X") and
 * host networking ("hcn.X", and "hns.X" for its version 1; see schema_network.h) is a row of a table; the structs of
 * hcsshim/schema_types.h are laid out by it. Strings, arrays and pointers inside a struct belong to it. Unknown members
 * survive a round trip in `extra`. The reference page (schema.md in the build) lists every member with its first schema
 * version, unit and source.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/error.h"
#include "hcsshim/schema_types.h"

struct hcs_json;

enum hcs_schema_kind {
        HCS_SCHEMA_STRING,
        HCS_SCHEMA_GUID,   /* text */
        HCS_SCHEMA_TIME,   /* RFC 3339 text; NULL prints as Go's zero time */
        HCS_SCHEMA_BASE64, /* text */
        HCS_SCHEMA_BOOL,
        HCS_SCHEMA_U8,
        HCS_SCHEMA_U16,
        HCS_SCHEMA_U32,
        HCS_SCHEMA_U64,
        HCS_SCHEMA_I32,
        HCS_SCHEMA_I64,
        HCS_SCHEMA_F64,
        HCS_SCHEMA_ANY, /* any JSON value, as a tree */
        HCS_SCHEMA_STRUCT,
};
enum hcs_schema_shape { HCS_SCHEMA_SINGLE, HCS_SCHEMA_ARRAY, HCS_SCHEMA_FIXED, HCS_SCHEMA_MAP };
enum hcs_schema_flags {
        HCS_SCHEMA_ALWAYS = 1 << 0,        /* printed even when empty */
        HCS_SCHEMA_POINTER = 1 << 1,       /* may be absent: a NULL pointer */
        HCS_SCHEMA_SINCE_ASSUMED = 1 << 2, /* no published schema says since when */
};

struct hcs_schema_type;
struct hcs_schema_field {
        const char *name;
        enum hcs_schema_kind kind;
        enum hcs_schema_shape shape;
        unsigned flags;
        unsigned fixed;                    /* FIXED: how many */
        unsigned since_major, since_minor; /* first schema version */
        size_t offset;
        const struct hcs_schema_type *type; /* STRUCT */
        const char *const *values;          /* the names it may have, NULL terminated; NULL: any text */
        const char *unit, *doc, *source;
};
struct hcs_schema_type {
        const char *name;
        const struct hcs_schema_field *fields;
        size_t n_fields;
        size_t size;
        size_t extra_offset;
};
extern const struct hcs_schema_type hcs_schema_types[];

const struct hcs_schema_type *hcs_schema_type_at(enum hcs_schema_type_id id);
/* By name ("ComputeSystem", "v1.ContainerConfig"; any case); NULL when unknown. */
const struct hcs_schema_type *hcs_schema_type_find(const char *name);
const struct hcs_schema_field *hcs_schema_field_find(const struct hcs_schema_type *type, const char *name,
                                                     bool any_case);

/* Text to struct. Decodes as Go does: names in any case, null is absent, numbers must fit. HCS_E_INVALID_JSON with the
 * path of the first thing that does not fit. Free with hcs_schema_free(). */
HRESULT hcs_schema_parse(const struct hcs_schema_type *type, const char *text, size_t len, void **ret,
                         struct hcs_error **err);
/* The same from a tree, which stays the caller's. Of members that are spelled alike but for their case the last wins.
 */
HRESULT hcs_schema_parse_json(const struct hcs_schema_type *type, const struct hcs_json *json, void **ret,
                              struct hcs_error **err);
/* The same for what a service answers: the last of members given twice counts, bad text is replaced, null in a member
 * that may hold anything stays (as in Go's RawMessage), and the error is in the words of Go. */
HRESULT hcs_schema_parse_answer(const struct hcs_schema_type *type, const char *text, void **ret,
                                struct hcs_error **err);
/* Drops what the schema does not know, at every level below: what hcsshim would have kept of the document. */
void hcs_schema_forget_unknown(const struct hcs_schema_type *type, void *doc);
/* Frees what a member holds and makes it empty; the member must be the type's. */
void hcs_schema_clear(const struct hcs_schema_type *type, void *doc, const char *member);
/* Struct to text, byte for byte as Go's json.Marshal prints the same document. Caller frees. */
char *hcs_schema_print(const struct hcs_schema_type *type, const void *doc);
/* The same without escapes for HTML, as messages of the bridge are encoded. */
char *hcs_schema_print_no_html(const struct hcs_schema_type *type, const void *doc);
/*
 * What Go says when it decodes the text as this type: "unexpected end of JSON input", "json: cannot unmarshal string
 * into Go struct field ResponseBase.Result of type int32". go_name: the type's name there, with
 * its package unless that is "prot"; NULL when it is ours without its prefix. NULL when it has no objection. Caller
 * frees.
 */
char *hcs_schema_go_error(const struct hcs_schema_type *type, const char *go_name, const char *text, size_t len);
/* Returns NULL. */
void *hcs_schema_free(const struct hcs_schema_type *type, void *doc);

/*
 * Validation: all problems of a document at once.
 *
 * A profile says how a reader of that document would take it:
 *   "strict:<build>"  refuses what that Windows build does not know, as inbox guests of older builds do; names compare
 *                     exactly
 *   "lenient"         the Go decoder: unknown members are warnings, names compare in any case
 */
enum hcs_schema_problem_kind {
        HCS_SCHEMA_UNKNOWN_MEMBER,
        HCS_SCHEMA_TOO_NEW,
        HCS_SCHEMA_WRONG_TYPE,
        HCS_SCHEMA_OUT_OF_RANGE,
        HCS_SCHEMA_BAD_VALUE, /* not one of the names it may have */
        HCS_SCHEMA_WRONG_CASE,
};
struct hcs_schema_problem {
        enum hcs_schema_problem_kind kind;
        bool is_error; /* else a warning */
        char *path;    /* "$.VirtualMachine.Chipset.Uefii" */
        char *message; /* with "(did you mean ...?)" where something is near */
};
struct hcs_schema_report {
        struct hcs_schema_problem *problems;
        size_t n, n_errors;
};
void hcs_schema_report_deinit(struct hcs_schema_report *r);

struct hcs_schema_profile {
        bool strict;
        uint32_t build;
        unsigned major, minor; /* schema version of that build */
};
/* E_INVALIDARG for a profile of another form. NULL text is "lenient". */
HRESULT hcs_schema_profile_parse(const char *text, struct hcs_schema_profile *ret, struct hcs_error **err);
/* The newest schema version that a Windows build knows. */
void hcs_schema_version_of_build(uint32_t build, unsigned *ret_major, unsigned *ret_minor);

void hcs_schema_validate(const struct hcs_schema_type *type, const struct hcs_json *doc,
                         const struct hcs_schema_profile *profile, struct hcs_schema_report *ret);
/* The type that a document looks like; NULL when it looks like none. */
const struct hcs_schema_type *hcs_schema_guess(const struct hcs_json *doc);

/* What a strict guest answers to a document with this problem: a ResultError with 0xC037010D and "Msg:[$.path]".
 * Caller frees. */
char *hcs_schema_guest_refusal(const struct hcs_schema_problem *problem);

#endif
