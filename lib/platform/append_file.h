/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_APPEND_FILE_H
#define HCS_PLATFORM_APPEND_FILE_H

/*
 * A file that only grows, whose bytes are the kernel's as soon as they are appended: a process that is killed loses
 * nothing of what it wrote. Where the system allows it appending costs no system call (the end of the file is mapped);
 * then the file is longer than what was written while it is open, and after a crash: the rest is zeros. Not thread
 * safe. A forked child that still holds one cannot append to it, so that it cannot spoil its parent's.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/error.h"

struct hcs_append_file;

/*
 * Creates the file (mode 0600) or empties it; "-" is standard output, which stays open. When another process has it
 * open in this way, that one keeps it, and `path.PID` is made instead; ret_path (may be NULL) says what was opened.
 * Errors: what open says.
 */
HRESULT hcs_append_file_open(const char *path, struct hcs_append_file **ret, char **ret_path, struct hcs_error **err);
/* 0, or the errno that stopped it: then nothing was appended. Raises no signal. */
int hcs_append_file_write(struct hcs_append_file *f, const void *data, size_t len);
struct hcs_append_file *hcs_append_file_close(struct hcs_append_file *f);
HCS_DEFINE_CLEANUP(struct hcs_append_file *, hcs_append_file_close)

#endif
