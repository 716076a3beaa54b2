/* SPDX-License-Identifier: MIT */

/* One container after another in a VM: what the VM and its host have of each kind does not grow. */

#include <string.h>

#include "base/str.h"
#include "integration/lcow/scenarios.h"
#include "platform/place.h"
#include "uvm/exec.h"

#define LIVES 50

static bool count_in_guest(struct machine *m, const char *command, uint64_t *ret) {
        const char *argv[] = {"sh", "-c", command, NULL};
        _cleanup_buf_ struct hcs_buf out = {0};
        struct hcs_error *err = NULL;

        if (m->w->failure)
                return false;
        if (FAILED(uvm_run(m->vm, argv, &patient, &out, NULL, &err)))
                return world_failed(m->w, err, "%s", command);
        out.data[strcspn(out.data, "\n")] = '\0';
        return hcs_str_to_u64(out.data, ret) || world_failed(m->w, NULL, "%s: %s", command, out.data);
}

/* In the guest: mounts, programs (threads of its kernel come and go; in a pipe, `wc' would be one of them or not yet),
 * disks, control groups, folders of containers. */
static const char *const counts[] = {
        "wc -l </proc/mounts", "found=$(grep -l . /proc/[0-9]*/cmdline 2>/dev/null); echo \"$found\" | wc -l",
        "ls /sys/block | wc -l", "find /sys/fs/cgroup -type d | wc -l", "ls /run/gcs/c | wc -l"};

static void count_all(struct machine *m, uint64_t numbers[HCS_ARRAY_SIZE(counts)]) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(counts); i++)
                count_in_guest(m, counts[i], &numbers[i]);
}

/* Ours: this process has the emulator in it, with the machine's end of everything. */
static size_t open_files(void) {
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};

        return FAILED(hcs_folder_list("/proc/self/fd", &names, NULL)) ? 0 : names.n;
}

static void live(struct machine *m) {
        box_says(m, &(struct box){.id = "again", .command = "echo up"}, NULL, "up\n", 0);
}

/* Two lives first: what is made once is there then. */
void scenario_lifecycles(struct world *w) {
        uint64_t before[HCS_ARRAY_SIZE(counts)] = {0}, after[HCS_ARRAY_SIZE(counts)] = {0};
        size_t files = 0, files_after;
        struct machine m;

        if (machine_boot(w, "lifecycles@vm", 256, &m))
                for (int i = 0; i < LIVES && !w->failure; i++) {
                        if (i == 2) {
                                count_all(&m, before);
                                files = open_files();
                        }
                        live(&m);
                }
        files_after = open_files();
        count_all(&m, after);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(counts) && !w->failure; i++)
                if (after[i] > before[i])
                        world_failed(w, NULL, "`%s` was %llu and is %llu", counts[i], (unsigned long long)before[i],
                                     (unsigned long long)after[i]);
        if (!w->failure && files_after > files)
                world_failed(w, NULL, "%zu files were open, and now %zu", files, files_after);
        machine_stop(&m);
        machine_deinit(&m);
}
