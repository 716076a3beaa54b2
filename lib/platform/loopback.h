/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_LOOPBACK_H
#define HCS_PLATFORM_LOOPBACK_H

/*
 * A door: a private service (platform/stream.h) that is reached over TCP of the loopback interface, by programs that
 * have no Unix sockets, as those of Windows under Wine. Any user of the machine can connect to a port, so a file says
 * which port it is and holds a secret; who can read the file (mode 0600) belongs to us:
 *
 *   hcsshim-loopback 1 PORT SECRET      SECRET: 64 hexadecimal digits
 *
 * Neither side says the secret. Both prove that they know it, over random numbers of both (HMAC-SHA-1), before anything
 * else goes over the stream: a stranger at the port of a service that is gone learns nothing, and a stranger who
 * connects is sent away.
 *
 *   service   "hcsdoor1", 32 random bytes
 *   client    32 random bytes, the purpose (8 bytes, filled up with NUL), HMAC("client", both numbers, purpose)
 *   service   HMAC("service", both numbers, purpose)
 *
 * A door belongs to its maker; any thread may admit.
 */

#include "platform/stream.h"

#define HCS_LOOPBACK_PURPOSE 9         /* characters and NUL */
#define HCS_PRIVATE_PURPOSE  "service" /* what hcs_stream_connect_private() wants */

struct hcs_loopback;

/* Makes the file. One that is there already is replaced. */
HRESULT hcs_loopback_new(const char *file, struct hcs_loopback **ret, struct hcs_error **err);
struct hcs_listener *hcs_loopback_listener(const struct hcs_loopback *l);
/*
 * Proves who both are, on a stream that the listener accepted, and says what the client wants. E_ACCESSDENIED: it does
 * not know the secret. The stream stays the caller's.
 */
HRESULT hcs_loopback_admit(const struct hcs_loopback *l, struct hcs_stream *s, const struct hcs_bound *b,
                           char ret_purpose[static HCS_LOOPBACK_PURPOSE], struct hcs_error **err);
/* Nobody comes any more: removes the file, if it is still ours, and closes the listener, which nobody may use then. Who
 * was accepted before can still be admitted. NULL is fine. */
void hcs_loopback_close(struct hcs_loopback *l);
/* Closes it too. NULL is fine, returns NULL. */
struct hcs_loopback *hcs_loopback_free(struct hcs_loopback *l);

/* purpose: 1 to 8 characters. E_ACCESSDENIED: whoever answers there does not know the secret. HCS_WIN32(2): there is no
 * such file; E_INVALIDARG: it is no file of a door. */
HRESULT hcs_loopback_connect(const char *file, const char *purpose, const struct hcs_bound *b, struct hcs_stream **ret,
                             struct hcs_error **err);

#endif
