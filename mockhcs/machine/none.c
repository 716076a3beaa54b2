/* SPDX-License-Identifier: MIT */

/* A system without machines: every virtual machine of the emulator stays on paper. */

#include "mockhcs/machine/machine.h"

#define NONE "this system has no machines"

bool emu_machine_is_wanted(const struct emu_machine_settings *settings, const struct hcs_json *document) {
        return settings->machines == EMU_MACHINES_QEMU;
}

HRESULT emu_machine_new(const struct emu_machine_settings *settings, const struct emu_machine_request *request,
                        struct emu_machine **ret, struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, "machines=qemu: " NONE);
}

struct emu_machine *emu_machine_free(struct emu_machine *m) {
        return NULL;
}

HRESULT emu_machine_start(struct emu_machine *m, struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, NONE);
}

HRESULT emu_machine_pause(struct emu_machine *m, struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, NONE);
}

HRESULT emu_machine_resume(struct emu_machine *m, struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, NONE);
}

HRESULT emu_machine_shutdown(struct emu_machine *m, struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, NONE);
}

bool emu_machine_stops_on_reset(const struct emu_machine *m) {
        return true;
}

HRESULT emu_machine_save(struct emu_machine *m, const char *file, struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, NONE);
}

HRESULT emu_machine_modify(struct emu_machine *m, const struct emu_change *change, struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, NONE);
}

void emu_machine_kill(struct emu_machine *m) {
}

void emu_machine_wait(struct emu_machine *m) {
}

HRESULT emu_machine_figures(struct emu_machine *m, struct emu_figures *ret, struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, NONE);
}

void emu_machine_describe(struct emu_machine *m, struct hcs_json *o) {
}

struct emu_switches *emu_switches_new(void) {
        return NULL;
}

struct emu_switches *emu_switches_free(struct emu_switches *s) {
        return NULL;
}
