/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_DEFAULT_SPEC_H
#define HCS_OCI_DEFAULT_SPEC_H

/* A specification to begin with, for who has none: what containerd gives an unprivileged Linux container (its
 * oci/spec.go, defaultUnixCaps and populateDefaultUnixSpec). Without arguments, environment and root. */

#include "base/json.h"

/* The caller's. */
struct hcs_json *oci_default_spec(void);

#endif
