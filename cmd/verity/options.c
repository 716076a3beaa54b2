/* SPDX-License-Identifier: MIT */

/* The options that several subcommands have. */

#include "base/str.h"
#include "cmd/verity/verity.h"

#define MAX_THREADS 1024u

static bool parse_threads(const char *text, unsigned *ret) {
        uint64_t n;

        if (!hcs_str_to_u64(text, &n) || n == 0 || n > MAX_THREADS)
                return false;
        *ret = (unsigned)n;
        return true;
}

bool take_option(struct options *o, int option, const char *value, int *ret_status) {
        const char *wants = NULL;

        switch (option) {
        case 'a':
                o->kind = input_kind_parse(value);
                if (o->kind == INPUT_GUESS)
                        wants = "--as wants tar, image or layout";
                break;
        case 't':
                if (!parse_threads(value, &o->threads))
                        wants = "--threads wants a number from 1 to 1024";
                break;
        case 'j':
                o->json = true;
                break;
        case 'O':
                o->has_offset = true;
                if (!hcs_str_to_u64(value, &o->offset) || o->offset > INT64_MAX)
                        wants = "--hash-offset wants a number of bytes";
                break;
        default:
                *ret_status = end_of_options(o->command, option, o->usage);
                return false;
        }
        if (wants)
                *ret_status = tell_usage(o->command, "%s", wants);
        return !wants;
}
