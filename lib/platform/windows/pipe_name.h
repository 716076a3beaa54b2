/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_PIPE_NAME_H
#define HCS_PLATFORM_WINDOWS_PIPE_NAME_H

/* Named pipes as streams, for private services: what the files of this folder share of them. */

#include <windows.h>

#include "platform/stream.h"

/* Is it the name of a pipe of this machine, \\.\pipe\NAME (or //./pipe/NAME)? The others want one that is. */
bool hcs_pipe_name_is(const char *name);
HRESULT hcs_pipe_name_connect(const char *name, const struct hcs_bound *b, struct hcs_stream **ret,
                              struct hcs_error **err);
HRESULT hcs_pipe_name_listen(const char *name, struct hcs_listener **ret, struct hcs_error **err);
/* Whose process it is: our user or the system. */
bool hcs_pipe_name_trusts(DWORD process);
/* Our user's id as text. Caller frees. */
HRESULT hcs_windows_user(wchar_t **ret, struct hcs_error **err);

/* stream.c: takes the pipe over, also on failure. It is for overlapped use. */
HRESULT hcs_stream_of_pipe(HANDLE pipe, struct hcs_stream **ret, struct hcs_error **err);

/* Where a listener of a pipe waits: an instance that nobody has connected to. One thread at a time. */
struct hcs_pipe_door;
HRESULT hcs_pipe_door_accept(struct hcs_pipe_door *d, HANDLE woken, const struct hcs_bound *b, struct hcs_stream **ret,
                             struct hcs_error **err);
/* Nobody can connect any more; the name stays taken until it is freed. */
void hcs_pipe_door_end(struct hcs_pipe_door *d);
struct hcs_pipe_door *hcs_pipe_door_free(struct hcs_pipe_door *d);
/* listener.c: takes the door over, also on failure. */
HRESULT hcs_listener_of_pipe(struct hcs_pipe_door *d, struct hcs_listener **ret, struct hcs_error **err);

#endif
