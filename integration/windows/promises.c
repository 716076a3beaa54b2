/* SPDX-License-Identifier: MIT */

/*
 * What a client of Windows takes for granted of the DLLs: strings are freed by either of its functions, streams of a
 * process belong to a completion port, end each transfer once, may be cancelled, closed and duplicated, and nothing is
 * heard after a callback was unregistered. The DLLs are loaded by name. Exit code 1 when something was wrong.
 */

#include <stdbool.h>
#include <string.h>

#define HCS_ABI_IMPLEMENTATION /* results are whole registers */
#include "hcsshim/abi/computenetwork.h"
#include "hcsshim/abi/vmcompute.h"
#include "integration/windows/expect.h"

#define ROUNDS  20
#define PENDING 0xC0370103ull
#define BEFORE  ((PWSTR)0x5a5a5a5a5a5a5a5a)
#define VM      u"{\"Owner\":\"promises\",\"VirtualMachine\":{}}"
#define PIPES   ",\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true,\"CreateStdErrPipe\":true}"
#define STAYS   u"{\"CommandLine\":\"ping -t localhost\"" PIPES
#define SHELL   u"{\"CommandLine\":\"cmd\"" PIPES
#define MUCH    (4u << 20)

static struct hcs_vmcompute_api vmcompute;
static struct hcs_computenetwork_api network;
static void(WINAPI *task_free)(void *);
static HCS_SYSTEM machine;

static HMODULE load(const wchar_t *name) {
        HMODULE library = LoadLibraryExW(name, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);

        if (!library)
                printf("FAILED: %ls cannot be loaded: %lu\n", name, GetLastError());
        return library;
}

static bool find_all(void) {
        HMODULE compute = load(L"vmcompute.dll"), networks = load(L"computenetwork.dll"), ole = load(L"ole32.dll");

        if (!compute || !networks || !ole)
                return false;
#define OF_VMCOMPUTE(ret, name, params) FIND_IN(vmcompute, compute, name)
#define OF_NETWORK(ret, name, params)   FIND_IN(network, networks, name)
        HCS_VMCOMPUTE_FUNCTIONS(OF_VMCOMPUTE)
        HCS_COMPUTENETWORK_FUNCTIONS(OF_NETWORK)
        *(void **)&task_free = (void *)(uintptr_t)GetProcAddress(ole, "CoTaskMemFree");
        return true;
}

static void CALLBACK on_completion(DWORD type, void *context, HRESULT status, PCWSTR data) {
        SetEvent(context);
}

static void start_machine(void) {
        HANDLE completed = CreateEventW(NULL, FALSE, FALSE, NULL);
        HCS_CALLBACK registration;
        PWSTR result;

        expect("create", vmcompute.HcsCreateComputeSystem(u"promises", VM, NULL, &machine, &result), PENDING);
        expect("register", vmcompute.HcsRegisterComputeSystemCallback(machine, on_completion, completed, &registration),
               0);
        await("created", completed);
        expect("start", vmcompute.HcsStartComputeSystem(machine, u"", &result), PENDING);
        await("started", completed);
        expect("unregister", vmcompute.HcsUnregisterComputeSystemCallback(registration), 0);
        CloseHandle(completed);
}

/* Frees a string as a client does, in one way or the other. */
static void free_one(PWSTR text, bool by_task) {
        if (by_task)
                task_free(text);
        else
                expect("LocalFree", (uintptr_t)LocalFree(text), 0);
}

/* A call has set both; data: there is something in the first, else in the second. */
static void check_strings(const char *what, PWSTR data, PWSTR failure, bool has_data, bool by_task) {
        expect(what, data != BEFORE && failure != BEFORE, true);
        expect(what, data != NULL, has_data);
        expect(what, failure != NULL, !has_data);
        if (data && data != BEFORE)
                free_one(data, by_task);
        if (failure && failure != BEFORE)
                free_one(failure, by_task);
        expect(what, HeapValidate(GetProcessHeap(), 0, NULL), true);
}

static void strings_are_freed_in_either_way(void) {
        static const GUID nobody = {7, 7, 7, {7}};
        PWSTR data, failure;
        HCS_SYSTEM none;
        HCN_NETWORK handle;

#define STRINGS(has_data, call)                                   \
        for (int i = 0; i < 2; i++) {                             \
                data = failure = BEFORE;                          \
                call;                                             \
                check_strings(#call, data, failure, has_data, i); \
        }
        STRINGS(1, vmcompute.HcsEnumerateComputeSystems(u"{}", &data, &failure))
        STRINGS(0, vmcompute.HcsEnumerateComputeSystems(u"{", &data, &failure))
        STRINGS(1, vmcompute.HcsGetComputeSystemProperties(machine, u"{}", &data, &failure))
        STRINGS(0, vmcompute.HcsGetComputeSystemProperties(machine, u"{", &data, &failure))
        STRINGS(1, vmcompute.HcsGetServiceProperties(u"{\"PropertyTypes\":[\"Basic\"]}", &data, &failure))
        STRINGS(0, vmcompute.HcsGetServiceProperties(u"{", &data, &failure))
        STRINGS(1, (vmcompute.HNSCall(u"GET", u"/globals/version", u"", &data), failure = NULL))
        STRINGS(1, (vmcompute.GetBaseImages(&data), failure = NULL))
        STRINGS(0, (vmcompute.HcsOpenComputeSystem(u"nobody", &none, &failure), data = NULL))
        STRINGS(0, (vmcompute.HcsStartComputeSystem(machine, u"", &failure), data = NULL))
        STRINGS(1, network.HcnEnumerateNetworks(u"", &data, &failure))
        STRINGS(0, network.HcnEnumerateNetworks(u"{", &data, &failure))
        STRINGS(0, (network.HcnOpenNetwork(&nobody, &handle, &failure), data = NULL))
#undef STRINGS
}

struct running {
        HCS_PROCESS process;
        HCS_PROCESS_INFORMATION info;
        HANDLE port;
};

/* All its streams belong to one port. */
static struct running run(PCWSTR parameters) {
        struct running r = {.port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0)};
        PWSTR result = NULL;

        expect("process", vmcompute.HcsCreateProcess(machine, parameters, &r.info, &r.process, &result), 0);
        expect("input", CreateIoCompletionPort(r.info.StdInput, r.port, 1, 0) == r.port, true);
        expect("output", CreateIoCompletionPort(r.info.StdOutput, r.port, 2, 0) == r.port, true);
        expect("errors", CreateIoCompletionPort(r.info.StdError, r.port, 3, 0) == r.port, true);
        return r;
}

static void end(struct running *r) {
        PWSTR result = NULL;

        vmcompute.HcsTerminateProcess(r->process, &result);
        LocalFree(result);
        expect("close the process", vmcompute.HcsCloseProcess(r->process), 0);
        CloseHandle(r->info.StdInput);
        CloseHandle(r->info.StdOutput);
        CloseHandle(r->info.StdError);
        CloseHandle(r->port);
}

/* The one transfer that was begun ends: 0, or what it failed with. */
static DWORD ended(HANDLE port, const OVERLAPPED *o, DWORD *ret_n) {
        OVERLAPPED *done = NULL;
        ULONG_PTR key;
        DWORD failed = GetQueuedCompletionStatus(port, ret_n, &key, &done, 60000) ? 0 : GetLastError();

        expect("it is the transfer that was begun", done == o, true);
        return failed;
}

static void begin_read(HANDLE h, char *buf, DWORD n, OVERLAPPED *o) {
        *o = (OVERLAPPED){0};
        expect("a read waits", ReadFile(h, buf, n, NULL, o) ? 0 : GetLastError(), ERROR_IO_PENDING);
}

static void nothing_more(HANDLE port) {
        OVERLAPPED *done = NULL;
        ULONG_PTR key;
        DWORD n;

        expect("each transfer ends once", GetQueuedCompletionStatus(port, &n, &key, &done, 0), false);
        expect("each transfer ends once", (uintptr_t)done, 0);
}

static void a_read_is_cancelled(void) {
        struct running r = run(STAYS);
        OVERLAPPED o, other;
        char a[16], b[16];
        DWORD n;

        begin_read(r.info.StdError, a, sizeof(a), &o);
        begin_read(r.info.StdError, b, sizeof(b), &other);
        expect("CancelIoEx", CancelIoEx(r.info.StdError, &o), true);
        expect("the read", ended(r.port, &o, &n), ERROR_OPERATION_ABORTED);
        expect("CancelIoEx again", CancelIoEx(r.info.StdError, &o) ? 0 : GetLastError(), ERROR_NOT_FOUND);
        expect("CancelIoEx of all", CancelIoEx(r.info.StdError, NULL), true);
        expect("the other", ended(r.port, &other, &n), ERROR_OPERATION_ABORTED);
        nothing_more(r.port);
        end(&r);
}

static void a_stream_is_closed_while_it_is_read(void) {
        struct running r = run(STAYS);
        OVERLAPPED o;
        char buf[16];
        DWORD n;

        begin_read(r.info.StdError, buf, sizeof(buf), &o);
        expect("close", CloseHandle(r.info.StdError), true);
        expect("the read fails", ended(r.port, &o, &n) != 0, true);
        nothing_more(r.port);
        r.info.StdError = NULL;
        end(&r);
}

static void a_process_that_ends_ends_a_read(void) {
        struct running r = run(STAYS);
        OVERLAPPED o;
        char buf[16];
        PWSTR result;
        DWORD n;

        begin_read(r.info.StdError, buf, sizeof(buf), &o);
        expect("terminate", vmcompute.HcsTerminateProcess(r.process, &result), 0);
        expect("the read", ended(r.port, &o, &n), ERROR_BROKEN_PIPE);
        nothing_more(r.port);
        end(&r);
}

/* More than a pipe holds: whether it is taken or given up, it ends once, and the stream works on. */
static void a_write_ends_once(void) {
        struct running r = run(STAYS);
        char *data = VirtualAlloc(NULL, MUCH, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        OVERLAPPED o = {0};
        DWORD n = 0, failed;

        expect("a write waits or is done",
               WriteFile(r.info.StdInput, data, MUCH, NULL, &o) || GetLastError() == ERROR_IO_PENDING, true);
        CancelIoEx(r.info.StdInput, &o);
        failed = ended(r.port, &o, &n);
        expect("it is all, or given up", failed ? failed : n, failed ? ERROR_OPERATION_ABORTED : MUCH);
        nothing_more(r.port);
        o = (OVERLAPPED){0};
        expect("another", WriteFile(r.info.StdInput, "x", 1, NULL, &o) || GetLastError() == ERROR_IO_PENDING, true);
        expect("ends", ended(r.port, &o, &n), 0);
        VirtualFree(data, 0, MEM_RELEASE);
        end(&r);
}

/* The first is closed: a stream ends with the last of its handles. */
static HANDLE duplicated(HANDLE *h) {
        HANDLE copy = NULL, self = GetCurrentProcess();

        expect("duplicate", DuplicateHandle(self, *h, self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS), true);
        CloseHandle(*h);
        *h = NULL;
        return copy;
}

static void streams_are_duplicated(void) {
        struct running r = run(SHELL);
        HANDLE in = duplicated(&r.info.StdInput), out = duplicated(&r.info.StdOutput);
        char text[512] = "";
        OVERLAPPED o = {0};
        DWORD n = 0, total = 0;

        expect("write", WriteFile(in, "echo one\r\n", 10, NULL, &o) || GetLastError() == ERROR_IO_PENDING, true);
        expect("written", ended(r.port, &o, &n), 0);
        while (!strstr(text, "one\r\n") && total < sizeof(text) - 64) {
                o = (OVERLAPPED){0};
                expect("read", ReadFile(out, text + total, 63, NULL, &o) || GetLastError() == ERROR_IO_PENDING, true);
                if (ended(r.port, &o, &n) != 0)
                        break;
                total += n;
        }
        expect("the answer comes", strstr(text, "one\r\n") != NULL, true);
        CloseHandle(in); /* the shell ends, and its output */
        do
                o = (OVERLAPPED){0};
        while ((ReadFile(out, text, sizeof(text), NULL, &o) || GetLastError() == ERROR_IO_PENDING) &&
               ended(r.port, &o, &n) == 0);
        CloseHandle(out);
        end(&r);
}

static struct {
        HANDLE inside, leave;
        atomic_uint calls, done;
        DWORD thread;
} slow;

static void CALLBACK linger(DWORD type, void *context, HRESULT status, PCWSTR data) {
        atomic_fetch_add(&slow.calls, 1);
        slow.thread = GetCurrentThreadId();
        SetEvent(slow.inside);
        WaitForSingleObject(slow.leave, 60000);
        for (int i = 0; i < 200; i++)
                SwitchToThread();
        atomic_fetch_add(&slow.done, 1);
}

static void unregistering_waits_for_who_is_called(void) {
        slow.inside = CreateEventW(NULL, FALSE, FALSE, NULL);
        slow.leave = CreateEventW(NULL, FALSE, FALSE, NULL);
        for (unsigned i = 1; i <= ROUNDS; i++) {
                HCS_CALLBACK registration;
                HCS_SYSTEM system = NULL;
                PWSTR result;

                expect("create", vmcompute.HcsCreateComputeSystem(u"slow", VM, NULL, &system, &result), PENDING);
                expect("register", vmcompute.HcsRegisterComputeSystemCallback(system, linger, NULL, &registration), 0);
                await("the callback runs", slow.inside);
                expect("on another thread", slow.thread != GetCurrentThreadId(), true);
                SetEvent(slow.leave);
                expect("unregister", vmcompute.HcsUnregisterComputeSystemCallback(registration), 0);
                expect("it is over", atomic_load(&slow.done), i);
                expect("terminate", vmcompute.HcsTerminateComputeSystem(system, u"", &result), 0);
                expect("close", vmcompute.HcsCloseComputeSystem(system), 0);
        }
        expect("nothing was heard later", atomic_load(&slow.calls), ROUNDS);
}

int main(void) {
        if (!find_all())
                return 1;
        start_machine();
        RUN(strings_are_freed_in_either_way());
        RUN(a_read_is_cancelled());
        RUN(a_stream_is_closed_while_it_is_read());
        RUN(a_process_that_ends_ends_a_read());
        RUN(a_write_ends_once());
        RUN(streams_are_duplicated());
        RUN(unregistering_waits_for_who_is_called());
        expect("close", vmcompute.HcsCloseComputeSystem(machine), 0);
        return atomic_load(&wrong) != 0;
}
