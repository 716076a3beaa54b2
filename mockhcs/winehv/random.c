/* SPDX-License-Identifier: MIT */

/* bcryptprimitives.dll: the one function of it that programs use. Any thread. */

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

#include "platform/random.h"

BOOL WINAPI ProcessPrng(BYTE *data, SIZE_T n);
BOOL WINAPI ProcessPrng(BYTE *data, SIZE_T n) {
        return SUCCEEDED(hcs_random(data, n, NULL));
}
