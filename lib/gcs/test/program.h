/* SPDX-License-Identifier: MIT */
#ifndef HCS_GCS_TEST_PROGRAM_H
#define HCS_GCS_TEST_PROGRAM_H

/*
 * A process in the guest of the tests, which behaves as the original's does: it dials the streams before it answers,
 * half-closes the outputs when the process ends, and answers the wait only when the host closed them.
 */

#include "gcs/test/guest.h"

#define ALL "{\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true,\"CreateStdErrPipe\":true}"

/* What the process does: echoes its input to both outputs, then ends with code 3. */
struct program {
        struct guest *guest;
        struct hcs_gcs_frame wait;
        struct hcs_stream *streams[3];
        struct hcs_mutex lock;
        struct hcs_cond changed;
        bool waited, no_dial, deaf; /* deaf: reads no input */
        struct hcs_thread thread;
        bool started;
};

struct fixture {
        struct guest g;
        struct program program;
        struct hcs_gcs_connection *gc;
        struct hcs_gcs_process *p;
};

/* Runs it with these parameters and what f says of the program. */
void fixture_init_program(struct fixture *f, const char *parameters, int64_t stdio_ms);
void fixture_init(struct fixture *f, const char *parameters, bool no_dial, int64_t stdio_ms);
void fixture_deinit(struct fixture *f);

#endif
