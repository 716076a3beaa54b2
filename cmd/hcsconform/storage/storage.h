/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSCONFORM_STORAGE_STORAGE_H
#define CMD_HCSCONFORM_STORAGE_STORAGE_H

/*
 * The group of layers: steps through the client of lib/storage, in a folder of the case's own. Layers and folders are
 * names below it; "base" is a base layer: that of the image, or one that the case makes. Files are looked at only where
 * somebody made them: a replay has none.
 */

#include <stdio.h>

#include "cmd/hcsconform/suite.h"

enum sop {
        S_END,
        S_FILES,   /* a: a layer that gets files and hives, not processed yet */
        S_BASE,    /* makes "base", unless there is an image */
        S_PUT,     /* a: a file of the transport format with one stream of data, value */
        S_BAD,     /* a: one that is damaged */
        S_FOLDER,  /* a */
        S_THERE,   /* a: a file or folder is there; hr S_FALSE: is not */
        S_HOLDS,   /* a: a file with that value in it */
        S_CREATE,  /* a, b: parent or NULL */
        S_SCRATCH, /* a; b NULL: on base, "": on nothing, else on that */
        S_EXPAND,  /* a, value: size */
        S_EXISTS,  /* a, value: "1" or "0" */
        S_ACTIVATE,
        S_DEACTIVATE,
        S_PREPARE, /* a, b as in S_SCRATCH */
        S_UNPREPARE,
        S_MOUNT_PATH, /* a, value: how it begins; "": it is the layer's folder */
        S_DESTROY,
        S_IMPORT, /* a, b: folder */
        S_EXPORT,
        S_PROCESS,
        S_PROCESS_UTILITY,
        S_IMAGES,
        S_GUID, /* a: name, value: its GUID, NULL: any, the same twice */
        /* computestorage; the data names base, value replaces it */
        S_DATA_IMPORT,
        S_DATA_EXPORT,
        S_DATA_DESTROY,
        S_DATA_SETUP,      /* a, value: the type */
        S_DATA_INITIALIZE, /* a */
        S_DATA_ATTACH,
        S_DATA_DETACH,
        S_DATA_OVERLAY,
        S_DATA_NO_OVERLAY,
        S_DATA_VOLUME,     /* a, b: the volume, value: the type */
        S_DATA_LEGACY,     /* a, b: where it is mounted: initialize */
        S_DATA_LEGACY_OUT, /* a, b: where it is mounted: export, to the folder "out" */
        /* what the client of lib/storage does not call, or only as it is spelled today */
        S_COPY,        /* a, b: to */
        S_OLD_DESTROY, /* a */
        S_DISK,        /* a: a disk, made by the case itself */
        S_FORMAT,      /* a: a disk; NULL: none */
        S_DISK_VOLUME, /* a: a disk; NULL: none */
};

struct storage_step {
        enum sop op;
        const char *a, *b, *value;
        HRESULT hr;
};

struct storage_case {
        const char *name;
        const struct storage_step *steps;
        enum conform_how how;
        const char *source;
        unsigned needs;
        const char *differs;
};
extern const struct storage_case storage_cases[];

/* disk.c: a disk with nothing on it; the file as the handle that the platform takes, or 0; caller closes. */
bool storage_disk_make(const char *path);
HANDLE storage_disk_open(const char *path, FILE **ret);

bool storage_steps(const struct storage_step *steps);

#endif
