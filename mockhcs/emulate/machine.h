/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_EMULATE_MACHINE_H
#define MOCKHCS_EMULATE_MACHINE_H

/* The machine of a compute system; everything with the emulator's lock, save machines_wait(). */

#include "mockhcs/emulate/emulate.h"
#include "mockhcs/machine/machine.h"

enum machine_task {
        MACHINE_START,
        MACHINE_PAUSE,
        MACHINE_RESUME,
        MACHINE_SHUTDOWN,
        MACHINE_STOP,
        MACHINE_ENDED, /* by itself; nobody asks for this one */
};

/* Gives the system a machine if its document is one to boot. False after the call was refused. */
bool machine_create(struct emulator *em, struct mock_call *call, struct compute_system *s);
/* Takes the call over: it completes when the task is done. exit_type: of MACHINE_STOP. */
void machine_do(struct mock_call *call, struct compute_system *s, enum machine_task task, enum exit_type exit_type);
/* The system goes; its machine after it, with its folder. */
void machine_leave(struct compute_system *s);
/* Without the lock: until the machines of systems that are gone are gone too. */
void machines_wait(struct emulator *em);
void machine_describe(const struct compute_system *s, struct hcs_json *o);

#endif
