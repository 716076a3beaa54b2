/* SPDX-License-Identifier: MIT */

/* bcrypt.dll when it is asked for; see cng.h. */

#include "platform/windows/cng.h"

static struct hcs_cng cng;
static bool complete;

static BOOL CALLBACK load(INIT_ONCE *once, void *unused, void **context) {
        HMODULE dll = LoadLibraryExW(L"bcrypt.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
        const struct {
                void *place;
                const char *name;
        } functions[] = {
                {&cng.gen_random, "BCryptGenRandom"},
                {&cng.open_algorithm, "BCryptOpenAlgorithmProvider"},
                {&cng.close_algorithm, "BCryptCloseAlgorithmProvider"},
                {&cng.create_hash, "BCryptCreateHash"},
                {&cng.hash_data, "BCryptHashData"},
                {&cng.finish_hash, "BCryptFinishHash"},
                {&cng.destroy_hash, "BCryptDestroyHash"},
        };

        complete = dll != NULL;
        for (size_t i = 0; complete && i < sizeof(functions) / sizeof(functions[0]); i++) {
                FARPROC f = GetProcAddress(dll, functions[i].name);

                memcpy(functions[i].place, &f, sizeof(f));
                complete = f != NULL;
        }
        return TRUE;
}

const struct hcs_cng *hcs_cng(void) {
        static INIT_ONCE once = INIT_ONCE_STATIC_INIT;

        InitOnceExecuteOnce(&once, load, NULL, NULL);
        return complete ? &cng : NULL;
}
