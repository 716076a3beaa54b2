/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_WORDS_H
#define HCS_PLATFORM_WINDOWS_WORDS_H

/*
 * Every file of a Windows build includes this first: words that Windows' headers take from everybody are given back,
 * and what other C libraries have and that of Windows lacks is there (libc.c).
 */

#include <errno.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <windows.h>
#include <winsock2.h>

#undef IN
#undef OPAQUE
#undef OUT
#undef TEXT
#undef far
#undef interface
#undef near
#undef small

/* Functions that nobody here calls, as names for our own. */
#define send hcs_word_send
#define tell hcs_word_tell

#define mkdir(path, mode) mkdir(path)
#define rename(from, to)  rename_over(from, to)
#define fopen(path, mode) fopen_utf8(path, mode)
int rename_over(const char *from, const char *to);
ssize_t getline(char **line, size_t *capacity, FILE *f);
char *mkdtemp(char *text);
void *memmem(const void *data, size_t n, const void *part, size_t n_part);
void *memrchr(const void *data, int c, size_t n);
void qsort_r(void *base, size_t n, size_t size, int (*compare)(const void *a, const void *b, void *ctx), void *ctx);
char *strcasestr(const char *text, const char *part);
char *strsep(char **at, const char *separators);

/* The path is UTF-8. Not every C library of Windows knows `e', and some refuse what they do not know: what it asks for,
 * that children do not inherit the file, is `N' there. Here, since what has no part of the platform opens files too. */
static inline FILE *fopen_utf8(const char *path, const char *mode) {
        wchar_t wide[1024], wide_mode[8];
        size_t n = 0;

        for (; *mode && n < 7; mode++)
                wide_mode[n++] = *mode == 'e' ? L'N' : (wchar_t)*mode;
        wide_mode[n] = L'\0';
        if (MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 1024))
                return _wfopen(wide, wide_mode);
        errno = ENAMETOOLONG;
        return NULL;
}

#endif
