/* SPDX-License-Identifier: MIT */

/* Figures of mockhcs/vm/stats.h. */

#include "mockhcs/vm/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "mockhcs/vm/machine.h"
#include "platform/clock.h"

#define GUEST_PATIENCE (500ull * HCS_NS_PER_MS)
#define ASK_AGAIN      (5ull * HCS_NS_PER_MS)
#define BALLOON        "/machine/peripheral/balloon"

static uint64_t number(const struct hcs_json *j, const char *member) {
        uint64_t n = 0;

        hcs_json_u64(hcs_json_get(j, member), &n);
        return n;
}

static HRESULT query(struct vm *vm, const char *command, struct hcs_json *arguments, struct hcs_json **ret,
                     struct hcs_error **err) {
        return qmp_execute(&vm->qmp, command, arguments, hcs_clock_ns() + MACHINE_QMP_TIMEOUT, ret, err);
}

/* Of a process or a thread, out of its file `stat`. */
static uint64_t time_in(const char *path) {
        char text[1024] = "", *word;
        uint64_t user = 0, kernel = 0;
        FILE *f = fopen(path, "re");

        if (f) {
                (void)!fread(text, 1, sizeof(text) - 1, f);
                fclose(f);
        }
        /* Behind the name, which may have anything in it, come the state and ten numbers, then these two. */
        word = strrchr(text, ')');
        for (unsigned i = 0; word && i < 12; i++)
                word = strchr(word + 1, ' ');
        if (word) {
                char *end;

                user = strtoul(word, &end, 10);
                kernel = strtoul(end, NULL, 10);
        }
        return (user + kernel) * (HCS_NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

uint64_t vm_host_time(struct vm *vm) {
        char path[64];

        snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)vm_pid(vm));
        return time_in(path);
}

static HRESULT read_processors(struct vm *vm, struct vm_stats *s, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *list = NULL;
        HRESULT hr = query(vm, "query-cpus-fast", NULL, &list, err);

        for (const struct hcs_json *e = hcs_json_first(list); e && s->processors < VM_PROCESSORS;
             e = hcs_json_next(e)) {
                char path[96];
                uint64_t ns;

                snprintf(path, sizeof(path), "/proc/%lld/task/%llu/stat", (long long)vm_pid(vm),
                         (unsigned long long)number(e, "thread-id"));
                ns = time_in(path);
                s->processor_each_ns[s->processors++] = ns;
                s->processor_ns += ns;
        }
        return hr;
}

static struct hcs_json *balloon(const char *property) {
        struct hcs_json *arguments = machine_named("path", BALLOON);

        hcs_json_set_string(arguments, "property", property);
        return arguments;
}

/* Above 0 asks the guest at once, and every so many seconds. */
static HRESULT ask_guest_every(struct vm *vm, unsigned seconds) {
        struct hcs_json *arguments = balloon("guest-stats-polling-interval");

        hcs_json_set_u64(arguments, "value", seconds);
        return machine_execute(vm, "qom-set", arguments, NULL);
}

static bool guest_has_answered(struct vm *vm, uint64_t since_s, struct vm_stats *s) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        const struct hcs_json *stats;

        if (FAILED(query(vm, "qom-get", balloon("guest-stats"), &answer, NULL)) || number(answer, "last-update") == 0)
                return false;
        stats = hcs_json_get(answer, "stats");
        s->memory_known = true;
        s->memory_total = number(stats, "stat-total-memory");
        s->memory_free = number(stats, "stat-free-memory");
        s->memory_available = number(stats, "stat-available-memory");
        return number(answer, "last-update") >= since_s;
}

/* There is no event for it. */
static void ask_guest(struct vm *vm, struct vm_stats *s) {
        uint64_t since_s = hcs_wall_clock_ns() / HCS_NS_PER_S, deadline = hcs_clock_ns() + GUEST_PATIENCE;

        if (!s->running) {
                guest_has_answered(vm, 0, s);
                return;
        }
        ask_guest_every(vm, 1);
        while (!guest_has_answered(vm, since_s, s) && hcs_clock_ns() < deadline && !vm_has_ended(vm, NULL)) {
                hcs_guard(&vm->lock);
                hcs_cond_wait_until(&vm->changed, &vm->lock, hcs_clock_ns() + ASK_AGAIN);
        }
        ask_guest_every(vm, 0);
}

static HRESULT read_memory(struct vm *vm, struct vm_stats *s, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *info = NULL;
        HRESULT hr = query(vm, "query-balloon", NULL, &info, err);

        if (FAILED(hr))
                return hr;
        s->memory_assigned = number(info, "actual");
        s->memory_wanted = (uint64_t)vm->memory_wanted_mb << 20;
        s->memory_limit = (uint64_t)vm->options.memory_limit_mb << 20;
        ask_guest(vm, s);
        return S_OK;
}

/* Of a disk's node: what command_line.c called it. */
static bool place_of(const char *node, unsigned *ret_controller, unsigned *ret_lun) {
        char *end;

        if (!node || strncmp(node, "disk-", 5) != 0)
                return false;
        *ret_controller = (unsigned)strtoul(node + 5, &end, 10);
        if (*end != '-')
                return false;
        *ret_lun = (unsigned)strtoul(end + 1, &end, 10);
        return *end == '\0';
}

static HRESULT read_disks(struct vm *vm, struct vm_stats *s, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *list = NULL;
        HRESULT hr = query(vm, "query-blockstats", NULL, &list, err);

        s->disks = hcs_calloc(hcs_json_count(list) + 1, sizeof(*s->disks));
        for (const struct hcs_json *e = hcs_json_first(list); e; e = hcs_json_next(e)) {
                const struct hcs_json *stats = hcs_json_get(e, "stats");
                struct vm_disk_stats *d = &s->disks[s->n_disks];

                if (!place_of(hcs_json_get_string(e, "node-name"), &d->controller, &d->lun))
                        continue;
                d->reads = number(stats, "rd_operations");
                d->writes = number(stats, "wr_operations");
                d->read_bytes = number(stats, "rd_bytes");
                d->written_bytes = number(stats, "wr_bytes");
                s->n_disks++;
        }
        return hr;
}

static void read_nics(struct vm *vm, struct vm_stats *s) {
        hcs_guard(&vm->lock);

        s->nics = hcs_calloc(vm->n_nics + 1, sizeof(*s->nics));
        for (size_t i = 0; i < vm->n_nics; i++) {
                struct vm_nic_stats *n = &s->nics[s->n_nics++];

                n->id = hcs_strdup(vm->nics[i].id);
                n->has_cable = vm->nics[i].cable != NULL;
                if (n->has_cable)
                        vm_cable_stats_get(vm->nics[i].cable, &n->cable);
        }
}

HRESULT vm_stats_get(struct vm *vm, struct vm_stats *ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *status = NULL;
        struct vm_stats s = {0};
        HRESULT hr = query(vm, "query-status", NULL, &status, err);

        if (SUCCEEDED(hr)) {
                s.running = hcs_json_bool(hcs_json_get(status, "running"));
                s.uptime_ns = hcs_clock_ns() - vm->started_ns;
                s.host_ns = vm_host_time(vm);
                read_nics(vm, &s);
                hr = read_processors(vm, &s, err);
        }
        if (SUCCEEDED(hr))
                hr = read_memory(vm, &s, err);
        if (SUCCEEDED(hr))
                hr = read_disks(vm, &s, err);
        if (FAILED(hr)) {
                vm_stats_deinit(&s);
                return machine_in_context(vm, hr, err, "read", "its figures");
        }
        *ret = s;
        return S_OK;
}

void vm_stats_deinit(struct vm_stats *s) {
        for (size_t i = 0; i < s->n_nics; i++)
                free(s->nics[i].id);
        free(s->nics);
        free(s->disks);
        *s = (struct vm_stats){0};
}
