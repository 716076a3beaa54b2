/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_ERROR_PRIVATE_H
#define HCS_BASE_ERROR_PRIVATE_H

/* The inside of struct hcs_error, for error*.c and result_document.c only. */

#include "hcsshim/error.h"

struct hcs_error {
        HRESULT hr;
        char *message;
        char *operation;
        char *id;
        char *path;
        char *hint;
        char *document;
        struct hcs_error_event *events;
        size_t n_events;
};

#endif
