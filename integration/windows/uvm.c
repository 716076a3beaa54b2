/* SPDX-License-Identifier: MIT */

/*
 * A utility VM by our own client, as a program of Windows: HCS by its DLL, the bridge and the streams of processes over
 * AF_HYPERV, which leads to an emulated machine where winehv.dll is. Says a line for each step; exit code 1 with what
 * went wrong. usage: uvm BOOT_FOLDER
 */

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "uvm/exec.h"
#include "uvm/host.h"
#include "uvm/options.h"

static const struct hcs_call patient = {.timeout_ms = 240000};

static HRESULT make_plan(const struct uvm_host *host, const char *folder, struct uvm_plan *plan,
                         struct hcs_error **err) {
        struct hcs_schema_uvm_lcow_options *o = uvm_lcow_options_new(host, "windows", "integration");
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        _cleanup_json_ struct hcs_json *members = NULL;
        HRESULT hr =
                hcs_json_parse_cstr("{\"KernelDirect\":true,\"KernelFile\":\"kernel\",\"RootFSFile\":\"initrd.img\","
                                    "\"PreferredRootFSType\":0,\"VPMemDeviceCount\":0,\"MemorySizeInMB\":256,"
                                    "\"ProcessorCount\":1}",
                                    &members, err);

        uvm_lcow_options_set_boot_files(o, host, folder, &w);
        if (SUCCEEDED(hr))
                hr = uvm_lcow_options_override(&o, members, err);
        if (SUCCEEDED(hr))
                hr = uvm_lcow_document(o, host, plan, &w, err);
        uvm_lcow_options_free(o);
        return hr;
}

static HRESULT run_commands(struct uvm *vm, struct hcs_error **err) {
        static const char *const uname[] = {"/bin/uname", "-s", NULL};
        static const char *const much[] = {"/bin/sh", "-c", "i=0; while [ $i -lt 4000 ]; do echo $i; i=$((i+1)); done",
                                           NULL};
        static const char *const seven[] = {"/bin/sh", "-c", "echo out; echo err >&2; exit 7", NULL};
        _cleanup_buf_ struct hcs_buf out = {0}, more = {0}, both = {0};
        uint32_t code = 0;
        HRESULT hr = uvm_run(vm, uname, &patient, &out, NULL, err);

        if (FAILED(hr))
                return hr;
        printf("uname: %s", hcs_buf_cstr(&out));
        hr = uvm_run(vm, much, &patient, &more, NULL, err);
        if (FAILED(hr))
                return hr;
        printf("lines: %zu bytes, %s\n", more.len,
               hcs_str_ends(hcs_buf_cstr(&more), "\n3999\n") ? "to the last" : "cut");
        hr = uvm_run(vm, seven, &patient, &both, &code, err);
        if (SUCCEEDED(hr))
                printf("exit code: %u with %zu bytes\n", (unsigned)code, both.len);
        return hr;
}

static HRESULT run(const char *folder, struct hcs_error **err) {
        struct uvm_create_options o = {.id = "windows", .has_guest = true, .has_log = true};
        _cleanup_uvm_plan_ struct uvm_plan plan = {0};
        _cleanup_uvm_ struct uvm *vm = NULL;
        struct hcs_client *client = NULL;
        struct uvm_host host;
        HRESULT hr;

        uvm_host_init(&host, 20348);
        hr = hcs_client_open(NULL, &client, err);
        if (FAILED(hr))
                return hr;
        o.client = client;
        hr = make_plan(&host, folder, &plan, err);
        if (SUCCEEDED(hr))
                hr = uvm_create(&o, &plan, &patient, &vm, err);
        if (SUCCEEDED(hr)) {
                puts("created");
                hr = uvm_start(vm, &patient, err);
        }
        if (SUCCEEDED(hr)) {
                printf("guest: %s, protocol %u\n", hcs_gcs_os(uvm_guest(vm)), hcs_gcs_protocol(uvm_guest(vm)));
                hr = run_commands(vm, err);
        }
        if (SUCCEEDED(hr))
                hr = uvm_shutdown(vm, &patient, err);
        if (SUCCEEDED(hr))
                puts("shut down");
        vm = uvm_close(vm);
        hcs_client_unref(client);
        return hr;
}

int main(int argc, char **argv) {
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
        _cleanup_free_ char *text = NULL;

        if (argc != 2)
                return 2;
        setvbuf(stdout, NULL, _IONBF, 0);
        if (SUCCEEDED(run(argv[1], &err)))
                return 0;
        text = hcs_error_format(err);
        printf("FAILED: %s\n", text);
        return 1;
}
