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
        MACHINE_SAVE,
        MACHINE_SHUTDOWN,
        MACHINE_STOP,
        MACHINE_CHANGE,
        MACHINE_QUERY,
        MACHINE_RESET, /* by itself: it starts over */
        MACHINE_ENDED, /* by itself; nobody asks for this one */
};

/* Gives the system a machine if its document is one to boot. False after the call was refused. */
bool machine_create(struct emulator *em, struct mock_call *call, struct compute_system *s);
/*
 * The same for a change of its devices, whose form was checked; what the change holds is taken over when the call is
 * not refused. The device table has it when the machine has.
 */
void machine_change(struct emulator *em, struct mock_call *call, struct compute_system *s,
                    struct device_change *change);
/* Takes the call over: it completes when the task is done. exit_type: of MACHINE_STOP. */
void machine_do(struct mock_call *call, struct compute_system *s, enum machine_task task, enum exit_type exit_type);
/* Asks for figures, and answers the query with them (properties.c). */
void machine_query(struct mock_call *call, struct compute_system *s, const struct hcs_json *query);
void machine_save(struct mock_call *call, struct compute_system *s, const char *file);
/* The system goes; its machine after it, with its folder. */
void machine_leave(struct compute_system *s);
/* Without the lock: until the machines of systems that are gone are gone too. */
void machines_wait(struct emulator *em);
/* properties.c: answers a query that was checked; figures NULL: on paper, or not running. */
void properties_answer(struct emulator *em, struct mock_call *call, const struct compute_system *s,
                       const struct hcs_json *query, const struct emu_figures *figures);
/* adapter.c: where an adapter is plugged in, by its endpoint. False after the call was refused. */
bool adapter_resolve(struct emulator *em, struct mock_call *call, const char *name, const struct hcs_json *settings,
                     const char *where, struct emu_adapter *ret);
/* paper.c: the guest of a system that has no machine, if somebody listens for one; and its end. */
void paper_start(struct emulator *em, struct compute_system *s);
void paper_leave(struct compute_system *s);
void machine_describe(const struct compute_system *s, struct hcs_json *o);

#endif
