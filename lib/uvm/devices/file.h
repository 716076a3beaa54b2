/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_DEVICES_FILE_H
#define HCS_UVM_DEVICES_FILE_H

/* Files of the host, by Windows paths or others: what is asked of them, and the parts of their names. Pure functions.
 */

#include <stdbool.h>
#include <stdint.h>

struct uvm_file {
        bool is_directory;
        uint64_t size;
};

/* What Windows says of a path that leads nowhere, in Go's words. Caller frees. */
char *uvm_no_such_file(const char *path);
/* The folder with its last separator, as Go's filepath.Split. Caller frees. */
char *uvm_file_parent(const char *path);
const char *uvm_file_base(const char *path); /* behind the last separator */

#endif
