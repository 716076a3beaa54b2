/* SPDX-License-Identifier: MIT */

/* The names of the kinds of handles, and the symbols made of them. Pure functions. */

#include "mockhcs/engine/handle.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const char *const names[MOCK_HANDLE_KINDS] = {
        [MOCK_SYSTEM] = "system",           [MOCK_PROCESS] = "process",
        [MOCK_OPERATION] = "operation",     [MOCK_CALLBACK] = "callback",
        [MOCK_NETWORK] = "network",         [MOCK_ENDPOINT] = "endpoint",
        [MOCK_NAMESPACE] = "namespace",     [MOCK_LOADBALANCER] = "loadbalancer",
        [MOCK_SDNROUTE] = "sdnroute",       [MOCK_GUESTSERVICE] = "guestservice",
        [MOCK_RESERVATION] = "reservation",
};

const char *mock_handle_kind_name(enum mock_handle_kind kind) {
        return names[kind];
}

bool mock_handle_symbol_parse(const char *symbol, enum mock_handle_kind *ret_kind, uint32_t *ret_number) {
        const char *slash = symbol ? strchr(symbol, '/') : NULL;
        size_t length = slash ? (size_t)(slash - symbol) : 0;
        uint64_t n;

        for (size_t i = 0; slash && i < HCS_ARRAY_SIZE(names); i++)
                if (strlen(names[i]) == length && memcmp(symbol, names[i], length) == 0 &&
                    hcs_str_to_u64(slash + 1, &n) && n <= UINT32_MAX) {
                        *ret_kind = (enum mock_handle_kind)i;
                        *ret_number = (uint32_t)n;
                        return true;
                }
        return false;
}
