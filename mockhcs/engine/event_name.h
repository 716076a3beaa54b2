/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ENGINE_EVENT_NAME_H
#define MOCKHCS_ENGINE_EVENT_NAME_H

/* Events by neutral name (struct mock_event) and by the number that each DLL's callbacks are given. */

#include <stdint.h>

#include "hcsshim/abi/types.h"
#include "mockhcs/engine/function.h"

uint32_t mock_event_number(enum mock_dll dll, const char *name); /* 0 when the DLL has none */
const char *mock_event_name(enum mock_dll dll, uint32_t number); /* static; NULL when it is not known */
const char *mock_event_known(const char *name);                  /* the same name, static; NULL when not known */

/* A notification's callback with the status as the register has it, for clients, as those in Go, that look at all of
 * it. */
typedef void(HCS_ABI_CALL *mock_whole_notification)(DWORD type, void *context, uint64_t status, PCWSTR data);

#endif
