/* SPDX-License-Identifier: MIT */

/*
 * Modify requests against the device table of a system. The table is one object: resource path to settings. A row of
 * `resources` says what may be added, removed or updated where; the shapes are those of the modify catalogue.
 */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/emulate.h"

enum request { REQUEST_ADD = 1, REQUEST_REMOVE = 2, REQUEST_UPDATE = 4, REQUEST_NONE = 8 };

struct resource {
        const char *pattern; /* '*' is one segment, a last "**" is the rest */
        unsigned requests;
        enum hcs_json_kind settings;
        const char *key; /* settings member that tells the elements of a list apart, NULL: the path itself does */
        bool vm_only;
};

#define VM "VirtualMachine/"
static const struct resource resources[] = {
        {VM "Devices/Scsi/*/Attachments/*", REQUEST_ADD | REQUEST_REMOVE | REQUEST_UPDATE, HCS_JSON_OBJECT, NULL, true},
        {VM "Devices/VirtualSmb/Shares", REQUEST_ADD | REQUEST_REMOVE | REQUEST_UPDATE, HCS_JSON_OBJECT, "Name", true},
        {VM "Devices/Plan9/Shares", REQUEST_ADD | REQUEST_REMOVE | REQUEST_UPDATE, HCS_JSON_OBJECT, "Name", true},
        {VM "Devices/VirtualPMem/Devices/*", REQUEST_ADD | REQUEST_REMOVE, HCS_JSON_OBJECT, NULL, true},
        {VM "Devices/VirtualPMem/Devices/*/Mappings/*", REQUEST_ADD | REQUEST_REMOVE, HCS_JSON_OBJECT, NULL, true},
        {VM "Devices/NetworkAdapters/*", REQUEST_ADD | REQUEST_REMOVE | REQUEST_UPDATE, HCS_JSON_OBJECT, NULL, true},
        {VM "Devices/VirtualPci/*", REQUEST_ADD | REQUEST_REMOVE, HCS_JSON_OBJECT, NULL, true},
        {VM "Devices/HvSocket/HvSocketConfig/ServiceTable/*", REQUEST_UPDATE | REQUEST_REMOVE, HCS_JSON_OBJECT, NULL,
         true},
        {VM "Devices/FlexibleIov/*", REQUEST_ADD | REQUEST_REMOVE, HCS_JSON_OBJECT, NULL, true},
        {VM "Devices/ComPorts/*", REQUEST_ADD | REQUEST_REMOVE | REQUEST_UPDATE, HCS_JSON_OBJECT, NULL, true},
        {VM "Devices/SharedMemory/Regions", REQUEST_ADD | REQUEST_REMOVE, HCS_JSON_OBJECT, "SectionName", true},
        {VM "Devices/MappedPipes/**", REQUEST_ADD | REQUEST_REMOVE, HCS_JSON_NULL, NULL, true},
        {VM "ComputeTopology/Memory/SizeInMB", REQUEST_NONE | REQUEST_UPDATE, HCS_JSON_NUMBER, NULL, true},
        {VM "ComputeTopology/Processor/Limits", REQUEST_NONE | REQUEST_UPDATE, HCS_JSON_OBJECT, NULL, true},
        {VM "ComputeTopology/Processor/CpuGroup", REQUEST_NONE | REQUEST_UPDATE, HCS_JSON_OBJECT, NULL, true},
        {"Container/MappedDirectories", REQUEST_ADD | REQUEST_REMOVE, HCS_JSON_OBJECT, "ContainerPath", false},
        {"Container/MappedPipes", REQUEST_ADD | REQUEST_REMOVE, HCS_JSON_OBJECT, "ContainerPipeName", false},
        {"Container/Memory/SizeInMB", REQUEST_UPDATE, HCS_JSON_NUMBER, NULL, false},
        {"Container/Processor", REQUEST_UPDATE, HCS_JSON_OBJECT, NULL, false},
};

static bool path_matches(const char *pattern, const char *path) {
        for (;;) {
                size_t n = strcspn(pattern, "/"), m = strcspn(path, "/");

                if (strcmp(pattern, "**") == 0)
                        return *path != '\0';
                if (!(n == 1 && *pattern == '*' && m > 0) && (n != m || strncmp(pattern, path, n) != 0))
                        return false;
                pattern += n;
                path += m;
                if (!*pattern || !*path)
                        return *pattern == *path;
                pattern++;
                path++;
        }
}

static const struct resource *find_resource(const char *path) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(resources); i++)
                if (path_matches(resources[i].pattern, path))
                        return &resources[i];
        return NULL;
}

static void add_map(struct compute_system *s, const char *where, const struct hcs_json *map) {
        for (const struct hcs_json *m = hcs_json_first(map); m; m = hcs_json_next(m)) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", where, hcs_json_key(m));

                hcs_json_set(s->devices, path, hcs_json_copy(m));
        }
}

static void add_list(struct compute_system *s, const char *where, const struct hcs_json *list, const char *key) {
        for (const struct hcs_json *m = hcs_json_first(list); m; m = hcs_json_next(m)) {
                const char *name = hcs_json_get_string(m, key);
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", where, name ? name : "");

                hcs_json_set(s->devices, path, hcs_json_copy(m));
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

                hcs_json_set(s->devices, controller, hcs_json_new_bool(true));
                add_map(s, attachments, hcs_json_get(c, "Attachments"));
        }
        add_map(s, VM "Devices/NetworkAdapters", hcs_json_get(devices, "NetworkAdapters"));
        add_map(s, VM "Devices/VirtualPci", hcs_json_get(devices, "VirtualPci"));
        add_map(s, VM "Devices/VirtualPMem/Devices", hcs_json_lookup(devices, "VirtualPMem.Devices"));
        add_map(s, VM "Devices/HvSocket/HvSocketConfig/ServiceTable",
                hcs_json_lookup(devices, "HvSocket.HvSocketConfig.ServiceTable"));
        add_list(s, VM "Devices/VirtualSmb/Shares", hcs_json_lookup(devices, "VirtualSmb.Shares"), "Name");
        add_list(s, VM "Devices/Plan9/Shares", hcs_json_lookup(devices, "Plan9.Shares"), "Name");
        add_list(s, "Container/MappedDirectories", hcs_json_get(container, "MappedDirectories"), "ContainerPath");
        add_list(s, "Container/MappedPipes", hcs_json_get(container, "MappedPipes"), "ContainerPipeName");
}

static unsigned request_of(const char *type) {
        if (!type || !*type)
                return REQUEST_NONE;
        if (hcs_streq(type, "Add"))
                return REQUEST_ADD;
        if (hcs_streq(type, "Remove"))
                return REQUEST_REMOVE;
        return hcs_streq(type, "Update") ? REQUEST_UPDATE : 0;
}

/* SCSI: the controller must exist and the LUN be one of 0 to 63. */
static bool check_scsi(struct mock_call *call, struct compute_system *s, const char *path) {
        const char *lun = strrchr(path, '/') + 1;
        _cleanup_free_ char *controller = hcs_strndup(path, (size_t)(strstr(path, "/Attachments/") - path));
        uint64_t n;

        if (!hcs_json_get(s->devices, controller)) {
                refuse(call, HCS_WIN32(0x490), "there is no SCSI controller \"%s\"", strrchr(controller, '/') + 1);
                return false;
        }
        if (!hcs_str_to_u64(lun, &n) || n > 63) {
                refuse_path(call, "ResourcePath", "a LUN is a number from 0 to 63");
                return false;
        }
        return true;
}

static bool check_settings(struct mock_call *call, const struct resource *r, const struct hcs_json *settings,
                           unsigned request) {
        if (request == REQUEST_REMOVE || r->settings == HCS_JSON_NULL)
                return true;
        if (!hcs_json_is(settings, r->settings)) {
                refuse_path(call, "Settings",
                            r->settings == HCS_JSON_NUMBER ? "a number is expected" : "an object is expected");
                return false;
        }
        return true;
}

static void apply(struct mock_call *call, struct compute_system *s, const char *key, const struct hcs_json *settings,
                  unsigned request) {
        bool present = hcs_json_get(s->devices, key) != NULL;

        if (request == REQUEST_ADD && present) {
                refuse(call, HCS_WIN32(0xB7), "\"%s\" exists already", key);
                return;
        }
        if (request == REQUEST_REMOVE && !present) {
                refuse(call, HCS_WIN32(0x490), "there is no \"%s\"", key);
                return;
        }
        if (request == REQUEST_REMOVE)
                hcs_json_remove(s->devices, key);
        else
                hcs_json_set(s->devices, key, settings ? hcs_json_copy(settings) : hcs_json_new_null());
        mock_call_done(call, NULL);
}

static void modify_resource(struct mock_call *call, struct compute_system *s, const struct hcs_json *doc,
                            const char *path) {
        const struct resource *r = find_resource(path);
        const char *type = hcs_json_get_string(doc, "RequestType"), *name = NULL;
        const struct hcs_json *settings = hcs_json_get(doc, "Settings");
        unsigned request = request_of(type);
        _cleanup_free_ char *key = NULL;

        if (!r || (r->vm_only && !s->is_vm) || (!r->vm_only && s->is_vm)) {
                refuse_path(call, "ResourcePath", "this compute system has no such resource");
                return;
        }
        if (!(request & r->requests)) {
                refuse_path(call, "RequestType", "not possible for this resource");
                return;
        }
        if (!check_settings(call, r, settings, request))
                return;
        if (strstr(path, "/Scsi/") && !check_scsi(call, s, path))
                return;
        if (r->key) {
                name = hcs_json_get_string(settings, r->key);
                if (!name || !*name) {
                        _cleanup_free_ char *where = hcs_asprintf("Settings.%s", r->key);

                        refuse_path(call, where, "a name is expected");
                        return;
                }
        }
        key = name ? hcs_asprintf("%s/%s", path, name) : hcs_strdup(path);
        apply(call, s, key, settings, request);
}

void system_modify(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct compute_system *s = system_of(call);
        const struct hcs_json *doc = document_of(call, "configuration", false);
        const char *path = hcs_json_get_string(doc, "ResourcePath"), *v1 = hcs_json_get_string(doc, "ResourceType");

        if (!doc)
                return;
        if (s->state != SYSTEM_RUNNING && s->state != SYSTEM_PAUSED) {
                refuse(call, HCS_E_INVALID_STATE, "cannot modify a compute system that is %s", system_state_name(s));
                return;
        }
        if (!v1 && !document_fits(em, call, HCS_SCHEMA_MODIFY_SETTING_REQUEST, doc))
                return;
        if (path && *path) {
                modify_resource(call, s, doc, path);
        } else if (hcs_streq(v1, "Network")) {
                _cleanup_free_ char *key = hcs_asprintf("Network/%s", hcs_json_get_string(doc, "Settings") ?: "");
                unsigned request = request_of(hcs_json_get_string(doc, "RequestType"));

                if (request == REQUEST_ADD || request == REQUEST_REMOVE)
                        apply(call, s, key, NULL, request);
                else
                        refuse_path(call, "RequestType", "Add or Remove is expected");
        } else if (hcs_json_is(hcs_json_get(doc, "GuestRequest"), HCS_JSON_OBJECT)) {
                mock_call_done(call, NULL); /* handed to a guest that accepts everything */
        } else {
                refuse_path(call, "ResourcePath", "there is neither a resource nor a guest request");
        }
}
