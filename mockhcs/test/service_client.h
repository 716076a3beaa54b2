/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TEST_SERVICE_CLIENT_H
#define MOCKHCS_TEST_SERVICE_CLIENT_H

/* A service at a socket of its own, and clients that say whatever bytes a test wants. What is not as expected fails the
 * test that is running. */

#include "mockhcs/remote/wire.h"
#include "mockhcs/service.h"

#define CLIENT_HELLO "{\"hello\":\"mockhcs\",\"versions\":[2],\"program\":\"test\"}"

struct client {
        struct mock_wire_reader reader;
};

/* Where services are started; made once, never freed. */
const char *service_path(void);
/* At service_path(), whatever the options say. */
struct mockhcs_service *service_start(struct mockhcs_service_options o);
void service_stop(struct mockhcs_service *s);

/* Without, and with a hello that was answered. */
struct client client_connect_raw(void);
struct client client_connect(void);
void client_disconnect(struct client *c);
void client_send_bytes(struct client *c, const void *data, size_t n);
/* One frame. */
void client_send(struct client *c, const char *text);
/* The next frame as text, which the caller frees; NULL at the end of the stream. */
char *client_receive(struct client *c);
/* The next frame has that in it. */
void client_expect(struct client *c, const char *text);
void client_expect_end(struct client *c);
/* Sends the request and receives. Caller frees. */
char *client_control(struct client *c, const char *request);
/* Creates a system as call n with handle system/n; more: members of its document, from a comma on. result: what the
 * answer has in it. */
void client_create(struct client *c, int n, const char *id, const char *more, const char *result);
/* Asks until it is the only client, or until so many calls have been made in all. */
void client_wait_until_alone(struct client *c);
void client_wait_for_calls(struct client *c, uint64_t expected);

#endif
