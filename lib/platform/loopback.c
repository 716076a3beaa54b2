/* SPDX-License-Identifier: MIT */

/* Doors, on every system the same: their file, and the proofs of both sides. See loopback.h. */

#include "platform/loopback.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/sha1.h"
#include "base/str.h"
#include "platform/file.h"
#include "platform/place.h"
#include "platform/random.h"

#define SECRET   32
#define NONCE    32
#define MAC      20
#define BLOCK    64 /* of SHA-1 */
#define PURPOSE  (HCS_LOOPBACK_PURPOSE - 1)
#define SIDE     8 /* of which side a proof is */
#define GREETING "hcsdoor1"
#define FORMAT   "hcsshim-loopback 1 "
#define MAX_FILE 256

static const char client[SIDE] = "client", service[SIDE] = "service";

struct key {
        uint8_t secret[SECRET];
        uint16_t port;
};

struct hcs_loopback {
        struct key key;
        char *file;
        struct hcs_listener *listener;
};

/* What both sides have seen when they prove something. */
struct talk {
        uint8_t service[NONCE], client[NONCE];
        char purpose[PURPOSE];
};

static void prove(const struct key *key, const char who[static SIDE], const struct talk *talk,
                  uint8_t mac[static MAC]) {
        uint8_t inner[BLOCK + SIDE + sizeof(*talk)] = {0}, outer[BLOCK + MAC];

        memset(inner, 0x36, BLOCK);
        memset(outer, 0x5c, BLOCK);
        for (size_t i = 0; i < SECRET; i++) {
                inner[i] ^= key->secret[i];
                outer[i] ^= key->secret[i];
        }
        memcpy(inner + BLOCK, who, SIDE);
        memcpy(inner + BLOCK + SIDE, talk, sizeof(*talk));
        hcs_sha1(inner, sizeof(inner), outer + BLOCK);
        hcs_sha1(outer, sizeof(outer), mac);
}

/* In the same time whatever is wrong. */
static bool is_same(const uint8_t *a, const uint8_t *b, size_t n) {
        uint8_t difference = 0;

        for (size_t i = 0; i < n; i++)
                difference |= a[i] ^ b[i];
        return difference == 0;
}

static HRESULT read_all(struct hcs_stream *s, void *buf, size_t size, const struct hcs_bound *b,
                        struct hcs_error **err) {
        for (size_t done = 0, n = 0; done < size; done += n) {
                HRESULT hr = hcs_stream_read_bound(s, (char *)buf + done, size - done, b, &n, err);

                if (hr == S_FALSE)
                        return hcs_error_make(err, E_ACCESSDENIED, "the other side closed in place of its proof");
                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

static HRESULT write_all(struct hcs_stream *s, const void *data, size_t n, const struct hcs_bound *b,
                         struct hcs_error **err) {
        size_t written = 0;

        return hcs_stream_write_bound(s, data, n, b, &written, err);
}

/* ---- the file ---- */

static HRESULT write_key(const char *file, const struct key *key, struct hcs_error **err) {
        char secret[2 * SECRET + 1];
        _cleanup_free_ char *text =
                hcs_asprintf(FORMAT "%u %s\n", (unsigned)key->port, hcs_hex_format(key->secret, SECRET, secret));

        return hcs_file_write_private(file, text, strlen(text), err);
}

static HRESULT read_key(const char *file, struct key *ret, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf b = {0};
        uint64_t port = 0;
        char *rest, *secret, *line;
        HRESULT hr = hcs_file_read(file, MAX_FILE, &b, err);

        if (FAILED(hr))
                return hr;
        line = b.data;
        line[strcspn(line, "\r\n")] = '\0';
        rest = line + strlen(FORMAT);
        secret = hcs_str_starts(line, FORMAT) ? strchr(rest, ' ') : NULL;
        if (secret)
                *secret++ = '\0';
        if (!secret || !hcs_str_to_u64(rest, &port) || port == 0 || port > UINT16_MAX ||
            !hcs_hex_parse(secret, ret->secret, SECRET))
                return hcs_error_make(err, E_INVALIDARG, "`%s` is no file of a service's door", file);
        ret->port = (uint16_t)port;
        return S_OK;
}

/* ---- the service's side ---- */

HRESULT hcs_loopback_new(const char *file, struct hcs_loopback **ret, struct hcs_error **err) {
        struct hcs_loopback *l = hcs_calloc(1, sizeof(*l));
        HRESULT hr = hcs_random(l->key.secret, SECRET, err);

        if (SUCCEEDED(hr))
                hr = hcs_listener_tcp(&l->key.port, &l->listener, err);
        if (SUCCEEDED(hr))
                hr = write_key(file, &l->key, err);
        if (FAILED(hr)) {
                hcs_loopback_free(l);
                return hr;
        }
        l->file = hcs_strdup(file);
        *ret = l;
        return S_OK;
}

struct hcs_listener *hcs_loopback_listener(const struct hcs_loopback *l) {
        return l->listener;
}

HRESULT hcs_loopback_admit(const struct hcs_loopback *l, struct hcs_stream *s, const struct hcs_bound *b,
                           char ret_purpose[static HCS_LOOPBACK_PURPOSE], struct hcs_error **err) {
        uint8_t hello[sizeof(GREETING) - 1 + NONCE], answer[NONCE + PURPOSE + MAC], mac[MAC];
        struct talk talk;
        HRESULT hr = hcs_random(talk.service, NONCE, err);

        memcpy(hello, GREETING, sizeof(GREETING) - 1);
        memcpy(hello + sizeof(GREETING) - 1, talk.service, NONCE);
        if (SUCCEEDED(hr))
                hr = write_all(s, hello, sizeof(hello), b, err);
        if (SUCCEEDED(hr))
                hr = read_all(s, answer, sizeof(answer), b, err);
        if (FAILED(hr))
                return hr;
        memcpy(talk.client, answer, NONCE);
        memcpy(talk.purpose, answer + NONCE, PURPOSE);
        prove(&l->key, client, &talk, mac);
        if (!is_same(mac, answer + NONCE + PURPOSE, MAC))
                return hcs_error_make(err, E_ACCESSDENIED, "somebody who does not know the secret has connected");
        prove(&l->key, service, &talk, mac);
        hr = write_all(s, mac, MAC, b, err);
        if (FAILED(hr))
                return hr;
        memcpy(ret_purpose, talk.purpose, PURPOSE);
        ret_purpose[PURPOSE] = '\0';
        return S_OK;
}

void hcs_loopback_close(struct hcs_loopback *l) {
        struct key there;

        if (!l)
                return;
        if (l->file && SUCCEEDED(read_key(l->file, &there, NULL)) && there.port == l->key.port &&
            is_same(there.secret, l->key.secret, SECRET))
                hcs_file_remove(l->file, NULL);
        l->file = hcs_free(l->file);
        l->listener = hcs_listener_close(l->listener);
}

struct hcs_loopback *hcs_loopback_free(struct hcs_loopback *l) {
        hcs_loopback_close(l);
        free(l);
        return NULL;
}

/* ---- the client's side ---- */

static HRESULT ask(const struct key *key, const char *purpose, struct hcs_stream *s, const struct hcs_bound *b,
                   struct hcs_error **err) {
        uint8_t hello[sizeof(GREETING) - 1 + NONCE], answer[NONCE + PURPOSE + MAC], mac[MAC], theirs[MAC];
        struct talk talk = {0};
        HRESULT hr = read_all(s, hello, sizeof(hello), b, err);

        if (SUCCEEDED(hr) && memcmp(hello, GREETING, sizeof(GREETING) - 1) != 0)
                hr = hcs_error_make(err, E_ACCESSDENIED, "whoever answers is no service of ours");
        if (SUCCEEDED(hr))
                hr = hcs_random(talk.client, NONCE, err);
        if (FAILED(hr))
                return hr;
        memcpy(talk.service, hello + sizeof(GREETING) - 1, NONCE);
        for (size_t i = 0; i < PURPOSE && purpose[i]; i++)
                talk.purpose[i] = purpose[i];
        prove(key, client, &talk, mac);
        memcpy(answer, talk.client, NONCE);
        memcpy(answer + NONCE, talk.purpose, PURPOSE);
        memcpy(answer + NONCE + PURPOSE, mac, MAC);
        hr = write_all(s, answer, sizeof(answer), b, err);
        if (SUCCEEDED(hr))
                hr = read_all(s, theirs, sizeof(theirs), b, err);
        if (FAILED(hr))
                return hr;
        prove(key, service, &talk, mac);
        if (!is_same(mac, theirs, MAC))
                return hcs_error_make(err, E_ACCESSDENIED, "whoever answers does not know the secret");
        return S_OK;
}

HRESULT hcs_loopback_connect(const char *file, const char *purpose, const struct hcs_bound *b, struct hcs_stream **ret,
                             struct hcs_error **err) {
        _cleanup_(hcs_stream_closep) struct hcs_stream *s = NULL;
        struct key key;
        uint16_t port;
        HRESULT hr = read_key(file, &key, err);

        if (SUCCEEDED(hr))
                hr = hcs_stream_tcp_new(&port, &s, err);
        if (SUCCEEDED(hr))
                hr = hcs_stream_tcp_connect(s, key.port, b, err);
        if (SUCCEEDED(hr))
                hr = ask(&key, purpose, s, b, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "the service of `%s`", file), hr;
        *ret = steal_pointer(&s);
        return S_OK;
}
