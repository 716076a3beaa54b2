/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_SERVICE_HYPERV_H
#define MOCKHCS_SERVICE_HYPERV_H

/*
 * What programs without AF_HYPERV get from a service: see mockhcs/remote/hyperv_wire.h. A program is a session that
 * came through the door; it has listeners (a thread each) and connections (two threads each), which it keeps alive by
 * references and ends when it ends.
 */

#include "mockhcs/remote/hyperv_wire.h"
#include "mockhcs/service/session.h"

#define HYPERV_MAX_LISTENERS   256u  /* of one program */
#define HYPERV_MAX_CONNECTIONS 1024u /* of one program */
/* A program has a stream, and one more for each listen and connect on its way: so many for each client that the service
 * may have. */
#define HYPERV_STREAMS_A_CLIENT 2u

struct hyperv_program {
        struct hyperv_program *next; /* of the service, whose lock guards the list */
        atomic_int refs;
        struct session *s; /* referenced: keeps stream and service */
        uint64_t id;
        struct hcs_mutex send_lock; /* keeps messages whole */
        struct hcs_mutex lock;      /* guards the rest */
        struct hyperv_listener *listeners;
        struct hyperv_connection *connections;
        size_t n_listeners, n_connections;
        struct hcs_cond gone; /* a listener is, or a message was served */
        uint32_t served;      /* messages so far */
        bool ended;
};

/* hyperv.c */
/* Serves a session that came for this; on its thread, until its end. The session stays the caller's. */
void service_hyperv(struct session *s);
struct hyperv_program *hyperv_program_ref(struct hyperv_program *p);
void hyperv_program_unref(struct hyperv_program *p);
void hyperv_send(struct hyperv_program *p, const struct hyperv_message *m);

/* hyperv_connection.c */
/*
 * Carries bytes between the two streams until both directions have ended; takes them over, also on failure. port: the
 * service's own of the TCP stream. connect_to: the stream is yet to be connected to that port of the program; 0: it is.
 * Fails when the program has ended or has too many.
 */
bool hyperv_connection_begin(struct hyperv_program *p, struct hcs_stream *tcp, struct hcs_stream *machine,
                             uint16_t port, uint16_t connect_to);
bool hyperv_connections_full(struct hyperv_program *p);
/* The program has closed its end, which looks like the end of one direction only. */
void hyperv_connection_close(struct hyperv_program *p, uint16_t port);
void hyperv_connections_end(struct hyperv_program *p);

#endif
