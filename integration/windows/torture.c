/* SPDX-License-Identifier: MIT */

/*
 * vmcompute.dll under what clients do to an ABI: many threads, callbacks that close their own handle, strings that end
 * where their page ends, handles that are none, and letting go of the DLL while a callback runs. It is loaded by name
 * and called through pointers that take the whole register. Says a line for each; exit code 1 when something was wrong.
 */

#include <string.h>

#define HCS_ABI_IMPLEMENTATION /* results are whole registers */
#include "hcsshim/abi/vmcompute.h"
#include "hcsshim/hresult.h"
#include "integration/windows/expect.h"

#define THREADS 64
#define ROUNDS  6
#define PENDING 0xC0370103ull
#define BAD     0x80070006ull /* E_HANDLE */
#define VM      u"{\"Owner\":\"torture\",\"VirtualMachine\":{}}"

static struct hcs_vmcompute_api api;

static HMODULE load(void) {
        HMODULE library = LoadLibraryExW(L"vmcompute.dll", NULL, 0);

        if (!library)
                return NULL;
#define FIND(ret, name, params) FIND_IN(api, library, name)
        HCS_VMCOMPUTE_FUNCTIONS(FIND)
#undef FIND
        return library;
}

/* One life of a system, whose callback closes it. */
struct life {
        HCS_SYSTEM system;
        HANDLE created, started, closed;
        atomic_uint after; /* callbacks once it was closed */
        atomic_bool is_closed;
};

static void CALLBACK on_notification(DWORD type, void *context, HRESULT status, PCWSTR data) {
        struct life *l = context;

        if (atomic_load(&l->is_closed))
                atomic_fetch_add(&l->after, 1);
        if (type == HcsNotificationSystemCreateCompleted)
                SetEvent(l->created);
        if (type == HcsNotificationSystemStartCompleted)
                SetEvent(l->started);
        if (type != HcsNotificationSystemExited)
                return;
        expect("close in its own callback", api.HcsCloseComputeSystem(l->system), 0);
        atomic_store(&l->is_closed, true);
        SetEvent(l->closed);
}

static void live(PCWSTR id) {
        struct life l = {.created = CreateEventW(NULL, TRUE, FALSE, NULL),
                         .started = CreateEventW(NULL, TRUE, FALSE, NULL),
                         .closed = CreateEventW(NULL, TRUE, FALSE, NULL)};
        HCS_PROCESS process = NULL;
        HCS_CALLBACK registration;
        PWSTR result = NULL;

        expect("create", api.HcsCreateComputeSystem(id, VM, NULL, &l.system, &result), PENDING);
        expect("register", api.HcsRegisterComputeSystemCallback(l.system, on_notification, &l, &registration), 0);
        await("created", l.created);
        expect("start", api.HcsStartComputeSystem(l.system, u"", &result), PENDING);
        await("started", l.started);
        expect("process", api.HcsCreateProcess(l.system, u"{\"CommandLine\":\"ping -t\"}", NULL, &process, &result), 0);
        expect("close the process", api.HcsCloseProcess(process), 0);
        expect("terminate", api.HcsTerminateComputeSystem(l.system, u"", &result), 0);
        await("closed", l.closed);
        expect("a closed handle", api.HcsStartComputeSystem(l.system, u"", &result), BAD);
        LocalFree(result);
        expect("callbacks after the close", atomic_load(&l.after), 0);
        CloseHandle(l.created);
        CloseHandle(l.started);
        CloseHandle(l.closed);
}

static DWORD WINAPI lives(void *arg) {
        WCHAR id[16];

        for (int i = 0; i < ROUNDS; i++) {
                swprintf((wchar_t *)id, 16, L"t%d-%d", (int)(intptr_t)arg, i);
                live(id);
        }
        return 0;
}

static void many_threads(void) {
        HANDLE threads[THREADS];
        PWSTR list = NULL, result = NULL;

        for (intptr_t i = 0; i < THREADS; i++)
                threads[i] = CreateThread(NULL, 0, lives, (void *)i, 0, NULL);
        for (int i = 0; i < THREADS; i++)
                expect("a thread ends", WaitForSingleObject(threads[i], 120000), WAIT_OBJECT_0);
        expect("enumerate", api.HcsEnumerateComputeSystems(u"{}", &list, &result), 0);
        if (list)
                expect("nothing is left", memcmp(list, u"[]", 6), 0);
        LocalFree(list);
}

/* The text where its NUL is the last thing before memory that cannot be read. */
static PCWSTR at_the_end(const WCHAR *text, size_t n) {
        SYSTEM_INFO info;
        size_t page;
        char *memory;
        DWORD old;

        GetSystemInfo(&info);
        page = info.dwPageSize;
        memory = VirtualAlloc(NULL, 2 * page, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (!memory || !VirtualProtect(memory + page, page, PAGE_NOACCESS, &old))
                return NULL;
        return memcpy(memory + page - n, text, n);
}
#define AT_THE_END(text) at_the_end(text, sizeof(text))

static void strings_at_page_ends(void) {
        HCS_SYSTEM system = NULL;
        PWSTR text = NULL, result = NULL;
        GUID guid;

        expect("open", api.HcsOpenComputeSystem(AT_THE_END(u"nobody"), &system, &result), 0xC037010Eull);
        LocalFree(result);
        expect("enumerate", api.HcsEnumerateComputeSystems(AT_THE_END(u"{}"), &text, &result), 0);
        LocalFree(text);
        expect("create", api.HcsCreateComputeSystem(AT_THE_END(u"end"), AT_THE_END(VM), NULL, &system, &result),
               PENDING);
        expect("close", api.HcsCloseComputeSystem(system), 0);
        expect("HNSCall", api.HNSCall(AT_THE_END(u"GET"), AT_THE_END(u"/globals/version"), AT_THE_END(u""), &text), 0);
        LocalFree(text);
        expect("NameToGuid", api.NameToGuid(AT_THE_END(u"name"), &guid), 0);
        expect("an empty id", api.HcsOpenComputeSystem(AT_THE_END(u""), &system, &result), 0x80070057ull);
}

static void wrong_handles(void) {
        static const uintptr_t values[] = {0, 1, 4, 0xdead, (uintptr_t)-1, 0x7fffffffffff, (uintptr_t)1 << 63};
        PWSTR result = NULL;
        HCS_SYSTEM system = NULL;
        HCS_PROCESS process = NULL;

        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
                void *h = (void *)values[i];

                expect("close a system", api.HcsCloseComputeSystem(h), BAD);
                expect("start", api.HcsStartComputeSystem(h, u"", &result), BAD);
                expect("close a process", api.HcsCloseProcess(h), BAD);
                expect("unregister", api.HcsUnregisterComputeSystemCallback(h), BAD);
                expect("register",
                       api.HcsRegisterComputeSystemCallback(h, on_notification, NULL, (HCS_CALLBACK *)&result), BAD);
                result = NULL;
        }
        expect("create", api.HcsCreateComputeSystem(u"kinds", VM, NULL, &system, &result), PENDING);
        expect("a system is no process", api.HcsCloseProcess((HCS_PROCESS)system), BAD);
        expect("no place for the handle", api.HcsOpenComputeSystem(u"kinds", NULL, &result), 0x80004003ull);
        expect("a process of none", api.HcsCreateProcess(NULL, u"{}", NULL, &process, &result), BAD);
        expect("close", api.HcsCloseComputeSystem(system), 0);
        expect("close twice", api.HcsCloseComputeSystem(system), BAD);
}

static HANDLE inside, leave;

static void CALLBACK stay(DWORD type, void *context, HRESULT status, PCWSTR data) {
        SetEvent(inside);
        WaitForSingleObject(leave, 60000);
}

static void unload_while_a_callback_runs(HMODULE library) {
        HCS_CALLBACK registration;
        HCS_SYSTEM system = NULL;
        PWSTR result = NULL;

        inside = CreateEventW(NULL, TRUE, FALSE, NULL);
        leave = CreateEventW(NULL, TRUE, FALSE, NULL);
        expect("create", api.HcsCreateComputeSystem(u"unload", VM, NULL, &system, &result), PENDING);
        expect("register", api.HcsRegisterComputeSystemCallback(system, stay, NULL, &registration), 0);
        await("the callback runs", inside);
        while (GetModuleHandleW(L"vmcompute.dll") && FreeLibrary(library))
                continue;
        expect("it is gone", (uintptr_t)GetModuleHandleW(L"vmcompute.dll"), 0);
        SetEvent(leave);
        expect("it comes back", load() != NULL, true);
        expect("unregister, by the new one", api.HcsUnregisterComputeSystemCallback(registration), 0);
        expect("close, by the new one", api.HcsCloseComputeSystem(system), 0);
}

int main(void) {
        HMODULE library = load();

        if (!library) {
                printf("FAILED: vmcompute.dll cannot be loaded: %lu\n", GetLastError());
                return 1;
        }
        RUN(many_threads());
        RUN(strings_at_page_ends());
        RUN(wrong_handles());
        RUN(unload_while_a_callback_runs(library));
        return atomic_load(&wrong) != 0;
}
