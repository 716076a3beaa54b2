/* SPDX-License-Identifier: MIT */

/* Documents to plans. The names of controllers are hcsshim's (ScsiControllerGuids), or count in the document's order.
 */

#include "mockhcs/machine/document.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/guid.h"
#include "mockhcs/machine/kernel_line.h"
#include "platform/data_file.h"
#include "platform/file.h"

#define KERNEL_DIRECT "VirtualMachine.Chipset.LinuxKernelDirect"
#define DEVICES       "VirtualMachine.Devices"
#define NAME_MAX_LEN  40

static char *keep(struct machine_plan *p, char *text) {
        p->texts = hcs_realloc(p->texts, (p->n_texts + 1) * sizeof(*p->texts));
        return p->texts[p->n_texts++] = text;
}

void machine_plan_deinit(struct machine_plan *p) {
        for (size_t i = 0; i < p->n_texts; i++)
                free(p->texts[i]);
        free(p->texts);
        hcs_json_free(p->kernel_changes);
        *p = (struct machine_plan){0};
}

/* A kernel that QEMU can load: bzImage (Linux' boot protocol), or an ELF file with an entry for PVH. */
static bool is_kernel(const char *path) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        char magic[4] = "", header[4] = "";
        size_t n;

        if (FAILED(hcs_data_file_open(path, &f, NULL)) || FAILED(hcs_data_file_read_at(f, 0, magic, 4, &n, NULL)) ||
            FAILED(hcs_data_file_read_at(f, 0x202, header, 4, &n, NULL)))
                return false;
        return memcmp(header, "HdrS", 4) == 0 || memcmp(magic, "\177ELF", 4) == 0;
}

static HRESULT refuse(struct hcs_error **err, HRESULT hr, const char *where, const char *what) {
        hcs_error_make(err, hr, "%s: %s", where, what);
        hcs_error_set_path(err, where);
        return hr;
}

/* Machines are called by letters, digits, - and _. */
static char *machine_name(const char *id) {
        char *name = hcs_strndup(*id ? id : "vm", NAME_MAX_LEN);

        for (char *c = name; *c; c++)
                if (!(*c >= '0' && *c <= '9') && !((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') && *c != '_')
                        *c = '-';
        return name;
}

/* S_FALSE: this kernel is not booted here. */
static HRESULT plan_kernel(struct machine_plan *p, const struct emu_machine_settings *set, const struct hcs_json *doc,
                           struct hcs_error **err) {
        const struct hcs_json *direct = hcs_json_lookup(doc, KERNEL_DIRECT);
        const char *kernel = hcs_json_get_string(direct, "KernelFilePath"),
                   *initrd = hcs_json_get_string(direct, "InitRdPath"),
                   *line = hcs_json_get_string(direct, "KernelCmdLine");
        char *path = NULL;
        HRESULT hr;

        if (!direct && set->machines == EMU_MACHINES_QEMU)
                return refuse(err, E_NOTIMPL, "VirtualMachine.Chipset", "only LinuxKernelDirect can be booted by QEMU");
        if (!direct)
                return S_FALSE;
        hr = machine_file(set, kernel ? kernel : "", KERNEL_DIRECT ".KernelFilePath", &path,
                          set->machines == EMU_MACHINES_AUTO ? NULL : err);
        if (FAILED(hr))
                return set->machines == EMU_MACHINES_AUTO ? S_FALSE : hr;
        p->vm.kernel = keep(p, path);
        if (!is_kernel(path))
                return set->machines == EMU_MACHINES_AUTO
                               ? S_FALSE
                               : refuse(err, HCS_WIN32(193), KERNEL_DIRECT ".KernelFilePath", "is no kernel of Linux");
        if (initrd && *initrd) {
                hr = machine_file(set, initrd, KERNEL_DIRECT ".InitRdPath", &path, err);
                if (FAILED(hr))
                        return hr;
                p->vm.initrd = keep(p, path);
        }
        p->kernel_changes = hcs_json_new_array();
        p->kernel_line = keep(p, hcs_strdup(line ? line : ""));
        p->vm.command_line = keep(p, kernel_line_translate(p->kernel_line, p->kernel_changes));
        return S_OK;
}

static HRESULT plan_topology(struct machine_plan *p, const struct hcs_json *doc, struct hcs_error **err) {
        uint64_t mb = 1024, processors = 1;

        hcs_json_u64(hcs_json_lookup(doc, "VirtualMachine.ComputeTopology.Memory.SizeInMB"), &mb);
        hcs_json_u64(hcs_json_lookup(doc, "VirtualMachine.ComputeTopology.Processor.Count"), &processors);
        if (mb < 32 || mb > 1u << 20)
                return refuse(err, E_INVALIDARG, "VirtualMachine.ComputeTopology.Memory.SizeInMB",
                              "Linux needs 32 MB at least, and QEMU is given 1 TB at most");
        if (processors == 0 || processors > 255)
                return refuse(err, E_INVALIDARG, "VirtualMachine.ComputeTopology.Processor.Count",
                              "QEMU has 1 to 255 processors");
        p->vm.memory_mb = (unsigned)mb;
        p->vm.processors = (unsigned)processors;
        return S_OK;
}

bool machine_controller(const struct machine_plan *p, const char *name, unsigned *ret) {
        for (unsigned i = 0; i < VM_CONTROLLERS; i++)
                if (p->controllers[i] && hcs_strcaseeq(p->controllers[i], name)) {
                        *ret = i;
                        return true;
                }
        return false;
}

/* Guests know controllers by these names; others take the numbers that are left. */
static unsigned controller_number(const struct machine_plan *p, const char *name) {
        static const char *const known[VM_CONTROLLERS] = {
                "df6d0690-79e5-55b6-a5ec-c1e2f77f580a", "0110f83b-de10-5172-a266-78bca56bf50a",
                "b5d2d8d4-3a75-51bf-945b-3444dc6b8579", "305891a9-b251-5dfe-91a2-c25d9212275b"};

        for (unsigned i = 0; i < VM_CONTROLLERS; i++)
                if (hcs_strcaseeq(name, known[i]) && !p->controllers[i])
                        return i;
        for (unsigned i = 0; i < VM_CONTROLLERS; i++)
                if (!p->controllers[i])
                        return i;
        return VM_CONTROLLERS;
}

HRESULT machine_attachment(const struct emu_machine_settings *set, const struct hcs_json *a, const char *where,
                           struct vm_disk *ret, char **ret_path, struct hcs_error **err) {
        const char *type = hcs_json_get_string(a, "Type"), *path = hcs_json_get_string(a, "Path");
        _cleanup_free_ char *at = NULL;
        HRESULT hr;

        if (type && !hcs_strcaseeq(type, "VirtualDisk") && !hcs_strcaseeq(type, "Iso") &&
            !hcs_strcaseeq(type, "PassThru")) {
                at = hcs_asprintf("%s.Type", where);
                return refuse(err, E_NOTIMPL, at, "VirtualDisk, Iso and PassThru can be attached to QEMU");
        }
        at = hcs_asprintf("%s.Path", where);
        hr = machine_file(set, path ? path : "", at, ret_path, err);
        if (FAILED(hr))
                return hr;
        ret->path = *ret_path;
        ret->read_only = hcs_json_bool(hcs_json_get(a, "ReadOnly")) || hcs_strcaseeq(type, "Iso");
        return S_OK;
}

static HRESULT plan_disks(struct machine_plan *p, const struct emu_machine_settings *set, const struct hcs_json *scsi,
                          struct hcs_error **err) {
        for (const struct hcs_json *c = hcs_json_first(scsi); c; c = hcs_json_next(c)) {
                unsigned number = controller_number(p, hcs_json_key(c));

                if (number == VM_CONTROLLERS)
                        return refuse(err, E_INVALIDARG, DEVICES ".Scsi", "there are 4 controllers at most");
                p->controllers[number] = keep(p, hcs_strdup(hcs_json_key(c)));
                if (p->vm.controllers <= number)
                        p->vm.controllers = number + 1;
        }
        for (const struct hcs_json *c = hcs_json_first(scsi); c; c = hcs_json_next(c)) {
                const struct hcs_json *attachments = hcs_json_get(c, "Attachments");

                for (const struct hcs_json *a = hcs_json_first(attachments); a; a = hcs_json_next(a)) {
                        _cleanup_free_ char *where =
                                hcs_asprintf(DEVICES ".Scsi.%s.Attachments.%s", hcs_json_key(c), hcs_json_key(a));
                        struct vm_disk *d = &p->disks[p->vm.n_disks];
                        uint64_t lun;
                        char *path;
                        HRESULT hr;

                        if (!hcs_str_to_u64(hcs_json_key(a), &lun) || lun >= VM_LUNS)
                                return refuse(err, E_INVALIDARG, where, "LUNs are numbers from 0 to 63");
                        machine_controller(p, hcs_json_key(c), &d->controller);
                        d->lun = (unsigned)lun;
                        hr = machine_attachment(set, a, where, d, &path, err);
                        if (FAILED(hr))
                                return hr;
                        keep(p, path);
                        p->vm.n_disks++;
                }
        }
        return S_OK;
}

static HRESULT plan_pmem(struct machine_plan *p, const struct emu_machine_settings *set, const struct hcs_json *pmem,
                         struct hcs_error **err) {
        const struct hcs_json *devices = hcs_json_get(pmem, "Devices");

        for (const struct hcs_json *d = hcs_json_first(devices); d; d = hcs_json_next(d)) {
                _cleanup_free_ char *where = hcs_asprintf(DEVICES ".VirtualPMem.Devices.%s", hcs_json_key(d)),
                                    *at = hcs_asprintf("%s.HostPath", where);
                const char *host = hcs_json_get_string(d, "HostPath");
                uint64_t number;
                char *path;
                HRESULT hr;

                if (!hcs_str_to_u64(hcs_json_key(d), &number) || number >= VM_PMEM)
                        return refuse(err, E_INVALIDARG, where, "devices are numbers from 0 to 63");
                hr = machine_file(set, host ? host : "", at, &path, err);
                if (FAILED(hr))
                        return hr;
                p->pmem[p->vm.n_pmem++] =
                        (struct vm_pmem){(unsigned)number, keep(p, path), hcs_json_bool(hcs_json_get(d, "ReadOnly"))};
        }
        return S_OK;
}

static HRESULT plan_adapters(struct machine_plan *p, const struct hcs_json *adapters, struct hcs_error **err) {
        for (const struct hcs_json *a = hcs_json_first(adapters); a; a = hcs_json_next(a)) {
                const char *mac = hcs_json_get_string(a, "MacAddress");

                if (p->vm.n_nics == VM_NICS)
                        return refuse(err, E_INVALIDARG, DEVICES ".NetworkAdapters", "there are 8 adapters at most");
                p->nics[p->vm.n_nics++] = (struct vm_nic){.id = keep(p, machine_name(hcs_json_key(a))),
                                                          .mac = mac && *mac ? keep(p, hcs_strdup(mac)) : NULL,
                                                          .kind = VM_NIC_NAT};
        }
        return S_OK;
}

static HRESULT plan_console(struct machine_plan *p, const struct hcs_json *ports, struct hcs_error **err) {
        for (const struct hcs_json *c = hcs_json_first(ports); c; c = hcs_json_next(c)) {
                _cleanup_free_ char *where = hcs_asprintf(DEVICES ".ComPorts.%s", hcs_json_key(c));
                const char *pipe = hcs_json_get_string(c, "NamedPipe");

                if (!hcs_streq(hcs_json_key(c), "0"))
                        return refuse(err, E_NOTIMPL, where, "the machine has one serial port, 0");
                if (pipe && *pipe)
                        p->console_pipe = keep(p, hcs_strdup(pipe));
        }
        return S_OK;
}

static HRESULT plan_accelerator(struct machine_plan *p, const struct emu_machine_settings *set,
                                struct hcs_error **err) {
        if (!set->accelerator || hcs_streq(set->accelerator, "auto"))
                p->vm.accelerator = VM_ACCELERATOR_AUTO;
        else if (hcs_streq(set->accelerator, "kvm"))
                p->vm.accelerator = VM_ACCELERATOR_KVM;
        else if (hcs_streq(set->accelerator, "tcg"))
                p->vm.accelerator = VM_ACCELERATOR_TCG;
        else
                return hcs_error_make(err, E_INVALIDARG, "accel=%s: auto, kvm or tcg is expected", set->accelerator);
        return S_OK;
}

static HRESULT plan(struct machine_plan *p, const struct emu_machine_settings *set,
                    const struct emu_machine_request *request, struct hcs_error **err) {
        const struct hcs_json *doc = request->document, *devices = hcs_json_lookup(doc, DEVICES);
        HRESULT hr = plan_kernel(p, set, doc, err);

        if (hr != S_OK)
                return hr;
        hr = plan_topology(p, doc, err);
        if (SUCCEEDED(hr))
                hr = plan_disks(p, set, hcs_json_get(devices, "Scsi"), err);
        if (SUCCEEDED(hr))
                hr = plan_pmem(p, set, hcs_json_get(devices, "VirtualPMem"), err);
        if (SUCCEEDED(hr))
                hr = plan_adapters(p, hcs_json_get(devices, "NetworkAdapters"), err);
        if (SUCCEEDED(hr))
                hr = plan_console(p, hcs_json_get(devices, "ComPorts"), err);
        if (SUCCEEDED(hr))
                hr = plan_accelerator(p, set, err);
        return hr;
}

HRESULT machine_plan_init(struct machine_plan *p, const struct emu_machine_settings *set,
                          const struct emu_machine_request *request, struct hcs_error **err) {
        bool has_pmem = hcs_json_lookup(request->document, DEVICES ".VirtualPMem") != NULL;
        HRESULT hr;

        *p = (struct machine_plan){0};
        p->stop_on_reset = hcs_json_bool(hcs_json_lookup(request->document, "VirtualMachine.StopOnReset"));
        hr = plan(p, set, request, err);
        if (hr != S_OK) {
                machine_plan_deinit(p);
                return hr;
        }
        p->vm.name = keep(p, machine_name(request->id));
        p->vm.qemu = set->qemu;
        p->vm.vsock_folder = keep(p, hcs_strdup(request->hvsocket));
        p->vm.disks = p->disks;
        p->vm.pmem = p->pmem;
        p->vm.nics = p->nics;
        p->vm.free_slots = has_pmem ? 8 : 4;
        p->vm.memory_limit_mb = p->vm.memory_mb * 2 + (has_pmem ? 32768 : 0);
        if (set->artefacts)
                p->vm.artefacts = keep(p, hcs_asprintf("%s/%s", set->artefacts, p->vm.name));
        return S_OK;
}
