/* SPDX-License-Identifier: MIT */

/*
 * Layers on VPMem devices of a Linux utility VM: one a device, or several at their own offsets. A device of several is
 * given out in blocks of 1 MiB, 4 MiB and so on to 4 GiB, of which each is cut into four smaller ones when needed.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "uvm/devices/private.h"

#define MIB          ((uint64_t)1 << 20)
#define CLASSES      7u
#define MAX_MAPPINGS 1024u
#define PAGE         4096u

struct mapping {
        char *host_path, *guest_path;
        uint64_t offset, size; /* bytes; size as the guest sees it */
        unsigned device, block_class, users;
        struct mapping *next;
};
struct free_block {
        uint64_t offset;
        struct free_block *next;
};
struct uvm_vpmem {
        struct mapping *mappings; /* of a device of one layer: at most one */
        size_t n_mappings;
        struct free_block *free[CLASSES];
        bool is_cut; /* its blocks were made */
};

static uint64_t class_size(unsigned c) {
        return MIB << (2 * c);
}

void uvm_free_vpmem(struct uvm_devices *u) {
        for (uint32_t i = 0; u->vpmem && i < u->s.vpmem_count; i++) {
                for (struct mapping *m = u->vpmem[i].mappings, *next; m; m = next) {
                        next = m->next;
                        free(m->host_path);
                        free(m->guest_path);
                        free(m);
                }
                for (unsigned c = 0; c < CLASSES; c++)
                        for (struct free_block *b = u->vpmem[i].free[c], *next; b; b = next) {
                                next = b->next;
                                free(b);
                        }
        }
        free(u->vpmem);
}

/* Free blocks are kept by offset: the lowest is taken first. */
static void give_back(struct uvm_vpmem *d, unsigned c, uint64_t offset) {
        struct free_block **at = &d->free[c], *b = hcs_calloc(1, sizeof(*b));

        while (*at && (*at)->offset < offset)
                at = &(*at)->next;
        *b = (struct free_block){offset, *at};
        *at = b;
}

static bool take(struct uvm_vpmem *d, unsigned c, uint64_t *ret) {
        struct free_block *b;
        uint64_t parent;

        if (!d->free[c]) {
                if (c + 1 == CLASSES || !take(d, c + 1, &parent))
                        return false;
                for (unsigned i = 0; i < 4; i++)
                        give_back(d, c, parent + i * class_size(c));
        }
        b = d->free[c];
        d->free[c] = b->next;
        *ret = b->offset;
        free(b);
        return true;
}

static char *resource_of(const struct uvm_devices *u, const struct mapping *m) {
        if (!u->s.vpmem_multi_mapping)
                return hcs_asprintf("VirtualMachine/Devices/VirtualPMem/Devices/%u", m->device);
        return hcs_asprintf("VirtualMachine/Devices/VirtualPMem/Devices/%u/Mappings/%llu", m->device,
                            (unsigned long long)m->offset);
}

static HRESULT request(struct uvm_devices *u, const struct mapping *m, const char *what, struct hcs_error **err) {
        struct hcs_schema_guest_lcowvp_mem_mapping_info info = {.DeviceOffsetInBytes = m->offset,
                                                                .DeviceSizeInBytes = m->size};
        struct hcs_schema_guest_lcow_mapped_vp_mem_device device = {.DeviceNumber = m->device,
                                                                    .MountPath = m->guest_path};
        _cleanup_free_ char *settings = NULL;

        if (u->s.vpmem_multi_mapping)
                device.MappingInfo = &info;
        settings = hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_GUEST_LCOW_MAPPED_VP_MEM_DEVICE), &device);
        return uvm_request(u, what, "VPMemDevice", settings, err);
}

static HRESULT add(struct uvm_devices *u, const struct mapping *m, struct hcs_error **err) {
        struct hcs_schema_virtual_p_mem_device device = {
                .HostPath = m->host_path, .ReadOnly = true, .ImageFormat = (char *)(uintptr_t) "Vhd1"};
        struct hcs_schema_virtual_p_mem_mapping mapping = {.HostPath = m->host_path, .ImageFormat = device.ImageFormat};
        _cleanup_free_ char *resource = resource_of(u, m), *settings = NULL;
        HRESULT hr;

        settings = u->s.vpmem_multi_mapping
                           ? hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_VIRTUAL_P_MEM_MAPPING), &mapping)
                           : hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_VIRTUAL_P_MEM_DEVICE), &device);
        hr = uvm_modify(u, resource, "Add", settings, err);
        if (FAILED(hr))
                return hr;
        hr = request(u, m, "Add", err);
        if (FAILED(hr))
                uvm_modify(u, resource, "Remove", NULL, NULL);
        return hr;
}

/* Takes it out of its device. */
static void forget(struct uvm_devices *u, struct mapping *m) {
        struct uvm_vpmem *d = &u->vpmem[m->device];
        struct mapping **at = &d->mappings;

        while (*at != m)
                at = &(*at)->next;
        *at = m->next;
        d->n_mappings--;
        if (u->s.vpmem_multi_mapping)
                give_back(d, m->block_class, m->offset);
        free(m->host_path);
        free(m->guest_path);
        free(m);
}

static HRESULT release(struct uvm_devices *u, void *object, struct hcs_error **err) {
        struct mapping *m = object;
        _cleanup_free_ char *resource = NULL;
        HRESULT hr;

        if (--m->users)
                return S_OK;
        resource = resource_of(u, m);
        hr = request(u, m, "Remove", err);
        forget(u, m);
        return FAILED(hr) ? hr : uvm_modify(u, resource, "Remove", NULL, err);
}

static struct mapping *find(const struct uvm_devices *u, const char *path) {
        for (uint32_t i = 0; i < u->s.vpmem_count; i++)
                for (struct mapping *m = u->vpmem[i].mappings; m; m = m->next)
                        if (hcs_streq(m->host_path, path))
                                return m;
        return NULL;
}

/* The first device with room, and where on it. */
static bool place(struct uvm_devices *u, struct mapping *m) {
        unsigned c = 0;

        while (c < CLASSES && class_size(c) < m->size)
                c++;
        if (u->s.vpmem_multi_mapping && c == CLASSES)
                return false;
        m->block_class = c;
        for (m->device = u->s.reserved_vpmem; m->device < u->s.vpmem_count; m->device++) {
                struct uvm_vpmem *d = &u->vpmem[m->device];

                if (!u->s.vpmem_multi_mapping) {
                        if (!d->n_mappings)
                                return true;
                        continue;
                }
                if (!d->is_cut) {
                        give_back(d, CLASSES - 1, 0);
                        d->is_cut = true;
                }
                if (d->n_mappings < MAX_MAPPINGS && take(d, c, &m->offset))
                        return true;
        }
        return false;
}

HRESULT uvm_devices_add_vpmem(struct uvm_devices *u, const char *path, uvm_ticket *ret, const char **ret_path,
                              struct hcs_error **err) {
        _cleanup_free_ char *missing = NULL;
        struct mapping *m;
        struct uvm_file file;
        HRESULT hr;

        if (!u->vpmem)
                u->vpmem = hcs_calloc(u->s.vpmem_count ? u->s.vpmem_count : 1, sizeof(*u->vpmem));
        m = find(u, path);
        if (!m) {
                if (!uvm_stat(u, path, &file)) {
                        missing = uvm_no_such_file(path);
                        return hcs_error_make(err, HCS_WIN32(2), "%s", missing);
                }
                if (!u->s.vpmem_multi_mapping && file.size > u->s.vpmem_size)
                        return hcs_error_make(err, UVM_E_NO_VPMEM, "layer size is to large for VPMEM max size");
                m = hcs_calloc(1, sizeof(*m));
                m->size = (file.size + PAGE - 1) / PAGE * PAGE;
                if (!place(u, m)) {
                        free(m);
                        return hcs_error_make(err, UVM_E_NO_VPMEM, "no available location");
                }
                m->host_path = hcs_strdup(path);
                m->guest_path = u->s.vpmem_multi_mapping
                                        ? hcs_asprintf("/run/layers/p%u-%llu-%llu", m->device,
                                                       (unsigned long long)m->offset, (unsigned long long)m->size)
                                        : hcs_asprintf("/run/layers/p%u", m->device);
                m->next = u->vpmem[m->device].mappings;
                u->vpmem[m->device].mappings = m;
                u->vpmem[m->device].n_mappings++;
                hr = add(u, m, err);
                if (FAILED(hr)) {
                        forget(u, m);
                        return hr;
                }
        }
        m->users++;
        *ret = uvm_use_new(u, release, NULL, m);
        *ret_path = m->guest_path;
        return S_OK;
}
