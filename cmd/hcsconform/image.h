/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSCONFORM_IMAGE_H
#define CMD_HCSCONFORM_IMAGE_H

/*
 * What containers and machines of the cases stand on: with --image, a scratch on the layers of a real image, made once
 * and taken down at the end; without, names that only an emulator takes. For the whole program, one thread.
 */

#include "hcsshim/error.h"

/* The Storage member of a container, as JSON. */
const char *image_storage(void);
/* A disk that a machine can be given, as it stands in JSON. */
const char *image_disk(void);
/* Makes the scratch, and the disk of a real target. */
HRESULT image_prepare(struct hcs_error **err);
void image_release(void);

#endif
