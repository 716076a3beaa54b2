/* SPDX-License-Identifier: MIT */

/* The service itself: processor topology, CPU groups, credential guard, crash reports, and access grants. */

#include "base/str.h"
#include "mockhcs/emulate/emulate.h"
#include "mockhcs/emulate/storage/storage.h"

static struct hcs_json *topology(const struct emulator *em) {
        struct hcs_json *o = hcs_json_new_object(), *list;

        hcs_json_set_u64(o, "LogicalProcessorCount", em->processors);
        list = hcs_json_set_new_array(o, "LogicalProcessors");
        for (uint32_t i = 0; i < em->processors; i++) {
                struct hcs_json *lp = hcs_json_append(list, hcs_json_new_object());

                hcs_json_set_u64(lp, "LpIndex", i);
                hcs_json_set_u64(lp, "NodeNumber", 0);
                hcs_json_set_u64(lp, "PackageId", 0);
                hcs_json_set_u64(lp, "CoreId", i / 2);
                hcs_json_set_i64(lp, "RootVpIndex", (int64_t)i);
        }
        return o;
}

static struct hcs_json *basic_information(void) {
        struct hcs_json *o = hcs_json_new_object(), *v;

        v = hcs_json_append(hcs_json_set_new_array(o, "SupportedSchemaVersions"), hcs_json_new_object());
        hcs_json_set_u64(v, "Major", 1);
        hcs_json_set_u64(v, "Minor", 0);
        v = hcs_json_append(hcs_json_get(o, "SupportedSchemaVersions"), hcs_json_new_object());
        hcs_json_set_u64(v, "Major", 2);
        hcs_json_set_u64(v, "Minor", 9);
        return o;
}

static struct hcs_json *property(const struct emulator *em, const char *type) {
        struct hcs_json *o;

        if (hcs_streq(type, "ProcessorTopology"))
                return topology(em);
        if (hcs_streq(type, "Basic"))
                return basic_information();
        if (!hcs_streq(type, "CpuGroup") && !hcs_streq(type, "ContainerCredentialGuard"))
                return NULL;
        o = hcs_json_new_object();
        if (*type == 'C' && type[1] == 'p')
                hcs_json_set(o, "CpuGroups", hcs_json_copy(em->cpu_groups));
        else
                hcs_json_set(o, "Instances", hcs_json_copy(em->credentials));
        return o;
}

void service_properties(struct emulator *em, struct mock_call *call, struct emissions *out) {
        const struct hcs_json *query = document_of(call, "query", true);
        _cleanup_json_ struct hcs_json *answer = NULL;
        struct hcs_json *list;
        size_t i = 0;

        if (!query)
                return;
        answer = hcs_json_new_object();
        list = hcs_json_set_new_array(answer, "Properties");
        for (const struct hcs_json *t = hcs_json_first(hcs_json_get(query, "PropertyTypes")); t;
             t = hcs_json_next(t), i++) {
                struct hcs_json *p = property(em, hcs_json_string(t));

                if (!p) {
                        _cleanup_free_ char *path = hcs_asprintf("PropertyTypes[%zu]", i);

                        refuse_path(call, path, "unknown property type");
                        return;
                }
                hcs_json_append(list, p);
        }
        mock_call_done(call, hcs_json_text(answer, HCS_JSON_GO));
}

static struct hcs_json *find_by(struct hcs_json *list, const char *key, const char *value) {
        for (struct hcs_json *e = hcs_json_first(list); e; e = hcs_json_next(e))
                if (value && hcs_strcaseeq(hcs_json_get_string(e, key), value))
                        return e;
        return NULL;
}

/* Elements of `list` told apart by `key`: make one, delete one. */
static void change_list(struct mock_call *call, struct hcs_json *list, const char *key, const char *id,
                        struct hcs_json *made) {
        struct hcs_json *found = find_by(list, key, id);

        if (made && found) {
                hcs_json_free(made);
                refuse(call, HCS_WIN32(0xB7), "\"%s\" exists already", id);
        } else if (made) {
                hcs_json_append(list, made);
                mock_call_done(call, NULL);
        } else if (!found) {
                refuse(call, HCS_WIN32(0x490), "there is no \"%s\"", id);
        } else {
                hcs_json_free(hcs_json_detach(list, found));
                mock_call_done(call, NULL);
        }
}

static void change_cpu_group(struct emulator *em, struct mock_call *call, const char *operation,
                             const struct hcs_json *details) {
        const char *id = hcs_json_get_string(details, "GroupId");
        struct hcs_json *group, *affinity, *found;

        if (!id) {
                refuse_path(call, "Settings.OperationDetails.GroupId", "a string is expected");
        } else if (hcs_streq(operation, "CreateGroup")) {
                group = hcs_json_new_object();
                hcs_json_set_string(group, "GroupId", id);
                affinity = hcs_json_set_new_object(group, "Affinity");
                hcs_json_set_u64(affinity, "LogicalProcessorCount",
                                 hcs_json_count(hcs_json_get(details, "LogicalProcessors")));
                hcs_json_set(affinity, "LogicalProcessors",
                             hcs_json_get(details, "LogicalProcessors")
                                     ? hcs_json_copy(hcs_json_get(details, "LogicalProcessors"))
                                     : hcs_json_new_array());
                hcs_json_set_u64(group, "HypervisorGroupId", ++em->next_guid);
                change_list(call, em->cpu_groups, "GroupId", id, group);
        } else if (hcs_streq(operation, "DeleteGroup")) {
                change_list(call, em->cpu_groups, "GroupId", id, NULL);
        } else if (hcs_streq(operation, "SetProperty")) {
                found = find_by(em->cpu_groups, "GroupId", id);
                if (!found) {
                        refuse(call, HCS_WIN32(0x490), "there is no CPU group \"%s\"", id);
                        return;
                }
                if (!hcs_json_get(found, "GroupProperties"))
                        hcs_json_set_new_array(found, "GroupProperties");
                hcs_json_append(hcs_json_get(found, "GroupProperties"), hcs_json_copy(details));
                mock_call_done(call, NULL);
        } else {
                refuse_path(call, "Settings.Operation", "CreateGroup, DeleteGroup or SetProperty is expected");
        }
}

static void change_credential(struct emulator *em, struct mock_call *call, const char *operation,
                              const struct hcs_json *details) {
        const char *id = hcs_json_get_string(details, "Id");

        if (!id) {
                refuse_path(call, "Settings.OperationDetails.Id", "a string is expected");
        } else if (hcs_streq(operation, "AddInstance")) {
                struct hcs_json *instance = hcs_json_new_object(), *guard;

                hcs_json_set_string(instance, "Id", id);
                guard = hcs_json_set_new_object(instance, "CredentialGuard");
                hcs_json_set_string(guard, "Cookie", "mock-cookie");
                hcs_json_set_string(guard, "RpcEndpoint", "mock-endpoint");
                hcs_json_set_string(guard, "Transport", hcs_json_get_string(details, "Transport"));
                hcs_json_set_string(guard, "CredentialSpec", hcs_json_get_string(details, "CredentialSpec"));
                change_list(call, em->credentials, "Id", id, instance);
        } else if (hcs_streq(operation, "RemoveInstance")) {
                change_list(call, em->credentials, "Id", id, NULL);
        } else {
                refuse_path(call, "Settings.Operation", "AddInstance or RemoveInstance is expected");
        }
}

void service_modify(struct emulator *em, struct mock_call *call, struct emissions *out) {
        const struct hcs_json *doc = document_of(call, "settings", false), *settings = hcs_json_get(doc, "Settings");
        const char *type = hcs_json_get_string(doc, "PropertyType"),
                   *operation = hcs_json_get_string(settings, "Operation");
        const struct hcs_json *details = hcs_json_get(settings, "OperationDetails");

        if (!doc)
                return;
        if (hcs_streq(type, "CpuGroup"))
                change_cpu_group(em, call, operation, details);
        else if (hcs_streq(type, "ContainerCredentialGuard"))
                change_credential(em, call, operation, details);
        else
                refuse_path(call, "PropertyType", "CpuGroup or ContainerCredentialGuard is expected");
}

/* A report of a crash is checked; nobody is told. */
void service_report(struct emulator *em, struct mock_call *call, struct emissions *out) {
        const struct hcs_json *report = document_of(call, "settings", false);

        if (report && document_fits(em, call, HCS_SCHEMA_CRASH_REPORT, report))
                mock_call_done(call, NULL);
}

void service_access(struct emulator *em, struct mock_call *call, struct emissions *out) {
        const char *vm = mock_call_text(call, "vmId"), *file = mock_call_text(call, "file");
        _cleanup_free_ char *key = hcs_asprintf("%s|%s", vm, file);
        bool grant = call->function->verb == MOCK_GRANT_VM_ACCESS || call->function->verb == MOCK_GRANT_VM_GROUP_ACCESS;

        if (storage_lacks(em->storage, file)) {
                refuse(call, STORAGE_NOT_FOUND, "there is no file \"%s\"", file);
                return;
        }
        if (grant)
                hcs_json_set_bool(em->grants, key, true);
        else
                hcs_json_remove(em->grants, key);
        mock_call_done(call, NULL);
}
