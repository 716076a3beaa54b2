/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_DOCKER_H
#define HCS_OCI_DOCKER_H

/*
 * manifest.json of Docker's own archives: `docker save` before version 25, `podman save`, `skopeo copy
 * docker-archive:`, crane, jib. It names the files of configurations and layers; the configuration has the digests.
 * Values own their strings. Source: the Docker image specification, version 1.2, "combined image JSON + filesystem
 * changeset".
 */

#include "base/mem.h"
#include "base/str.h"
#include "hcsshim/error.h"
#include "oci/archive.h"
#include "oci/document.h"

/* Each by the name of its file in the archive. */
struct oci_docker_image {
        char *config;
        struct hcs_strings layers; /* the lowest first */
        struct hcs_strings tags;   /* "busybox:latest"; may be none */
};

struct oci_docker_images {
        struct oci_docker_image *item;
        size_t n;
};

/* OCI_E_DOCUMENT with the member's path, or an error of JSON. */
HRESULT oci_docker_parse(const char *text, size_t len, struct oci_docker_images *ret, struct hcs_error **err);
void oci_docker_images_deinit(struct oci_docker_images *d);

/* As a manifest would: what has no digest in its name is read; of a layer that is no compressed one, the configuration
 * has it. The document is valid on success only. */
HRESULT oci_docker_describe(const struct oci_docker_image *image, struct oci_archive *a,
                            struct oci_manifest_document *ret, struct hcs_error **err);

#endif
