/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REAL_SIGNATURE_H
#define MOCKHCS_REAL_SIGNATURE_H

/*
 * How every export of the platform's DLLs is called, as data: what each parameter is and under which name it stands in
 * a call document (mockhcs/engine/call.h). With it a call can be written down that somebody else answers. Constant
 * after signatures_get() was first called.
 */

#include "mockhcs/engine/handle.h"

#define SIGNATURE_MAX_PARAMS 8

enum parameter_kind {
        PARAMETER_SKIPPED, /* not in the document */
        PARAMETER_TEXT,
        PARAMETER_DOCUMENT,
        PARAMETER_GUID,
        PARAMETER_NUMBER,
        PARAMETER_HANDLE,    /* of `handle` */
        PARAMETER_OPERATION, /* the one that the call is started for */
        PARAMETER_CREATES,   /* out: a handle of kind `handle` */
        PARAMETER_DATA,      /* out: the document of a success */
        PARAMETER_FAILURE,   /* out: the document of a failure */
        PARAMETER_ANSWER,    /* out: the document of either */
        PARAMETER_EVENTS,    /* HCS_EVENT_CALLBACK */
        PARAMETER_NOTIFICATIONS,
        PARAMETER_COMPLETION,
        PARAMETER_CONTEXT,
        PARAMETER_PROCESS_INFORMATION, /* out */
        PARAMETER_HOME,                /* HCS_DRIVER_INFO: goes in front of the id that follows */
        PARAMETER_LAYER_ID,
        PARAMETER_LAYERS,  /* their count follows */
        PARAMETER_DISK,    /* a handle, its file in the document */
        PARAMETER_BOOLEAN, /* out: DWORD */
        PARAMETER_NAMED,   /* out: GUID */
        PARAMETER_LENGTH,  /* in and out: characters of the buffer that follows */
        PARAMETER_BUFFER,
        PARAMETER_PATH,  /* out: a string that is no document */
        PARAMETER_RANGE, /* out: HCN_PORT_RANGE_RESERVATION */
        PARAMETER_COUNT, /* out: of the entries that follow */
        PARAMETER_ENTRIES,
};

enum signature_return { RETURNS_HRESULT, RETURNS_NOTHING, RETURNS_OPERATION, RETURNS_POINTER };

struct parameter {
        enum parameter_kind kind;
        const char *name;
        enum mock_handle_kind handle;
        unsigned bytes; /* of a number */
};

struct signature {
        const struct mock_function *function;
        enum signature_return returns;
        unsigned n;
        struct parameter parameters[SIGNATURE_MAX_PARAMS];
};

/* All that can be recorded: every export but those that a trace leaves out and that say nothing of others. */
const struct signature *signatures_get(size_t *ret_n);
/* The index of the first parameter of that kind, or -1. */
int signature_find(const struct signature *s, enum parameter_kind kind);

#endif
