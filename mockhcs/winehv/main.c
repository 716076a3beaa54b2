/* SPDX-License-Identifier: MIT */

/* The DLL's beginning: what it redirects. It stays to the end of the process. See winehv.h. */

#include "mockhcs/winehv/winehv.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "hcsshim/log.h"
#include "platform/injection.h"
#include "platform/windows/intercept.h"

struct winehv_real winehv_real;

static uint64_t call(void *cookie, const uint64_t *args, void *real) {
        const struct winehv_redirection *r = cookie;

        return r->fn(args, real);
}

static void found(void *cookie, void *real) {
        const struct winehv_redirection *r = cookie;
        const struct {
                const char *function;
                void **slot;
        } kept[] = {
                {"bind", (void **)&winehv_real.bind},
                {"getsockname", (void **)&winehv_real.getsockname},
                {"getpeername", (void **)&winehv_real.getpeername},
                {"accept", (void **)&winehv_real.accept},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(kept); i++)
                if (hcs_streq(r->module, "ws2_32") && hcs_streq(r->function, kept[i].function))
                        *kept[i].slot = real;
}

static bool was_injected(void) {
        _cleanup_free_ char *text = hcs_injection_text();

        return text != NULL;
}

static void begin(void) {
        static const struct winehv_group *const groups[] = {&winehv_sockets, &winehv_transfers, &winehv_extensions,
                                                            &winehv_pipes,   &winehv_version,   &winehv_disks};
        static struct intercepted list[64];
        static struct interceptor by = {.list = list, .call = call, .found = found};
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;

        for (size_t g = 0; g < HCS_ARRAY_SIZE(groups); g++)
                for (size_t i = 0; i < groups[g]->n && by.n < HCS_ARRAY_SIZE(list); i++) {
                        const struct winehv_redirection *r = &groups[g]->list[i];

                        list[by.n++] = (struct intercepted){r->module, r->function, r->n_args, (void *)(uintptr_t)r};
                }
        if (FAILED(intercept_begin(&by, &err)))
                hcs_log(HCS_LOG_WARN, "winehv: nothing is redirected", "error", hcs_error_message(err), NULL);
        else if (was_injected() && FAILED(hcs_injection_follow_children(&err)))
                hcs_log(HCS_LOG_WARN, "winehv: not in children", "error", hcs_error_message(err), NULL);
}

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void *reserved);
BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void *reserved) {
        HMODULE pinned;

        if (reason != DLL_PROCESS_ATTACH)
                return TRUE;
        DisableThreadLibraryCalls(self);
        GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                           (const wchar_t *)(uintptr_t)DllMain, &pinned);
        begin();
        return TRUE;
}
