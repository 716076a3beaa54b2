/* SPDX-License-Identifier: MIT */

/*
 * The command line of uvmboot. Flags are those of hcsshim's uvmboot where they mean something here; those that only
 * Hyper-V or a Windows guest understands are refused by name instead of being unknown.
 */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/uvmboot/uvmboot.h"
#include "platform/env.h"
#include "platform/terminal.h"

#define DEFAULT_NETWORK "uvmboot"

static const char usage_text[] =
        "usage: uvmboot [OPTIONS] [lcow] [OPTIONS] [-- COMMAND [ARGUMENT...]]\n"
        "       uvmboot --replay FILE [OPTIONS] [-- COMMAND [ARGUMENT...]]\n\n"
        "Boots a Linux utility VM through HCS and runs a command in it through its agent: COMMAND, what --exec says, "
        "or\n"
        "a shell. Ends with the command's exit code.\n\n"
        "  --exec CMD              run `sh -c CMD`; without the agent: what the VM's init starts\n"
        "  --host-exec CMD         run `sh -c CMD` on this host instead, with the bridge left to it: $UVM_SOCKET is "
        "what\n"
        "                          hcs_gcs_transport_open() calls unix:PATH; disks and\n"
        "                          images are in the VM, and not mounted\n"
        "  -t, --tty               the command gets a terminal (by default when it is a shell and you are at one)\n"
        "  --gcs[=false]           with the agent (default), or without: the console is yours then\n"
        "  --console               the same as --gcs=false\n"
        "  --boot-files-path DIR   where kernel and initrd.img are (default: $HCSSHIM_BOOT_FILES, then LinuxBootFiles\n"
        "                          beside this program, then the system's)\n"
        "  --kernel-file FILE      another kernel than `vmlinux` or `kernel` of that folder\n"
        "  --root-fs-type TYPE     initrd or vhd (default: which there is)\n"
        "  --kernel-args TEXT      more for the kernel\n"
        "  --cpus N, --memory MB   2 and 1024 by default\n"
        "  --accel HOW             auto (default), kvm, tcg\n"
        "  --vsock HOW             what carries its sockets: own (default), vhost-device-vsock (that program, which "
        "must\n"
        "                          be installed), kernel (/dev/vhost-vsock; then its sockets are the kernel's)\n"
        "  --cid N                 with --vsock kernel: the address that no other guest of this host may have (3)\n"
        "  --network[=NAME]        an adapter in the network of that name (uvmboot), made as NAT when there is none\n"
        "  --mount-scsi HOST[,GUEST[,w]]   a disk, mounted read-only or with w writable (repeat)\n"
        "  --mount-vpmem HOST[,GUEST]      an image as persistent memory, mounted read-only (repeat)\n"
        "  --vpmem-max-count N     devices of persistent memory that the document allows (64)\n"
        "  --share HOST,GUEST[,w]  a folder by Plan 9, for which the guest's kernel needs fs/9p (repeat)\n"
        "  --layer IMAGE[,ROOTHASH]        run the command in a container over this ext4 image and those before it\n"
        "                          (repeat, the lowest first); with dm-verity where the image has its tree\n"
        "  --stats                 tell what the container used\n"
        "  --annotation KEY=VALUE  of the specification that the VM's document comes from (repeat)\n"
        "  --allow-overcommit[=false], --enable-deferred-commit   of its memory, in the document\n"
        "  --fwd-stdout, --fwd-stderr[=false]   which of the agent's outputs come as its log (only stderr)\n"
        "  --output-handling stdout   the agent's log to standard output too\n"
        "  --log-level LEVEL       of the agent: error, warning, info (default), debug, trace\n"
        "  --disable-time-sync     no clock of the host for the guest; with QEMU there is none anyway\n"
        "  --timeout SECONDS       for the VM to come up (120)\n"
        "  --trace                 the documents and requests to HCS and to the guest, on standard error\n"
        "  --record FILE           one trace of HCS, host networking and the bridge to the guest\n"
        "  --replay FILE           runs such a trace without a VM; --cpus, --memory, --kernel-args and the command\n"
        "                          change the run, which is then told where it differs\n"
        "  --artefacts DIR         console, logs and QEMU's arguments into DIR/VM (else kept only when it fails)\n"
        "  --count N, --parallel N    boot N VMs, so many at a time\n"
        "  --measure               tell how long each step took\n"
        "  --json                  progress and statistics as objects of JSON, one a line\n"
        "  --debug                 the console and our log to standard error\n"
        "  -q, --quiet             no progress\n"
        "  -h, --help, --version\n\n"
        "Exit codes: the command's; 2 wrong usage; 125 the VM did not come up or went away, or a replay differs.\n";

/* Of hcsshim's uvmboot, or of ours before it went through HCS, and why not here. */
static const struct {
        const char *flag, *why;
} refused[] = {
        {"resource-partition", "resource partitions are Hyper-V's"},
        {"security-policy", "there is no isolation hardware under QEMU here"},
        {"security-policy-enforcer", "there is no isolation hardware under QEMU here"},
        {"security-hardware", "there is no isolation hardware under QEMU here"},
        {"no-verity-boot", "there is no isolation hardware under QEMU here"},
        {"vpmem-max-size", "a device of QEMU is as large as its image"},
        {"kernel-direct", "QEMU always boots the kernel directly"},
        {"console-pipe", "the console is a file among the artefacts, or --console"},
        {"no-entropy", "the guests of HCS ask for entropy, and end without"},
};

/* What a replay can do with: the rest is as it was recorded. */
static const char *const replayed[] = {"replay", "record",  "exec", "kernel-args", "cpus",  "memory", "timeout",
                                       "trace",  "measure", "json", "debug",       "quiet", "q"};

static int wrong(const char *fmt, ...) _printf_(1, 2);
static int wrong(const char *fmt, ...) {
        va_list ap;

        fputs("uvmboot: ", stderr);
        va_start(ap, fmt);
        vfprintf(stderr, fmt, ap);
        va_end(ap);
        fputs("\nuvmboot --help says how it is used\n", stderr);
        return EXIT_USAGE;
}

struct words {
        char **at, **end;
        struct uvmboot_options *o;
};

/* The text of a flag: behind "=", or the next word. */
static const char *text_of(struct words *w, const char *value) {
        if (value)
                return value;
        return w->at < w->end ? *w->at++ : NULL;
}

static bool number_of(const char *text, uint64_t min, uint64_t max, uint64_t *ret) {
        return hcs_str_to_u64(text, ret) && *ret >= min && *ret <= max;
}

static bool flag_of(const char *value, bool *ret) {
        if (!value || hcs_streq(value, "true") || hcs_streq(value, "1"))
                *ret = true;
        else if (hcs_streq(value, "false") || hcs_streq(value, "0"))
                *ret = false;
        else
                return false;
        return true;
}

static bool choice_of(struct words *w, const char *value, const char *const *names, size_t n, unsigned *ret) {
        const char *text = text_of(w, value);

        for (size_t i = 0; i < n; i++)
                if (hcs_streq(text, names[i])) {
                        *ret = (unsigned)i;
                        return true;
                }
        return false;
}

/* "host[,guest[,w]]": the text is ours to cut. */
static bool mount_of(struct words *w, const char *value, struct uvmboot_mount *mounts, unsigned *n, bool may_write) {
        const char *given = text_of(w, value);
        _cleanup_free_ char *text = hcs_strdup(given);
        char *guest = text ? strchr(text, ',') : NULL, *mode;

        if (!text || *n == MAX_MOUNTS)
                return false;
        if (guest)
                *guest++ = '\0';
        mode = guest ? strchr(guest, ',') : NULL;
        if (mode)
                *mode++ = '\0';
        if (!*text || (mode && (!hcs_streq(mode, "w") || !may_write)) || (guest && *guest && *guest != '/'))
                return false;
        mounts[(*n)++] = (struct uvmboot_mount){
                .host = steal_pointer(&text), .guest = guest && *guest ? guest : NULL, .writable = mode};
        return true;
}

/* "image[,root hash]" */
static bool layer_of(struct words *w, const char *value) {
        struct uvmboot_options *o = w->o;
        const char *given = text_of(w, value);
        _cleanup_free_ char *text = hcs_strdup(given);
        char *hash = text ? strchr(text, ',') : NULL;

        if (!text || o->n_layers == MAX_MOUNTS)
                return false;
        if (hash)
                *hash++ = '\0';
        if (!*text || (hash && (!*hash || strspn(hash, "0123456789abcdefABCDEF") != strlen(hash))))
                return false;
        o->layers[o->n_layers++] = (struct uvmboot_mount){.host = steal_pointer(&text), .root_hash = hash};
        return true;
}

/* Flags that are on or off. */
static bool *switch_named(struct uvmboot_options *o, const char *name) {
        const struct {
                const char *name;
                bool *place;
        } switches[] = {
                {"measure", &o->measure},
                {"debug", &o->debug},
                {"quiet", &o->quiet},
                {"q", &o->quiet},
                {"gcs", &o->gcs},
                {"tty", &o->tty},
                {"t", &o->tty},
                {"fwd-stdout", &o->fwd_stdout},
                {"fwd-stderr", &o->fwd_stderr},
                {"stats", &o->stats},
                {"trace", &o->trace},
                {"disable-time-sync", &o->disable_time_sync},
                {"allow-overcommit", &o->allow_overcommit},
                {"enable-deferred-commit", &o->deferred_commit},
                {"json", &o->json},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(switches); i++)
                if (hcs_streq(name, switches[i].name))
                        return switches[i].place;
        return NULL;
}

static const char **text_named(struct uvmboot_options *o, const char *name) {
        const struct {
                const char *name;
                const char **place;
        } texts[] = {
                {"host-exec", &o->host_exec},
                {"exec", &o->exec},
                {"boot-files-path", &o->boot_files},
                {"kernel-file", &o->kernel},
                {"root-fs-type", &o->root_fs},
                {"kernel-args", &o->kernel_arguments},
                {"log-level", &o->log_level},
                {"artefacts", &o->artefacts},
                {"record", &o->record},
                {"replay", &o->replay},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(texts); i++)
                if (hcs_streq(name, texts[i].name))
                        return texts[i].place;
        return NULL;
}

static unsigned *number_named(struct uvmboot_options *o, const char *name, uint64_t *ret_min, uint64_t *ret_max) {
        const struct {
                const char *name;
                unsigned *place;
                uint64_t min, max;
        } numbers[] = {
                {"cpus", &o->processors, 1, 255},
                {"memory", &o->memory_mb, 32, 1 << 20},
                {"count", &o->count, 1, 10000},
                {"parallel", &o->parallel, 1, UVMBOOT_MAX_PARALLEL},
                {"vpmem-max-count", &o->vpmem_count, 1, 128},
                {"timeout", &o->timeout_s, 1, 86400},
                {"cid", &o->cid, 3, UINT32_MAX - 1},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(numbers); i++)
                if (hcs_streq(name, numbers[i].name)) {
                        *ret_min = numbers[i].min;
                        *ret_max = numbers[i].max;
                        return numbers[i].place;
                }
        return NULL;
}

/* Flags with a form of their own: 1 taken, 0 not one of them, -1 its value is wrong: *ret_form is expected. */
static int special(struct words *w, const char *name, const char *value, const char **ret_form) {
        static const char *const accelerators[] = {"auto", "kvm", "tcg"};
        static const char *const devices[] = {"own", "vhost-device-vsock", "kernel"};
        struct uvmboot_options *o = w->o;
        unsigned choice = 0;
        bool ok, on = false;

        *ret_form = "true or false";
        if (hcs_streq(name, "accel")) {
                *ret_form = "auto, kvm or tcg";
                ok = choice_of(w, value, accelerators, 3, &choice);
                o->accelerator = accelerators[choice];
        } else if (hcs_streq(name, "vsock")) {
                *ret_form = "own, vhost-device-vsock or kernel";
                ok = choice_of(w, value, devices, 3, &choice);
                o->vsock = devices[choice];
        } else if (hcs_streq(name, "network")) {
                *ret_form = "a name";
                ok = flag_of(value, &on);
                o->network = ok && !on ? NULL : ok ? DEFAULT_NETWORK : strchr(w->at[-1], '=') + 1;
                ok = !value || *value;
        } else if (hcs_streq(name, "annotation")) {
                *ret_form = "KEY=VALUE (at most 16 of them)";
                ok = o->n_annotations < MAX_MOUNTS;
                if (ok)
                        ok = (o->annotations[o->n_annotations++] =
                                      text_of(w, value ? strchr(w->at[-1], '=') + 1 : NULL));
        } else if (hcs_streq(name, "share")) {
                *ret_form = "HOST,GUEST[,w] with an absolute GUEST (at most 16 of them)";
                ok = mount_of(w, value, o->shares, &o->n_shares, true) && o->shares[o->n_shares - 1].guest;
        } else if (hcs_streq(name, "mount-scsi")) {
                *ret_form = "HOST[,GUEST[,w]] with an absolute GUEST (at most 16 of them)";
                ok = mount_of(w, value, o->scsi, &o->n_scsi, true);
        } else if (hcs_streq(name, "mount-vpmem")) {
                *ret_form = "HOST[,GUEST] with an absolute GUEST (at most 16 of them)";
                ok = mount_of(w, value, o->vpmem, &o->n_vpmem, false);
        } else if (hcs_streq(name, "layer")) {
                *ret_form = "IMAGE[,ROOTHASH] with a hash in hexadecimal digits (at most 16 of them)";
                ok = layer_of(w, value);
        } else if (hcs_streq(name, "output-handling")) {
                *ret_form = "stdout";
                ok = hcs_streq(text_of(w, value), "stdout");
                o->log_to_stdout = true;
        } else if (hcs_streq(name, "console")) {
                ok = flag_of(value, &on);
                o->gcs = !on;
        } else {
                return 0;
        }
        return ok ? 1 : -1;
}

static bool is_replayed(const char *name) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(replayed); i++)
                if (hcs_streq(name, replayed[i]))
                        return true;
        return false;
}

/* Words for a shell or a kernel; the others name something. */
static bool may_be_empty(const char *name) {
        return hcs_streq(name, "exec") || hcs_streq(name, "host-exec") || hcs_streq(name, "kernel-args");
}

/* One flag: -1 to go on, or the exit code. */
static int take_flag(struct words *w, const char *word) {
        _cleanup_free_ char *name = hcs_strdup(word + 1 + (word[1] == '-'));
        char *value = strchr(name, '=');
        const char **text, *form, *given;
        uint64_t min, max, n;
        unsigned *number;
        bool *place;
        int taken;

        if (value)
                *value++ = '\0';
        if (hcs_streq(name, "h") || hcs_streq(name, "help") || hcs_streq(name, "version")) {
                fputs(hcs_streq(name, "version") ? "uvmboot " HCS_VERSION "\n" : usage_text, stdout);
                return EXIT_SUCCESS;
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(refused); i++)
                if (hcs_streq(name, refused[i].flag))
                        return wrong("--%s makes no sense here: %s", name, refused[i].why);
        if (!is_replayed(name))
                w->o->not_replayed = strchr(word, name[0]); /* the word of the command line stays */
        place = switch_named(w->o, name);
        text = text_named(w->o, name);
        if (place)
                return flag_of(value, place) ? -1 : wrong("--%s is true or false", name);
        if (text) {
                /* The value inside the word of the command line, which stays. */
                *text = text_of(w, value ? strchr(word, '=') + 1 : NULL);
                return *text && (**text || may_be_empty(name)) ? -1 : wrong("--%s needs a value", name);
        }
        number = number_named(w->o, name, &min, &max);
        if (number) {
                given = text_of(w, value);
                if (!given)
                        return wrong("--%s needs a value", name);
                if (!number_of(given, min, max, &n))
                        return wrong("--%s %s: a number from %llu to %llu is expected", name, given,
                                     (unsigned long long)min, (unsigned long long)max);
                *number = (unsigned)n;
                return -1;
        }
        given = value ? value : w->at < w->end ? *w->at : "";
        taken = special(w, name, value, &form);
        if (taken < 0)
                return wrong("--%s %s: %s is expected", name, given, form);
        return taken ? -1 : wrong("no such flag: --%s", name);
}

static bool has_word(const char *text, const char *word) {
        size_t n = strlen(word);

        for (const char *at = text; (at = strstr(at, word)); at += n)
                if ((at == text || at[-1] == ' ') && (!at[n] || at[n] == ' '))
                        return true;
        return false;
}

/* Recordings: of one VM whose agent does the work. */
static int check_recording(const struct uvmboot_options *o) {
        if (o->record && o->replay)
                return wrong("--replay records nothing");
        if ((o->record || o->replay) && o->count > 1)
                return wrong("a recording is of one VM: without --count");
        if (o->record && (!o->gcs || o->host_exec))
                return wrong("what is done at a console, or by another program, is in no recording");
        if (o->replay && o->not_replayed)
                return wrong("--replay: --%s is as it was recorded", o->not_replayed);
        return -1;
}

/* A guest of the kernel's has an address of its own, and no Unix sockets. */
static int check_vsock(const struct uvmboot_options *o) {
        if (!hcs_streq(o->vsock, "kernel"))
                return o->cid ? wrong("--cid is the address of a guest with --vsock kernel") : -1;
        if (o->count > 1)
                return wrong("--vsock kernel: each VM needs an address of its own: without --count");
        if (o->host_exec)
                return wrong("--vsock kernel: --host-exec hands on a Unix socket, and there is none");
        if (o->n_shares)
                return wrong("--vsock kernel: --share is served at a Unix socket, and there is none");
        return -1;
}

static int complete(struct uvmboot_options *o) {
        _cleanup_free_ char *behind = hcs_env_get("MOCKHCS");
        bool shell = !o->exec && !o->arguments && !o->host_exec;

        int code = check_recording(o);

        if (code < 0)
                code = check_vsock(o);
        if (code >= 0)
                return code;
        if (o->exec && o->arguments)
                return wrong("--exec and a command (%s) exclude each other", o->arguments[0]);
        if (o->host_exec && (o->exec || o->arguments || !o->gcs || o->n_layers))
                return wrong("--host-exec leaves the agent to another: no command, layers or console");
        if (o->root_fs && !hcs_streq(o->root_fs, "initrd") && !hcs_streq(o->root_fs, "vhd"))
                return wrong("--root-fs-type %s: a VM of HCS boots from initrd or vhd", o->root_fs);
        if (!o->gcs && o->exec && strchr(o->exec, '"'))
                return wrong("--exec without the agent: the kernel's command line has no place for a double quote");
        if (o->kernel_arguments && has_word(o->kernel_arguments, "--"))
                return wrong("--kernel-args: what is behind -- is init's, and said by the VM's document");
        if (o->log_level && !lcow_log_level(o->log_level))
                return wrong("--log-level %s: error, warning, info, debug or trace is expected", o->log_level);
        if ((o->accelerator || o->artefacts || o->vsock) && behind)
                return wrong("--accel, --vsock and --artefacts are options of the emulator, which $MOCKHCS decides "
                             "already");
        if (o->count > 1 && o->gcs && shell)
                return wrong("several VMs need a command to run");
        if (!o->gcs && (o->n_scsi || o->n_vpmem || o->n_shares || o->n_layers || o->network))
                return wrong("only the agent can mount, or take an adapter: not with --console");
        if (o->stats && !o->n_layers)
                return wrong("--stats is about a container: --layer");
        if (o->json && o->measure)
                return wrong("--json has the times of its own: without --measure");
        if (o->gcs && shell && !o->replay && hcs_terminal_is_interactive())
                o->tty = true;
        if (o->tty && o->gcs && !hcs_terminal_is_interactive())
                return wrong("--tty: this is no terminal");
        return -1;
}

int uvmboot_parse(int argc, char **argv, struct uvmboot_options *o) {
        struct words w = {.at = argv + 1, .end = argv + argc, .o = o};
        bool command = false;

        while (w.at < w.end) {
                const char *word = *w.at++;
                int code;

                if (hcs_streq(word, "--")) {
                        o->arguments = w.at < w.end ? w.at : NULL;
                        break;
                }
                if (word[0] != '-' || !word[1]) {
                        if (hcs_streq(word, "wcow") || hcs_streq(word, "cwcow"))
                                return wrong("%s: a Windows guest does not boot in QEMU here", word);
                        if (!hcs_streq(word, "lcow") || command)
                                return wrong("`%s`: a command is written behind --", word);
                        command = true;
                        continue;
                }
                code = take_flag(&w, word);
                if (code >= 0)
                        return code;
        }
        return complete(o);
}
