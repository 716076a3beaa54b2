/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_WORDS_H
#define HCS_PLATFORM_WINDOWS_WORDS_H

/* Every file of a Windows build includes this first: words that Windows' headers take from everybody are given back,
 * and mkdtemp(), which mingw has not, is there for tests. */

#include <io.h>
#include <windows.h>
#include <winsock2.h>

#undef IN
#undef OUT
#undef TEXT
#undef far
#undef interface
#undef near
#undef small

static inline char *mkdtemp(char *text) {
        return _mktemp(text) && CreateDirectoryA(text, NULL) ? text : NULL;
}

#endif
