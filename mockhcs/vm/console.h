/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_CONSOLE_H
#define MOCKHCS_VM_CONSOLE_H

/*
 * What a guest says on its serial console: written to a file, its end kept in memory for error messages, and watched
 * for the words of a kernel that gives up. Embedded by the machine, under its lock.
 */

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "hcsshim/error.h"

#define CONSOLE_TAIL  (32u * 1024)
#define CONSOLE_LINES 40          /* of the tail, in an error */
#define CONSOLE_FILE  (16u << 20) /* bytes of the file: a guest that talks without end does not fill a disk */

struct console {
        FILE *file;
        size_t written;      /* in the file */
        struct hcs_buf tail; /* at most twice CONSOLE_TAIL bytes */
        struct hcs_buf line; /* the one that is being written */
        char *panic;         /* the line that said so, NULL while all is well */
};

/* path: the file, made anew; it begins again, with the tail, when it has CONSOLE_FILE bytes. */
HRESULT console_init(struct console *c, const char *path, struct hcs_error **err);
void console_deinit(struct console *c);
void console_feed(struct console *c, const char *data, size_t n);
/* The last lines, or those around a panic, as text for people: no control characters, no colours, no blank lines.
 * Caller frees. */
char *console_tail(const struct console *c);

#endif
