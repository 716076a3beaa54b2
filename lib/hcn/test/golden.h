/* SPDX-License-Identifier: MIT */
#ifndef HCS_HCN_TEST_GOLDEN_H
#define HCS_HCN_TEST_GOLDEN_H

/* One golden case on its way through the library. */

#include "testing/fake_network.h"

struct golden_run {
        const struct hcs_json *input;
        struct hcn_client *hcn;
        struct hns_client *hns;
        enum hcn_kind kind; /* from the row of the call */
        /* What the call gave: a JSON text, or a list of texts. */
        char *text;
        struct hcs_documents list;
        bool is_list;
        struct hcs_error *err;
};
struct golden_row {
        const char *call; /* the original's name */
        HRESULT (*run)(struct golden_run *r);
        enum hcn_kind kind;
};
/* Ends with a row without a call. */
extern const struct golden_row golden_hcn_rows[], golden_hns_rows[];

const char *golden_string(const struct golden_run *r, const char *member); /* "" when it is not there */
/* The one of these members that the case has; the cases are not alike in how they name an argument. */
const char *golden_member(const struct golden_run *r, const char *const *members);
#define GOLDEN_MEMBER(r, ...) golden_member(r, (const char *const[]){__VA_ARGS__, NULL})
uint64_t golden_number(const struct golden_run *r, const char *member); /* 0 when it is not there */
/* A member as text; NULL when it is not there or null. Caller frees. */
char *golden_document(const struct golden_run *r, const char *member);
/* The texts of an array of strings, or the "Id" of an array of objects. Borrowed from the input but for the array. */
const char **golden_strings(const struct golden_run *r, const char *member, size_t *ret_n);

#endif
