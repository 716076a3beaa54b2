/* SPDX-License-Identifier: MIT */

/* The world described; see world.h. */

#include "mockhcs/emulate/world.h"

#include "mockhcs/emulate/network/model.h"

static struct hcs_json *describe_process(const struct process *p) {
        struct hcs_json *o = hcs_json_new_object();

        hcs_json_set_u64(o, "ProcessId", p->pid);
        hcs_json_set_string(o, "CommandLine", p->command);
        hcs_json_set_u64(o, "Created", p->created_ns);
        hcs_json_set_bool(o, "StdIn", p->stream[MOCK_STDIN]);
        hcs_json_set_bool(o, "StdOut", p->stream[MOCK_STDOUT]);
        hcs_json_set_bool(o, "StdErr", p->stream[MOCK_STDERR]);
        return o;
}

static struct hcs_json *describe_system(const struct compute_system *s) {
        struct hcs_json *o = hcs_json_new_object(), *processes;

        hcs_json_set_string(o, "Id", s->id);
        hcs_json_set_string(o, "State", system_state_name(s));
        hcs_json_set_string(o, "CreatedBy", mock_dll_name(s->created_by));
        hcs_json_set_string(o, "RuntimeId", s->runtime_id);
        if (s->machine)
                hcs_json_set_bool(o, "Machine", true);
        hcs_json_set(o, "Document", hcs_json_copy(s->document));
        hcs_json_set(o, "Devices", hcs_json_copy(s->devices));
        processes = hcs_json_set_new_array(o, "Processes");
        for (const struct process *p = s->processes; p; p = p->next)
                if (!p->exited && !p->real)
                        hcs_json_append(processes, describe_process(p));
        return o;
}

struct hcs_json *world_describe(struct emulator *em) {
        struct hcs_json *o = hcs_json_new_object(), *systems;

        hcs_json_set_u64(o, "World", WORLD_VERSION);
        hcs_json_set_u64(o, "Build", em->build);
        hcs_json_set_u64(o, "NextPid", em->next_pid);
        hcs_json_set_u64(o, "NextGuid", em->next_guid);
        systems = hcs_json_set_new_array(o, "Systems");
        for (size_t i = 0; i < EMULATE_BUCKETS; i++)
                for (const struct compute_system *s = em->systems[i]; s; s = s->next)
                        if (s->state != SYSTEM_STOPPED)
                                hcs_json_append(systems, describe_system(s));
        hcs_json_set(o, "CpuGroups", hcs_json_copy(em->cpu_groups));
        hcs_json_set(o, "Credentials", hcs_json_copy(em->credentials));
        hcs_json_set(o, "Templates", hcs_json_copy(em->templates));
        hcs_json_set(o, "Grants", hcs_json_copy(em->grants));
        hcs_json_set(o, "Networks", net_state_describe(em->net));
        return o;
}
