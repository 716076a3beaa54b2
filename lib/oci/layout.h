/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_LAYOUT_H
#define HCS_OCI_LAYOUT_H

/*
 * An OCI image layout, a folder or a tar of one: from index.json to the manifests, through nested indexes, and to their
 * layers. A tar may also be an archive of Docker's own form: its manifest.json leads to the same; its images have the
 * digests of their configurations, once for each tag. Every blob is checked against its digest and size before it is
 * used. One thread at a time.
 *
 * Errors name the way to the blob ("manifest sha256:...: layers[2]: ..."): OCI_E_DOCUMENT, OCI_E_DIGEST, those of JSON
 * and of files.
 */

#include "oci/document.h"
#include "platform/data_file.h"

#define OCI_E_DIGEST HCS_WIN32(23) /* a blob is not what its descriptor says */

struct oci_layer {
        struct oci_descriptor blob;
        char *diff_id; /* of the uncompressed tar; NULL: the configuration does not say */
        bool is_tar;   /* false: an attestation or another artefact, no layer of a file system */
};

struct oci_manifest {
        char *digest;
        char *name;                        /* the tag it has in the index; NULL: none */
        char *os, *architecture, *variant; /* NULL: not said */
        char *config;                      /* its configuration's text; NULL: it is none of an image */
        struct oci_layer *layers;          /* the lowest first */
        size_t n_layers;
};

struct oci_manifests {
        struct oci_manifest *item;
        size_t n;
        size_t n_layers;     /* of all of them */
        size_t config_bytes; /* the same */
};

struct oci_layout;

HRESULT oci_layout_open(const char *directory, struct oci_layout **ret, struct hcs_error **err);
/* Takes the file over on success. S_FALSE: a tar, but not of an image. */
HRESULT oci_layout_open_tar(struct hcs_data_file *tar, struct oci_layout **ret, struct hcs_error **err);
struct oci_layout *oci_layout_free(struct oci_layout *l);
HCS_DEFINE_CLEANUP(struct oci_layout *, oci_layout_free)

/* All of them, in the order of the index. */
HRESULT oci_layout_manifests(struct oci_layout *l, struct oci_manifests *ret, struct hcs_error **err);
void oci_manifests_deinit(struct oci_manifests *m);
/* A blob, to be read from its beginning; its digest was checked. */
HRESULT oci_layout_blob(struct oci_layout *l, const struct oci_descriptor *d, struct hcs_data_file **ret,
                        struct hcs_error **err);

#endif
