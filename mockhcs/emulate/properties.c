/* SPDX-License-Identifier: MIT */

/* What a compute system says of itself: the basic properties, statistics, processes; and the list of all systems. */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/machine.h"
#include "mockhcs/emulate/real_process.h"
#include "platform/clock.h"

static void put_basic(struct hcs_json *o, const struct compute_system *s) {
        static const char *const exits[] = {"None", "GracefulExit", "ForcedExit", "UnexpectedExit"};

        hcs_json_set_string(o, "Id", s->id);
        hcs_json_set_string(o, "SystemType", s->is_vm ? "VirtualMachine" : "Container");
        if (s->is_vm || s->is_linux)
                hcs_json_set_string(o, "RuntimeOsType", s->is_linux ? "Linux" : "Windows");
        hcs_json_set_string(o, "Name", s->id);
        hcs_json_set_string(o, "Owner", s->owner);
        hcs_json_set_string(o, "RuntimeId", s->runtime_id);
        hcs_json_set_string(o, "State", system_state_name(s));
        if (s->state == SYSTEM_STOPPED) {
                hcs_json_set_bool(o, "Stopped", true);
                hcs_json_set_string(o, "ExitType", exits[s->exit_type]);
        }
}

/* On paper: values grow with the time that the system has run, so that they are monotonic; small enough for int32
 * fields.
 */
static struct emu_figures paper_figures(uint64_t up) {
        return (struct emu_figures){.uptime_ns = up,
                                    .processor_ns = up / 10,
                                    .reads = 128 + up / HCS_NS_PER_S,
                                    .read_bytes = 1048576 + up / HCS_NS_PER_MS,
                                    .writes = 64 + up / HCS_NS_PER_S,
                                    .written_bytes = 524288 + up / HCS_NS_PER_MS};
}

static void put_memory_use(struct hcs_json *memory, const struct emu_figures *f) {
        uint64_t used = f && f->memory_known && f->memory_total > f->memory_available
                                ? f->memory_total - f->memory_available
                                : 0;

        hcs_json_set_u64(memory, "MemoryUsageCommitBytes", f ? f->memory_assigned : 41943040);
        hcs_json_set_u64(memory, "MemoryUsageCommitPeakBytes", f ? f->memory_assigned : 52428800);
        hcs_json_set_u64(memory, "MemoryUsagePrivateWorkingSetBytes",
                         f ? (used ? used : f->memory_assigned) : 31457280);
}

static void put_statistics(struct emulator *em, struct hcs_json *o, const struct compute_system *s,
                           const struct emu_figures *machine) {
        struct hcs_json *st = hcs_json_set_new_object(o, "Statistics"), *part;
        uint64_t now = mock_engine_now_ns(em->backend.engine), up = s->started_ns ? now - s->started_ns : 0;
        struct emu_figures f = machine ? *machine : paper_figures(up);
        uint64_t wall = hcs_wall_clock_ns();
        char text[40];

        hcs_json_set_string(st, "Timestamp", hcs_wall_clock_format(wall, text));
        hcs_json_set_string(st, "ContainerStartTime", hcs_wall_clock_format(wall - f.uptime_ns, text));
        hcs_json_set_u64(st, "Uptime100ns", f.uptime_ns / 100);
        part = hcs_json_set_new_object(st, "Processor");
        hcs_json_set_u64(part, "TotalRuntime100ns", f.processor_ns / 100);
        hcs_json_set_u64(part, "RuntimeUser100ns", f.processor_ns / 200);
        hcs_json_set_u64(part, "RuntimeKernel100ns", f.processor_ns / 100 - f.processor_ns / 200);
        put_memory_use(hcs_json_set_new_object(st, "Memory"), machine);
        part = hcs_json_set_new_object(st, "Storage");
        hcs_json_set_u64(part, "ReadCountNormalized", f.reads);
        hcs_json_set_u64(part, "ReadSizeBytes", f.read_bytes);
        hcs_json_set_u64(part, "WriteCountNormalized", f.writes);
        hcs_json_set_u64(part, "WriteSizeBytes", f.written_bytes);
        if (s->job)
                real_put_use(st, s->job);
}

static void put_processes(struct hcs_json *o, const struct compute_system *s) {
        struct hcs_json *list = hcs_json_set_new_array(o, "ProcessList");

        if (s->job)
                real_put_processes(list, s->job);
        for (const struct process *p = s->processes; p; p = p->next) {
                struct hcs_json *e;
                char text[40];

                if (p->exited || p->real)
                        continue;
                e = hcs_json_append(list, hcs_json_new_object());
                hcs_json_set_u64(e, "ProcessId", p->pid);
                hcs_json_set_string(e, "ImageName", p->command);
                hcs_json_set_string(e, "CreateTimestamp", hcs_wall_clock_format(p->created_ns, text));
                hcs_json_set_u64(e, "UserTime100ns", 156250);
                hcs_json_set_u64(e, "KernelTime100ns", 156250);
                hcs_json_set_u64(e, "MemoryCommitBytes", 2097152);
                hcs_json_set_u64(e, "MemoryWorkingSetPrivateBytes", 1048576);
                hcs_json_set_u64(e, "MemoryWorkingSetSharedBytes", 524288);
        }
}

/* In pages of 4 KiB; what is available in percent. */
static void put_memory(struct hcs_json *o, const struct compute_system *s, const struct emu_figures *f) {
        const struct hcs_json *size = hcs_json_lookup(s->document, "VirtualMachine.ComputeTopology.Memory.SizeInMB");
        const struct hcs_json *changed = device_get(s, "VirtualMachine/ComputeTopology/Memory/SizeInMB");
        struct hcs_json *m = hcs_json_set_new_object(o, "Memory"), *vm;
        uint64_t mb = 1024, available = 50;

        hcs_json_u64(changed ? changed : size, &mb);
        if (f && f->memory_known && f->memory_total)
                available = f->memory_available * 100 / f->memory_total;
        hcs_json_set_u64(m, "VirtualNodeCount", 1);
        vm = hcs_json_set_new_object(m, "VirtualMachineMemory");
        hcs_json_set_u64(vm, "AvailableMemory", available);
        hcs_json_set_u64(vm, "AvailableMemoryBuffer", 30);
        hcs_json_set_u64(vm, "ReservedMemory", mb * 256);
        hcs_json_set_u64(vm, "AssignedMemory", f ? f->memory_assigned / 4096 : mb * 256);
        hcs_json_set_bool(vm, "BalancingEnabled", false);
}

static void put_guest_connection(struct hcs_json *o) {
        struct hcs_json *g = hcs_json_set_new_object(o, "GuestConnectionInfo"), *caps;
        struct hcs_json *version =
                hcs_json_append(hcs_json_set_new_array(g, "SupportedSchemaVersions"), hcs_json_new_object());

        hcs_json_set_u64(version, "Major", 2);
        hcs_json_set_u64(version, "Minor", 1);
        hcs_json_set_u64(g, "ProtocolVersion", 4);
        caps = hcs_json_set_new_object(g, "GuestDefinedCapabilities");
        hcs_json_set_bool(caps, "NamespaceAddRequestSupported", true);
        hcs_json_set_bool(caps, "SignalProcessSupported", true);
        hcs_json_set_bool(caps, "DumpStacksSupported", true);
        hcs_json_set_bool(caps, "DeleteContainerStateSupported", true);
        hcs_json_set_bool(caps, "UpdateContainerSupported", true);
}

static bool put_type(struct emulator *em, struct hcs_json *o, const struct compute_system *s, const char *type,
                     const struct emu_figures *figures) {
        if (hcs_streq(type, "Statistics"))
                put_statistics(em, o, s, figures);
        else if (hcs_streq(type, "ProcessList"))
                put_processes(o, s);
        else if (hcs_streq(type, "Memory"))
                put_memory(o, s, figures);
        else if (hcs_streq(type, "GuestConnection"))
                put_guest_connection(o);
        else if (hcs_streq(type, "SystemGUID"))
                hcs_json_set_string(o, "SystemGUID", s->runtime_id);
        else if (hcs_streq(type, "TerminateOnLastHandleClosed"))
                hcs_json_set_bool(o, "TerminateOnLastHandleClosed", s->dies_with_last_handle);
        else if (hcs_streq(type, "MappedVirtualDisk"))
                hcs_json_set_new_object(o, "MappedVirtualDiskControllers");
        else if (!hcs_streq(type, "ICHeartbeatStatus") && !hcs_streq(type, "GuestMemory") &&
                 !hcs_streq(type, "SharedMemoryRegion") && !hcs_streq(type, "Basic"))
                return false;
        return true;
}

static void put_queries(struct hcs_json *o, const struct compute_system *s, const struct hcs_json *queries) {
        struct hcs_json *responses = hcs_json_set_new_object(o, "PropertyResponses");

        for (const struct hcs_json *q = hcs_json_first(queries); q; q = hcs_json_next(q)) {
                struct hcs_json *r = hcs_json_set_new_object(responses, hcs_json_key(q));

                if (hcs_streq(hcs_json_key(q), "CompatibilityInfo"))
                        hcs_json_set_string(hcs_json_set_new_object(r, "Response"), "Data", "bW9ja2hjcw==");
                else if (hcs_streq(hcs_json_key(q), "MockMachine"))
                        machine_describe(s, hcs_json_set_new_object(r, "Response"));
                else
                        hcs_json_set_i64(hcs_json_set_new_object(r, "Error"), "Error", (int32_t)HCS_WIN32(0x32));
        }
}

void properties_answer(struct emulator *em, struct mock_call *call, const struct compute_system *s,
                       const struct hcs_json *query, const struct emu_figures *figures) {
        const struct hcs_json *types = hcs_json_get(query, "PropertyTypes");
        _cleanup_json_ struct hcs_json *o = hcs_json_new_object();
        size_t i = 0;

        put_basic(o, s);
        for (const struct hcs_json *t = hcs_json_first(types); t; t = hcs_json_next(t), i++) {
                if (!put_type(em, o, s, hcs_json_string(t), figures)) {
                        _cleanup_free_ char *path = hcs_asprintf("PropertyTypes[%zu]", i);

                        refuse_path(call, path, "unknown property type");
                        return;
                }
        }
        if (hcs_json_get(query, "Queries"))
                put_queries(o, s, hcs_json_get(query, "Queries"));
        mock_call_done(call, hcs_json_text(o, HCS_JSON_GO));
}

/* Figures of a machine are asked of it. */
static bool wants_figures(const struct compute_system *s, const struct hcs_json *query) {
        const struct hcs_json *types = hcs_json_get(query, "PropertyTypes");

        if (!s->machine || (s->state != SYSTEM_RUNNING && s->state != SYSTEM_PAUSED))
                return false;
        for (const struct hcs_json *t = hcs_json_first(types); t; t = hcs_json_next(t))
                if (hcs_streq(hcs_json_string(t), "Statistics") || hcs_streq(hcs_json_string(t), "Memory"))
                        return true;
        return false;
}

void system_properties(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct compute_system *s = system_of(call);
        const struct hcs_json *query = document_of(call, "query", true);

        if (!query || !document_fits(em, call, HCS_SCHEMA_PROPERTY_QUERY, query))
                return;
        if (wants_figures(s, query))
                machine_query(call, s, query);
        else
                properties_answer(em, call, s, query, NULL);
}

/* An absent or empty filter lets everything pass. */
static bool passes(const struct hcs_json *query, const char *filter, const char *value) {
        const struct hcs_json *list = hcs_json_get(query, filter);

        for (const struct hcs_json *v = hcs_json_first(list); v; v = hcs_json_next(v))
                if (hcs_streq(hcs_json_string(v), value))
                        return true;
        return hcs_json_count(list) == 0;
}

static int by_id(const void *a, const void *b) {
        return strcmp((*(const struct compute_system *const *)a)->id, (*(const struct compute_system *const *)b)->id);
}

void systems_enumerate(struct emulator *em, struct mock_call *call, struct emissions *out) {
        const struct hcs_json *query = document_of(call, "query", true);
        _cleanup_json_ struct hcs_json *list = NULL;
        _cleanup_free_ const struct compute_system **all = NULL;
        size_t n = 0;

        if (!query || !document_fits(em, call, HCS_SCHEMA_SYSTEM_QUERY, query))
                return;
        list = hcs_json_new_array();
        all = hcs_malloc((em->n_systems + 1) * sizeof(*all));
        for (size_t i = 0; i < EMULATE_BUCKETS; i++)
                for (const struct compute_system *s = em->systems[i]; s; s = s->next)
                        if (passes(query, "Ids", s->id) && passes(query, "Names", s->id) &&
                            passes(query, "Owners", s->owner) &&
                            passes(query, "Types", s->is_vm ? "VirtualMachine" : "Container"))
                                all[n++] = s;
        /* Sorted, so that a list is the same in every run. */
        qsort(all, n, sizeof(*all), by_id);
        for (size_t i = 0; i < n; i++)
                put_basic(hcs_json_append(list, hcs_json_new_object()), all[i]);
        mock_call_done(call, hcs_json_text(list, HCS_JSON_GO));
}
