/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_DOCUMENT_H
#define HCS_OCI_DOCUMENT_H

/*
 * The documents of an image: index, manifest and configuration, of OCI or Docker (the same members with other media
 * types). Only what leads to the layers is read. Values own their strings; errors name the member. Documents come from
 * outside: digests are checked to be digests before anything else sees them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/error.h"

#define OCI_MAX_DOCUMENT ((size_t)4 << 20)
#define OCI_E_DOCUMENT   HCS_WIN32(13) /* no such document, or something in it that cannot be */

struct oci_descriptor {
        char *media_type; /* never NULL, may be empty */
        char *digest;
        uint64_t size;
        char *os, *architecture, *variant; /* of its platform; NULL: not said */
        char *name;                        /* org.opencontainers.image.ref.name; NULL: none */
        char *file;                        /* where it is in an archive of Docker's form; NULL: among the blobs */
};

/* An array of descriptors: what an index points to, or the layers of a manifest, the lowest first. */
struct oci_descriptors {
        struct oci_descriptor *item;
        size_t n;
};

struct oci_manifest_document {
        struct oci_descriptor config;
        struct oci_descriptors layers;
};

/* What a configuration says of the layers. */
struct oci_config {
        char *os, *architecture, *variant; /* NULL: not said */
        char **diff_ids;                   /* of the layers' tars, uncompressed; NULL: not said */
        size_t n;
};

void oci_descriptor_deinit(struct oci_descriptor *d);
void oci_descriptors_deinit(struct oci_descriptors *d);
void oci_manifest_document_deinit(struct oci_manifest_document *m);
void oci_config_deinit(struct oci_config *c);

bool oci_is_index(const char *media_type);
bool oci_is_manifest(const char *media_type);
/* A tar, whatever its compression: not so the attestations that builders add. */
bool oci_is_layer(const char *media_type);

/* The file `oci-layout`. */
HRESULT oci_parse_layout(const char *text, size_t len, struct hcs_error **err);
HRESULT oci_parse_index(const char *text, size_t len, struct oci_descriptors *ret, struct hcs_error **err);
HRESULT oci_parse_manifest(const char *text, size_t len, struct oci_manifest_document *ret, struct hcs_error **err);
/* Of something that is no image's configuration everything is left NULL. */
HRESULT oci_parse_config(const char *text, size_t len, struct oci_config *ret, struct hcs_error **err);

#endif
