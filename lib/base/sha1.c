/* SPDX-License-Identifier: MIT */

/* SHA-1 after FIPS 180-4: one shot, no state. See sha1.h for what it is for. */

#include "base/sha1.h"

#include <string.h>

static uint32_t rol(uint32_t v, unsigned n) {
        return v << n | v >> (32 - n);
}

static void block(uint32_t h[static 5], const uint8_t *p) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

        for (int i = 0; i < 16; i++)
                w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 |
                       p[4 * i + 3];
        for (int i = 16; i < 80; i++)
                w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
                uint32_t f, k, t;

                if (i < 20)
                        f = (b & c) | (~b & d), k = 0x5A827999;
                else if (i < 40)
                        f = b ^ c ^ d, k = 0x6ED9EBA1;
                else if (i < 60)
                        f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
                else
                        f = b ^ c ^ d, k = 0xCA62C1D6;
                t = rol(a, 5) + f + e + k + w[i];
                e = d;
                d = c;
                c = rol(b, 30);
                b = a;
                a = t;
        }
        h[0] += a;
        h[1] += b;
        h[2] += c;
        h[3] += d;
        h[4] += e;
}

void hcs_sha1(const void *data, size_t len, uint8_t digest[static 20]) {
        uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
        uint8_t tail[128] = {0};
        const uint8_t *p = data;
        size_t rest = len % 64, tail_len = rest < 56 ? 64 : 128;
        uint64_t bits = (uint64_t)len * 8;

        for (size_t i = 0; i + 64 <= len; i += 64)
                block(h, p + i);
        if (rest)
                memcpy(tail, p + len - rest, rest);
        tail[rest] = 0x80;
        for (int i = 0; i < 8; i++)
                tail[tail_len - 1 - (size_t)i] = (uint8_t)(bits >> (8 * i));
        for (size_t i = 0; i < tail_len; i += 64)
                block(h, tail + i);
        for (int i = 0; i < 20; i++)
                digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}
