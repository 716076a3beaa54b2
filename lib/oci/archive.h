/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_ARCHIVE_H
#define HCS_OCI_ARCHIVE_H

/*
 * An image that is in a tar, as `docker save`, `podman save` and `skopeo copy oci-archive:` make it: a layout, or
 * Docker's own form. Files of a plain tar stay where they are; those of a compressed one, or of a pipe, are kept in a
 * temporary file. Owned by a layout; it owns the tar.
 */

#include "base/mem.h"
#include "platform/data_file.h"

struct oci_archive;

/* Takes the file over on success. S_FALSE, at its first entry that does not belong to an image: another tar. */
HRESULT oci_archive_open(struct hcs_data_file *tar, struct oci_archive **ret, struct hcs_error **err);
struct oci_archive *oci_archive_free(struct oci_archive *a);
/* The same, but the tar is the caller's again. */
void oci_archive_release(struct oci_archive *a);
HCS_DEFINE_CLEANUP(struct oci_archive *, oci_archive_free)

/* Links are followed. Both: HCS_WIN32(ERROR_FILE_NOT_FOUND) when the name is not there, or its links lead nowhere. */
HRESULT oci_archive_size(struct oci_archive *a, const char *name, uint64_t *ret, struct hcs_error **err);
/* A file's content in a file of its own. */
HRESULT oci_archive_extract(struct oci_archive *a, const char *name, struct hcs_data_file **ret,
                            struct hcs_error **err);

#endif
