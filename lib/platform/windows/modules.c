/* SPDX-License-Identifier: MIT */

/* The loader's list of modules, and what it tells of new ones; see modules.h. One watcher a process. */

#include "platform/windows/modules.h"

#include <windows.h>
#include <winternl.h>

#include "platform/windows/last_error.h"

struct told {
        ULONG flags;
        const UNICODE_STRING *path, *name;
        void *base;
        ULONG size;
};

static modules_fn on_load, on_unload;

static void tell(modules_fn fn, const UNICODE_STRING *path, void *base) {
        size_t n = path->Length / sizeof(wchar_t), at = n;

        while (at > 0 && path->Buffer[at - 1] != L'\\' && path->Buffer[at - 1] != L'/')
                at--;
        fn(path->Buffer + at, n - at, base);
}

void modules_each(modules_fn fn) {
        void *get_peb = (void *)(uintptr_t)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlGetCurrentPeb");
        LIST_ENTRY *head;

        if (!get_peb)
                return;
        head = &((PEB * (NTAPI *)(void))(uintptr_t)get_peb)()->Ldr->InMemoryOrderModuleList;
        for (LIST_ENTRY *at = head->Flink; at != head; at = at->Flink) {
                LDR_DATA_TABLE_ENTRY *e = CONTAINING_RECORD(at, LDR_DATA_TABLE_ENTRY, InMemoryOrderLinks);

                tell(fn, &e->FullDllName, e->DllBase);
        }
}

static void CALLBACK notified(ULONG reason, const struct told *t, void *context) {
        tell(reason == 1 ? on_load : on_unload, t->name, t->base);
}

HRESULT modules_watch(modules_fn loaded, modules_fn unloaded, struct hcs_error **err) {
        typedef LONG(NTAPI * register_fn)(ULONG, void(CALLBACK *)(ULONG, const struct told *, void *), void *, void **);
        register_fn fn =
                (register_fn)(uintptr_t)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "LdrRegisterDllNotification");
        void *cookie;
        LONG status;

        if (!fn)
                return hcs_windows_error(err, ERROR_PROC_NOT_FOUND, "watch for DLLs");
        on_load = loaded;
        on_unload = unloaded;
        status = fn(0, notified, NULL, &cookie);
        return status < 0 ? hcs_error_make(err, HRESULT_FROM_NT(status), "watch for DLLs") : S_OK;
}

bool modules_is(const char *module, const wchar_t *name, size_t n) {
        static const char extension[] = ".dll";
        size_t len = strlen(module);

        if (n != len + sizeof(extension) - 1)
                return false;
        for (size_t i = 0; i < n; i++) {
                wchar_t c = name[i] >= L'A' && name[i] <= L'Z' ? name[i] + (L'a' - L'A') : name[i];

                if (c != (wchar_t)(i < len ? module[i] : extension[i - len]))
                        return false;
        }
        return true;
}
