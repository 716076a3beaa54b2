/* SPDX-License-Identifier: MIT */

/*
 * One of several programs of Windows that share a world behind a service at a named pipe. usage:
 *   share make ID       makes and starts a system that ends with its last handle, says "made", and waits for its end
 *   share meet ID       opens it, runs a process in it whose output goes through, says "met", and waits until it exits
 *   share gone ID       0 when there is no such system
 * One thread, and those of the DLL.
 */

#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computecore.h"

static HANDLE exited;

static void HCS_ABI_CALL heard(HCS_EVENT *event, void *context) {
        if (event->Type == HcsEventSystemExited)
                SetEvent(exited);
}

static int fail(const char *what, HRESULT hr) {
        printf("%s: 0x%08lx\n", what, (unsigned long)hr);
        return 1;
}

static void say(const char *what) {
        printf("%s\n", what);
        fflush(stdout);
}

static HRESULT finish(HCS_OPERATION op, HRESULT hr, HCS_PROCESS_INFORMATION *info) {
        if (SUCCEEDED(hr))
                hr = (HRESULT)(info ? HcsWaitForOperationResultAndProcessInfo(op, INFINITE, info, NULL)
                                    : HcsWaitForOperationResult(op, INFINITE, NULL));
        HcsCloseOperation(op);
        return hr;
}

static int wait_for_end(HCS_SYSTEM s) {
        WaitForSingleObject(exited, INFINITE);
        say("exited");
        HcsCloseComputeSystem(s);
        return 0;
}

static int make(const wchar_t *id) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HCS_SYSTEM s = NULL;
        HRESULT hr =
                finish(op,
                       (HRESULT)HcsCreateComputeSystem(
                               (PCWSTR)id, (PCWSTR)L"{\"Container\":{},\"ShouldTerminateOnLastHandleClosed\":true}", op,
                               NULL, &s),
                       NULL);

        if (SUCCEEDED(hr)) {
                op = HcsCreateOperation(NULL, NULL);
                hr = finish(op, (HRESULT)HcsStartComputeSystem(s, op, NULL), NULL);
        }
        if (SUCCEEDED(hr))
                hr = (HRESULT)HcsSetComputeSystemCallback(s, 0, NULL, heard);
        if (FAILED(hr))
                return fail("make", hr);
        say("made");
        return wait_for_end(s);
}

static int meet(const wchar_t *id) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HCS_PROCESS_INFORMATION info = {0};
        HCS_SYSTEM s = NULL;
        HCS_PROCESS p = NULL;
        char text[64] = "";
        DWORD n = 0;
        HRESULT hr = (HRESULT)HcsOpenComputeSystem((PCWSTR)id, GENERIC_ALL, &s);

        if (SUCCEEDED(hr))
                hr = (HRESULT)HcsSetComputeSystemCallback(s, 0, NULL, heard);
        if (SUCCEEDED(hr))
                hr = finish(op,
                            (HRESULT)HcsCreateProcess(
                                    s, (PCWSTR)L"{\"CommandLine\":\"cmd.exe /c echo hello\",\"CreateStdOutPipe\":true}",
                                    op, NULL, &p),
                            &info);
        if (SUCCEEDED(hr))
                hr = (HRESULT)HcsWaitForProcessExit(p, INFINITE, NULL);
        if (FAILED(hr))
                return fail("meet", hr);
        if (!ReadFile(info.StdOutput, text, sizeof(text) - 1, &n, NULL) || strncmp(text, "hello", 5) != 0)
                return fail("what the process printed", HRESULT_FROM_WIN32(GetLastError()));
        CloseHandle(info.StdOutput);
        HcsCloseProcess(p);
        say("met");
        return wait_for_end(s);
}

static int gone(const wchar_t *id) {
        HCS_SYSTEM s = NULL;
        HRESULT hr = (HRESULT)HcsOpenComputeSystem((PCWSTR)id, GENERIC_ALL, &s);

        if (SUCCEEDED(hr))
                HcsCloseComputeSystem(s);
        return (unsigned long)hr == 0x8037010Eul ? 0 : fail("open", hr);
}

int main(int argc, char **argv) {
        wchar_t id[64];

        exited = CreateEventW(NULL, TRUE, FALSE, NULL);
        if (argc != 3 || !exited)
                return 2;
        swprintf(id, 64, L"%hs", argv[2]);
        if (strcmp(argv[1], "make") == 0)
                return make(id);
        return strcmp(argv[1], "meet") == 0 ? meet(id) : gone(id);
}
