/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_GUID_H
#define HCSSHIM_GUID_H

/*
 * GUIDs: Windows layout in memory (the ABI passes them by pointer), lower-case text without braces, v4 (random),
 * v5 (SHA-1 of namespace and name), and the hvsocket service ids derived from vsock ports.
 */

#include <stdbool.h>
#include <stdint.h>

#include "hcsshim/error.h"

#ifdef _WIN32
#include <guiddef.h>
#else
typedef struct _GUID {
        uint32_t Data1;
        uint16_t Data2;
        uint16_t Data3;
        uint8_t Data4[8];
} GUID;
#endif

#define HCS_GUID_TEXT_SIZE 37 /* 36 characters and NUL */

/* Text with or without braces, any case. E_INVALIDARG names the text. */
HRESULT hcs_guid_parse(const char *text, GUID *ret, struct hcs_error **err);
char *hcs_guid_format(const GUID *g, char buf[static HCS_GUID_TEXT_SIZE]); /* returns buf */
bool hcs_guid_equal(const GUID *a, const GUID *b);
bool hcs_guid_is_null(const GUID *g);
/* Random; E_FAIL only when the OS has no randomness. */
HRESULT hcs_guid_v4(GUID *ret);
/* Name-based (RFC 4122 v5) over raw name bytes. hcsshim hashes UTF-16LE names for layers and UTF-8 ones elsewhere. */
void hcs_guid_v5(const GUID *ns, const void *name, uint32_t len, GUID *ret);
/* Big-endian 16 bytes, as RFC 4122 and the network write it. */
void hcs_guid_to_rfc4122(const GUID *g, uint8_t out[static 16]);
void hcs_guid_from_rfc4122(const uint8_t in[static 16], GUID *ret);
/* <port hex8>-facb-11e6-bd58-64006a7986d3 and back (false: not of that family). */
void hcs_guid_from_vsock_port(uint32_t port, GUID *ret);
bool hcs_guid_to_vsock_port(const GUID *g, uint32_t *ret_port);

#endif
