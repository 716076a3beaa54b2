/* SPDX-License-Identifier: MIT */

/* What spec.h says of annotations, mounts by destination and small members. */

#include "guest/container/spec.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"

const char *guest_spec_annotation(const struct hcs_json *spec, const char *name) {
        return hcs_json_get_string(hcs_json_get(spec, "annotations"), name);
}

bool guest_spec_annotation_bool(const struct hcs_json *spec, const char *name, bool fallback) {
        static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
        static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
        const char *value = guest_spec_annotation(spec, name);

        if (!value)
                return fallback;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(yes); i++) {
                if (hcs_streq(value, yes[i]))
                        return true;
                if (hcs_streq(value, no[i]))
                        return false;
        }
        hcs_log(HCS_LOG_WARN, "annotation value could not be parsed", "annotation", name, "value", value,
                "expected-type", "bool", NULL);
        return fallback;
}

char *guest_spec_network_namespace(const struct hcs_json *spec) {
        const char *id = hcs_json_string(hcs_json_lookup(spec, "windows.network.networkNamespace"));
        char *lower = hcs_strdup(id ? id : "");

        for (char *p = lower; *p; p++)
                *p = (char)tolower((unsigned char)*p);
        return lower;
}

bool guest_spec_is_root_readonly(const struct hcs_json *spec) {
        return hcs_json_bool(hcs_json_lookup(spec, "root.readonly"));
}

const char *guest_spec_root_path(const struct hcs_json *spec) {
        const char *path = hcs_json_string(hcs_json_lookup(spec, "root.path"));

        return path ? path : "";
}

bool guest_spec_owns_pid_namespace(const struct hcs_json *spec) {
        const struct hcs_json *ns = hcs_json_first(hcs_json_lookup(spec, "linux.namespaces"));
        bool owns = false;

        for (; ns; ns = hcs_json_next(ns))
                if (hcs_streq(hcs_json_get_string(ns, "type"), "pid")) {
                        const char *path = hcs_json_get_string(ns, "path");

                        owns = !path || !*path;
                }
        return owns;
}

struct hcs_json *guest_spec_object(struct hcs_json *parent, const char *name) {
        struct hcs_json *j = hcs_json_get(parent, name);

        return hcs_json_is(j, HCS_JSON_OBJECT) ? j : hcs_json_set_new_object(parent, name);
}

struct hcs_json *guest_spec_array(struct hcs_json *parent, const char *name) {
        struct hcs_json *j = hcs_json_get(parent, name);

        return hcs_json_is(j, HCS_JSON_ARRAY) ? j : hcs_json_set_new_array(parent, name);
}

bool guest_spec_has_mount(const struct hcs_json *spec, const char *destination) {
        const struct hcs_json *m = hcs_json_first(hcs_json_get(spec, "mounts"));

        for (; m; m = hcs_json_next(m))
                if (hcs_streq(hcs_json_get_string(m, "destination"), destination))
                        return true;
        return false;
}

void guest_spec_remove_mounts(struct hcs_json *spec, const char *destination) {
        struct hcs_json *mounts = hcs_json_get(spec, "mounts"), *next;

        for (struct hcs_json *m = hcs_json_first(mounts); m; m = next) {
                next = hcs_json_next(m);
                if (hcs_streq(hcs_json_get_string(m, "destination"), destination))
                        hcs_json_free(hcs_json_detach(mounts, m));
        }
}

void guest_spec_add_bind(struct hcs_json *spec, const char *source, const char *destination, bool follow_root) {
        struct hcs_json *m = hcs_json_append(guest_spec_array(spec, "mounts"), hcs_json_new_object()), *options;

        hcs_json_set_string(m, "destination", destination);
        hcs_json_set_string(m, "type", "bind");
        hcs_json_set_string(m, "source", source);
        options = hcs_json_set_new_array(m, "options");
        hcs_json_append(options, hcs_json_new_string("bind"));
        if (follow_root && guest_spec_is_root_readonly(spec))
                hcs_json_append(options, hcs_json_new_string("ro"));
}

HRESULT guest_spec_set_core_rlimit(struct hcs_json *spec, const char *value, struct hcs_error **err) {
        const char *semicolon = strchr(value, ';');
        _cleanup_free_ char *soft_text = NULL;
        struct hcs_json *limit;
        uint64_t soft, hard;

        if (!semicolon || strchr(semicolon + 1, ';'))
                return hcs_error_make(err, E_FAIL, "wrong number of values supplied for rlimit core");
        soft_text = hcs_strndup(value, (size_t)(semicolon - value));
        if (!isdigit((unsigned char)*soft_text) || !hcs_str_to_u64(soft_text, &soft))
                return hcs_error_make(err, E_FAIL, "failed to parse soft core rlimit: \"%s\"", soft_text);
        if (!isdigit((unsigned char)semicolon[1]) || !hcs_str_to_u64(semicolon + 1, &hard))
                return hcs_error_make(err, E_FAIL, "failed to parse hard core rlimit: \"%s\"", semicolon + 1);
        limit = hcs_json_append(guest_spec_array(guest_spec_object(spec, "process"), "rlimits"), hcs_json_new_object());
        hcs_json_set_string(limit, "type", "RLIMIT_CORE");
        hcs_json_set_u64(limit, "hard", hard);
        hcs_json_set_u64(limit, "soft", soft);
        return S_OK;
}
