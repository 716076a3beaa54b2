/* SPDX-License-Identifier: MIT */

/*
 * hcsdemo: a small HCS client on libhcsshim, and the worked example of it. Creates a virtual machine, starts it, talks
 * to processes in it, reads statistics, attaches a disk, and shuts it down. It says what it does and fails when
 * anything is not as it should be.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hcsshim/hcs.h"

struct demo {
        const char *id;
        unsigned memory;
        enum hcs_api api;
        struct hcs_system *system;
};

static void usage(void) {
        puts("usage: hcsdemo [--id NAME] [--memory MB] [--api computecore|vmcompute]\n\n"
             "Runs one small virtual machine through its life over whatever stands behind computecore or vmcompute: "
             "the\n"
             "platform on Windows, mockhcs elsewhere (MOCKHCS says how it answers).");
}

static int failed(const char *step, struct hcs_error *err) {
        char *text = hcs_error_format(err);

        fprintf(stderr, "hcsdemo: %s: %s\n", step, text);
        free(text);
        hcs_error_free(err);
        return 1;
}

static int create(struct hcs_client *c, struct demo *d) {
        static const char format[] = "{\"Owner\":\"hcsdemo\",\"SchemaVersion\":{\"Major\":2,\"Minor\":1},"
                                     "\"VirtualMachine\":{\"StopOnReset\":true,"
                                     "\"Chipset\":{\"LinuxKernelDirect\":{\"KernelFilePath\":\"C:\\\\boot\\\\vmlinux\","
                                     "\"KernelCmdLine\":\"quiet\"}},"
                                     "\"ComputeTopology\":{\"Memory\":{\"SizeInMB\":%u},\"Processor\":{\"Count\":2}},"
                                     "\"Devices\":{\"Scsi\":{\"df6d0690-79e5-55b6-a5ec-c1e2f77f580a\":{}}}},"
                                     "\"ShouldTerminateOnLastHandleClosed\":true}";
        struct hcs_error *err = NULL;
        char document[1024];

        snprintf(document, sizeof(document), format, d->memory);
        if (FAILED(hcs_system_create(c, d->id, document, NULL, &d->system, &err)))
                return failed("create", err);
        printf("created %s (%s, %s) with %u MB\n", d->id, hcs_system_type(d->system), hcs_system_os(d->system),
               d->memory);
        if (FAILED(hcs_system_start(d->system, NULL, NULL, &err)))
                return failed("start", err);
        puts("started");
        return 0;
}

/* Reads a stream to its end. */
static HRESULT read_all(struct hcs_process *p, char *buf, size_t size, struct hcs_error **err) {
        size_t len = 0, n = 0;
        HRESULT hr;

        while ((hr = hcs_process_read(p, HCS_STDOUT, buf + len, size - len - 1, &n, err)) == S_OK && len + n < size - 1)
                len += n;
        buf[len] = '\0';
        return hr;
}

static int run(struct demo *d, const char *command, const char *input, const char *expected, uint32_t expected_code) {
        struct hcs_process *p = NULL;
        struct hcs_error *err = NULL;
        char parameters[512], output[256] = "";
        uint32_t code = 0;
        HRESULT hr;

        snprintf(parameters, sizeof(parameters),
                 "{\"CommandLine\":\"%s\",\"Environment\":{\"TOKEN\":\"s3cret\"},%s\"CreateStdOutPipe\":true}", command,
                 input ? "\"CreateStdInPipe\":true," : "");
        if (FAILED(hcs_process_create(d->system, parameters, NULL, &p, &err)))
                return failed(command, err);
        hr = input ? hcs_process_write(p, input, strlen(input), &err) : S_OK;
        hcs_process_close_pipe(p, HCS_STDIN);
        if (SUCCEEDED(hr))
                hr = read_all(p, output, sizeof(output), &err);
        if (SUCCEEDED(hr))
                hr = hcs_process_wait(p, NULL, &code, &err);
        output[strcspn(output, "\r\n")] = '\0';
        printf("ran \"%s\" as process %u: \"%s\", exit code %u\n", command, hcs_process_pid(p), output, code);
        hcs_process_unref(p);
        if (FAILED(hr))
                return failed(command, err);
        if (strncmp(output, expected, strlen(expected)) != 0 || code != expected_code) {
                fprintf(stderr, "hcsdemo: %s: expected \"%s\" and exit code %u\n", command, expected, expected_code);
                return 1;
        }
        return 0;
}

static int look_and_change(struct demo *d) {
        static const char *const types[] = {"Statistics", NULL};
        static const char disk[] =
                "{\"ResourcePath\":\"VirtualMachine/Devices/Scsi/df6d0690-79e5-55b6-a5ec-c1e2f77f580a/Attachments/0\","
                "\"RequestType\":\"Add\",\"Settings\":{\"Type\":\"VirtualDisk\",\"Path\":\"C:\\\\data.vhdx\"}}";
        struct hcs_error *err = NULL;
        char *statistics = NULL;

        if (FAILED(hcs_system_properties_v2(d->system, types, NULL, &statistics, &err)))
                return failed("statistics", err);
        printf("statistics: %zu bytes\n", strlen(statistics));
        free(statistics);
        if (FAILED(hcs_system_modify(d->system, disk, NULL, &err)))
                return failed("attach a disk", err);
        puts("attached a disk at LUN 0");
        return 0;
}

static int shut_down(struct demo *d) {
        struct hcs_error *err = NULL;
        char *status;

        if (FAILED(hcs_system_shutdown(d->system, NULL, &err)) || FAILED(hcs_system_wait(d->system, NULL, &err)) ||
            FAILED(hcs_system_exit_error(d->system, &err)))
                return failed("shut down", err);
        status = hcs_system_exit_status(d->system);
        printf("exited%s%s\n", status ? ": " : "", status ? status : "");
        free(status);
        return 0;
}

int main(int argc, char **argv) {
        static const struct option options[] = {{"id", required_argument, NULL, 'i'},
                                                {"memory", required_argument, NULL, 'm'},
                                                {"api", required_argument, NULL, 'a'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        static char name[] = "hcsdemo";
        struct demo d = {.id = "demo", .memory = 1024};
        struct hcs_client *client = NULL;
        struct hcs_error *err = NULL;
        int c, rc;

        argv[0] = name; /* with which getopt_long() begins what it has to say */
        while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
                switch (c) {
                case 'i':
                        d.id = optarg;
                        break;
                case 'm':
                        d.memory = (unsigned)strtoul(optarg, NULL, 10);
                        break;
                case 'a':
                        d.api = strcmp(optarg, "vmcompute") == 0 ? HCS_API_VMCOMPUTE : HCS_API_COMPUTECORE;
                        break;
                case 'h':
                        usage();
                        return 0;
                default:
                        return 2;
                }
        if (FAILED(hcs_client_open(&(struct hcs_client_options){.api = d.api}, &client, &err)))
                return failed("open", err);
        printf("over %s\n", hcs_api_name(hcs_client_api(client)));
        rc = create(client, &d) || run(&d, "cmd /c echo hello", NULL, "hello", 0) ||
             run(&d, "cat", "from the host\n", "from the host", 0) || run(&d, "cmd /c exit 3", NULL, "", 3) ||
             look_and_change(&d) || shut_down(&d);
        hcs_system_unref(d.system);
        hcs_client_unref(client);
        return rc;
}
