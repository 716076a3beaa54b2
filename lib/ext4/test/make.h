/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_TEST_MAKE_H
#define HCS_EXT4_TEST_MAKE_H

/* Archives and images for the unit tests of this room, made in memory and in files without a name. */

#include "base/buf.h"
#include "ext4/convert.h"
#include "testing/hcs_test.h"

/* One entry: header, content, padding. link may be NULL. */
void make_entry(struct hcs_buf *tar, char type, const char *name, const char *link, const void *data, size_t n);
/* The same for a header whose size field says something else; data is added as it is. */
void make_entry_of_size(struct hcs_buf *tar, char type, const char *name, int64_t size, const void *data, size_t n);
/* The checksum of the header at an offset, after its fields were changed. */
void make_checksum(struct hcs_buf *tar, size_t offset);
/* Appends a PAX record. */
void make_record(struct hcs_buf *pax, const char *key, const void *value, size_t n);
/* The extended header for the entry that follows. */
void make_pax(struct hcs_buf *tar, const struct hcs_buf *records);
/* The two blocks of zeros. */
void make_end(struct hcs_buf *tar);

/* A file without a name that holds these bytes; the caller closes it. */
struct hcs_data_file *make_file(const void *data, size_t n);
/* The conversion of an archive; *ret is the image, closed by the caller, and only set when it worked. */
HRESULT make_image(const struct hcs_buf *tar, const struct ext4_convert_options *options, struct hcs_data_file **ret,
                   struct hcs_error **err);

/* Fails unless the error's message has the text; frees it. */
void assert_says(struct hcs_error **err, const char *text);

#endif
