/* SPDX-License-Identifier: MIT */

/* GUID text, derivation and byte orders; see guid.h. Pure functions, save for v4 which asks the OS. */

#include "hcsshim/guid.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/sha1.h"
#include "base/system.h"

static int hex(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

HRESULT hcs_guid_parse(const char *text, GUID *ret, struct hcs_error **err) {
        size_t n = text ? strlen(text) : 0;
        const char *p = text;
        uint8_t raw[16];

        if (n == 38 && text[0] == '{' && text[37] == '}') {
                p++;
                n = 36;
        }
        if (n != 36)
                return hcs_error_make(err, E_INVALIDARG, "invalid GUID \"%s\"", text ? text : "");
        for (size_t i = 0, k = 0; i < 36;) {
                int hi, lo;

                if (i == 8 || i == 13 || i == 18 || i == 23) {
                        if (p[i++] != '-')
                                return hcs_error_make(err, E_INVALIDARG, "invalid GUID \"%s\"", text);
                        continue;
                }
                hi = hex(p[i]);
                lo = hex(p[i + 1]);
                if (hi < 0 || lo < 0)
                        return hcs_error_make(err, E_INVALIDARG, "invalid GUID \"%s\"", text);
                raw[k++] = (uint8_t)(hi << 4 | lo);
                i += 2;
        }
        hcs_guid_from_rfc4122(raw, ret);
        return S_OK;
}

char *hcs_guid_format(const GUID *g, char buf[static HCS_GUID_TEXT_SIZE]) {
        snprintf(buf, HCS_GUID_TEXT_SIZE, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", (unsigned)g->Data1,
                 g->Data2, g->Data3, g->Data4[0], g->Data4[1], g->Data4[2], g->Data4[3], g->Data4[4], g->Data4[5],
                 g->Data4[6], g->Data4[7]);
        return buf;
}

bool hcs_guid_equal(const GUID *a, const GUID *b) {
        return memcmp(a, b, sizeof(*a)) == 0;
}

bool hcs_guid_is_null(const GUID *g) {
        static const GUID null_guid;

        return hcs_guid_equal(g, &null_guid);
}

void hcs_guid_to_rfc4122(const GUID *g, uint8_t out[static 16]) {
        out[0] = (uint8_t)(g->Data1 >> 24);
        out[1] = (uint8_t)(g->Data1 >> 16);
        out[2] = (uint8_t)(g->Data1 >> 8);
        out[3] = (uint8_t)g->Data1;
        out[4] = (uint8_t)(g->Data2 >> 8);
        out[5] = (uint8_t)g->Data2;
        out[6] = (uint8_t)(g->Data3 >> 8);
        out[7] = (uint8_t)g->Data3;
        memcpy(out + 8, g->Data4, 8);
}

void hcs_guid_from_rfc4122(const uint8_t in[static 16], GUID *ret) {
        ret->Data1 = (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
        ret->Data2 = (uint16_t)(in[4] << 8 | in[5]);
        ret->Data3 = (uint16_t)(in[6] << 8 | in[7]);
        memcpy(ret->Data4, in + 8, 8);
}

static void stamp(uint8_t raw[static 16], uint8_t version, GUID *ret) {
        raw[6] = (uint8_t)((raw[6] & 0x0F) | version << 4);
        raw[8] = (uint8_t)((raw[8] & 0x3F) | 0x80);
        hcs_guid_from_rfc4122(raw, ret);
}

HRESULT hcs_guid_v4(GUID *ret) {
        uint8_t raw[16];
        HRESULT hr = hcs_entropy(raw, sizeof(raw));

        if (FAILED(hr))
                return hr;
        stamp(raw, 4, ret);
        return S_OK;
}

void hcs_guid_v5(const GUID *ns, const void *name, uint32_t len, GUID *ret) {
        _cleanup_free_ uint8_t *input = hcs_malloc(16 + (size_t)len);
        uint8_t digest[20];

        hcs_guid_to_rfc4122(ns, input);
        if (len)
                memcpy(input + 16, name, len);
        hcs_sha1(input, 16 + (size_t)len, digest);
        stamp(digest, 5, ret);
}

static const GUID vsock_family = {0, 0xfacb, 0x11e6, {0xbd, 0x58, 0x64, 0x00, 0x6a, 0x79, 0x86, 0xd3}};

void hcs_guid_from_vsock_port(uint32_t port, GUID *ret) {
        *ret = vsock_family;
        ret->Data1 = port;
}

bool hcs_guid_to_vsock_port(const GUID *g, uint32_t *ret_port) {
        GUID family = *g;

        family.Data1 = 0;
        if (!hcs_guid_equal(&family, &vsock_family))
                return false;
        *ret_port = g->Data1;
        return true;
}
