/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_JSON_H
#define HCS_BASE_JSON_H

/*
 * JSON for the whole tree. cJSON does the tree work and is visible only in json*.c; what it gets wrong is caught
 * here once: numbers keep their exact text (64-bit integers survive digit for digit), trailing text, U+0000, bad
 * UTF-8, leading zeros and excess depth are refused with line, column and path, duplicate members are refused or
 * the last one wins, and printing is ours: compact, pretty, or byte for byte as Go's encoder.
 *
 * A node belongs to its tree; the root belongs to whoever parsed or made it. A tree is used by one thread at a
 * time; reading from several is fine. Member order is kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "hcsshim/error.h"

struct hcs_json;

enum hcs_json_kind {
        HCS_JSON_NULL,
        HCS_JSON_BOOL,
        HCS_JSON_NUMBER,
        HCS_JSON_STRING,
        HCS_JSON_ARRAY,
        HCS_JSON_OBJECT,
};

enum hcs_json_flags {
        HCS_JSON_DUPLICATE_LAST = 1 << 0, /* duplicate members: the last wins (Go); default: refused */
        HCS_JSON_ALLOW_BOM = 1 << 1,      /* a UTF-8 byte order mark in front is skipped; default: refused */
        HCS_JSON_REPLACE_BAD = 1 << 2,    /* bad UTF-8, lone surrogates and U+0000 become U+FFFD; default: refused */
};

/* NULL options: 64 MiB, depth 64, no flags. A zero member means its default. */
struct hcs_json_options {
        size_t max_bytes;
        unsigned max_depth;
        unsigned flags;
};

/*
 * Parses exactly [text, text+len). Errors are HCS_E_INVALID_JSON "line L, column C: what" (path set when inside a
 * member) and HRESULT_FROM_WIN32(ERROR_FILE_TOO_LARGE) for size.
 */
HRESULT hcs_json_parse(const char *text, size_t len, const struct hcs_json_options *options, struct hcs_json **ret,
                       struct hcs_error **err);
HRESULT hcs_json_parse_cstr(const char *text, struct hcs_json **ret, struct hcs_error **err);
/* Only the strict check, no tree. */
HRESULT hcs_json_check(const char *text, size_t len, const struct hcs_json_options *options, struct hcs_error **err);
struct hcs_json *hcs_json_free(struct hcs_json *j);
HCS_DEFINE_CLEANUP(struct hcs_json *, hcs_json_free)
#define _cleanup_json_ _cleanup_(hcs_json_freep)

/* Reading. Every reader accepts NULL (kind NULL, count 0, lookups NULL). */
enum hcs_json_kind hcs_json_kind(const struct hcs_json *j);
bool hcs_json_is(const struct hcs_json *j, enum hcs_json_kind kind); /* false for a NULL pointer */
size_t hcs_json_count(const struct hcs_json *j);
struct hcs_json *hcs_json_get(const struct hcs_json *obj, const char *key); /* exact name */
struct hcs_json *hcs_json_get_nocase(const struct hcs_json *obj,
                                     const char *key); /* as Go decodes: exact, else folded */
struct hcs_json *hcs_json_at(const struct hcs_json *array, size_t i);
struct hcs_json *hcs_json_first(const struct hcs_json *j); /* first child of an array or object */
struct hcs_json *hcs_json_next(const struct hcs_json *j);
const char *hcs_json_key(const struct hcs_json *j);    /* member name, NULL in arrays and at the root */
const char *hcs_json_string(const struct hcs_json *j); /* NULL unless a string */
const char *hcs_json_get_string(const struct hcs_json *obj, const char *key); /* NULL unless a string member */
bool hcs_json_bool(const struct hcs_json *j);                                 /* false unless true */
/* Exact: false when not a number, not an integer ("1e3" and "2.0" are integers) or out of range. */
bool hcs_json_i64(const struct hcs_json *j, int64_t *ret);
bool hcs_json_u64(const struct hcs_json *j, uint64_t *ret);
bool hcs_json_double(const struct hcs_json *j, double *ret);
/* The number's exact text in buf. */
const char *hcs_json_number_text(const struct hcs_json *j, char *buf, size_t size);
/* "A.B[2].C" below root; NULL when absent. "" is the root; names with dots are written ["a.b"]. */
struct hcs_json *hcs_json_lookup(const struct hcs_json *root, const char *path);
/* Appends one step to a path in that spelling. */
void hcs_json_path_member(struct hcs_buf *path, const char *name);
void hcs_json_path_index(struct hcs_buf *path, size_t i);

/* Making. New nodes belong to the caller until put into a tree. */
struct hcs_json *hcs_json_new_object(void);
struct hcs_json *hcs_json_new_array(void);
struct hcs_json *hcs_json_new_null(void);
struct hcs_json *hcs_json_new_bool(bool b);
struct hcs_json *hcs_json_new_string(const char *s); /* NULL makes null */
struct hcs_json *hcs_json_new_string_n(const char *s, size_t n);
struct hcs_json *hcs_json_new_i64(int64_t v);
struct hcs_json *hcs_json_new_u64(uint64_t v);
struct hcs_json *hcs_json_new_double(double v);
struct hcs_json *hcs_json_copy(const struct hcs_json *j);
/* Take the value over; an existing member of that name is replaced in place. Return the value as stored. */
struct hcs_json *hcs_json_set(struct hcs_json *obj, const char *key, struct hcs_json *value);
struct hcs_json *hcs_json_append(struct hcs_json *array, struct hcs_json *value);
struct hcs_json *hcs_json_set_string(struct hcs_json *obj, const char *key, const char *s);
struct hcs_json *hcs_json_set_u64(struct hcs_json *obj, const char *key, uint64_t v);
struct hcs_json *hcs_json_set_i64(struct hcs_json *obj, const char *key, int64_t v);
struct hcs_json *hcs_json_set_bool(struct hcs_json *obj, const char *key, bool b);
struct hcs_json *hcs_json_set_new_object(struct hcs_json *obj, const char *key);
struct hcs_json *hcs_json_set_new_array(struct hcs_json *obj, const char *key);
void hcs_json_remove(struct hcs_json *obj, const char *key);                       /* frees; absent is fine */
struct hcs_json *hcs_json_detach(struct hcs_json *parent, struct hcs_json *child); /* to the caller */
/* Replaces child of parent by value (both keep position and name); frees child. */
void hcs_json_replace(struct hcs_json *parent, struct hcs_json *child, struct hcs_json *value);

/* Equality: members in any order, numbers by exact value ("1" equals "1.0" and "1e0"), strings by bytes. */
bool hcs_json_equal(const struct hcs_json *a, const struct hcs_json *b);

enum hcs_json_style {
        HCS_JSON_COMPACT,    /* shortest escapes, no blanks */
        HCS_JSON_PRETTY,     /* two blanks indent, "key": value, no newline at the end */
        HCS_JSON_GO,         /* as json.Marshal: <, >, &, U+2028, U+2029 escaped */
        HCS_JSON_GO_NO_HTML, /* as json.Encoder with SetEscapeHTML(false), without its newline */
};
void hcs_json_print(const struct hcs_json *j, enum hcs_json_style style, struct hcs_buf *out);
char *hcs_json_text(const struct hcs_json *j, enum hcs_json_style style); /* caller frees */
/* Appends s as a quoted JSON string. */
void hcs_json_print_string(const char *s, size_t n, enum hcs_json_style style, struct hcs_buf *out);

#endif
