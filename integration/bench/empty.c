/* SPDX-License-Identifier: MIT */

/* The process whose start is measured: it keeps one symbol of computecore, when that is linked, and calls nothing. */

#ifdef LINKED
#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computecore.h"

extern void *volatile keep;
void *volatile keep = (void *)HcsCreateOperation;
#endif

int main(void) {
        return 0;
}
