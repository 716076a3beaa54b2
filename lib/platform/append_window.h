/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_APPEND_WINDOW_H
#define HCS_PLATFORM_APPEND_WINDOW_H

/*
 * The mapped end of a file that only grows (append_file.h): what is copied there is the kernel's without a system call,
 * whatever becomes of the process. Zeros are written to a window before it is mapped, so that a full disk is an error
 * code and no fault in the middle of a copy (and because a page fault on pages that are dirty already costs a quarter
 * of one on pages that were only allocated). A file that cannot be mapped, or no longer, is written plainly from there
 * on. Embedded in the file; not thread safe.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct append_window {
        char *at;
        size_t size, used;
        uint64_t allocated; /* its end in the file; a multiple of every window's size before it */
        bool plain;         /* it cannot be mapped */
        bool torn;          /* part of a write is behind it and cannot be taken back: nothing may follow */
};

/* How the system does it; `file' is what append_window_write() was given. 0 or an errno. */
int append_zeros(void *file, uint64_t offset, size_t size);
int append_map(void *file, uint64_t offset, size_t size, char **ret);
void append_unmap(char *at, size_t size);
/* Makes it end there; what is written plainly follows. Nothing is mapped. */
void append_cut(void *file, uint64_t end);
/* Writes behind the end. When only a part went out, every later call fails. */
int append_plainly(void *file, const char *data, size_t len);

/* 0, or the errno that stopped it: then nothing was appended. */
int append_window_write(struct append_window *w, void *file, const char *data, size_t len);
/* Unmaps it and, when cut, makes the file end where the writes do. */
void append_window_close(struct append_window *w, void *file, bool cut);

#endif
