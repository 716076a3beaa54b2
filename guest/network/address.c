/* SPDX-License-Identifier: MIT */

/* Addresses as text. Pure. */

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "guest/network/netlink.h"

HRESULT guest_ip_parse(const char *text, struct guest_ip *ret, struct hcs_error **err) {
        struct guest_ip ip = {.family = AF_INET, .prefix = 32};

        if (inet_pton(AF_INET, text, ip.bytes) != 1) {
                ip.family = AF_INET6;
                ip.prefix = 128;
                if (inet_pton(AF_INET6, text, ip.bytes) != 1)
                        return hcs_error_make(err, E_INVALIDARG, "`%s' is no IP address", text);
        }
        *ret = ip;
        return S_OK;
}

HRESULT guest_ip_parse_prefix(const char *text, struct guest_ip *ret, struct hcs_error **err) {
        const char *slash = strchr(text, '/');
        _cleanup_free_ char *address = hcs_strndup(text, slash ? (size_t)(slash - text) : strlen(text));
        struct guest_ip ip;
        uint64_t prefix;

        if (FAILED(guest_ip_parse(address, &ip, NULL)) || !slash || !slash[1] ||
            strspn(slash + 1, "0123456789") != strlen(slash + 1) || !hcs_str_to_u64(slash + 1, &prefix) ||
            prefix > ip.prefix)
                return hcs_error_make(err, E_INVALIDARG, "`%s' is no IP address with a prefix", text);
        ip.prefix = (uint8_t)prefix;
        *ret = ip;
        return S_OK;
}

HRESULT guest_mac_parse(const char *text, uint8_t ret[static 6], struct hcs_error **err) {
        static const char digits[] = "0123456789abcdef";
        uint8_t mac[6];

        for (int i = 0; i < 6; i++) {
                const char *high = text[3 * i] ? strchr(digits, tolower((unsigned char)text[3 * i])) : NULL;
                const char *low =
                        high && text[3 * i + 1] ? strchr(digits, tolower((unsigned char)text[3 * i + 1])) : NULL;
                char after = low ? text[3 * i + 2] : '\0';

                if (!low || (i < 5 ? after != '-' && after != ':' : after != '\0'))
                        return hcs_error_make(err, E_INVALIDARG, "`%s' is no MAC address", text);
                mac[i] = (uint8_t)((high - digits) << 4 | (low - digits));
        }
        memcpy(ret, mac, sizeof(mac));
        return S_OK;
}
