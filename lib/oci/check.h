/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_CHECK_H
#define HCS_OCI_CHECK_H

/* What is done to every container's specification before anything is made of it. */

#include "oci/annotation.h"

/* Expands annotations; refuses conflicts of them, a credential spec where those are disabled, a role without a pod. */
HRESULT oci_container_prepare(struct hcs_schema_oci_spec *spec, struct oci_warnings *w, struct hcs_error **err);

#endif
