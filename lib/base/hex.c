/* SPDX-License-Identifier: MIT */

#include "base/hex.h"

#include <stdint.h>
#include <string.h>

char *hcs_hex_format(const void *bytes, size_t n, char *text) {
        static const char digits[] = "0123456789abcdef";
        const uint8_t *p = bytes;

        for (size_t i = 0; i < n; i++) {
                text[2 * i] = digits[p[i] >> 4];
                text[2 * i + 1] = digits[p[i] & 15];
        }
        text[2 * n] = '\0';
        return text;
}

static int digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hcs_hex_parse(const char *text, void *ret_bytes, size_t n) {
        uint8_t *p = ret_bytes;

        if (strlen(text) != 2 * n)
                return false;
        for (size_t i = 0; i < n; i++) {
                int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

                if (high < 0 || low < 0)
                        return false;
                p[i] = (uint8_t)(high << 4 | low);
        }
        return true;
}
