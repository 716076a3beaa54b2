/* SPDX-License-Identifier: MIT */

/*
 * Modify requests. A row of `resources` says what may be added, removed or updated where, and what the settings have to
 * be; the shapes are those of the modify catalogue. What is attached is in the device table (device.c).
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/machine.h"

enum request { REQUEST_ADD = 1, REQUEST_REMOVE = 2, REQUEST_UPDATE = 4, REQUEST_NONE = 8 };
#define REQUEST_AR  (REQUEST_ADD | REQUEST_REMOVE)
#define REQUEST_ARU (REQUEST_AR | REQUEST_UPDATE)
#define REQUEST_SET (REQUEST_NONE | REQUEST_UPDATE) /* one value: there is nothing to add */

#define ANY_SETTINGS HCS_SCHEMA_TYPE_COUNT

struct resource {
        const char *pattern; /* '*' is one segment, a last "**" is the rest */
        unsigned requests;
        enum hcs_json_kind settings;
        enum hcs_schema_type_id type; /* of the settings */
        const char *key;   /* settings member that tells the elements of a list apart, NULL: the path itself does */
        const char *need;  /* member that must be there to add one */
        bool updates_make; /* an update of what is not there makes it */
        bool vm_only;
};

#define VM            "VirtualMachine/"
#define OBJECT(t)     HCS_JSON_OBJECT, HCS_SCHEMA_##t
#define NUMBER        HCS_JSON_NUMBER, ANY_SETTINGS
#define NO_SETTINGS   HCS_JSON_NULL, ANY_SETTINGS
#define SCSI_SLOT     VM "Devices/Scsi/*/Attachments/*"
#define PMEM          VM "Devices/VirtualPMem"
#define SERVICE_TABLE VM "Devices/HvSocket/HvSocketConfig/ServiceTable"
static const struct resource resources[] = {
        {SCSI_SLOT, REQUEST_ARU, OBJECT(ATTACHMENT), .need = "Path", .vm_only = true},
        {VM "Devices/VirtualSmb/Shares", REQUEST_ARU, OBJECT(VIRTUAL_SMB_SHARE), "Name", "Path", .vm_only = true},
        {VM "Devices/Plan9/Shares", REQUEST_ARU, OBJECT(PLAN9_SHARE), "Name", "Path", .vm_only = true},
        {PMEM "/Devices/*", REQUEST_AR, OBJECT(VIRTUAL_P_MEM_DEVICE), .vm_only = true},
        {PMEM "/Devices/*/Mappings/*", REQUEST_AR, OBJECT(VIRTUAL_P_MEM_MAPPING), .vm_only = true},
        {VM "Devices/NetworkAdapters/*", REQUEST_ARU, OBJECT(NETWORK_ADAPTER), .vm_only = true},
        {VM "Devices/VirtualPci/*", REQUEST_AR, OBJECT(VIRTUAL_PCI_DEVICE), .vm_only = true},
        {SERVICE_TABLE "/*", REQUEST_UPDATE | REQUEST_REMOVE, OBJECT(HV_SOCKET_SERVICE_CONFIG), .updates_make = true,
         .vm_only = true},
        {VM "Devices/FlexibleIov/*", REQUEST_AR, OBJECT(FLEXIBLE_IO_DEVICE), .vm_only = true},
        {VM "Devices/ComPorts/*", REQUEST_ARU, OBJECT(COM_PORT), .vm_only = true},
        {VM "Devices/SharedMemory/Regions", REQUEST_AR, OBJECT(SHARED_MEMORY_REGION), "SectionName", .vm_only = true},
        {VM "Devices/MappedPipes/**", REQUEST_AR, NO_SETTINGS, .vm_only = true},
        {VM "ComputeTopology/Memory/SizeInMB", REQUEST_SET, NUMBER, .updates_make = true, .vm_only = true},
        {VM "ComputeTopology/Processor/Count", REQUEST_SET, NUMBER, .updates_make = true, .vm_only = true},
        {VM "ComputeTopology/Processor/Limits", REQUEST_SET, OBJECT(PROCESSOR_LIMITS), .updates_make = true,
         .vm_only = true},
        {VM "ComputeTopology/Processor/CpuGroup", REQUEST_SET, OBJECT(CPU_GROUP), .updates_make = true,
         .vm_only = true},
        {"Container/MappedDirectories", REQUEST_AR, OBJECT(MAPPED_DIRECTORY), "ContainerPath", "HostPath"},
        {"Container/MappedPipes", REQUEST_AR, OBJECT(MAPPED_PIPE), "ContainerPipeName", "HostPath"},
        {"Container/Memory/SizeInMB", REQUEST_UPDATE, NUMBER, .updates_make = true},
        {"Container/Processor", REQUEST_UPDATE, OBJECT(PROCESSOR), .updates_make = true},
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

static unsigned request_of(const char *type) {
        if (!type || !*type)
                return REQUEST_NONE;
        if (hcs_streq(type, "Add"))
                return REQUEST_ADD;
        if (hcs_streq(type, "Remove"))
                return REQUEST_REMOVE;
        return hcs_streq(type, "Update") ? REQUEST_UPDATE : 0;
}

/* A slot is a number, spelled as one. */
static bool slot_of(struct mock_call *call, const char *segment, uint64_t limit, const char *what) {
        _cleanup_free_ char *text = hcs_strndup(segment, strcspn(segment, "/")), *again = NULL, *why = NULL;
        uint64_t n;

        if (hcs_str_to_u64(text, &n) && n < limit) {
                again = hcs_asprintf("%llu", (unsigned long long)n);
                if (hcs_streq(text, again))
                        return true;
        }
        why = hcs_asprintf("\"%s\" is no %s: a number from 0 to %lld is expected", text, what, (long long)limit - 1);
        refuse_path(call, "ResourcePath", why);
        return false;
}

static bool check_scsi(struct mock_call *call, struct compute_system *s, const char *path) {
        _cleanup_free_ char *controller = hcs_strndup(path, (size_t)(strstr(path, "/Attachments/") - path));

        if (!device_get(s, controller)) {
                refuse(call, HCS_WIN32(0x490), "there is no SCSI controller \"%s\"", strrchr(controller, '/') + 1);
                return false;
        }
        return slot_of(call, strrchr(path, '/') + 1, 64, "LUN");
}

static bool check_pmem(struct mock_call *call, struct compute_system *s, const char *path) {
        const char *slot = path + strlen(PMEM "/Devices/"), *mapping = strstr(path, "/Mappings/");
        const struct hcs_json *controller = device_get(s, PMEM);
        uint64_t maximum = 128; /* of the platform, where the document does not say */

        if (!controller) {
                refuse(call, HCS_WIN32(0x490), "the compute system has no VirtualPMem controller");
                return false;
        }
        hcs_json_u64(hcs_json_get(controller, "MaximumCount"), &maximum);
        if (!slot_of(call, slot, maximum, "slot of the VirtualPMem controller"))
                return false;
        if (mapping) {
                _cleanup_free_ char *device = hcs_strndup(path, (size_t)(mapping - path));

                if (!device_get(s, device)) {
                        refuse(call, HCS_WIN32(0x490), "there is no \"%s\"", device);
                        return false;
                }
        }
        return true;
}

static bool check_place(struct mock_call *call, struct compute_system *s, const char *path) {
        if (hcs_str_starts(path, VM "Devices/Scsi/"))
                return check_scsi(call, s, path);
        return !hcs_str_starts(path, PMEM) || check_pmem(call, s, path);
}

static bool check_member(struct mock_call *call, const struct hcs_json *settings, const char *member) {
        const char *text = member ? hcs_json_get_string(settings, member) : NULL;
        _cleanup_free_ char *where = NULL;

        if (!member || (text && *text))
                return true;
        where = hcs_asprintf("Settings.%s", member);
        refuse_path(call, where, "a text is expected");
        return false;
}

static bool check_settings(struct emulator *em, struct mock_call *call, const struct resource *r,
                           const struct hcs_json *settings, unsigned request) {
        if (r->settings == HCS_JSON_NULL)
                return true;
        if (request != REQUEST_REMOVE && !hcs_json_is(settings, r->settings)) {
                refuse_path(call, "Settings",
                            r->settings == HCS_JSON_NUMBER ? "a number is expected" : "an object is expected");
                return false;
        }
        if (r->type != ANY_SETTINGS && settings && !settings_fit(em, call, r->type, "Settings", settings))
                return false;
        return check_member(call, settings, r->key) &&
               (request != REQUEST_ADD || check_member(call, settings, r->need));
}

static bool may_change(struct mock_call *call, struct compute_system *s, const char *key, unsigned request,
                       bool updates_make) {
        bool present = device_get(s, key) != NULL;

        if (request == REQUEST_ADD && present)
                refuse(call, HCS_WIN32(0xB7), "\"%s\" exists already", key);
        else if (request != REQUEST_ADD && !present && !(request != REQUEST_REMOVE && updates_make))
                refuse(call, HCS_WIN32(0x490), "there is no \"%s\"", key);
        return !call->completed;
}

void device_change_deinit(struct device_change *c) {
        free(c->path);
        free(c->key);
        hcs_json_free(c->settings);
        *c = (struct device_change){0};
}

/* An adapter takes its endpoint with it. */
void device_change_apply(struct emulator *em, struct compute_system *s, const struct device_change *c,
                         struct emissions *out) {
        bool is_adapter = path_matches(VM "Devices/NetworkAdapters/*", c->path);

        if (is_adapter && device_get(s, c->key))
                net_system_adapter(em, s, device_get(s, c->key), false, out);
        if (c->request == EMU_REMOVE)
                device_remove(s, c->key);
        else
                device_set(s, c->key, c->settings);
        if (is_adapter && c->request != EMU_REMOVE)
                net_system_adapter(em, s, c->settings, true, out);
}

static void modify_resource(struct emulator *em, struct mock_call *call, struct compute_system *s,
                            const struct hcs_json *doc, const char *path, struct emissions *out) {
        const struct resource *r = find_resource(path);
        const struct hcs_json *settings = hcs_json_get(doc, "Settings");
        unsigned request = request_of(hcs_json_get_string(doc, "RequestType"));
        _cleanup_(device_change_deinit) struct device_change change = {0};

        if (!r || r->vm_only != s->is_vm) {
                refuse_path(call, "ResourcePath", "this compute system has no such resource");
                return;
        }
        if (!(request & r->requests)) {
                refuse_path(call, "RequestType", "not possible for this resource");
                return;
        }
        if (!check_settings(em, call, r, settings, request) || !check_place(call, s, path))
                return;
        change.path = device_key(path);
        change.key = r->key ? hcs_asprintf("%s/%s", change.path, hcs_json_get_string(settings, r->key))
                            : hcs_strdup(change.path);
        if (!may_change(call, s, change.key, request, r->updates_make))
                return;
        change.request = request == REQUEST_ADD ? EMU_ADD : request == REQUEST_REMOVE ? EMU_REMOVE : EMU_UPDATE;
        change.settings = settings ? hcs_json_copy(settings) : NULL;
        if (s->machine) {
                machine_change(em, call, s, &change);
                return;
        }
        device_change_apply(em, s, &change, out);
        mock_call_done(call, NULL);
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
                modify_resource(em, call, s, doc, path, out);
        } else if (hcs_streq(v1, "Network")) {
                _cleanup_free_ char *key = hcs_asprintf("Network/%s", hcs_json_get_string(doc, "Settings") ?: "");
                unsigned request = request_of(hcs_json_get_string(doc, "RequestType"));

                if (request != REQUEST_ADD && request != REQUEST_REMOVE) {
                        refuse_path(call, "RequestType", "Add or Remove is expected");
                } else if (may_change(call, s, key, request, false)) {
                        if (request == REQUEST_ADD)
                                device_set(s, key, NULL);
                        else
                                device_remove(s, key);
                        mock_call_done(call, NULL);
                }
        } else if (hcs_json_is(hcs_json_get(doc, "GuestRequest"), HCS_JSON_OBJECT)) {
                mock_call_done(call, NULL); /* handed to a guest that accepts everything */
        } else {
                refuse_path(call, "ResourcePath", "there is neither a resource nor a guest request");
        }
}
