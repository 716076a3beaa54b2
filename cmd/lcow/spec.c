/* SPDX-License-Identifier: MIT */

/* The specification of the container: what options and images put into it. It is plain JSON until it is used, so that
 * what a file says is kept. */

#include <string.h>

#include "cmd/lcow/lcow.h"
#include "hcsshim/gcs.h"
#include "oci/default_spec.h"
#include "oci/spec.h"
#include "platform/file.h"
#include "platform/terminal.h"

static struct hcs_json *object_of(struct hcs_json *parent, const char *name) {
        struct hcs_json *o = hcs_json_get(parent, name);

        return hcs_json_is(o, HCS_JSON_OBJECT) ? o : hcs_json_set_new_object(parent, name);
}

static struct hcs_json *array_of(struct hcs_json *parent, const char *name) {
        struct hcs_json *a = hcs_json_get(parent, name);

        return hcs_json_is(a, HCS_JSON_ARRAY) ? a : hcs_json_set_new_array(parent, name);
}

static struct hcs_json *process_of(struct lcow_run *r) {
        return object_of(r->spec, "process");
}

HRESULT lcow_spec_read(struct lcow_run *r, const char *path, struct hcs_error **err) {
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *checked = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        struct hcs_json *spec = NULL;
        HRESULT hr = hcs_file_read(path, OCI_MAX_SPEC, &text, err);

        if (SUCCEEDED(hr))
                hr = oci_spec_parse(hcs_buf_cstr(&text), text.len, &checked, err);
        if (SUCCEEDED(hr))
                hr = hcs_json_parse(hcs_buf_cstr(&text), text.len, NULL, &spec, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "--spec %s", path), hr;
        hcs_json_free(r->spec);
        r->spec = spec;
        return S_OK;
}

static void append_strings(struct hcs_json *to, const struct hcs_json *from) {
        for (const struct hcs_json *s = hcs_json_first(from); s; s = hcs_json_next(s))
                if (hcs_json_string(s))
                        hcs_json_append(to, hcs_json_new_string(hcs_json_string(s)));
}

/* Of two values for a name the later one counts; an entry that is there already is the command line's. */
static bool has_variable(const struct hcs_json *list, const char *entry) {
        size_t n = strcspn(entry, "=");

        for (const struct hcs_json *e = hcs_json_first(list); e; e = hcs_json_next(e))
                if (hcs_json_string(e) && strncmp(hcs_json_string(e), entry, n) == 0 && hcs_json_string(e)[n] == '=')
                        return true;
        return false;
}

HRESULT lcow_spec_take_config(struct lcow_run *r, const struct hcs_json *config, bool user_given,
                              struct hcs_error **err) {
        const struct hcs_json *c = hcs_json_get(config, "config");
        struct hcs_json *process = process_of(r), *args = array_of(process, "args"), *env = array_of(process, "env");
        _cleanup_json_ struct hcs_json *given = NULL;
        const char *folder = hcs_json_get_string(c, "WorkingDir"), *user = hcs_json_get_string(c, "User");

        for (const struct hcs_json *e = hcs_json_first(hcs_json_get(c, "Env")); e; e = hcs_json_next(e))
                if (hcs_json_string(e) && !has_variable(env, hcs_json_string(e)))
                        hcs_json_append(env, hcs_json_new_string(hcs_json_string(e)));
        /* A command replaces the image's, not its entry point. */
        given = hcs_json_copy(args);
        args = hcs_json_set_new_array(process, "args");
        append_strings(args, hcs_json_get(c, "Entrypoint"));
        append_strings(args, hcs_json_first(given) ? given : hcs_json_get(c, "Cmd"));
        if (folder && *folder && hcs_streq(hcs_json_get_string(process, "cwd"), "/"))
                hcs_json_set_string(process, "cwd", folder);
        if (user && *user && !user_given)
                return lcow_spec_set_user(r, user, err);
        return S_OK;
}

void lcow_spec_set_arguments(struct lcow_run *r, char **arguments) {
        struct hcs_json *list = hcs_json_set_new_array(process_of(r), "args");

        for (; *arguments; arguments++)
                hcs_json_append(list, hcs_json_new_string(*arguments));
}

void lcow_spec_add_environment(struct lcow_run *r, const char *entry) {
        hcs_json_append(array_of(process_of(r), "env"), hcs_json_new_string(entry));
}

/* UID[:GID], or a name, which the guest looks up in the container. */
HRESULT lcow_spec_set_user(struct lcow_run *r, const char *text, struct hcs_error **err) {
        _cleanup_free_ char *uid = hcs_strndup(text, strcspn(text, ":"));
        const char *gid = strchr(text, ':');
        struct hcs_json *user = object_of(process_of(r), "user");
        uint64_t u = 0, g = 0;

        if (!*uid || (gid && !gid[1]))
                return hcs_error_make(err, E_INVALIDARG, "user `%s`: UID[:GID], or a name, is expected", text);
        if (!hcs_str_to_u64(uid, &u) || (gid && !hcs_str_to_u64(gid + 1, &g))) {
                hcs_json_set_string(user, "username", text);
                return S_OK;
        }
        if (u > UINT32_MAX || g > UINT32_MAX)
                return hcs_error_make(err, E_INVALIDARG, "user `%s`: there is no such number", text);
        hcs_json_set_u64(user, "uid", u);
        hcs_json_set_u64(user, "gid", g);
        return S_OK;
}

static struct hcs_json *resources_of(struct lcow_run *r) {
        return object_of(object_of(r->spec, "linux"), "resources");
}

HRESULT lcow_spec_set_memory(struct lcow_run *r, const char *text, struct hcs_error **err) {
        static const char units[] = "kmg";
        size_t n = strlen(text);
        const char *unit = n ? strchr(units, text[n - 1] | 0x20) : NULL;
        _cleanup_free_ char *digits = hcs_strndup(text, unit ? n - 1 : n);
        unsigned shift = unit && *unit ? 10 * (unsigned)(unit - units + 1) : 0;
        uint64_t bytes = 0;

        if (!hcs_str_to_u64(digits, &bytes) || !bytes || bytes > (UINT64_MAX >> 1) >> shift)
                return hcs_error_make(err, E_INVALIDARG, "--limit-memory %s: bytes, or with k, m or g, are expected",
                                      text);
        hcs_json_set_u64(object_of(resources_of(r), "memory"), "limit", bytes << shift);
        return S_OK;
}

HRESULT lcow_spec_set_cpus(struct lcow_run *r, const char *text, struct hcs_error **err) {
        _cleanup_free_ char *whole = hcs_strndup(text, strcspn(text, "."));
        const char *dot = strchr(text, '.');
        struct hcs_json *cpu = object_of(resources_of(r), "cpu");
        uint64_t n = 0, tenths = 0;

        if ((*whole && !hcs_str_to_u64(whole, &n)) || n > 1024 ||
            (dot && (strlen(dot) != 2 || !hcs_str_to_u64(dot + 1, &tenths))) || n * 10 + tenths == 0)
                return hcs_error_make(err, E_INVALIDARG, "--limit-cpus %s: a number such as 2 or 0.5 is expected",
                                      text);
        hcs_json_set_u64(cpu, "period", 100000);
        hcs_json_set_u64(cpu, "quota", (n * 10 + tenths) * 10000);
        return S_OK;
}

HRESULT lcow_spec_annotate(struct lcow_run *r, const char *text, struct hcs_error **err) {
        _cleanup_free_ char *key = hcs_strndup(text, strcspn(text, "="));
        const char *value = strchr(text, '=');

        if (!value || !*key)
                return hcs_error_make(err, E_INVALIDARG, "--annotation %s: KEY=VALUE is expected", text);
        hcs_json_set_string(object_of(r->spec, "annotations"), key, value + 1);
        return S_OK;
}

static bool has_own_hostname(const struct hcs_json *spec) {
        for (const struct hcs_json *n = hcs_json_first(hcs_json_lookup(spec, "linux.namespaces")); n;
             n = hcs_json_next(n))
                if (hcs_streq(hcs_json_get_string(n, "type"), "uts"))
                        return true;
        return false;
}

HRESULT lcow_spec_complete(struct lcow_run *r, struct hcs_error **err) {
        struct hcs_json *process = process_of(r), *args = array_of(process, "args"), *env = array_of(process, "env"),
                        *size;
        uint16_t width, height;

        if (!hcs_json_first(args))
                hcs_json_append(args, hcs_json_new_string("sh"));
        if (!hcs_json_get(process, "cwd"))
                hcs_json_set_string(process, "cwd", "/");
        if (!has_variable(env, "PATH="))
                hcs_json_append(env, hcs_json_new_string("PATH=" HCS_GCS_PATH));
        if (r->tty) {
                if (!has_variable(env, "TERM="))
                        hcs_json_append(env, hcs_json_new_string("TERM=xterm"));
                hcs_json_set_bool(process, "terminal", true);
                if (hcs_terminal_size(&width, &height)) {
                        size = hcs_json_set_new_object(process, "consoleSize");
                        hcs_json_set_u64(size, "height", height);
                        hcs_json_set_u64(size, "width", width);
                }
        }
        if (!hcs_json_get(r->spec, "hostname") && has_own_hostname(r->spec))
                hcs_json_set_string(r->spec, "hostname", r->id);
        object_of(r->spec, "root");
        object_of(r->spec, "linux");
        return S_OK;
}

/* "type=bind,src=...,dst=...[,ro][,OPTION]" */
HRESULT lcow_spec_add_mount(struct lcow_run *r, const char *text, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *m = hcs_json_new_object();
        _cleanup_free_ char *type = NULL, *source = NULL, *destination = NULL;
        struct hcs_json *options = hcs_json_set_new_array(m, "options");
        bool read_only = false;

        for (const char *p = text; *p;) {
                size_t n = strcspn(p, ",");
                _cleanup_free_ char *word = hcs_strndup(p, n);
                char *value = strchr(word, '=');

                p += n + (p[n] == ',');
                if (value && hcs_str_starts(word, "type=")) {
                        free(type);
                        type = hcs_strdup(value + 1);
                } else if (value && (hcs_str_starts(word, "src=") || hcs_str_starts(word, "source="))) {
                        free(source);
                        source = hcs_strdup(value + 1);
                } else if (value && (hcs_str_starts(word, "dst=") || hcs_str_starts(word, "target=") ||
                                     hcs_str_starts(word, "destination="))) {
                        free(destination);
                        destination = hcs_strdup(value + 1);
                } else {
                        read_only |= hcs_streq(word, "ro");
                        hcs_json_append(options, hcs_json_new_string(word));
                }
        }
        if (!type)
                type = hcs_strdup("bind");
        if (!destination || *destination != '/')
                return hcs_error_make(err, E_INVALIDARG, "--mount %s: dst= and an absolute path are needed", text);
        if (hcs_streq(type, "tmpfs")) {
                hcs_json_set_string(m, "source", source ? source : "tmpfs");
        } else if (hcs_streq(type, "bind") || hcs_streq(type, "scsi")) {
                if (!source || *source != '/')
                        return hcs_error_make(err, E_INVALIDARG, "--mount %s: src= and an absolute path are needed",
                                              text);
                hcs_json_set_string(m, "source", source);
        } else {
                return hcs_error_make(err, E_INVALIDARG, "--mount %s: type bind, tmpfs or scsi is expected", text);
        }
        if (hcs_streq(type, "bind") && !read_only)
                hcs_json_append(options, hcs_json_new_string("rw"));
        if (!hcs_streq(type, "tmpfs")) /* a disk is mounted in the guest, and from there in the container */
                hcs_json_append(options, hcs_json_new_string("rbind"));
        hcs_json_set_string(m, "destination", destination);
        hcs_json_set_string(m, "type", hcs_streq(type, "scsi") ? "virtual-disk" : type);
        hcs_json_append(array_of(r->spec, "mounts"), steal_pointer(&m));
        return S_OK;
}
