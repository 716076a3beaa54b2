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
#define PROCESSORS    8 /* may be added up to this many */

char *machine_plan_keep(struct machine_plan *p, char *text) {
        p->texts = hcs_realloc(p->texts, (p->n_texts + 1) * sizeof(*p->texts));
        return p->texts[p->n_texts++] = text;
}

void machine_plan_deinit(struct machine_plan *p) {
        for (size_t i = 0; i < p->n_texts; i++)
                free(p->texts[i]);
        free(p->texts);
        hcs_json_free(p->kernel_changes);
        hcs_json_free(p->shares);
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

/* GUIDs are spelled in many ways. */
static char *usual_spelling(const char *name) {
        char text[HCS_GUID_TEXT_SIZE];
        GUID id;

        return hcs_strdup(SUCCEEDED(hcs_guid_parse(name, &id, NULL)) ? hcs_guid_format(&id, text) : name);
}

char *machine_name(const char *id) {
        _cleanup_free_ char *usual = usual_spelling(id);
        char *name = *usual ? hcs_strndup(usual, strnlen(usual, NAME_MAX_LEN)) : hcs_strdup("vm");

        for (char *c = name; *c; c++)
                if (!(*c >= '0' && *c <= '9') && !((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') && *c != '_')
                        *c = '-';
        return name;
}

bool machine_document_boots(const struct emu_machine_settings *set, const struct hcs_json *doc) {
        const char *kernel = hcs_json_get_string(hcs_json_lookup(doc, KERNEL_DIRECT), "KernelFilePath");
        _cleanup_free_ char *path = NULL;

        return kernel && SUCCEEDED(machine_file(set, kernel, KERNEL_DIRECT, &path, NULL)) && is_kernel(path);
}

static HRESULT plan_kernel(struct machine_plan *p, const struct emu_machine_settings *set, const struct hcs_json *doc,
                           struct hcs_error **err) {
        const struct hcs_json *direct = hcs_json_lookup(doc, KERNEL_DIRECT);
        const char *kernel = hcs_json_get_string(direct, "KernelFilePath"),
                   *initrd = hcs_json_get_string(direct, "InitRdPath"),
                   *line = hcs_json_get_string(direct, "KernelCmdLine");
        char *path = NULL;
        HRESULT hr;

        if (!direct)
                return refuse(err, E_NOTIMPL, "VirtualMachine.Chipset", "only LinuxKernelDirect can be booted by QEMU");
        hr = machine_file(set, kernel ? kernel : "", KERNEL_DIRECT ".KernelFilePath", &path, err);
        if (FAILED(hr))
                return hr;
        p->vm.kernel = machine_plan_keep(p, path);
        if (!is_kernel(path))
                return refuse(err, HCS_WIN32(193), KERNEL_DIRECT ".KernelFilePath", "is no kernel of Linux");
        if (initrd && *initrd) {
                hr = machine_file(set, initrd, KERNEL_DIRECT ".InitRdPath", &path, err);
                if (FAILED(hr))
                        return hr;
                p->vm.initrd = machine_plan_keep(p, path);
        }
        p->kernel_changes = hcs_json_new_array();
        p->kernel_line = machine_plan_keep(p, hcs_strdup(line ? line : ""));
        p->vm.command_line = machine_plan_keep(p, kernel_line_translate(p->kernel_line, p->kernel_changes));
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
        _cleanup_free_ char *usual = usual_spelling(name);

        for (unsigned i = 0; i < VM_CONTROLLERS; i++)
                if (hcs_streq(p->controllers[i], usual)) {
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
                if (hcs_streq(name, known[i]) && !p->controllers[i])
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
                char *name = machine_plan_keep(p, usual_spelling(hcs_json_key(c)));
                unsigned number = controller_number(p, name);

                if (number == VM_CONTROLLERS)
                        return refuse(err, E_INVALIDARG, DEVICES ".Scsi", "there are 4 controllers at most");
                p->controllers[number] = name;
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

                        if (!hcs_str_to_u64(hcs_json_key(a), &lun) || lun >= VM_LUNS ||
                            p->vm.n_disks == HCS_ARRAY_SIZE(p->disks)) /* "0" and "00" are two */
                                return refuse(err, E_INVALIDARG, where, "LUNs are numbers from 0 to 63");
                        machine_controller(p, hcs_json_key(c), &d->controller);
                        d->lun = (unsigned)lun;
                        hr = machine_attachment(set, a, where, d, &path, err);
                        if (FAILED(hr))
                                return hr;
                        machine_plan_keep(p, path);
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

                if (!hcs_str_to_u64(hcs_json_key(d), &number) || number >= VM_PMEM || p->vm.n_pmem == VM_PMEM)
                        return refuse(err, E_INVALIDARG, where, "devices are numbers from 0 to 63");
                hr = machine_file(set, host ? host : "", at, &path, err);
                if (FAILED(hr))
                        return hr;
                machine_plan_keep(p, path);
                p->pmem[p->vm.n_pmem] = (struct vm_pmem){.number = (unsigned)number,
                                                         .read_only = hcs_json_bool(hcs_json_get(d, "ReadOnly"))};
                hr = machine_pmem_prepare(p, path, at, &p->pmem[p->vm.n_pmem], err);
                if (FAILED(hr)) {
                        hcs_error_set_path(err, at);
                        return hr;
                }
                p->pmem_files[p->vm.n_pmem++] = path;
        }
        return S_OK;
}

/* Their networks are theirs from the start on. */
static HRESULT plan_adapters(struct machine_plan *p, const struct emu_machine_request *request,
                             struct hcs_error **err) {
        if (request->n_adapters > VM_NICS)
                return refuse(err, E_INVALIDARG, DEVICES ".NetworkAdapters", "there are 8 adapters at most");
        for (size_t i = 0; i < request->n_adapters; i++) {
                const struct emu_adapter *a = &request->adapters[i];
                struct emu_adapter *copy = &p->adapters[i];

                *copy = (struct emu_adapter){.name = machine_plan_keep(p, machine_name(a->name)),
                                             .mac = machine_plan_keep(p, hcs_strdup(a->mac)),
                                             .address = machine_plan_keep(p, hcs_strdup(a->address)),
                                             .network = machine_plan_keep(p, hcs_strdup(a->network)),
                                             .network_name = machine_plan_keep(p, hcs_strdup(a->network_name)),
                                             .subnet = machine_plan_keep(p, hcs_strdup(a->subnet)),
                                             .gateway = machine_plan_keep(p, hcs_strdup(a->gateway)),
                                             .reach = a->reach};
                p->nics[i] = (struct vm_nic){
                        .id = copy->name, .mac = copy->mac, .address = copy->address, .kind = VM_NIC_NETWORK};
        }
        p->vm.n_nics = request->n_adapters;
        return S_OK;
}

/* A named pipe of Windows is a socket beside those of the machine. */
static HRESULT plan_pipe(struct machine_plan *p, const char *pipe, const char *where, struct hcs_error **err) {
        static const char windows[] = "\\\\.\\pipe\\";

        if (hcs_str_starts(pipe, windows) && !strpbrk(pipe + sizeof(windows) - 1, "/\\"))
                p->console_pipe = machine_plan_keep(
                        p, hcs_asprintf("%s/pipe_%s", p->vm.vsock_folder, pipe + sizeof(windows) - 1));
        else if (*pipe == '/')
                p->console_pipe = machine_plan_keep(p, hcs_strdup(pipe));
        else
                return refuse(err, E_INVALIDARG, where, "neither \\\\.\\pipe\\NAME nor the absolute path of a socket");
        return S_OK;
}

static HRESULT plan_console(struct machine_plan *p, const struct hcs_json *ports, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (const struct hcs_json *c = hcs_json_first(ports); c; c = hcs_json_next(c)) {
                _cleanup_free_ char *where = hcs_asprintf(DEVICES ".ComPorts.%s", hcs_json_key(c));
                const char *pipe = hcs_json_get_string(c, "NamedPipe");

                if (!hcs_streq(hcs_json_key(c), "0"))
                        return refuse(err, E_NOTIMPL, where, "the machine has one serial port, 0");
                if (pipe && *pipe)
                        hr = plan_pipe(p, pipe, where, err);
        }
        return hr;
}

static HRESULT plan_restore(struct machine_plan *p, const struct emu_machine_settings *set,
                            const struct hcs_json *state, struct hcs_error **err) {
        const char *file = hcs_json_get_string(state, "SaveStateFilePath");
        char *path = NULL;
        HRESULT hr;

        if (!state)
                return S_OK;
        if (!file)
                return refuse(err, E_NOTIMPL, "VirtualMachine.RestoreState.TemplateSystemId",
                              "a machine of QEMU is no template for others");
        hr = machine_file(set, file, "VirtualMachine.RestoreState.SaveStateFilePath", &path, err);
        if (SUCCEEDED(hr))
                p->vm.saved = machine_plan_keep(p, path);
        return hr;
}

/* What QEMU's machine does not have. */
static HRESULT look_for_others(const struct hcs_json *devices, struct hcs_error **err) {
        static const char *const others[] = {"VirtualPci", "FlexibleIov", "SharedMemory", "VirtualSmb"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(others); i++) {
                const struct hcs_json *d = hcs_json_get(devices, others[i]);
                _cleanup_free_ char *where = hcs_asprintf(DEVICES ".%s", others[i]);

                if (hcs_json_count(d))
                        return refuse(err, E_NOTIMPL, where, "QEMU's machine has no such thing");
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

static void plan_vsock(struct machine_plan *p, const struct emu_machine_settings *set,
                       const struct emu_machine_request *request) {
        p->vm.vsock = hcs_streq(set->vsock, "kernel")               ? VM_VSOCK_KERNEL
                      : hcs_streq(set->vsock, "vhost-device-vsock") ? VM_VSOCK_EXTERNAL
                                                                    : VM_VSOCK_OURS;
        p->vm.guest_cid = request->guest_cid;
        p->vm.vsock_folder = machine_plan_keep(p, hcs_strdup(request->hvsocket));
}

static HRESULT plan(struct machine_plan *p, const struct emu_machine_settings *set,
                    const struct emu_machine_request *request, struct hcs_error **err) {
        const struct hcs_json *doc = request->document, *devices = hcs_json_lookup(doc, DEVICES);
        HRESULT hr = plan_kernel(p, set, doc, err);

        if (FAILED(hr))
                return hr;
        hr = plan_topology(p, doc, err);
        if (SUCCEEDED(hr))
                hr = plan_disks(p, set, hcs_json_get(devices, "Scsi"), err);
        if (SUCCEEDED(hr))
                hr = plan_pmem(p, set, hcs_json_get(devices, "VirtualPMem"), err);
        if (SUCCEEDED(hr))
                hr = plan_adapters(p, request, err);
        if (SUCCEEDED(hr))
                hr = plan_console(p, hcs_json_get(devices, "ComPorts"), err);
        if (SUCCEEDED(hr))
                hr = look_for_others(devices, err);
        if (SUCCEEDED(hr))
                hr = plan_restore(p, set, hcs_json_lookup(doc, "VirtualMachine.RestoreState"), err);
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
        plan_vsock(p, set, request);
        hr = plan(p, set, request, err);
        if (FAILED(hr)) {
                machine_plan_deinit(p);
                return hr;
        }
        p->vm.name = machine_plan_keep(p, machine_name(request->id));
        p->vm.qemu = set->qemu;
        p->vm.disks = p->disks;
        p->vm.pmem = p->pmem;
        p->vm.nics = p->nics;
        if (hcs_json_count(hcs_json_lookup(request->document, DEVICES ".Plan9.Shares")))
                p->shares = hcs_json_copy(hcs_json_lookup(request->document, DEVICES ".Plan9.Shares"));
        p->vm.processor_limit = p->vm.processors < PROCESSORS ? PROCESSORS : p->vm.processors;
        p->vm.free_slots = has_pmem ? 8 : 4;
        p->vm.memory_limit_mb = p->vm.memory_mb * 2 + (has_pmem ? 32768 : 0);
        if (set->artefacts)
                p->vm.artefacts = machine_plan_keep(p, hcs_asprintf("%s/%s", set->artefacts, p->vm.name));
        return S_OK;
}
