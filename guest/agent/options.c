/* SPDX-License-Identifier: MIT */

/* The flags of options.h: one table of names, kinds, defaults and help. */

#include "guest/agent/options.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum kind { FLAG_BOOL, FLAG_TEXT, FLAG_NUMBER };

static const struct flag {
        const char *name;
        enum kind kind;
        size_t offset;
        const char *text; /* the default, as it is written */
        const char *help;
} flags[] = {
#define AT(member) offsetof(struct guest_options, member)
        {"v4", FLAG_BOOL, AT(v4), "false", "protocol 4 and schema 2; without it every request is refused"},
        {"loglevel", FLAG_TEXT, AT(log_level), "debug", "panic, fatal, error, warning, info, debug or trace"},
        {"logfile", FLAG_TEXT, AT(log_file), "", "where the log goes instead of standard error"},
        {"log-format", FLAG_TEXT, AT(log_format), "text", "text or json"},
        {"scrub-logs", FLAG_BOOL, AT(scrub_logs), "true", "leave out of the log what may be secret"},
        {"kmsgLogLevel", FLAG_NUMBER, AT(kmsg_log_level), "4",
         "log the kernel's messages of this priority and those more urgent"},
        {"use-inouterr", FLAG_BOOL, AT(use_inouterr), "false",
         "the bridge is standard input and output, the log is standard error"},
        {"core-dump-location", FLAG_TEXT, AT(core_dump_location), "", "pattern of core files, for the whole VM"},
        {"root-mem-reserve-bytes", FLAG_NUMBER, AT(root_mem_reserve_bytes), "78643200", "memory that pods may not use"},
        {"gcs-mem-limit-bytes", FLAG_NUMBER, AT(gcs_mem_limit_bytes), "52428800",
         "memory use of the agent that is worth a warning"},
        {"disable-time-sync", FLAG_BOOL, AT(disable_time_sync), "false",
         "do not run chronyd against the hypervisor's clock"},
        {"initial-policy-stance", FLAG_TEXT, AT(initial_policy_stance), "allow",
         "what is allowed before a security policy is set: allow or deny"},
        {"runtime", FLAG_TEXT, AT(runtime), "crun", "the OCI runtime: crun, runc or a path"},
        {"runtime-timeout-ms", FLAG_NUMBER, AT(runtime_timeout_ms), "120000", "time for one call of the OCI runtime"},
        {"transport", FLAG_TEXT, AT(transport), "vsock",
         "how the host is reached: vsock, or unix:PATH for PATH_<port>"},
        {"stdio-close-timeout-ms", FLAG_NUMBER, AT(close_timeout_ms), "60000",
         "time for the host to close its end of a stream after a process has ended"},
        {"device-timeout-ms", FLAG_NUMBER, AT(device_timeout_ms), "5000", "time for a device to appear"},
        {"no-cgroups", FLAG_BOOL, AT(no_cgroups), "false",
         "do not set up cgroups for pods and for the agent itself, for runs outside of a VM"},
#undef AT
};

void guest_options_print_usage(FILE *out, const char *program) {
        fprintf(out, "\nUsage of %s:\n", program);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(flags); i++)
                fprintf(out, "  -%s%s\n\t%s (default %s)\n", flags[i].name,
                        flags[i].kind == FLAG_BOOL   ? ""
                        : flags[i].kind == FLAG_TEXT ? " string"
                                                     : " uint",
                        flags[i].help, *flags[i].text ? flags[i].text : "\"\"");
}

static bool set(struct guest_options *o, const struct flag *f, const char *text) {
        void *at = (char *)o + f->offset;

        switch (f->kind) {
        case FLAG_TEXT:
                *(const char **)at = text;
                return true;
        case FLAG_NUMBER:
                return hcs_str_to_u64(text, at);
        case FLAG_BOOL:
                *(bool *)at = hcs_streq(text, "true") || hcs_streq(text, "1");
                return *(bool *)at || hcs_streq(text, "false") || hcs_streq(text, "0");
        }
        return false;
}

static const struct flag *find(const char *name, size_t n) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(flags); i++)
                if (strlen(flags[i].name) == n && strncmp(flags[i].name, name, n) == 0)
                        return &flags[i];
        return NULL;
}

static HRESULT check(struct guest_options *o, struct hcs_error **err) {
        static const struct {
                const char *name;
                enum hcs_log_level level;
        } levels[] = {
                {"panic", HCS_LOG_ERROR},  {"fatal", HCS_LOG_ERROR}, {"error", HCS_LOG_ERROR}, {"warn", HCS_LOG_WARN},
                {"warning", HCS_LOG_WARN}, {"info", HCS_LOG_INFO},   {"debug", HCS_LOG_DEBUG}, {"trace", HCS_LOG_TRACE},
        };
        size_t i = 0;

        while (i < HCS_ARRAY_SIZE(levels) && !hcs_strcaseeq(levels[i].name, o->log_level))
                i++;
        if (i == HCS_ARRAY_SIZE(levels))
                return hcs_error_make(err, E_INVALIDARG, "-loglevel `%s`: not a level", o->log_level);
        o->level = levels[i].level;
        if (!hcs_streq(o->log_format, "text") && !hcs_streq(o->log_format, "json"))
                return hcs_error_make(err, E_INVALIDARG, "-log-format `%s`: text or json", o->log_format);
        if (!*o->runtime)
                return hcs_error_make(err, E_INVALIDARG, "-runtime: no program is named");
        if (o->runtime_timeout_ms == 0 || o->runtime_timeout_ms > INT32_MAX)
                return hcs_error_make(err, E_INVALIDARG, "-runtime-timeout-ms: out of range");
        return S_OK;
}

HRESULT guest_options_parse(int argc, const char *const *argv, struct guest_options *ret, struct hcs_error **err) {
        struct guest_options o = {0};
        HRESULT hr;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(flags); i++)
                set(&o, &flags[i], flags[i].text);
        for (int i = 1; i < argc; i++) {
                const char *name = argv[i], *equals, *value;
                const struct flag *f;

                if (*name != '-' || hcs_streq(name, "-"))
                        return hcs_error_make(err, E_INVALIDARG, "`%s`: only flags are taken", name);
                name += name[1] == '-' ? 2 : 1;
                if (hcs_streq(name, "h") || hcs_streq(name, "help")) {
                        o.help = true;
                        break;
                }
                equals = strchr(name, '=');
                f = find(name, equals ? (size_t)(equals - name) : strlen(name));
                if (!f)
                        return hcs_error_make(err, E_INVALIDARG, "flag provided but not defined: -%s", name);
                value = equals ? equals + 1 : f->kind == FLAG_BOOL ? "true" : i + 1 < argc ? argv[++i] : NULL;
                if (!value)
                        return hcs_error_make(err, E_INVALIDARG, "flag needs an argument: -%s", name);
                if (!set(&o, f, value))
                        return hcs_error_make(err, E_INVALIDARG, "invalid value \"%s\" for flag -%s", value, f->name);
        }
        hr = o.help ? S_OK : check(&o, err);
        if (SUCCEEDED(hr))
                *ret = o;
        return hr;
}
