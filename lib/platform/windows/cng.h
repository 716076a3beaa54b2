/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_CNG_H
#define HCS_PLATFORM_WINDOWS_CNG_H

/*
 * Windows' functions for random bytes and hashes, from bcrypt.dll of System32, which is loaded with the first that
 * asks: most programs that our DLLs are in never do, and it brings much with it (under Wine half of what a program
 * takes to start). Stays loaded. Any thread.
 */

#include <stdbool.h>
#include <windows.h>

#include <bcrypt.h>

struct hcs_cng {
        __typeof__(BCryptGenRandom) *gen_random;
        __typeof__(BCryptOpenAlgorithmProvider) *open_algorithm;
        __typeof__(BCryptCloseAlgorithmProvider) *close_algorithm;
        __typeof__(BCryptCreateHash) *create_hash;
        __typeof__(BCryptHashData) *hash_data;
        __typeof__(BCryptFinishHash) *finish_hash;
        __typeof__(BCryptDestroyHash) *destroy_hash;
};

/* NULL where the system has none of it. */
const struct hcs_cng *hcs_cng(void);

#endif
