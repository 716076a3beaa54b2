/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_GUEST_NAMESPACE_H
#define HCS_PLATFORM_GUEST_NAMESPACE_H

/*
 * What the CNI plug-in of runhcs left about a guest's network namespace, and the shim of the VM that it belongs to.
 *
 * Windows: the value `cfg` of HKLM\SOFTWARE\Microsoft\runhcs\cni\<namespace id>, and the message pipe
 * \\.\pipe\ProtectedPrefix\Administrators\runhcs-vm-<host id>.
 * Linux: the file `cni/<namespace id>/cfg` and the stream socket `runhcs-vm-<host id>`, both below the folder that
 * HCSSHIM_RUNHCS_STATE names, else /run/runhcs.
 */

#include "base/buf.h"
#include "hcsshim/error.h"

/* The record, a JSON document; S_FALSE when there is none. Caller frees. */
HRESULT hcs_guest_namespace_read(const char *namespace_id, char **ret, struct hcs_error **err);
/* One that is not there is S_OK. */
HRESULT hcs_guest_namespace_remove(const char *namespace_id, struct hcs_error **err);
/* Sends the request and appends what comes back to the end of the connection; S_FALSE when no shim listens. */
HRESULT hcs_guest_shim_request(const char *host_id, const char *request, struct hcs_buf *reply, struct hcs_error **err);

#endif
