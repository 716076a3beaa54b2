/* SPDX-License-Identifier: MIT */

/* The process whose start is measured with the four DLLs in it: it keeps a symbol of each and calls nothing. */

extern void HNSCall(void), HcsCreateOperation(void), HcnEnumerateNetworks(void), HcsImportLayer(void);

extern void (*volatile keep[])(void);
void (*volatile keep[])(void) = {HNSCall, HcsCreateOperation, HcnEnumerateNetworks, HcsImportLayer};

int main(void) {
        return 0;
}
