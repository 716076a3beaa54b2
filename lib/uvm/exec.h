/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_EXEC_H
#define HCS_UVM_EXEC_H

/* Programs in a Linux VM itself, beside its containers: started, read and waited for. Any thread. */

#include "base/buf.h"
#include "uvm/vm.h"

/*
 * argv ends with NULL; out: what it wrote to its output and its errors, in the order it came; may be NULL. At most
 * 1 MiB of it is kept. A program
 * that cannot be started is a failure; one that ends with another code than 0 is not, unless nobody asks for the code.
 */
HRESULT uvm_run(struct uvm *u, const char *const *argv, const struct hcs_call *call, struct hcs_buf *out,
                uint32_t *ret_code, struct hcs_error **err);

#endif
