/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_COMPANION_H
#define HCS_PLATFORM_COMPANION_H

/*
 * A child program that serves us for a while: it gets sockets of ours, its words are kept in a file, and it does not
 * outlive us, however we end. Linux only, as what it is for is: QEMU with descriptors handed down.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/abi/types.h"
#include "hcsshim/error.h"

struct hcs_companion;

/* Two connected stream sockets: ours, nonblocking, and one for a companion. Both at least 3, neither inherited. */
HRESULT hcs_companion_socket(HANDLE *ret_ours, int *ret_theirs, struct hcs_error **err);

struct hcs_companion_options {
        char *const *argv; /* NULL terminated; argv[0] is searched in PATH */
        const int *keep;   /* descriptors it has under the same numbers */
        size_t n_keep;
        const char *output; /* file for its standard output and error, made anew */
};

/*
 * Starts it. The system ends it (SIGKILL) when the calling thread ends, not only when the process does: call from a
 * thread that stays. HCS_WIN32(ERROR_FILE_NOT_FOUND) and friends name the program.
 */
HRESULT hcs_companion_start(const struct hcs_companion_options *options, struct hcs_companion **ret,
                            struct hcs_error **err);
int64_t hcs_companion_pid(const struct hcs_companion *c);
/* Readable (platform/pipe.h) when it has ended. Belongs to the companion. */
HANDLE hcs_companion_handle(const struct hcs_companion *c);
/* SIGKILL; nothing when it has ended. */
void hcs_companion_kill(struct hcs_companion *c);
/* Waits for its end: its exit code, and 128 + N after signal N. Once; then it can only be freed. */
int hcs_companion_wait(struct hcs_companion *c);
/* Kills and waits if that was not done. NULL is fine, returns NULL. */
struct hcs_companion *hcs_companion_free(struct hcs_companion *c);
HCS_DEFINE_CLEANUP(struct hcs_companion *, hcs_companion_free)

#endif
