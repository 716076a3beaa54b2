/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_TERMINAL_H
#define HCS_PLATFORM_TERMINAL_H

/* The terminal that a command was started at, if any. */

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/error.h"

/* Is standard output a terminal whose user did not say NO_COLOR? */
bool hcs_terminal_wants_colour(void);
/* Is standard error a terminal, to show progress on? */
bool hcs_terminal_shows_progress(void);
/* Are both standard input and output a terminal: can a program run there? */
bool hcs_terminal_is_interactive(void);
/* In characters; false, and nothing set, when standard output has no size. */
bool hcs_terminal_size(uint16_t *ret_width, uint16_t *ret_height);

/*
 * Every key goes to whoever reads standard input, ^C included, and nothing is echoed, until the object is freed. One at
 * a time.
 */
struct hcs_terminal_raw;
HRESULT hcs_terminal_raw_new(struct hcs_terminal_raw **ret, struct hcs_error **err);
struct hcs_terminal_raw *hcs_terminal_raw_free(struct hcs_terminal_raw *r);
HCS_DEFINE_CLEANUP(struct hcs_terminal_raw *, hcs_terminal_raw_free)

/*
 * What a user does to the whole command: asks it to end (^C, which is a key; a closed terminal, a termination signal),
 * or changes the terminal's size. fn runs on a thread of its own, one call at a time. Call once, before any thread is
 * started. Asked to end a third time, the process ends at once.
 */
enum hcs_interrupt { HCS_INTERRUPT_END, HCS_INTERRUPT_RESIZE, HCS_INTERRUPT_KEY };
HRESULT hcs_interrupts_watch(void (*fn)(void *ctx, enum hcs_interrupt what), void *ctx, struct hcs_error **err);

#endif
