/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_EMULATE_PROGRAM_H
#define MOCKHCS_EMULATE_PROGRAM_H

/*
 * What an emulated process does: what it prints, what it does with its input, when and how it exits. Found by its
 * command line: first in the script file of the user, then among the built-ins. See docs/process-scripts.md.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"

enum program_input {
        INPUT_IGNORE,
        INPUT_ECHO,  /* what is read is printed; exits at the end of input */
        INPUT_SHELL, /* lines are commands: echo TEXT, exit N */
        INPUT_DRAIN, /* waits for the end of input, then exits */
};

struct program {
        char *out, *err; /* printed at the start */
        uint32_t exit_code;
        uint64_t delay_ns; /* before it exits */
        bool runs_on;      /* exits only when it is killed or its input ends */
        enum program_input input;
        struct hcs_buf line; /* INPUT_SHELL: the line so far */
};

/* The program of a command line, by a script (NULL: none) or built in; NULL when there is none of that name (the caller
 * refuses with file not found). */
struct program *program_find(const struct hcs_json *script, const char *command);
struct program *program_free(struct program *p);

/* Where a program prints. */
struct program_voice {
        void (*say)(void *ctx, bool is_error, const char *data, size_t n);
        void *ctx;
        const char *newline;
};
/* What it does with its input, `end` when no more follows. True: it exits now, with *ret_code. */
bool program_take(struct program *p, const char *data, size_t n, bool end, const struct program_voice *voice,
                  uint32_t *ret_code);

/* The command line of process parameters of either schema: CommandLine, CommandArgs, or the args of an OCI process.
 * Caller frees. */
char *program_command_of(const struct hcs_json *params);

/* Checks a script document: E_INVALIDARG names the path of what is wrong. */
HRESULT program_check_script(const struct hcs_json *script, struct hcs_error **err);

#endif
