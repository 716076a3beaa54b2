/* SPDX-License-Identifier: MIT */
#ifndef GUEST_BASE_ROOTS_H
#define GUEST_BASE_ROOTS_H

/*
 * Where the kernel shows itself, and how the agent runs tools of the image. Made by main, constant after start, used by
 * any thread. A test points the folders at trees of its own.
 */

#include <stdbool.h>
#include <stdint.h>

#include "hcsshim/error.h"

struct guest_roots {
        const char *sys, *dev, *proc; /* "/sys", "/dev", "/proc" */
        const char *run;              /* "/run": for short-lived folders of the agent */
        /*
         * Runs argv to its end with both outputs on `output`, in the network namespace of the calling thread. A program
         * that is not there is HCS_WIN32(ERROR_FILE_NOT_FOUND); one that takes too long is ended,
         * HCS_WIN32(ERROR_TIMEOUT).
         */
        HRESULT(*run_tool)
        (void *ctx, char *const argv[], int output, uint64_t timeout_ns, int *ret_exit_code, struct hcs_error **err);
        void *ctx;
};

/* The real folders, and run_tool = guest_tool_run_here. */
extern const struct guest_roots guest_real_roots;

/* For a program that has no reaper of its own: waits for just this child. */
HRESULT guest_tool_run_here(void *ctx, char *const argv[], int output, uint64_t timeout_ns, int *ret_exit_code,
                            struct hcs_error **err);
/* Runs a tool; any exit code but 0 is E_FAIL with the end of what it wrote. */
HRESULT guest_tool(const struct guest_roots *roots, char *const argv[], uint64_t timeout_ns, struct hcs_error **err);

#endif
