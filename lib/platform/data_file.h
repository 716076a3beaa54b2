/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_DATA_FILE_H
#define HCS_PLATFORM_DATA_FILE_H

/*
 * A file of any size, read or written a piece at a time. One that is created has no name until it is committed: what
 * happens before that, the end of the process included, leaves nothing behind and whatever had the name untouched.
 * Belongs to one thread at a time, but hcs_data_file_read_at and _write_at may be called by many at once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/error.h"

struct hcs_data_file;

/* For reading. "-" is standard input, which stays open. */
HRESULT hcs_data_file_open(const char *path, struct hcs_data_file **ret, struct hcs_error **err);
/* What is there, for reading and for writing in place: a change is there at once, and stays. */
HRESULT hcs_data_file_change(const char *path, struct hcs_data_file **ret, struct hcs_error **err);
/*
 * A new file for reading and writing, which gets its name with the commit. A device or pipe that has the name already
 * is written in place. Errors: what open says.
 */
HRESULT hcs_data_file_create(const char *path, struct hcs_data_file **ret, struct hcs_error **err);
/* A file without a name, beside nothing: for what only lives as long as the object. */
HRESULT hcs_data_file_temporary(struct hcs_data_file **ret, struct hcs_error **err);
/* Gives a created file its name, in place of what had it before. */
HRESULT hcs_data_file_commit(struct hcs_data_file *f, struct hcs_error **err);
/* Takes back what was not committed. NULL is fine, returns NULL. */
struct hcs_data_file *hcs_data_file_close(struct hcs_data_file *f);
HCS_DEFINE_CLEANUP(struct hcs_data_file *, hcs_data_file_close)

const char *hcs_data_file_name(const struct hcs_data_file *f); /* for messages */
/* Has a size and can be read at any place; false for a pipe. */
bool hcs_data_file_is_regular(const struct hcs_data_file *f);
/* What was never written reads as zeros: not so for a device. */
bool hcs_data_file_is_fresh(const struct hcs_data_file *f);
/* As it is now; for a device its capacity, 0 for a pipe. */
HRESULT hcs_data_file_size(struct hcs_data_file *f, uint64_t *ret, struct hcs_error **err);
/* When it was last written to, in seconds since 1970. */
HRESULT hcs_data_file_changed(struct hcs_data_file *f, int64_t *ret, struct hcs_error **err);
/* It says so from now on, until it is written to again. */
HRESULT hcs_data_file_set_changed(struct hcs_data_file *f, int64_t seconds, struct hcs_error **err);

/* The next bytes, fewer than n only at the end of a file and wherever a pipe likes; *ret_n == 0 is the end. */
HRESULT hcs_data_file_read(struct hcs_data_file *f, void *data, size_t n, size_t *ret_n, struct hcs_error **err);
/* Fewer than n bytes only at the end of the file. */
HRESULT hcs_data_file_read_at(struct hcs_data_file *f, uint64_t offset, void *data, size_t n, size_t *ret_n,
                              struct hcs_error **err);
HRESULT hcs_data_file_write_at(struct hcs_data_file *f, uint64_t offset, const void *data, size_t n,
                               struct hcs_error **err);
/* Cuts off, or adds zeros. No effect on a device. */
HRESULT hcs_data_file_resize(struct hcs_data_file *f, uint64_t size, struct hcs_error **err);
/*
 * Lets the system move up to n bytes between two files. *ret_n is what it moved: less than n where `from` ends, and 0
 * where the system cannot do it for these two; then read and write.
 */
HRESULT hcs_data_file_copy(struct hcs_data_file *from, uint64_t from_offset, struct hcs_data_file *to,
                           uint64_t to_offset, uint64_t n, uint64_t *ret_n, struct hcs_error **err);

#endif
