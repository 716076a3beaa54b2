/* SPDX-License-Identifier: MIT */

/* The thread that starts QEMU, listens to it, and sees its end. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/vm/machine.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/place.h"

#define PANIC_GRACE     (500ull * HCS_NS_PER_MS) /* for the rest of the kernel's last words */
#define END_GRACE       (500ull * HCS_NS_PER_MS) /* for QEMU to end when its vsock program did: one of them is first */
#define PROGRAM_TIMEOUT (5ull * HCS_NS_PER_S)    /* for vhost-device-vsock to make its socket */

static HRESULT start_companion(struct vm *vm, char *const *argv, const int *keep, size_t n_keep, const char *log,
                               struct hcs_companion **ret, struct hcs_error **err) {
        _cleanup_free_ char *output = hcs_asprintf("%s/%s", vm->artefacts, log);
        const struct hcs_companion_options o = {.argv = argv, .keep = keep, .n_keep = n_keep, .output = output};

        return hcs_companion_start(&o, ret, err);
}

/* The program listens for QEMU before QEMU starts. */
static HRESULT start_vsock_program(struct vm *vm, struct hcs_error **err) {
        const char *folder = hcs_work_folder_path(vm->folder);
        _cleanup_free_ char *socket = hcs_asprintf("--socket=%s/vhost.sock", folder),
                            *uds = hcs_asprintf("--uds-path=%s/v.sock", machine_vsock_folder(vm)),
                            *cid = hcs_asprintf("--guest-cid=%u", vm->options.guest_cid);
        char *argv[] = {(char *)(uintptr_t) "vhost-device-vsock", cid, socket, uds, NULL};
        uint64_t deadline = hcs_clock_ns() + PROGRAM_TIMEOUT;
        HRESULT hr = start_companion(vm, argv, NULL, 0, "vhost-device-vsock.log", &vm->vsock_program, err);
        struct hcs_poll_entry ended;

        while (SUCCEEDED(hr) && !hcs_file_exists(socket + strlen("--socket="))) {
                ended = (struct hcs_poll_entry){.h = hcs_companion_handle(vm->vsock_program), .want_read = true};
                hcs_poller_wait(vm->poller, &ended, 1, hcs_clock_ns() + 10 * HCS_NS_PER_MS);
                if (ended.readable)
                        hr = hcs_error_make(err, HCS_E_UNEXPECTED_EXIT, "vhost-device-vsock ended");
                else if (hcs_clock_ns() > deadline)
                        hr = hcs_error_make(err, HCS_E_CONNECTION_TIMEOUT, "vhost-device-vsock made no socket");
        }
        return hr;
}

/* It was killed, so what it bound is still there, and in the way of the next. */
static void end_vsock_program(struct vm *vm) {
        _cleanup_free_ char *guest = hcs_asprintf("%s/v.sock", machine_vsock_folder(vm));

        if (!vm->vsock_program)
                return;
        vm->vsock_program = hcs_companion_free(vm->vsock_program);
        hcs_file_remove(guest, NULL);
}

/* The arguments, one a line, for whoever wants to do the same by hand. */
static void record_arguments(struct vm *vm, char *const *argv) {
        _cleanup_free_ char *path = hcs_asprintf("%s/qemu.arguments", vm->artefacts);
        _cleanup_buf_ struct hcs_buf text = {0};

        for (size_t i = 0; argv[i]; i++)
                hcs_buf_printf(&text, "%s\n", argv[i]);
        hcs_file_write(path, hcs_buf_cstr(&text), text.len, NULL);
}

/* What QEMU has of ours, under the same numbers. */
static size_t list_descriptors(const struct vm *vm, int **ret) {
        int *keep = hcs_calloc(3 + vm->n_nics, sizeof(*keep));
        size_t n = 0;

        keep[n++] = vm->console_theirs;
        keep[n++] = vm->qmp_theirs;
        if (vm->vhost_theirs >= 0)
                keep[n++] = vm->vhost_theirs;
        for (size_t i = 0; i < vm->n_nics; i++)
                if (vm->nics[i].theirs >= 0)
                        keep[n++] = vm->nics[i].theirs;
        *ret = keep;
        return n;
}

/* Ours are closed in any case, so that QEMU's end is the end of the streams. */
static void close_descriptors(struct vm *vm) {
        hcs_pipe_close(hcs_abi_handle_from_fd(vm->console_theirs));
        hcs_pipe_close(hcs_abi_handle_from_fd(vm->qmp_theirs));
        hcs_pipe_close(hcs_abi_handle_from_fd(vm->vhost_theirs));
        vm->console_theirs = vm->qmp_theirs = vm->vhost_theirs = -1;
        machine_nics_given(vm);
}

static HRESULT start_qemu(struct vm *vm, struct hcs_error **err) {
        struct hcs_companion *qemu = NULL;
        char **argv = NULL;
        HRESULT hr = S_OK;

        if (vm->options.vsock == VM_VSOCK_EXTERNAL)
                hr = start_vsock_program(vm, err);
        if (SUCCEEDED(hr))
                hr = machine_command_line(vm, &argv, err);
        if (SUCCEEDED(hr)) {
                _cleanup_free_ int *keep = NULL;
                size_t n = list_descriptors(vm, &keep);

                record_arguments(vm, argv);
                hr = start_companion(vm, argv, keep, n, "qemu.log", &qemu, err);
        }
        machine_free_command_line(argv);
        close_descriptors(vm);

        hcs_guard(&vm->lock);
        vm->qemu = qemu;
        vm->state = SUCCEEDED(hr) ? MACHINE_SPAWNED : MACHINE_ENDED;
        hcs_cond_broadcast(&vm->changed);
        return hr;
}

/* Reads what is there; false at the end. */
static bool read_console(struct vm *vm) {
        char data[16384];

        for (;;) {
                size_t n;
                HRESULT hr = hcs_pipe_read(vm->console_ours, data, sizeof(data), &n, NULL);

                if (hr != S_OK)
                        return hr == HCS_PIPE_WOULD_BLOCK;
                {
                        hcs_guard(&vm->lock);
                        console_feed(&vm->console, data, n);
                }
                if (vm->options.console)
                        vm->options.console(vm->options.ctx, data, n);
        }
}

/* The last line of a program's words, for its error. */
static char *last_words(struct vm *vm, const char *log, const char *program) {
        _cleanup_free_ char *path = hcs_asprintf("%s/%s", vm->artefacts, log);
        _cleanup_buf_ struct hcs_buf text = {0};
        char *line;

        if (FAILED(hcs_file_read(path, 1 << 20, &text, NULL)) || text.len == 0)
                return NULL;
        while (text.len > 0 && text.data[text.len - 1] == '\n')
                text.data[--text.len] = '\0';
        line = strrchr(text.data, '\n');
        line = line ? line + 1 : text.data;
        if (hcs_str_starts(line, program) && line[strlen(program)] == ':')
                line += strlen(program) + 1;
        return *line ? hcs_strdup(line + (*line == ' ')) : NULL;
}

/* Why a machine died that nobody ended. */
static char *cause_of_death(struct vm *vm, bool vsock_lost, int exit_code) {
        if (vsock_lost) {
                _cleanup_free_ char *words = last_words(vm, "vhost-device-vsock.log", "vhost-device-vsock");

                return hcs_asprintf("vhost-device-vsock ended before it%s%s", words ? ": " : "", words ? words : "");
        }
        if (exit_code > 128)
                return hcs_asprintf("QEMU was ended by signal %d", exit_code - 128);
        return last_words(vm, "qemu.log", vm->options.qemu);
}

static void conclude(struct vm *vm, bool vsock_lost, int exit_code) {
        hcs_guard(&vm->lock);

        vm->end.exit_code = exit_code;
        if (vm->console.panic) {
                vm->end.kind = VM_END_PANIC;
                vm->end_detail = hcs_strdup(vm->console.panic);
        } else if (vm->killed) {
                vm->end.kind = VM_END_STOPPED;
        } else if (vsock_lost || exit_code != 0) {
                vm->end.kind = VM_END_DIED;
                vm->end_detail = cause_of_death(vm, vsock_lost, exit_code);
        } else {
                vm->end.kind = vm->guest_reset ? VM_END_RESET : VM_END_POWER_OFF;
        }
        vm->end.detail = vm->end_detail;
        if (vm->end.kind == VM_END_PANIC || vm->end.kind == VM_END_DIED)
                machine_keep_artefacts(vm);
        vm->state = MACHINE_ENDED;
        hcs_cond_broadcast(&vm->changed);
}

/* What may make it time to end a machine, and since when; 0: not yet. */
struct omens {
        uint64_t panicked_at, vsock_lost_at;
        bool vsock_lost; /* that was why */
};

/* Also tells when to look again. */
static bool must_die(struct vm *vm, struct omens *o, uint64_t *ret_next) {
        uint64_t now = hcs_clock_ns();
        hcs_guard(&vm->lock);

        *ret_next = HCS_FOREVER;
        if (vm->kill_wanted)
                return vm->killed = true;
        if (vm->console.panic && o->panicked_at == 0)
                o->panicked_at = now;
        if (o->panicked_at) {
                *ret_next = o->panicked_at + PANIC_GRACE;
                return now >= *ret_next;
        }
        if (o->vsock_lost_at) {
                *ret_next = o->vsock_lost_at + END_GRACE;
                return o->vsock_lost = now >= *ret_next;
        }
        return false;
}

/* True: it ended because the program of its vsock did. */
static bool listen_to(struct vm *vm) {
        bool console = true, qmp = true;
        struct omens omens = {0};
        uint64_t next;

        for (;;) {
                struct hcs_poll_entry entries[4];

                if (must_die(vm, &omens, &next)) {
                        hcs_companion_kill(vm->qemu);
                        next = HCS_FOREVER;
                }
                entries[0] = (struct hcs_poll_entry){.h = hcs_companion_handle(vm->qemu), .want_read = true};
                entries[1] = (struct hcs_poll_entry){.h = console ? vm->console_ours : 0, .want_read = true};
                entries[2] = (struct hcs_poll_entry){.h = qmp ? vm->qmp.socket : 0, .want_read = true};
                entries[3] = (struct hcs_poll_entry){.want_read = true};
                if (vm->vsock_program && !omens.vsock_lost_at)
                        entries[3].h = hcs_companion_handle(vm->vsock_program);
                hcs_poller_wait(vm->poller, entries, HCS_ARRAY_SIZE(entries), next);
                if (console && entries[1].readable)
                        console = read_console(vm);
                if (qmp && entries[2].readable)
                        qmp = qmp_feed(&vm->qmp);
                if (entries[3].readable)
                        omens.vsock_lost_at = hcs_clock_ns();
                if (entries[0].readable)
                        break;
        }
        if (console)
                read_console(vm);
        if (qmp)
                qmp_feed(&vm->qmp);
        qmp_close(&vm->qmp);
        return omens.vsock_lost;
}

void machine_keep(void *arg) {
        struct vm *vm = arg;
        struct hcs_error *err = NULL;

        if (FAILED(start_qemu(vm, &err))) {
                hcs_guard(&vm->lock);
                vm->start_error = err;
                vm->end = (struct vm_end){.kind = VM_END_DIED};
                qmp_close(&vm->qmp);
        } else {
                bool vsock_lost = listen_to(vm);

                conclude(vm, vsock_lost, hcs_companion_wait(vm->qemu));
        }
        end_vsock_program(vm);
        if (vm->options.ended)
                vm->options.ended(vm->options.ctx, vm);
}
