/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REPLAY_GUESTS_H
#define MOCKHCS_REPLAY_GUESTS_H

/*
 * Guests of the virtual machines in a replayed trace: each system with a recorded bridge gets a RuntimeId of its own
 * for this run, the folder of its Hyper-V sockets as soon as the client learns that id, and when it is started a
 * recorded guest there (mockhcs/bridge/stand_in.h). Embedded in the replay. Members are guarded by the replay's lock;
 * guests are started and ended without it.
 */

#include "base/json.h"
#include "mockhcs/replay/script.h"
#include "platform/hvsocket.h"

struct replay;
struct replay_guest;

struct replay_guests {
        struct replay_guest *first;
};

/* One for each bridge of the trace. */
void replay_guests_init(struct replay *r);
/* The run is over: ends them, and appends what was not as recorded. */
void replay_guests_verify(struct replay *r, bool failed, struct hcs_json *problems);
void replay_guests_deinit(struct replay *r);

/* With the lock held: a result document on its way to the client, before values are substituted in it. */
void replay_guests_look(struct replay *r, const char *document);
/* With the lock held: has the client said to the guest of that system what it had said before this line? */
bool replay_guests_heard(struct replay *r, uint32_t system, uint64_t line);

/* Without the lock: the system is started; its guest ends, as it did in the trace. */
void replay_guests_start(struct replay *r, uint32_t system);
void replay_guests_hang_up(struct replay *r, uint32_t system);

#endif
