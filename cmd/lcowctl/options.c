/* SPDX-License-Identifier: MIT */

/* The command line of `lcowctl run`. With --replay, what the recording says is there before the other options are read:
 * they change it. */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd/lcowctl/lcowctl.h"
#include "hcsshim/guid.h"
#include "oci/default_spec.h"
#include "platform/terminal.h"
#include "platform/work_folder.h"

static void usage(void) {
        fputs("usage: lcowctl run [OPTIONS] --layer TAR ... [-- COMMAND ...]\n"
              "       lcowctl run [OPTIONS] --image PATH[:TAG] [-- COMMAND ...]\n"
              "       lcowctl run --replay FILE [OPTIONS]\n\n"
              "Runs a command in a Linux container, in a utility VM of its own, all of it through HCS. Standard "
              "input,\n"
              "output and errors are the command's, and so is its exit code.\n\n"
              "the container\n"
              "  --layer TAR            a layer (repeat, the lowest first), compressed or not\n"
              "  --image PATH[:TAG]     an OCI image layout, a folder or a tar of one, or a tar of `docker save`\n"
              "  --spec FILE            the OCI specification (config.json) to begin with, else that of containerd\n"
              "  -t, --tty              the command gets a terminal\n"
              "  -e, --env NAME=VALUE   (repeat)   -w, --workdir FOLDER   -u, --user UID[:GID]   --hostname NAME\n"
              "  --mount type=TYPE,src=SOURCE,dst=PLACE[,ro][,OPTION...]\n"
              "                         bind: a folder or file of this host; tmpfs; scsi: a disk (repeat)\n"
              "  --limit-memory N[k|m|g], --limit-cpus N\n"
              "  --annotation KEY=VALUE (repeat; hcsdoc annotations lists them)\n"
              "  --stats                tell what it used\n"
              "the virtual machine\n"
              "  --boot-files-path DIR  where kernel and initrd.img are (else $HCSSHIM_BOOT_FILES, LinuxBootFiles "
              "beside\n"
              "                         this program, or the system's)\n"
              "  --kernel-args TEXT, --cpus N (2), --memory MB (1024)\n"
              "  --network NAME         an adapter in the network of that name, which is made as NAT when there is "
              "none\n"
              "  --scratch-size GB      of the disk that is written to (1)\n"
              "  --timeout SECONDS      for it to come up (120)\n"
              "  --cache DIR            of layers and scratch disks (~/.cache/hcsshim)\n"
              "recording\n"
              "  --record FILE          one trace of HCS, host networking and the bridge to the guest\n"
              "  --replay FILE          runs such a trace without a VM; other options change the run, which is then "
              "told\n"
              "                         where it differs\n"
              "output\n"
              "  --trace                the documents and requests to HCS and to the guest, on standard error\n"
              "  --guest-log LEVEL      the agent's log on standard error: error, warning, info, debug, trace\n"
              "  --name ID              of the container; the VM is ID@vm\n"
              "  --json                 progress as objects of JSON, one a line; -q, --quiet: none\n\n"
              "Exit codes: the command's; 2 wrong usage; 125 it did not come to run, or a replay differs.\n",
              stdout);
}

enum {
        O_LAYER = 256,
        O_IMAGE,
        O_SPEC,
        O_HOSTNAME,
        O_MOUNT,
        O_LIMIT_MEMORY,
        O_LIMIT_CPUS,
        O_ANNOTATION,
        O_STATS,
        O_BOOT_FILES,
        O_KERNEL_ARGS,
        O_CPUS,
        O_MEMORY,
        O_NETWORK,
        O_SCRATCH,
        O_TIMEOUT,
        O_CACHE,
        O_RECORD,
        O_REPLAY,
        O_TRACE,
        O_GUEST_LOG,
        O_NAME,
        O_JSON,
};

static const struct option table[] = {{"layer", required_argument, NULL, O_LAYER},
                                      {"image", required_argument, NULL, O_IMAGE},
                                      {"spec", required_argument, NULL, O_SPEC},
                                      {"tty", no_argument, NULL, 't'},
                                      {"env", required_argument, NULL, 'e'},
                                      {"workdir", required_argument, NULL, 'w'},
                                      {"user", required_argument, NULL, 'u'},
                                      {"hostname", required_argument, NULL, O_HOSTNAME},
                                      {"mount", required_argument, NULL, O_MOUNT},
                                      {"limit-memory", required_argument, NULL, O_LIMIT_MEMORY},
                                      {"limit-cpus", required_argument, NULL, O_LIMIT_CPUS},
                                      {"annotation", required_argument, NULL, O_ANNOTATION},
                                      {"stats", no_argument, NULL, O_STATS},
                                      {"boot-files-path", required_argument, NULL, O_BOOT_FILES},
                                      {"kernel-args", required_argument, NULL, O_KERNEL_ARGS},
                                      {"cpus", required_argument, NULL, O_CPUS},
                                      {"memory", required_argument, NULL, O_MEMORY},
                                      {"network", required_argument, NULL, O_NETWORK},
                                      {"scratch-size", required_argument, NULL, O_SCRATCH},
                                      {"timeout", required_argument, NULL, O_TIMEOUT},
                                      {"cache", required_argument, NULL, O_CACHE},
                                      {"record", required_argument, NULL, O_RECORD},
                                      {"replay", required_argument, NULL, O_REPLAY},
                                      {"trace", no_argument, NULL, O_TRACE},
                                      {"guest-log", required_argument, NULL, O_GUEST_LOG},
                                      {"name", required_argument, NULL, O_NAME},
                                      {"json", no_argument, NULL, O_JSON},
                                      {"quiet", no_argument, NULL, 'q'},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

static void set(char **slot, const char *text) {
        free(*slot);
        *slot = hcs_strdup(text);
}

static HRESULT number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *ret,
                      struct hcs_error **err) {
        uint64_t n;

        if (!hcs_str_to_u64(text, &n) || n < min || n > max)
                return hcs_error_make(err, E_INVALIDARG, "--%s %s: a number from %llu to %llu is expected", name, text,
                                      (unsigned long long)min, (unsigned long long)max);
        *ret = n;
        return S_OK;
}

static HRESULT guest_log(struct lcow_run *r, const char *text, struct hcs_error **err) {
        const char *level = lcow_log_level(text);

        if (!level)
                return hcs_error_make(err, E_INVALIDARG,
                                      "--guest-log %s: error, warning, info, debug or trace is expected", text);
        r->log_level = level;
        return S_OK;
}

static HRESULT name(struct lcow_run *r, const char *text, struct hcs_error **err) {
        if (!*text ||
            strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != strlen(text) ||
            *text == '.' || *text == '-' || strlen(text) > 100)
                return hcs_error_make(err, E_INVALIDARG, "--name %s: letters, digits and ._- are expected", text);
        set(&r->id, text);
        return S_OK;
}

static HRESULT of_container(struct wanted *w, int o, const char *value, struct hcs_error **err) {
        struct lcow_run *r = &w->run;
        struct hcs_json *process = hcs_json_get(r->spec, "process");

        switch (o) {
        case O_LAYER:
                hcs_strings_add(&w->layers, hcs_strdup(value));
                return S_OK;
        case O_IMAGE:
                set(&w->image, value);
                return S_OK;
        case 'e':
                if (!strchr(value, '='))
                        return hcs_error_make(err, E_INVALIDARG, "--env %s: NAME=VALUE is expected", value);
                lcow_spec_add_environment(r, value);
                return S_OK;
        case 'w':
                if (*value != '/')
                        return hcs_error_make(err, E_INVALIDARG, "--workdir %s: an absolute path is expected", value);
                hcs_json_set_string(process ? process : hcs_json_set_new_object(r->spec, "process"), "cwd", value);
                return S_OK;
        case 'u':
                w->user_given = true;
                return lcow_spec_set_user(r, value, err);
        case O_HOSTNAME:
                hcs_json_set_string(r->spec, "hostname", value);
                return S_OK;
        case O_MOUNT:
                return lcow_spec_add_mount(r, value, err);
        case O_LIMIT_MEMORY:
                return lcow_spec_set_memory(r, value, err);
        case O_LIMIT_CPUS:
                return lcow_spec_set_cpus(r, value, err);
        default:
                return lcow_spec_annotate(r, value, err);
        }
}

/* What is no option of the container's. */
static HRESULT of_machine(struct lcow_run *r, int o, const char *value, struct hcs_error **err) {
        switch (o) {
        case O_BOOT_FILES:
                set(&r->boot_folder, value);
                return S_OK;
        case O_KERNEL_ARGS:
                set(&r->kernel_arguments, value);
                return S_OK;
        case O_CPUS:
                return number("cpus", value, 1, 64, &r->cpus, err);
        case O_MEMORY:
                return number("memory", value, 64, 1 << 20, &r->memory_mb, err);
        case O_NETWORK:
                set(&r->network, value);
                return S_OK;
        case O_SCRATCH:
                return number("scratch-size", value, 1, 1024, &r->scratch_gb, err);
        case O_TIMEOUT:
                return number("timeout", value, 1, 86400, &r->timeout_s, err);
        case O_GUEST_LOG:
                return guest_log(r, value, err);
        default:
                return name(r, value, err);
        }
}

/* Of this process only; false: it is none of these. */
static bool of_process(struct wanted *w, int o, const char *value) {
        struct lcow_run *r = &w->run;

        switch (o) {
        case 't':
                r->tty = true;
                return true;
        case O_STATS:
                r->stats = true;
                return true;
        case O_CACHE:
                set(&w->cache, value);
                return true;
        case O_RECORD:
                r->record = value;
                return true;
        case O_TRACE:
                w->steps.trace = true;
                return true;
        case O_JSON:
                w->steps.json = true;
                return true;
        case 'q':
                w->steps.quiet = true;
                return true;
        default:
                return o == O_REPLAY || o == O_SPEC;
        }
}

/* Where everything begins: the recording's run, or the specification of a file, or the default one. */
static HRESULT begin(int argc, char **argv, struct lcow_run *r, struct hcs_error **err) {
        const char *spec = NULL;
        int o;

        opterr = 0;
        while ((o = next_option(argc, argv, "+te:w:u:qh", table, NULL)) != -1)
                if (o == O_REPLAY)
                        r->replay = optarg;
                else if (o == O_SPEC)
                        spec = optarg;
        opterr = 1;
        optind = 1;
        r->cpus = 2;
        r->memory_mb = 1024;
        r->scratch_gb = 1;
        r->timeout_s = 120;
        if (r->replay)
                return lcow_run_from_trace(r, r->replay, err);
        r->disks = hcs_json_new_array();
        if (spec)
                return lcow_spec_read(r, spec, err);
        r->spec = oci_default_spec();
        return S_OK;
}

static int complete(struct wanted *w, char **arguments) {
        struct lcow_run *r = &w->run;
        GUID id;

        if (!w->cache)
                w->cache = hcs_cache_folder();
        if (arguments)
                lcow_spec_set_arguments(r, arguments);
        if (r->replay && (w->layers.n || w->image || r->record))
                return tell_usage("run", "--replay takes the layers of its recording, and records nothing");
        if (!r->replay && !w->layers.n && !w->image)
                return tell_usage("run", "--layer or --image is needed");
        if (r->tty && !r->replay && !hcs_terminal_is_interactive())
                return tell_usage("run", "--tty: this is no terminal");
        if (r->id)
                return -1;
        if (FAILED(hcs_guid_v4(&id)))
                return tell_usage("run", "the system has no random numbers");
        r->id = hcs_asprintf("lcow-%08x%04x", (unsigned)id.Data1, (unsigned)id.Data2);
        return -1;
}

int wanted_parse(int argc, char **argv, struct wanted *w) {
        struct lcow_run *r = &w->run;
        struct hcs_error *err = NULL;
        HRESULT hr = begin(argc, argv, r, &err);
        int o;

        while (SUCCEEDED(hr) && (o = next_option(argc, argv, "+te:w:u:qh", table, NULL)) != -1) {
                if (o == 'h' || o == '?')
                        return end_of_options("run", o, usage);
                if (of_process(w, o, optarg))
                        continue;
                hr = o <= O_ANNOTATION ? of_container(w, o, optarg, &err) : of_machine(r, o, optarg, &err);
        }
        if (FAILED(hr)) {
                tell_error("run", err);
                return r->replay && hr != E_INVALIDARG ? EXIT_FAILED : EXIT_USAGE;
        }
        return complete(w, optind < argc ? argv + optind : NULL);
}
