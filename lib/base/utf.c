/* SPDX-License-Identifier: MIT */

/* UTF-8 and UTF-16 conversion, strict and lossy, over one decoder each way. Pure functions. */

#include "base/utf.h"

#include <string.h>

#include "base/buf.h"

#ifndef ERROR_NO_UNICODE_TRANSLATION
#define ERROR_NO_UNICODE_TRANSLATION 1113u
#endif

size_t hcs_utf16_len(const uint16_t *s) {
        size_t n = 0;

        while (s && s[n])
                n++;
        return n;
}

size_t hcs_utf8_encode(uint32_t cp, char *p) {
        if (cp < 0x80) {
                p[0] = (char)cp;
                return 1;
        }
        if (cp < 0x800) {
                p[0] = (char)(0xC0 | cp >> 6);
                p[1] = (char)(0x80 | (cp & 0x3F));
                return 2;
        }
        if (cp < 0x10000) {
                p[0] = (char)(0xE0 | cp >> 12);
                p[1] = (char)(0x80 | (cp >> 6 & 0x3F));
                p[2] = (char)(0x80 | (cp & 0x3F));
                return 3;
        }
        p[0] = (char)(0xF0 | cp >> 18);
        p[1] = (char)(0x80 | (cp >> 12 & 0x3F));
        p[2] = (char)(0x80 | (cp >> 6 & 0x3F));
        p[3] = (char)(0x80 | (cp & 0x3F));
        return 4;
}

size_t hcs_utf8_decode(const char *s, size_t n, uint32_t *ret) {
        const uint8_t *u = (const uint8_t *)s;
        size_t len;
        uint32_t cp;

        if (n == 0)
                return 0;
        if (u[0] < 0x80) {
                *ret = u[0];
                return 1;
        }
        if (u[0] >= 0xC2 && u[0] <= 0xDF)
                len = 2, cp = u[0] & 0x1F;
        else if ((u[0] & 0xF0) == 0xE0)
                len = 3, cp = u[0] & 0x0F;
        else if (u[0] >= 0xF0 && u[0] <= 0xF4)
                len = 4, cp = u[0] & 0x07;
        else
                return 0;
        if (n < len)
                return 0;
        for (size_t i = 1; i < len; i++) {
                if ((u[i] & 0xC0) != 0x80)
                        return 0;
                cp = cp << 6 | (u[i] & 0x3F);
        }
        if ((len == 3 && cp < 0x800) || (len == 4 && (cp < 0x10000 || cp > 0x10FFFF)) || (cp >= 0xD800 && cp <= 0xDFFF))
                return 0;
        *ret = cp;
        return len;
}

bool hcs_utf8_valid(const char *s, size_t n, size_t *ret_bad_offset) {
        size_t i = 0;

        while (i < n) {
                uint32_t cp;
                size_t used;

                if ((uint8_t)s[i] < 0x80) {
                        i++;
                        continue;
                }
                used = hcs_utf8_decode(s + i, n - i, &cp);
                if (used == 0) {
                        if (ret_bad_offset)
                                *ret_bad_offset = i;
                        return false;
                }
                i += used;
        }
        return true;
}

/* Returns the units used, 0 for a lone surrogate. */
static size_t utf16_decode(const uint16_t *s, size_t n, uint32_t *ret) {
        if (s[0] < 0xD800 || s[0] > 0xDFFF) {
                *ret = s[0];
                return 1;
        }
        if (s[0] > 0xDBFF || n < 2 || s[1] < 0xDC00 || s[1] > 0xDFFF)
                return 0;
        *ret = 0x10000 + (((uint32_t)s[0] - 0xD800) << 10) + (s[1] - 0xDC00u);
        return 2;
}

/* bad: receives the first bad unit's index, or NULL to replace. Returns NULL only when bad was set. */
static char *to_utf8(const uint16_t *s, size_t n, size_t *ret_len, size_t *bad) {
        char *out = hcs_malloc(n * 3 + 1);
        size_t len = 0;

        for (size_t i = 0; i < n;) {
                uint32_t cp;
                size_t used;

                if (s[i] < 0x80) {
                        out[len++] = (char)s[i++];
                        continue;
                }
                used = utf16_decode(s + i, n - i, &cp);
                if (used == 0 && bad) {
                        *bad = i;
                        free(out);
                        return NULL;
                }
                len += hcs_utf8_encode(used ? cp : 0xFFFD, out + len);
                i += used ? used : 1;
        }
        out[len] = '\0';
        if (ret_len)
                *ret_len = len;
        return out;
}

static uint16_t *to_utf16(const char *s, size_t n, size_t *ret_len, size_t *bad) {
        uint16_t *out = hcs_malloc((n + 1) * sizeof(*out));
        size_t len = 0;

        for (size_t i = 0; i < n;) {
                uint32_t cp;
                size_t used;

                if ((uint8_t)s[i] < 0x80) {
                        out[len++] = (uint8_t)s[i++];
                        continue;
                }
                used = hcs_utf8_decode(s + i, n - i, &cp);
                if (used == 0 && bad) {
                        *bad = i;
                        free(out);
                        return NULL;
                }
                if (used == 0)
                        cp = 0xFFFD;
                if (cp >= 0x10000) {
                        out[len++] = (uint16_t)(0xD800 + ((cp - 0x10000) >> 10));
                        out[len++] = (uint16_t)(0xDC00 + ((cp - 0x10000) & 0x3FF));
                } else {
                        out[len++] = (uint16_t)cp;
                }
                i += used ? used : 1;
        }
        out[len] = 0;
        if (ret_len)
                *ret_len = len;
        return out;
}

HRESULT hcs_utf16_to_utf8(const uint16_t *s, size_t n, char **ret, size_t *ret_len, struct hcs_error **err) {
        size_t bad = 0;
        char *text = to_utf8(s, n, ret_len, &bad);

        if (!text)
                return hcs_error_make(err, HCS_WIN32(ERROR_NO_UNICODE_TRANSLATION),
                                      "lone surrogate 0x%04X at UTF-16 unit %zu", s[bad], bad);
        *ret = text;
        return S_OK;
}

HRESULT hcs_utf8_to_utf16(const char *s, size_t n, uint16_t **ret, size_t *ret_len, struct hcs_error **err) {
        size_t bad = 0;
        uint16_t *text = to_utf16(s, n, ret_len, &bad);

        if (!text)
                return hcs_error_make(err, HCS_WIN32(ERROR_NO_UNICODE_TRANSLATION), "invalid UTF-8 at byte %zu", bad);
        *ret = text;
        return S_OK;
}

char *hcs_utf16_to_utf8_lossy(const uint16_t *s, size_t n, size_t *ret_len) {
        return to_utf8(s, n, ret_len, NULL);
}

uint16_t *hcs_utf8_to_utf16_lossy(const char *s, size_t n, size_t *ret_len) {
        return to_utf16(s, n, ret_len, NULL);
}

static char *escaped(const char *s, const char *kept) {
        struct hcs_buf out = {0};
        size_t left = strlen(s);

        while (left > 0) {
                uint32_t cp;
                size_t n = hcs_utf8_decode(s, left, &cp);

                if (n == 0 || ((cp < ' ' || cp == '\\' || (cp >= 0x7f && cp < 0xa0)) && !strchr(kept, *s))) {
                        n = n ? n : 1;
                        for (size_t i = 0; i < n; i++)
                                hcs_buf_printf(&out, "\\%03o", (uint8_t)s[i]);
                } else {
                        hcs_buf_append(&out, s, n);
                }
                s += n;
                left -= n;
        }
        return hcs_buf_steal(&out);
}

char *hcs_utf8_visible(const char *s) {
        return escaped(s, "");
}

char *hcs_utf8_plain(const char *s) {
        return escaped(s, "\n\t\\");
}
