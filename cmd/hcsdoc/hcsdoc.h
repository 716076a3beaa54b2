/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSDOC_HCSDOC_H
#define CMD_HCSDOC_HCSDOC_H

/* hcsdoc's kinds of documents and what is shown of one. */

#include "base/buf.h"
#include "cmd/commands/commands.h"
#include "oci/described.h"

struct hcsdoc_kind {
        const char *name;
        /* From a description (oci/described.h, or the kind's own) to all that would be sent. */
        HRESULT (*make)(const struct hcs_json *description, struct oci_made *ret, struct hcs_error **err);
        const char *sends; /* the call or message that carries the document */
        /* Appends what is done on the host before, one JSON object a line; NULL: nothing. */
        void (*prepare)(const struct hcs_json *description, struct hcs_buf *out);
};

/* A Windows container, or the limits of one that is a job of the host. */
HRESULT hcsdoc_wcow_container(const struct hcs_json *description, struct oci_made *ret, struct hcs_error **err);

/* Utility VMs: descriptions are uvm/case.h's. */
HRESULT hcsdoc_lcow_uvm(const struct hcs_json *description, struct oci_made *ret, struct hcs_error **err);
HRESULT hcsdoc_lcow_uvm_v2(const struct hcs_json *description, struct oci_made *ret, struct hcs_error **err);
HRESULT hcsdoc_wcow_uvm(const struct hcs_json *description, struct oci_made *ret, struct hcs_error **err);
void hcsdoc_lcow_uvm_preparations(const struct hcs_json *description, struct hcs_buf *out);
void hcsdoc_lcow_uvm_v2_preparations(const struct hcs_json *description, struct hcs_buf *out);
void hcsdoc_wcow_uvm_preparations(const struct hcs_json *description, struct hcs_buf *out);

/* text: a specification, a description, or a golden case. The caller's. */
HRESULT hcsdoc_description(const char *text, size_t len, struct hcs_json **ret, struct hcs_error **err);
/* Appends for each annotation of the description's specification what the document has because of it. */
HRESULT hcsdoc_explain(const struct hcsdoc_kind *kind, const struct hcs_json *description, struct hcs_buf *out,
                       struct hcs_error **err);
/* Appends all requests in order, one JSON object a line, the document last. */
void hcsdoc_steps(const struct hcsdoc_kind *kind, const struct hcs_json *description, const struct oci_made *made,
                  struct hcs_buf *out);
/* Appends the object as a line; takes it over. */
void hcsdoc_put_line(struct hcs_json *line, struct hcs_buf *out);

#endif
