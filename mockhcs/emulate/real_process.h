/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_EMULATE_REAL_PROCESS_H
#define MOCKHCS_EMULATE_REAL_PROCESS_H

/*
 * A process of a Windows container that is a real one of the host, in the job of its system (platform/job.h). It has a
 * thread, which owns it, moves its bytes and tells its end; the process of the model points to it for as long as that
 * has not exited. Everything with the emulator's lock.
 */

#include "mockhcs/emulate/emulate.h"
#include "platform/job.h"

/* Starts it, by a document that was checked: ApplicationName, CommandLine, WorkingDirectory, Environment, User. Sets
 * p->real and p->pid; or refuses the call. The lock is given back meanwhile: a system that has changed since then gets
 * no process. */
void real_process_start(struct emulator *em, struct mock_call *call, struct process *p, const struct hcs_json *params);
/* What the client wrote, or the end of it. It waits until the program reads; more stays in the client's pipe.
 * Behind a service there is no pipe here to leave it in: all that the client writes is taken, without a bound. */
void real_process_input(struct real_process *r, const struct mock_stdio *chunk);
/* The client has read, or has gone: there may be room for more output. */
void real_process_go_on(struct real_process *r);
/* False: it cannot be told of a console's event. */
bool real_process_tell(struct real_process *r, enum hcs_job_event event);
void real_process_kill(struct real_process *r, uint32_t exit_code);
/* Nobody asks any more: it is ended if it has not, and says nothing. Returns NULL. */
struct real_process *real_process_leave(struct real_process *r);

/* real_figures.c: what a job has used, into Statistics; and what is in it, as the elements of a ProcessList. */
void real_put_use(struct hcs_json *statistics, struct hcs_job *job);
void real_put_processes(struct hcs_json *list, struct hcs_job *job);

#endif
