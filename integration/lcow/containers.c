/* SPDX-License-Identifier: MIT */

/* Everything that one VM is enough for. */

#include <string.h>

#include "base/str.h"
#include "integration/lcow/scenarios.h"
#include "platform/file.h"
#include "uvm/exec.h"

static bool check_layers(struct machine *m) {
        static const char *const layers[] = {"busybox", "middle", "top", NULL};

        return box_says(m,
                        &(struct box){.id = "layers",
                                      .layers = layers,
                                      .command =
                                              "cat; cat /middle /top /changed; ls /gone 2>/dev/null; echo new >/new; "
                                              "cat /new; exit 7"},
                        "what it was given\n", "what it was given\nmiddle\ntop\nby the top\nnew\n", 7);
}

/* What a container wrote to a folder of the host is there. */
static bool check_share(struct machine *m) {
        _cleanup_free_ char *path = hcs_asprintf("%s/c/share/made", m->w->folder);
        _cleanup_buf_ struct hcs_buf text = {0};
        struct hcs_error *err = NULL;

        if (m->w->replay)
                return true;
        if (FAILED(hcs_file_read(path, 1024, &text, &err)))
                return world_failed(m->w, err, "what the container made");
        return hcs_streq(hcs_buf_cstr(&text), "by the container\n") ||
               world_failed(m->w, NULL, "%s: %s", path, hcs_buf_cstr(&text));
}

/* A disk, a file system in memory, a folder of the host by Plan 9, and one of the VM's. */
static bool check_mounts(struct machine *m) {
        static const char merged[] =
                "{\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
                "{\"destination\":\"/data\",\"type\":\"virtual-disk\",\"source\":\"C:\\\\layers\\\\data.vhd\","
                "\"options\":[\"rbind\",\"ro\"]},"
                "{\"destination\":\"/memory\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"size=1m\"]},"
                "{\"destination\":\"/"
                "share\",\"type\":\"bind\",\"source\":\"C:\\\\share\",\"options\":[\"rbind\",\"rw\"]},"
                "{\"destination\":\"/vm\",\"type\":\"bind\",\"source\":\"uvm:///"
                "etc\",\"options\":[\"rbind\",\"ro\"]}]}";
        const struct box b = {.id = "mounts",
                              .merge = merged,
                              .command = "cat /data/file; echo x >/data/file 2>/dev/null || echo read-only; "
                                         "df -k /memory | tail -n 1 | awk '{print $2}'; cat /share/file; "
                                         "echo by the container >/share/made; test -f /vm/passwd && echo of the VM; "
                                         "touch /vm/x 2>/dev/null || echo read-only"};

        return box_says(m, &b, NULL, "on a disk\nread-only\n1024\nfrom the host\nof the VM\nread-only\n", 0) &&
               check_share(m);
}

/* A terminal has the size it is made with, and another one when it is told. */
static bool check_terminal(struct machine *m) {
        static const char process[] =
                "{\"terminal\":true,\"consoleSize\":{\"height\":20,\"width\":70},\"args\":[\"sh\",\"-c\",\"tty "
                ">/dev/null && "
                "stty size; read x; stty size\"],\"cwd\":\"/\",\"env\":[\"PATH=/bin:/usr/bin\"],\"user\":{}}";
        _cleanup_(uvm_container_freep) struct uvm_container *c = NULL;
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *idle = NULL, *p = NULL;
        _cleanup_buf_ struct hcs_buf said = {0};
        struct hcs_error *err = NULL;
        uint32_t code = 0;

        if (!box_create(m, &(struct box){.id = "terminal", .command = "cat"}, &c) || !box_hold(m, c, &idle))
                return false;
        if (FAILED(uvm_container_exec(c, process, &(struct uvm_streams){.in = true, .out = true}, &patient, &p, &err)))
                return world_failed(m->w, err, "terminal");
        if (!box_hear(m, p, "\n", &said))
                return false;
        if (FAILED(hcs_gcs_process_resize_console(p, 100, 30, &patient, &err)) ||
            FAILED(hcs_gcs_process_write(p, "\n", 1, &patient, &err)))
                return world_failed(m->w, err, "terminal");
        if (!box_hear(m, p, NULL, &said))
                return false;
        if (FAILED(hcs_gcs_process_wait(p, &patient, &code, &err)))
                return world_failed(m->w, err, "terminal");
        if (!strstr(hcs_buf_cstr(&said), "30 100"))
                return world_failed(m->w, NULL, "the terminal said: %s", hcs_buf_cstr(&said));
        return box_let_go(m, idle) && box_delete(m, &c);
}

/* What takes more memory than it may is killed, and that is counted; the limit can be changed while it runs. */
static bool check_limits(struct machine *m) {
        static const char merged[] = "{\"linux\":{\"resources\":{\"memory\":{\"limit\":33554432}}}}";
        _cleanup_(uvm_container_freep) struct uvm_container *c = NULL;
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *idle = NULL;
        _cleanup_buf_ struct hcs_buf out = {0};
        struct hcs_error *err = NULL;
        uint64_t limit = 0, kills = 0;

        if (!box_create(m, &(struct box){.id = "limits", .command = "cat", .merge = merged}, &c) ||
            !box_hold(m, c, &idle) || !box_metric(m, c, "memory.usage.limit", &limit))
                return false;
        if (limit != 33554432)
                return world_failed(m->w, NULL, "the limit is %llu", (unsigned long long)limit);
        if (FAILED(hcs_gcs_container_update(uvm_container_guest(c), "{\"memory\":{\"limit\":25165824}}", &patient,
                                            &err)))
                return world_failed(m->w, err, "update");
        if (!box_metric(m, c, "memory.usage.limit", &limit))
                return false;
        if (limit != 25165824)
                return world_failed(m->w, NULL, "the limit is %llu after its change", (unsigned long long)limit);
        /* tail keeps the one line that there is */
        if (!box_shell(m, c, "tail /dev/zero; echo $?", &out))
                return false;
        if (!strstr(hcs_buf_cstr(&out), "137"))
                return world_failed(m->w, NULL, "too much memory ended with %s", hcs_buf_cstr(&out));
        if (!box_metric(m, c, "memory_oom_control.oom_kill", &kills))
                return false;
        if (kills != 1)
                return world_failed(m->w, NULL, "%llu processes were killed", (unsigned long long)kills);
        return box_let_go(m, idle) && box_delete(m, &c);
}

static bool check_pause(struct machine *m) {
        _cleanup_buf_ struct hcs_buf out = {0};
        struct hcs_error *err = NULL;
        static const char *const argv[] = {"uname", NULL};

        if (FAILED(hcs_system_pause(uvm_system(m->vm), NULL, &patient, &err)) ||
            FAILED(hcs_system_resume(uvm_system(m->vm), NULL, &patient, &err)) ||
            FAILED(uvm_run(m->vm, argv, &patient, &out, NULL, &err)))
                return world_failed(m->w, err, "pause and resume");
        return hcs_streq(hcs_buf_cstr(&out), "Linux\n") || world_failed(m->w, NULL, "after a pause: %s", out.data);
}

/* What HCS says of the VM, and what its agent is doing. */
static bool check_figures(struct machine *m) {
        _cleanup_free_ char *stacks = NULL;
        struct uvm_statistics s;
        struct hcs_error *err = NULL;

        if (FAILED(uvm_statistics(m->vm, &patient, &s, &err)) ||
            FAILED(uvm_dump_stacks(m->vm, &patient, &stacks, &err)))
                return world_failed(m->w, err, "figures of the VM");
        if (s.assigned_bytes != (uint64_t)512 << 20 || !s.uptime_ns || !s.processor_ns)
                return world_failed(m->w, NULL, "the VM has %llu bytes, is up for %llu ns and ran for %llu",
                                    (unsigned long long)s.assigned_bytes, (unsigned long long)s.uptime_ns,
                                    (unsigned long long)s.processor_ns);
        return strstr(stacks, "bridge") || world_failed(m->w, NULL, "the agent's stacks: %s", stacks);
}

void scenario_containers(struct world *w) {
        struct machine m;

        if (machine_boot(w, "containers@vm", 512, &m) && check_layers(&m) && check_mounts(&m) && check_terminal(&m) &&
            check_limits(&m) && check_pause(&m) && check_figures(&m))
                machine_stop(&m);
        machine_deinit(&m);
}
