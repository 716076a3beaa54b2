/* SPDX-License-Identifier: MIT */

/* gcs: puts the agent together out of its flags, and runs it until the bridge or the VM ends. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest/agent/agent.h"
#include "guest/agent/kmsg.h"
#include "guest/agent/memory.h"
#include "guest/agent/options.h"
#include "guest/agent/timesync.h"
#include "guest/cgroup/cgroup.h"
#include "guest/network/namespaces.h"
#include "platform/clock.h"
#include "platform/file.h"

/* Everything that is made, in order; undone in the opposite one. */
struct parts {
        struct guest_agent agent;
        struct guest_loop *loop;
        struct guest_children *children;
        struct guest_workers *workers;
        struct guest_transport *transport, *no_streams;
        struct guest_runtime *runtime;
        struct guest_policy *policy;
        struct guest_namespaces *namespaces;
        struct guest_roots roots;
        struct guest_cgroups cgroups;
        bool has_cgroups;
        struct guest_memory *memory;
        struct guest_timesync *timesync;
        struct guest_kmsg *kmsg;
};

static void write_log(void *ctx, enum hcs_log_level level, const char *line) {
        int fd = *(int *)ctx;

        if (fd >= 0)
                dprintf(fd, "%s\n", line);
}

/* The descriptor of the log, -1 to say nothing. */
static int log_fd = STDERR_FILENO;

static HRESULT set_up_log(const struct guest_options *o, struct hcs_error **err) {
        if (*o->log_file) {
                log_fd = open(o->log_file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
                if (log_fd < 0)
                        return hcs_error_errno(err, errno, "failed to create log file %s", o->log_file);
        }
        /* Nothing leaks before a policy allows it. */
        if (strcmp(o->initial_policy_stance, "deny") == 0)
                log_fd = -1;
        hcs_log_set_sink(write_log, &log_fd);
        hcs_log_set_level(o->level);
        hcs_log_set_format(strcmp(o->log_format, "json") == 0 ? HCS_LOG_JSON : HCS_LOG_TEXT);
        hcs_log_set_scrub(o->scrub_logs);
        return S_OK;
}

static HRESULT set_core_pattern(const char *pattern, struct hcs_error **err) {
        int fd = *pattern ? open("/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC) : -1, errnum = errno;
        ssize_t n;

        if (!*pattern)
                return S_OK;
        if (fd >= 0) {
                n = write(fd, pattern, strlen(pattern));
                errnum = errno;
                close(fd);
                if (n >= 0)
                        return S_OK;
        }
        return hcs_error_errno(err, errnum, "failed to set core dump location");
}

/* Tools of the image are children as any other, so that nobody else reaps them. */
static HRESULT run_tool(void *ctx, char *const argv[], int output, uint64_t timeout_ns, int *ret_exit_code,
                        struct hcs_error **err) {
        struct guest_spawn spawn = {.argv = argv, .in = -1, .out = output, .err = output};
        int status;
        HRESULT hr = guest_children_run(ctx, &spawn, timeout_ns, &status, err);

        if (SUCCEEDED(hr))
                *ret_exit_code = guest_exit_code(status);
        return hr;
}

static HRESULT make(struct parts *p, const struct guest_options *o, struct hcs_error **err) {
        struct guest_runtime_config runtime = {.program = o->runtime,
                                               .timeout_ns = o->runtime_timeout_ms * HCS_NS_PER_MS};
        HRESULT hr = guest_policy_new(o->initial_policy_stance, &p->policy, err);

        if (SUCCEEDED(hr))
                hr = guest_transport_new(o->transport, &p->transport, err);
        if (SUCCEEDED(hr))
                hr = guest_transport_new("null", &p->no_streams, err);
        if (SUCCEEDED(hr))
                hr = guest_loop_new(&p->loop, err);
        if (SUCCEEDED(hr))
                hr = guest_children_new(p->loop, &p->children, err);
        if (FAILED(hr))
                return hr;
        p->workers = guest_workers_new(p->loop);
        runtime.children = p->children;
        hr = guest_runtime_new(&runtime, &p->runtime, err);
        if (SUCCEEDED(hr))
                hr = set_core_pattern(o->core_dump_location, err);
        p->roots = guest_real_roots;
        p->roots.run_tool = run_tool;
        p->roots.ctx = p->children;
        p->namespaces = guest_namespaces_new(&p->roots);
        p->has_cgroups = SUCCEEDED(guest_cgroups_init(&p->cgroups, "/sys/fs/cgroup", p->roots.proc, NULL));
        if (SUCCEEDED(hr) && !o->no_cgroups)
                hr = p->has_cgroups ? guest_memory_new(p->loop, &p->cgroups, o->root_mem_reserve_bytes,
                                                       o->gcs_mem_limit_bytes, &p->memory, err)
                                    : hcs_error_make(err, E_FAIL, "no cgroups are mounted (-no-cgroups does without)");
        if (SUCCEEDED(hr) && !o->disable_time_sync)
                hr = guest_timesync_new(p->loop, p->children, &p->roots, &p->timesync, err);
        return hr;
}

static void start(struct parts *p, const struct guest_options *o) {
        struct guest_agent *a = &p->agent;
        struct guest_bridge_config bridge = {
                .loop = p->loop,
                .workers = p->workers,
                .transport = p->transport,
                .in = o->use_inouterr ? STDIN_FILENO : -1,
                .out = o->use_inouterr ? STDOUT_FILENO : -1,
                .request = guest_agent_request,
                .lost = guest_agent_lost,
                .ctx = a,
        };

        a->loop = p->loop;
        a->host = (struct guest_host){
                .loop = p->loop,
                .workers = p->workers,
                .children = p->children,
                .runtime = p->runtime,
                .transport = p->transport,
                .no_streams = p->no_streams,
                .policy = p->policy,
                .roots = &p->roots,
                .cgroups = p->has_cgroups ? &p->cgroups : NULL,
                .makes_pod_cgroups = !o->no_cgroups,
                .namespaces = p->namespaces,
                .close_timeout_ns = o->close_timeout_ms * HCS_NS_PER_MS,
                .device_timeout_ns = o->device_timeout_ms * HCS_NS_PER_MS,
                .memory_reserve = o->root_mem_reserve_bytes,
                .notify_exit = guest_agent_notify_exit,
                .ctx = a,
        };
        a->bridge = guest_bridge_new(&bridge);
        p->kmsg = guest_kmsg_new(p->loop, &p->roots, o->kmsg_log_level);
        guest_bridge_start(a->bridge);
}

static void unmake(struct parts *p) {
        guest_kmsg_free(p->kmsg);
        guest_workers_free(p->workers);
        if (p->agent.bridge) {
                guest_agent_lost(&p->agent);
                guest_host_deinit(&p->agent.host);
        }
        guest_bridge_free(p->agent.bridge);
        guest_timesync_free(p->timesync);
        guest_memory_free(p->memory);
        guest_namespaces_free(p->namespaces);
        guest_runtime_free(p->runtime);
        guest_children_free(p->children);
        guest_loop_free(p->loop);
        guest_transport_free(p->transport);
        guest_transport_free(p->no_streams);
        guest_policy_free(p->policy);
}

static int fail(const char *program, struct hcs_error *err) {
        fprintf(stderr, "%s: %s\n", program, hcs_error_message(err));
        hcs_error_free(err);
        return 1;
}

int main(int argc, char **argv) {
        struct guest_options o;
        struct parts p = {0};
        struct hcs_error *err = NULL;

        if (FAILED(guest_options_parse(argc, (const char *const *)argv, &o, &err))) {
                guest_options_print_usage(stderr, argv[0]);
                fail(argv[0], err);
                return 2;
        }
        if (o.help) {
                guest_options_print_usage(stdout, argv[0]);
                return 0;
        }
        signal(SIGPIPE, SIG_IGN);
        if (FAILED(set_up_log(&o, &err)) || FAILED(make(&p, &o, &err))) {
                unmake(&p);
                return fail(argv[0], err);
        }
        hcs_log(HCS_LOG_INFO, "GCS started", "version", GUEST_VERSION, "runtime", o.runtime, NULL);
        start(&p, &o);
        guest_loop_run(p.loop);
        unmake(&p);
        return 0;
}
