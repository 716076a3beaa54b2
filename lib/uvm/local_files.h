/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_LOCAL_FILES_H
#define HCS_UVM_LOCAL_FILES_H

/* The files of this machine, as documents ask for them. Stateless. */

#include "oci/host.h"

/* trusting: every path is there, a folder when nothing is known of it; for who has the files of another time or place.
 */
void uvm_local_files(struct oci_host *host, bool trusting);

#endif
