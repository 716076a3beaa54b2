/* SPDX-License-Identifier: MIT */
#ifndef HCS_HNS_INTERNAL_H
#define HCS_HNS_INTERNAL_H

/*
 * The inside of the version 1 client: one counted client around HNSCall, no state but that. Constant after it was
 * opened, so any thread may use it.
 */

#include <stdatomic.h>

#include "base/json.h"
#include "hcsshim/hns.h"
#include "hcsshim/schema.h"

struct hns_client {
        atomic_uint refs;
        HRESULT(HCS_ABI_CALL *hns_call)(PCWSTR method, PCWSTR path, PCWSTR object, PWSTR *response);
        bool keep_unknown;
};

/* Who calls: the two packages of hcsshim word their errors differently. */
enum hns_wording { HNS_WORDING_HNS, HNS_WORDING_HCN };
/* body may be NULL; ret_output may be NULL, else it receives the Output's tree or NULL. */
HRESULT hns_request(struct hns_client *c, enum hns_wording wording, const char *method, const char *path,
                    const char *body, struct hcs_json **ret_output, struct hcs_error **err);
/* The same, and the Output as a document of that type; an Output that is not there is the empty document. */
HRESULT hns_request_typed(struct hns_client *c, const char *method, const char *path, const char *body,
                          enum hcs_schema_type_id type, char **ret, struct hcs_error **err);
/* The same for an Output that is an array of documents. */
HRESULT hns_request_list(struct hns_client *c, const char *path, enum hcs_schema_type_id type,
                         struct hcs_documents *ret, struct hcs_error **err);
/* The first document whose Name is that; S_FALSE and NULL when there is none. */
HRESULT hns_request_named(struct hns_client *c, const char *path, enum hcs_schema_type_id type, const char *name,
                          char **ret, struct hcs_error **err);

/* A document of the caller: read as its type ("{}" for NULL). Free with hcs_schema_free(). */
HRESULT hns_settings(enum hcs_schema_type_id type, const char *text, void **ret, struct hcs_error **err);
HRESULT hns_needs(const void *argument, const char *name, struct hcs_error **err); /* E_POINTER for NULL */
/* A tree as a document of that type, printed as hcsshim would. */
HRESULT hns_typed(const struct hns_client *c, enum hcs_schema_type_id type, const struct hcs_json *json, char **ret,
                  struct hcs_error **err);

#endif
