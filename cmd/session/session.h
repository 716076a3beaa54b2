/* SPDX-License-Identifier: MIT */
#ifndef CMD_SESSION_SESSION_H
#define CMD_SESSION_SESSION_H

/*
 * A command in a VM or a container with our standard streams, and with our terminal if it has one, until it ends. One
 * session at a time has the terminal and hears of signals; who hears of them may call at any moment, from any thread.
 */

#include "hcsshim/gcs.h"

struct session {
        struct hcs_gcs_connection *gc;
        struct hcs_gcs_process *process;
        bool in_container; /* else of the VM itself */
        bool tty;
        bool input; /* our standard input is its */
        struct hcs_cancel *cancel;
};

/* *ret_exit_code is the process's, as a shell has it. */
HRESULT session_run(const struct session *s, int *ret_exit_code, struct hcs_error **err);

/* The terminal has another size: the command at it is told. */
void session_resized(void);
/* A signal of Linux for the command; false when there is none, or it cannot be told. */
bool session_signal(int signal);

#endif
