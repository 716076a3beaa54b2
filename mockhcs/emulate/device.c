/* SPDX-License-Identifier: MIT */

/*
 * The device table of a system: one object, resource path to settings. It begins with what the create document attaches
 * and is changed by modify requests. Everything here runs under the emulator's lock.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/emulate.h"

#define VM "VirtualMachine/"

/* GUIDs are spelled in many ways and mean the same. */
char *device_key(const char *path) {
        _cleanup_buf_ struct hcs_buf b = {0};

        while (*path) {
                size_t n = strcspn(path, "/");
                _cleanup_free_ char *segment = hcs_strndup(path, n);
                char text[HCS_GUID_TEXT_SIZE];
                GUID id;

                if (SUCCEEDED(hcs_guid_parse(segment, &id, NULL))) {
                        hcs_guid_format(&id, text);
                        hcs_buf_puts(&b, text);
                } else {
                        hcs_buf_puts(&b, segment);
                }
                path += n;
                if (*path)
                        hcs_buf_putc(&b, *path++);
        }
        return hcs_buf_steal(&b);
}

const struct hcs_json *device_get(const struct compute_system *s, const char *path) {
        _cleanup_free_ char *key = device_key(path);

        return hcs_json_get(s->devices, key);
}

void device_set(struct compute_system *s, const char *path, const struct hcs_json *settings) {
        _cleanup_free_ char *key = device_key(path);

        hcs_json_set(s->devices, key, settings ? hcs_json_copy(settings) : hcs_json_new_null());
}

void device_remove(struct compute_system *s, const char *path) {
        _cleanup_free_ char *key = device_key(path);

        hcs_json_remove(s->devices, key);
}

static void add_map(struct compute_system *s, const char *where, const struct hcs_json *map) {
        for (const struct hcs_json *m = hcs_json_first(map); m; m = hcs_json_next(m)) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", where, hcs_json_key(m));

                device_set(s, path, m);
        }
}

static void add_list(struct compute_system *s, const char *where, const struct hcs_json *list, const char *key) {
        for (const struct hcs_json *m = hcs_json_first(list); m; m = hcs_json_next(m)) {
                const char *name = hcs_json_get_string(m, key);
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", where, name ? name : "");

                device_set(s, path, m);
        }
}

/* What the create document already attaches. */
void system_devices_from_document(struct compute_system *s) {
        const struct hcs_json *devices = hcs_json_lookup(s->document, "VirtualMachine.Devices");
        const struct hcs_json *scsi = hcs_json_get(devices, "Scsi"),
                              *container = hcs_json_get(s->document, "Container");

        for (const struct hcs_json *c = hcs_json_first(scsi); c; c = hcs_json_next(c)) {
                _cleanup_free_ char *controller = hcs_asprintf(VM "Devices/Scsi/%s", hcs_json_key(c));
                _cleanup_free_ char *attachments = hcs_asprintf("%s/Attachments", controller);

                device_set(s, controller, NULL);
                add_map(s, attachments, hcs_json_get(c, "Attachments"));
        }
        add_map(s, VM "Devices/NetworkAdapters", hcs_json_get(devices, "NetworkAdapters"));
        add_map(s, VM "Devices/VirtualPci", hcs_json_get(devices, "VirtualPci"));
        if (hcs_json_get(devices, "VirtualPMem"))
                device_set(s, VM "Devices/VirtualPMem", hcs_json_get(devices, "VirtualPMem"));
        add_map(s, VM "Devices/VirtualPMem/Devices", hcs_json_lookup(devices, "VirtualPMem.Devices"));
        add_map(s, VM "Devices/HvSocket/HvSocketConfig/ServiceTable",
                hcs_json_lookup(devices, "HvSocket.HvSocketConfig.ServiceTable"));
        add_map(s, VM "Devices/ComPorts", hcs_json_get(devices, "ComPorts"));
        add_map(s, VM "Devices/FlexibleIov", hcs_json_get(devices, "FlexibleIov"));
        add_list(s, VM "Devices/SharedMemory/Regions", hcs_json_lookup(devices, "SharedMemory.Regions"), "SectionName");
        add_list(s, VM "Devices/VirtualSmb/Shares", hcs_json_lookup(devices, "VirtualSmb.Shares"), "Name");
        add_list(s, VM "Devices/Plan9/Shares", hcs_json_lookup(devices, "Plan9.Shares"), "Name");
        add_list(s, "Container/MappedDirectories", hcs_json_get(container, "MappedDirectories"), "ContainerPath");
        add_list(s, "Container/MappedPipes", hcs_json_get(container, "MappedPipes"), "ContainerPipeName");
}
