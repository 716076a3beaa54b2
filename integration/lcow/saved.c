/* SPDX-License-Identifier: MIT */

/*
 * A VM is saved to a file while a container runs in it, and is no more; another one goes on from that file. The agent
 * in it dials its bridge again, and what the container had in memory is there. Its streams ended with the first bridge.
 */

#include <string.h>

#include "base/str.h"
#include "integration/lcow/scenarios.h"

#define CONTROLLER "df6d0690-79e5-55b6-a5ec-c1e2f77f580a"

static bool save(struct machine *m) {
        struct hcs_error *err = NULL;

        if (FAILED(hcs_system_pause(uvm_system(m->vm), NULL, &patient, &err)) ||
            FAILED(hcs_system_save(uvm_system(m->vm),
                                   "{\"SaveType\":\"ToFile\",\"SaveStateFilePath\":\"C:\\\\scratch\\\\vm.vmrs\"}",
                                   &patient, &err)) ||
            FAILED(uvm_terminate(m->vm, &err)) || FAILED(uvm_wait(m->vm, &patient, &err)))
                return world_failed(m->w, err, "save");
        return true;
}

/* What a shell says there, of a container that nobody here has made. */
static bool ask(struct machine *m, struct hcs_gcs_container *c, const char *command, const char *answer) {
        _cleanup_json_ struct hcs_json *process = box_process(command);
        _cleanup_free_ char *text = hcs_json_text(process, HCS_JSON_GO), *parameters = NULL;
        const struct hcs_gcs_command shell = {.host = HCS_GCS_LINUX_CONTAINER, .process = text, .out = true};
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        _cleanup_buf_ struct hcs_buf out = {0};
        struct hcs_error *err = NULL;
        uint32_t code = 0;

        if (FAILED(hcs_gcs_command_parameters(&shell, &parameters, &err)) ||
            FAILED(hcs_gcs_container_exec(c, parameters, &patient, &p, &err)))
                return world_failed(m->w, err, "ask");
        if (!box_hear(m, p, NULL, &out))
                return false;
        if (FAILED(hcs_gcs_process_wait(p, &patient, &code, &err)))
                return world_failed(m->w, err, "ask");
        return hcs_streq(hcs_buf_cstr(&out), answer) ||
               world_failed(m->w, NULL, "the container that went on said: %s", hcs_buf_cstr(&out));
}

/* pid: of its first process, for which somebody has to wait if the end of the container is to be told. */
static bool end(struct machine *m, struct hcs_gcs_container *c, uint32_t pid) {
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *init = NULL;
        struct hcs_error *err = NULL;
        uint32_t code = 0;

        if (FAILED(hcs_gcs_process_attach(uvm_guest(m->vm), "kept", pid, &init, &err)) ||
            FAILED(hcs_gcs_container_terminate(c, &patient, &err)) ||
            FAILED(hcs_gcs_process_wait(init, &patient, &code, &err)) ||
            FAILED(hcs_gcs_container_wait(c, &patient, &err)))
                return world_failed(m->w, err, "end of the container that went on");
        return code == 137 || world_failed(m->w, NULL, "it ended with %u", (unsigned)code);
}

/* The disks are where they were. */
static bool go_on(struct world *w, struct machine *ret) {
        static const char more[] =
                "{\"VirtualMachine\":{\"RestoreState\":{\"SaveStateFilePath\":\"C:\\\\scratch\\\\vm.vmrs\"},"
                "\"Devices\":{\"Scsi\":{\"" CONTROLLER "\":{\"Attachments\":{"
                "\"0\":{\"Type\":\"VirtualDisk\",\"Path\":\"C:\\\\layers\\\\busybox.vhd\",\"ReadOnly\":true},"
                "\"1\":{\"Type\":\"VirtualDisk\",\"Path\":\"C:\\\\scratch\\\\kept.vhd\"}}}}}}}";

        return machine_go_on(w, "second@vm", 256, more, ret);
}

void scenario_saved(struct world *w) {
        static const struct box kept = {.id = "kept",
                                        .fixed_scratch = true,
                                        .command = "echo in memory >/dev/shm/note; echo on disk >/note; x=kept; "
                                                   "read y; echo $x >/dev/shm/late; exec sleep 10000"};
        struct uvm_container *c = NULL;
        struct hcs_gcs_container *same = NULL;
        struct hcs_gcs_process *p = NULL;
        struct machine first, second = {0};
        struct hcs_error *err = NULL;

        if (machine_boot(w, "first@vm", 256, &first) && box_create(&first, &kept, &c) && box_hold(&first, c, &p) &&
            save(&first) && go_on(w, &second)) {
                if (FAILED(hcs_gcs_container_attach(uvm_guest(second.vm), "kept", &same, &err)))
                        world_failed(w, err, "attach");
                else if (ask(&second, same,
                             "while ! cat /dev/shm/late 2>/dev/null; do :; done; cat /dev/shm/note /note",
                             "kept\nin memory\non disk\n") &&
                         end(&second, same, hcs_gcs_process_pid(p)))
                        machine_stop(&second);
        }
        hcs_gcs_container_unref(same);
        machine_deinit(&second);
        hcs_gcs_process_unref(p);
        uvm_container_free(c);
        machine_deinit(&first);
}
