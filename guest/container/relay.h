/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_RELAY_H
#define GUEST_CONTAINER_RELAY_H

/*
 * Standard streams of one process, carried between its pipes or terminal and the host's connections.
 *
 * Data moves by splice() where the kernel can, else through a buffer. The rules of closing are a contract with hosts
 * (hcsshim internal/guest/stdio): when a process ends, the agent shuts the sending side of stdout and stderr and waits
 * until the host has closed its end; stdin is shut for receiving at the process's end. Only then is the process over
 * for those who wait for it. A host that never closes is given up on after a while, with a warning. A terminal has no
 * such wait: its connection is closed when the last process has closed the terminal.
 *
 * All on the loop's thread.
 */

#include "guest/base/loop.h"

struct guest_relay;

/* Connections to the host, -1 where there is none. */
struct guest_streams {
        int in, out, err;
};
#define GUEST_STREAMS_NONE ((struct guest_streams){-1, -1, -1})
void guest_streams_close(struct guest_streams *s);

struct guest_relay_config {
        struct guest_loop *loop;
        const char *name;          /* for the log: "CONTAINER/PID" */
        uint64_t close_timeout_ns; /* how long a host may take to close its end */
        int tee;                   /* a file that gets what the process writes, or -1; borrowed until the relay ends */
        void (*done)(void *ctx);   /* everything is carried and closed; the relay may be freed in it */
        void *ctx;
};

/* Takes over the host's connections and our ends of the pipes (-1 where the process has no such stream). A pipe
 * without a connection is closed. */
struct guest_relay *guest_relay_new_pipes(const struct guest_relay_config *config, const struct guest_streams *host,
                                          const struct guest_streams *pipes);
/* Takes over the connections and the terminal's master. */
struct guest_relay *guest_relay_new_terminal(const struct guest_relay_config *config, const struct guest_streams *host,
                                             int master);
/* Closes whatever is still open, without calling done. */
struct guest_relay *guest_relay_free(struct guest_relay *r);

/* The process has ended: nothing more is read from the host, and done is called (possibly at once) when what the
 * process wrote has arrived. */
void guest_relay_finish(struct guest_relay *r);

/* E_FAIL for a relay without a terminal. */
HRESULT guest_relay_resize(struct guest_relay *r, uint16_t height, uint16_t width, struct hcs_error **err);

#endif
