/* SPDX-License-Identifier: MIT */

/* Requests to the agent and the VM itself: negotiation, a dump of the agent's state, and power-off. */

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/str.h"
#include "gcs/message.h"
#include "guest/agent/agent.h"
#include "guest/base/failure.h"
#include "hcsshim/log.h"
#include "platform/file.h"

#define MAX_STACKS 30000u

/* As the original prints them, member by member. */
#define CAPABILITIES                                                                                           \
        "{\"SupportedSchemaVersions\":[{\"Major\":2,\"Minor\":1}],\"RuntimeOsType\":\"Linux\","                \
        "\"GuestDefinedCapabilities\":{\"NamespaceAddRequestSupported\":true,\"SignalProcessSupported\":true," \
        "\"DumpStacksSupported\":true,\"DeleteContainerStateSupported\":true}}"

void guest_handle_negotiate(struct guest_agent *a, struct guest_request *r) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_GCS_NEGOTIATE_PROTOCOL_REQUEST);
        struct hcs_schema_gcs_negotiate_protocol_request *q = NULL;
        struct hcs_error *err = NULL;
        uint32_t least, most;
        char members[512];

        if (!guest_request_decode(r, HCS_SCHEMA_GCS_NEGOTIATE_PROTOCOL_REQUEST, &q))
                return;
        least = q->MinimumVersion;
        most = q->MaximumVersion;
        hcs_schema_free(type, q);
        if (most < HCS_GCS_PROTOCOL_VERSION || least > HCS_GCS_PROTOCOL_VERSION) {
                guest_fail(&err, GUEST_E_UNSUPPORTED_VERSION);
                guest_request_fail(r, err);
                return;
        }
        snprintf(members, sizeof(members), ",\"Version\":%u,\"Capabilities\":" CAPABILITIES, HCS_GCS_PROTOCOL_VERSION);
        guest_bridge_set_version(a->bridge, HCS_GCS_PROTOCOL_VERSION);
        guest_request_answer(r, members);
}

static void describe_thread(const char *tid, struct hcs_buf *out) {
        static const char *const files[] = {"comm", "wchan", "syscall", "stack"};

        hcs_buf_printf(out, "thread %s:", tid);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(files); i++) {
                _cleanup_free_ char *path = hcs_asprintf("/proc/self/task/%s/%s", tid, files[i]);
                _cleanup_buf_ struct hcs_buf text = {0};

                if (FAILED(hcs_file_read(path, 64 * 1024, &text, NULL)) || !text.len)
                        continue;
                if (text.data[text.len - 1] == '\n')
                        text.data[text.len - 1] = '\0';
                hcs_buf_printf(out, "%s%s=%s", i == 3 ? "\n" : " ", files[i], text.data);
        }
        hcs_buf_putc(out, '\n');
}

static void describe_threads(struct hcs_buf *out) {
        DIR *d = opendir("/proc/self/task");
        struct dirent *e;

        while (d && (e = readdir(d)))
                if (*e->d_name != '.')
                        describe_thread(e->d_name, out);
        if (d)
                closedir(d);
}

void guest_handle_dump_stacks(struct guest_agent *a, struct guest_request *r) {
        _cleanup_buf_ struct hcs_buf stacks = {0}, members = {0};
        struct hcs_error *err = NULL;

        if (FAILED(guest_policy_ask(a->host.policy, dump_stacks, &err))) {
                hcs_error_wrap(&err, "dump stacks denied due to policy");
                guest_request_fail(r, err);
                return;
        }
        guest_bridge_describe(a->bridge, &stacks);
        guest_host_describe(&a->host, &stacks);
        describe_threads(&stacks);
        /* What fits a message to a host even where every byte is escaped in two. */
        if (stacks.len > MAX_STACKS)
                stacks.len = MAX_STACKS;
        hcs_buf_puts(&members, ",\"GuestStacks\":");
        hcs_json_print_string(stacks.data, stacks.len, HCS_JSON_GO, &members);
        guest_request_answer(r, members.data);
}

/* Nobody is told: the host sees the VM end. */
static void power_off(struct guest_agent *a, struct guest_request *r) {
        hcs_log(HCS_LOG_INFO, "shutdown of the VM was requested", NULL);
        a->is_powering_off = true;
        guest_request_free(r);
        guest_bridge_stop(a->bridge);
        sync();
        if (reboot(RB_POWER_OFF) < 0)
                hcs_log(HCS_LOG_ERROR, "cannot power off", "error", strerror(errno), NULL);
        guest_loop_quit(a->loop);
}

static void shut_down(struct guest_agent *a, struct guest_request *r, int sig) {
        struct hcs_schema_gcs_request_base *q = NULL;
        _cleanup_free_ char *id = NULL;
        struct guest_container *c;
        struct hcs_error *err = NULL;

        if (!guest_request_decode(r, HCS_SCHEMA_GCS_REQUEST_BASE, &q))
                return;
        id = hcs_strdup(q->ContainerId ? q->ContainerId : "");
        hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_GCS_REQUEST_BASE), q);
        if (hcs_streq(id, HCS_GCS_NULL_ID)) {
                power_off(a, r);
                return;
        }
        if (SUCCEEDED(guest_host_find_container(&a->host, id, &c, &err)) &&
            SUCCEEDED(guest_policy_ask(a->host.policy, shutdown_container, id, &err)))
                guest_container_signal(c, sig, &err);
        guest_request_done(r, err);
}

void guest_handle_shutdown_graceful(struct guest_agent *a, struct guest_request *r) {
        shut_down(a, r, SIGTERM);
}

void guest_handle_shutdown_forced(struct guest_agent *a, struct guest_request *r) {
        shut_down(a, r, SIGKILL);
}
