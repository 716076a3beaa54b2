/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_BACKGROUND_H
#define HCS_PLATFORM_BACKGROUND_H

/*
 * A program that goes on by itself after the command that started it has returned. Linux: a second process in a session
 * of its own, without the terminal. Windows has services for it: HCS_WIN32(50) ERROR_NOT_SUPPORTED.
 */

#include "hcsshim/error.h"

/*
 * Returns in the second process. The one that called ends with exit code 0 as soon as the second one says that it is
 * ready, and with the second one's exit code when that ends before; until then both share standard output and error.
 * Before any thread is started, once.
 */
HRESULT hcs_background_begin(struct hcs_error **err);
/* Lets the command return. Nothing when there was no _begin. */
void hcs_background_ready(void);

#endif
