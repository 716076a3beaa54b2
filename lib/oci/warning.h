/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_WARNING_H
#define HCS_OCI_WARNING_H

/*
 * What was ignored or changed while a specification was read: entries with the texts and fields of hcsshim's log. An
 * embedded list of its owner, used by one thread; a zeroed struct is an empty list.
 */

#include "base/json.h"
#include "hcsshim/log.h"

struct oci_warnings {
        struct hcs_json *list; /* an array of {"level", "msg", fields}; NULL: none */
};

/* Appends an entry of level warning; its fields are put into what is returned, which belongs to the list. */
struct hcs_json *oci_warn(struct oci_warnings *w, const char *msg);
/* The same with level error: something failed that does not end the call. */
struct hcs_json *oci_warn_error(struct oci_warnings *w, const char *msg);
void oci_warnings_log(const struct oci_warnings *w); /* to the program's log */
void oci_warnings_deinit(struct oci_warnings *w);
#define _cleanup_oci_warnings_ _cleanup_(oci_warnings_deinit)

#endif
