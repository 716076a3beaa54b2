/* SPDX-License-Identifier: MIT */

/* Words, and the files that are made of them. Pure. */

#include "guest/network/dns.h"

#include <string.h>

#include "base/str.h"

void guest_words_deinit(struct guest_words *w) {
        for (size_t i = 0; i < w->n; i++)
                free(w->items[i]);
        free(w->items);
        *w = (struct guest_words){0};
}

void guest_words_add(struct guest_words *w, const char *word) {
        w->items = hcs_realloc(w->items, (w->n + 1) * sizeof(*w->items));
        w->items[w->n++] = hcs_strdup(word);
}

static bool has(const struct guest_words *w, const char *word) {
        for (size_t i = 0; i < w->n; i++)
                if (hcs_streq(w->items[i], word))
                        return true;
        return false;
}

void guest_words_merge(struct guest_words *w, const struct guest_words *other) {
        for (size_t i = 0; i < other->n; i++)
                if (!has(w, other->items[i]))
                        guest_words_add(w, other->items[i]);
}

void guest_words_split(struct guest_words *w, const char *text, const char *separators) {
        while (*(text += strspn(text, separators))) {
                size_t n = strcspn(text, separators);
                _cleanup_free_ char *word = hcs_strndup(text, n);

                guest_words_add(w, word);
                text += n;
        }
}

void guest_dns_hosts(const char *hostname, struct hcs_buf *out) {
        int host = (int)strcspn(hostname, ".");

        hcs_buf_puts(out, "127.0.0.1 localhost\n");
        if (hostname[host])
                hcs_buf_printf(out, "127.0.0.1 %s %.*s\n", hostname, host, hostname);
        else
                hcs_buf_printf(out, "127.0.0.1 %s\n", hostname);
        hcs_buf_puts(out, "\n"
                          "# The following lines are desirable for IPv6 capable hosts\n"
                          "::1     ip6-localhost ip6-loopback\n"
                          "fe00::0 ip6-localnet\n"
                          "ff00::0 ip6-mcastprefix\n"
                          "ff02::1 ip6-allnodes\n"
                          "ff02::2 ip6-allrouters\n");
}

/* A line break in a word would be a line of its own. */
static HRESULT check_words(const char *what, const struct guest_words *w, struct hcs_error **err) {
        for (size_t i = 0; i < w->n; i++)
                if (strpbrk(w->items[i], "\r\n"))
                        return hcs_error_make(err, E_INVALIDARG, "%s[%zu]: a line break", what, i);
        return S_OK;
}

static void put_words(const char *before, const struct guest_words *w, const char *between, struct hcs_buf *out) {
        if (w->n == 0)
                return;
        for (size_t i = 0; i < w->n; i++)
                hcs_buf_printf(out, "%s%s", i ? between : before, w->items[i]);
        hcs_buf_putc(out, '\n');
}

HRESULT guest_dns_resolv_conf(const struct guest_words *searches, const struct guest_words *servers,
                              const struct guest_words *options, struct hcs_buf *out, struct hcs_error **err) {
        HRESULT hr = check_words("searches", searches, err);

        if (SUCCEEDED(hr))
                hr = check_words("servers", servers, err);
        if (SUCCEEDED(hr))
                hr = check_words("options", options, err);
        if (FAILED(hr))
                return hr;
        if (searches->n > GUEST_MAX_DNS_SEARCHES)
                return hcs_error_make(err, E_INVALIDARG, "searches has more than %d domains", GUEST_MAX_DNS_SEARCHES);
        put_words("search ", searches, " ", out);
        put_words("nameserver ", servers, "\nnameserver ", out);
        put_words("options ", options, " ", out);
        return S_OK;
}
