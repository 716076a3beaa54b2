/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ENGINE_VALUE_H
#define MOCKHCS_ENGINE_VALUE_H

/*
 * One named argument or output of a call. A document keeps the exact bytes that crossed the ABI; its tree is parsed
 * on first use and cached. A value owns its text and tree. The same struct is what a trace line is read into.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

enum mock_value_kind {
        MOCK_ABSENT,
        MOCK_DOCUMENT, /* JSON text; may turn out malformed or empty */
        MOCK_TEXT,     /* plain string: an id, a path */
        MOCK_NUMBER,
        MOCK_HANDLE, /* symbolic: text holds "system/1" */
};

struct mock_value {
        const char *name; /* static: "configuration" (trace reader: interned) */
        enum mock_value_kind kind;
        char *text; /* DOCUMENT, TEXT, HANDLE: UTF-8, NUL terminated; never NULL for those kinds */
        size_t len;
        uint64_t number;
        struct hcs_json *tree; /* DOCUMENT: cache of mock_value_tree() */
        bool unparsable;       /* DOCUMENT: parsing was tried and failed */
};

/* Takes text over (NULL becomes ""). */
void mock_value_set_document(struct mock_value *v, const char *name, char *text);
void mock_value_set_text(struct mock_value *v, const char *name, char *text);
void mock_value_set_handle(struct mock_value *v, const char *name, const char *symbol);
void mock_value_set_number(struct mock_value *v, const char *name, uint64_t number);
void mock_value_copy(struct mock_value *to, const struct mock_value *from);
void mock_value_deinit(struct mock_value *v);

/* The parsed document, owned by v; NULL when empty or malformed, then err says why (empty: no error). */
struct hcs_json *mock_value_tree(struct mock_value *v, struct hcs_error **err);
/* Empty text, or a kind that is absent. */
bool mock_value_is_empty(const struct mock_value *v);

#endif
