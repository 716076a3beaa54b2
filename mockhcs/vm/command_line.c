/* SPDX-License-Identifier: MIT */

/*
 * A machine as arguments of QEMU 7.2. What can be said in JSON is, so that no name of a file needs escapes. Descriptors
 * are handed down by number: neither the console, QMP nor vhost-user has a name in the file system.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "mockhcs/vm/machine.h"
#include "platform/data_file.h"

struct arguments {
        char **argv;
        size_t n, cap;
};

static void add(struct arguments *a, const char *fmt, ...) _printf_(2, 3);
static void add(struct arguments *a, const char *fmt, ...) {
        va_list ap;

        if (a->n + 2 > a->cap) {
                a->cap = a->cap ? a->cap * 2 : 64;
                a->argv = hcs_realloc(a->argv, a->cap * sizeof(*a->argv));
        }
        va_start(ap, fmt);
        a->argv[a->n++] = hcs_vasprintf(fmt, ap);
        va_end(ap);
        a->argv[a->n] = NULL;
}

static void add_json(struct arguments *a, const char *option, struct hcs_json *value) {
        _cleanup_free_ char *text = hcs_json_text(value, HCS_JSON_COMPACT);

        add(a, "%s", option);
        add(a, "%s", text);
        hcs_json_free(value);
}

char **machine_free_command_line(char **argv) {
        for (size_t i = 0; argv && argv[i]; i++)
                free(argv[i]);
        free(argv);
        return NULL;
}

/* By the first bytes. A copy-on-write format with a name of another file in it is not among them. */
static HRESULT disk_format(const char *path, const char **ret, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        char magic[8] = "";
        size_t n;
        HRESULT hr = hcs_data_file_open(path, &f, err);

        if (SUCCEEDED(hr))
                hr = hcs_data_file_read_at(f, 0, magic, sizeof(magic), &n, err);
        if (FAILED(hr))
                return hr;
        if (memcmp(magic, "vhdxfile", 8) == 0)
                *ret = "vhdx";
        else if (memcmp(magic, "conectix", 8) == 0)
                *ret = "vpc"; /* a copy of the footer in front: a dynamic VHD */
        else
                *ret = "raw"; /* a fixed VHD too: its footer is behind the data */
        return S_OK;
}

struct hcs_json *machine_disk_block(const struct vm_disk *d, struct hcs_error **err) {
        struct hcs_json *block, *file;
        const char *format;
        char name[32];

        if (FAILED(disk_format(d->path, &format, err)))
                return NULL;
        block = hcs_json_new_object();
        snprintf(name, sizeof(name), "disk-%u-%u", d->controller, d->lun);
        hcs_json_set_string(block, "driver", format);
        hcs_json_set_string(block, "node-name", name);
        hcs_json_set_bool(block, "read-only", d->read_only);
        file = hcs_json_set_new_object(block, "file");
        hcs_json_set_string(file, "driver", "file");
        hcs_json_set_string(file, "filename", d->path);
        return block;
}

struct hcs_json *machine_disk_device(const struct vm_disk *d) {
        struct hcs_json *device = hcs_json_new_object();
        char text[32];

        hcs_json_set_string(device, "driver", "scsi-hd");
        snprintf(text, sizeof(text), "scsi%u.0", d->controller);
        hcs_json_set_string(device, "bus", text);
        hcs_json_set_u64(device, "channel", 0);
        hcs_json_set_u64(device, "scsi-id", 0);
        hcs_json_set_u64(device, "lun", d->lun);
        snprintf(text, sizeof(text), "disk-%u-%u", d->controller, d->lun);
        hcs_json_set_string(device, "drive", text);
        snprintf(text, sizeof(text), "scsi-%u-%u", d->controller, d->lun);
        hcs_json_set_string(device, "id", text);
        return device;
}

HRESULT machine_pmem_memory(const struct vm_pmem *p, struct hcs_json **ret, struct hcs_error **err) {
        struct hcs_json *memory;
        struct stat st;
        char id[32];

        if (stat(p->path, &st) < 0)
                return hcs_error_errno(err, errno, "open `%s`", p->path);
        if (st.st_size == 0 || st.st_size % (2 << 20))
                return hcs_error_make(err, E_INVALIDARG, "`%s` has %lld bytes: persistent memory comes in 2 MiB",
                                      p->path, (long long)st.st_size);
        memory = hcs_json_new_object();
        snprintf(id, sizeof(id), "pmem-memory-%u", p->number);
        hcs_json_set_string(memory, "qom-type", "memory-backend-file");
        hcs_json_set_string(memory, "id", id);
        hcs_json_set_string(memory, "mem-path", p->path);
        hcs_json_set_u64(memory, "size", (uint64_t)st.st_size);
        hcs_json_set_bool(memory, "share", true);
        hcs_json_set_bool(memory, "readonly", p->read_only);
        *ret = memory;
        return S_OK;
}

struct hcs_json *machine_pmem_device(const struct vm_pmem *p, const char *bus) {
        struct hcs_json *device = hcs_json_new_object();
        char text[32];

        hcs_json_set_string(device, "driver", "virtio-pmem-pci");
        snprintf(text, sizeof(text), "pmem-%u", p->number);
        hcs_json_set_string(device, "id", text);
        snprintf(text, sizeof(text), "pmem-memory-%u", p->number);
        hcs_json_set_string(device, "memdev", text);
        hcs_json_set_string(device, "bus", bus);
        return device;
}

struct hcs_json *machine_nic_network(const struct vm_nic *n, const char *fd) {
        struct hcs_json *network = hcs_json_new_object();
        _cleanup_free_ char *id = hcs_asprintf("net-%s", n->id);

        hcs_json_set_string(network, "type", fd ? "socket" : "user");
        hcs_json_set_string(network, "id", id);
        if (fd)
                hcs_json_set_string(network, "fd", fd);
        return network;
}

struct hcs_json *machine_nic_device(const struct vm_nic *n, const char *bus) {
        struct hcs_json *device = hcs_json_new_object();
        _cleanup_free_ char *id = hcs_asprintf("nic-%s", n->id), *network = hcs_asprintf("net-%s", n->id),
                            *mac = hcs_strdup(n->mac);

        for (char *s = mac; s && *s; s++)
                if (*s == '-')
                        *s = ':';
        hcs_json_set_string(device, "driver", "virtio-net-pci");
        hcs_json_set_string(device, "id", id);
        hcs_json_set_string(device, "netdev", network);
        hcs_json_set_string(device, "bus", bus);
        hcs_json_set_string(device, "romfile", ""); /* nobody boots from it */
        if (mac)
                hcs_json_set_string(device, "mac", mac);
        return device;
}

struct hcs_json *machine_vsock_device(const struct vm *vm) {
        struct hcs_json *device = machine_named("driver", "vhost-user-vsock-pci");
        char bus[32];

        hcs_json_set_string(device, "id", MACHINE_VSOCK);
        hcs_json_set_string(device, "chardev", "vsock");
        snprintf(bus, sizeof(bus), "slot%zu", vm->n_slots);
        if (machine_has_vsock_slot(vm))
                hcs_json_set_string(device, "bus", bus);
        return device;
}

struct hcs_json *machine_module_memory(unsigned number) {
        struct hcs_json *memory = machine_named("qom-type", "memory-backend-memfd");
        _cleanup_free_ char *id = hcs_asprintf("module-memory-%u", number);

        hcs_json_set_string(memory, "id", id);
        hcs_json_set_u64(memory, "size", (uint64_t)MACHINE_MODULE_MB << 20);
        hcs_json_set_bool(memory, "share", true);
        return memory;
}

/*
 * Linux wants its memory in aligned blocks of 128 MB. QEMU would put a module behind whatever else was plugged in; the
 * far end of the room it keeps for such things (as much as may be added, and 1 GB for each slot) is always free.
 * Source: pc_memory_init() of QEMU 7.2, and q35's split at 2.75 GB.
 */
static uint64_t module_address(const struct vm *vm, unsigned number) {
        const uint64_t gb = 1ull << 30;
        uint64_t memory = (uint64_t)vm->options.memory_mb << 20, limit = (uint64_t)vm->options.memory_limit_mb << 20;
        uint64_t above = memory >= 11 * gb / 4 ? memory - 2 * gb : 0;
        uint64_t start = (4 * gb + above + gb - 1) / gb * gb;

        return start + (limit - memory + gb - 1) / gb * gb + ((uint64_t)number * MACHINE_MODULE_MB << 20);
}

struct hcs_json *machine_module_device(const struct vm *vm, unsigned number) {
        struct hcs_json *device = machine_named("driver", "pc-dimm");
        _cleanup_free_ char *id = hcs_asprintf("module-%u", number), *memory = hcs_asprintf("module-memory-%u", number);

        hcs_json_set_string(device, "id", id);
        hcs_json_set_string(device, "memdev", memory);
        hcs_json_set_u64(device, "addr", module_address(vm, number));
        return device;
}

struct hcs_json *machine_processor_device(const struct vm *vm, unsigned number) {
        struct hcs_json *device =
                machine_named("driver", vm->accelerator == VM_ACCELERATOR_KVM ? "host-x86_64-cpu" : "max-x86_64-cpu");
        _cleanup_free_ char *id = hcs_asprintf("cpu-%u", number);

        hcs_json_set_string(device, "id", id);
        hcs_json_set_u64(device, "socket-id", 0);
        hcs_json_set_u64(device, "die-id", 0);
        hcs_json_set_u64(device, "core-id", number);
        hcs_json_set_u64(device, "thread-id", 0);
        return device;
}

static void add_socket(struct arguments *a, const char *id, int fd) {
        add(a, "-chardev");
        add(a, "socket,id=%s,fd=%d", id, fd);
}

static void add_machine(struct arguments *a, const struct vm *vm) {
        const struct vm_options *o = &vm->options;
        bool kvm = vm->accelerator == VM_ACCELERATOR_KVM;

        add(a, "%s", o->qemu);
        add(a, "-name");
        add(a, "guest=%s,debug-threads=on", o->name);
        add(a, "-nodefaults");
        add(a, "-no-user-config");
        add(a, "-no-reboot");
        add(a, "-display");
        add(a, "none");
        add(a, "-sandbox");
        add(a, "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
        add(a, "-machine");
        add(a, "q35,memory-backend=mem,vmport=off");
        add(a, "-accel");
        add(a, kvm ? "kvm" : "tcg,thread=multi");
        add(a, "-cpu");
        /* Emulated, a `rep movsb` goes byte by byte; a Linux that is not told it is fast copies eight at once. */
        add(a, kvm ? "host" : "max,-erms,-fsrm");
        add(a, "-smp");
        if (o->processor_limit)
                add(a, "%u,maxcpus=%u,sockets=1,cores=%u,threads=1", o->processors, o->processor_limit,
                    o->processor_limit);
        else
                add(a, "%u", o->processors);
        for (unsigned i = o->processors; i < vm->processors; i++)
                add_json(a, "-device", machine_processor_device(vm, i));
        add(a, "-m");
        if (o->memory_limit_mb > o->memory_mb)
                add(a, "%uM,slots=%u,maxmem=%uM", o->memory_mb, vm->memory_slots, o->memory_limit_mb);
        else
                add(a, "%uM", o->memory_mb);
        add(a, "-object");
        add(a, "memory-backend-memfd,id=mem,size=%uM,share=on", o->memory_mb);
        add(a, "-kernel");
        add(a, "%s", o->kernel);
        if (o->initrd) {
                add(a, "-initrd");
                add(a, "%s", o->initrd);
        }
        add(a, "-append");
        /*
         * An emulated timer that is late, because the host is busy, is no broken one: Linux would panic about it. The
         * self-tests of its ciphers take an emulated machine a third of a second. Memory that may be added lets Linux
         * set 64 MB aside for devices that reach 4 GB only, and clear them, which takes as long: there are none.
         */
        add(a, "%s%s%s", kvm ? "" : "no_timer_check cryptomgr.notests ",
            o->memory_limit_mb > o->memory_mb ? "swiotlb=1024 " : "", o->command_line);
}

static void add_slots(struct arguments *a, const struct vm *vm) {
        size_t n = vm->n_slots + machine_has_vsock_slot(vm);

        for (size_t i = 0; i < n; i++) {
                add(a, "-device");
                add(a, "pcie-root-port,id=slot%zu,chassis=%zu", i, i + 1);
        }
        if (vm->options.saved) {
                add(a, "-incoming");
                add(a, "defer");
        }
}

static void add_ways_out(struct arguments *a, const struct vm *vm) {
        add_socket(a, "console", vm->console_theirs);
        add(a, "-serial");
        add(a, "chardev:console");
        add_socket(a, "qmp", vm->qmp_theirs);
        add(a, "-mon");
        add(a, "chardev=qmp,mode=control");
        switch (vm->options.vsock) {
        case VM_VSOCK_OURS:
                add_socket(a, "vsock", vm->vhost_theirs);
                break;
        case VM_VSOCK_EXTERNAL:
                add(a, "-chardev");
                add(a, "socket,id=vsock,path=%s/vhost.sock", hcs_work_folder_path(vm->folder));
                break;
        case VM_VSOCK_KERNEL:
                add(a, "-device");
                add(a, "vhost-vsock-pci,guest-cid=%u", vm->options.guest_cid);
                return;
        case VM_VSOCK_NONE:
                return;
        }
        if (!vm->vsock_out)
                add_json(a, "-device", machine_vsock_device(vm));
}

static HRESULT add_disks(struct arguments *a, const struct vm_options *o, struct hcs_error **err) {
        for (unsigned i = 0; i < o->controllers; i++) {
                add(a, "-device");
                add(a, "virtio-scsi-pci,id=scsi%u", i);
        }
        for (size_t i = 0; i < o->n_disks; i++) {
                struct hcs_json *block = machine_disk_block(&o->disks[i], err);

                if (!block)
                        return hcs_error_wrap(err, "disk %u:%u", o->disks[i].controller, o->disks[i].lun);
                add_json(a, "-blockdev", block);
                add_json(a, "-device", machine_disk_device(&o->disks[i]));
        }
        return S_OK;
}

/* Its slot, or beside the others. */
static void place_of(const struct vm *vm, const char *nic, char bus[static 32]) {
        _cleanup_free_ char *id = hcs_asprintf("nic-%s", nic);

        snprintf(bus, 32, "pcie.0");
        for (size_t i = 0; i < vm->n_slots; i++)
                if (hcs_streq(vm->slots[i].id, id))
                        snprintf(bus, 32, "slot%zu", i);
}

static void add_nics(struct arguments *a, const struct vm *vm) {
        for (size_t i = 0; i < vm->options.n_nics; i++) {
                const struct vm_nic *nic = &vm->options.nics[i];
                char fd[16], bus[32];

                snprintf(fd, sizeof(fd), "%d", vm->nics[i].theirs);
                place_of(vm, nic->id, bus);
                add_json(a, "-netdev", machine_nic_network(nic, vm->nics[i].cable ? fd : NULL));
                add_json(a, "-device", machine_nic_device(nic, bus));
        }
}

static HRESULT add_others(struct arguments *a, const struct vm *vm, struct hcs_error **err) {
        const struct vm_options *o = &vm->options;

        for (unsigned i = 0; i < vm->n_modules; i++) {
                add_json(a, "-object", machine_module_memory(i));
                add_json(a, "-device", machine_module_device(vm, i));
        }
        for (size_t i = 0; i < o->n_pmem; i++) {
                struct hcs_json *memory;
                HRESULT hr = machine_pmem_memory(&o->pmem[i], &memory, err);

                if (FAILED(hr))
                        return hr;
                add_json(a, "-object", memory);
                add_json(a, "-device", machine_pmem_device(&o->pmem[i], "pcie.0"));
        }
        add_nics(a, vm);
        add(a, "-device");
        add(a, "virtio-balloon-pci,id=balloon");
        return S_OK;
}

HRESULT machine_command_line(struct vm *vm, char ***ret, struct hcs_error **err) {
        struct arguments a = {0};
        HRESULT hr;

        add_machine(&a, vm);
        add_slots(&a, vm);
        add_ways_out(&a, vm);
        hr = add_disks(&a, &vm->options, err);
        if (SUCCEEDED(hr))
                hr = add_others(&a, vm, err);
        if (FAILED(hr)) {
                machine_free_command_line(a.argv);
                return hr;
        }
        *ret = a.argv;
        return S_OK;
}
