/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_PROCESS_H
#define HCS_PLATFORM_PROCESS_H

/* Child programs: started with our standard input and some more environment, then waited for. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/error.h"

struct hcs_child;

enum hcs_child_output {
        HCS_CHILD_SHARES, /* standard output and error are ours */
        HCS_CHILD_MUTE,   /* they go nowhere */
        HCS_CHILD_ERRS,   /* both are our standard error: our standard output is for something else */
};

/*
 * argv ends with NULL; argv[0] is searched in PATH. environment: "NAME=value" strings that replace or extend ours, NULL
 * terminated, may be NULL. HCS_WIN32(ERROR_FILE_NOT_FOUND) and friends name the program.
 */
HRESULT hcs_child_spawn(char *const *argv, const char *const *environment, enum hcs_child_output output,
                        struct hcs_child **ret, struct hcs_error **err);
/* The same, with a heap at an address that is the same every time, where the system lets us choose (Linux; not all
 * containers do). */
HRESULT hcs_child_spawn_settled(char *const *argv, const char *const *environment, enum hcs_child_output output,
                                struct hcs_child **ret, struct hcs_error **err);
/* Waits for the end and frees the child. A program ended by signal N has exit code 128 + N, as in a shell. */
HRESULT hcs_child_wait(struct hcs_child *child, int *ret_exit_code, struct hcs_error **err);
/* Has it ended, or does it before the monotonic deadline? It stays to be waited for either way. */
bool hcs_child_ended(struct hcs_child *child, uint64_t deadline_ns);
/* Ends the program by force. It stays to be waited for. */
void hcs_child_kill(struct hcs_child *child);
/* The same with all that it started and that these did. mark: "NAME=value" of the environment that only these have, by
 * which those are found whose parent has ended (Linux); NULL: none. */
void hcs_child_kill_all(struct hcs_child *child, const char *mark);
/* Of a program that has ended and was not waited for yet: what it started may end by itself until the monotonic
 * deadline, the rest is ended, with what that started. How many that were; ret_names: theirs, with ", " between, NULL
 * for none; caller frees. */
size_t hcs_child_end_left(struct hcs_child *child, const char *mark, uint64_t deadline_ns, char **ret_names);

/* What main() was given, in UTF-8: Windows gives it in the system's code page. Returns how many
 * they are; they live as long as the process. */
int hcs_process_arguments(int argc, char **argv, char ***ret);

/* Where the program of this process is; NULL when that cannot be found out. Caller frees. */
char *hcs_process_path(void);

#endif
