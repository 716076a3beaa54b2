/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_DIGEST_H
#define HCS_OCI_DIGEST_H

/* Digests of OCI content, "sha256:<64 digits>" or "sha512:<128 digits>" in lower case: checked, and computed. */

#include <stdbool.h>

#include "base/mem.h"
#include "platform/data_file.h"

#define OCI_DIGEST_SIZE 136u /* "sha512:", 128 digits and NUL */

/* Is it one, to the letter? Then it is safe as two parts of a path. */
bool oci_digest_is_valid(const char *text);
/* The digits of a valid one. */
const char *oci_digest_hex(const char *digest);
/* Of a whole file, with the algorithm of a valid digest. */
HRESULT oci_digest_of(struct hcs_data_file *f, const char *like, char ret[static OCI_DIGEST_SIZE],
                      struct hcs_error **err);

#endif
