/* SPDX-License-Identifier: MIT */
#ifndef GUEST_NETWORK_DNS_H
#define GUEST_NETWORK_DNS_H

/* What goes into /etc/hosts and /etc/resolv.conf of containers, byte for byte as the original writes it. Pure. Source:
 * hcsshim internal/guest/network/network.go. */

#include <stddef.h>

#include "base/buf.h"
#include "hcsshim/error.h"

#define GUEST_MAX_DNS_SEARCHES 6 /* resolv.conf(5) */

/* A list of words that knows its own. Zeroed is empty. */
struct guest_words {
        char **items;
        size_t n;
};
void guest_words_deinit(struct guest_words *w);
void guest_words_add(struct guest_words *w, const char *word);
/* Adds what is not there yet, in order. */
void guest_words_merge(struct guest_words *w, const struct guest_words *other);
/* Adds the parts of a text that are separated by one of `separators`, without the empty ones. */
void guest_words_split(struct guest_words *w, const char *text, const char *separators);

void guest_dns_hosts(const char *hostname, struct hcs_buf *out);
/* More than GUEST_MAX_DNS_SEARCHES search domains, or a word with a line break: E_INVALIDARG. */
HRESULT guest_dns_resolv_conf(const struct guest_words *searches, const struct guest_words *servers,
                              const struct guest_words *options, struct hcs_buf *out, struct hcs_error **err);

#endif
