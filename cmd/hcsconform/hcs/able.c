/* SPDX-License-Identifier: MIT */

/*
 * What a platform lets us do, asked once before its cases run: who may not list compute systems is no administrator,
 * and where a machine can neither be made nor started for want of a hypervisor there is no Hyper-V. What else goes
 * wrong is for the cases to find.
 */

#include <stdlib.h>

#include "base/str.h"
#include "cmd/hcsconform/hcs/hcs.h"

#define FACILITY_HYPERVISOR 0x35u /* ERROR_HV_NOT_PRESENT and its like */

static bool is_denied(HRESULT hr) {
        return hr == E_ACCESSDENIED || hr == HCS_E_ACCESS_DENIED;
}

static bool lacks_hypervisor(HRESULT hr) {
        return hr == HCS_E_HYPERV_NOT_INSTALLED ||
               (FAILED(hr) && (((uint32_t)hr >> 16) & 0xfff) == FACILITY_HYPERVISOR);
}

static HRESULT try_a_machine(void) {
        _cleanup_free_ char *id = hcs_asprintf("hcsconform-%s-try", conform_target.token),
                            *doc = conform_expand(VM, NULL, NULL), *text = NULL, *more = NULL, *rest = NULL;
        struct watch watch;
        void *handle = NULL;
        HRESULT hr;

        watch_init(&watch);
        hr = face_core.create(id, doc, &watch, &handle, &text);
        if (SUCCEEDED(hr)) {
                hr = face_core.system(SYS_START, handle, &watch, NULL, &more);
                face_core.system(SYS_TERMINATE, handle, &watch, NULL, &rest);
        }
        if (handle)
                face_core.close(handle, &watch);
        watch_deinit(&watch);
        return hr;
}

unsigned hcs_lacks(void) {
        _cleanup_free_ char *text = NULL;

        if (is_denied(face_core.enumerate("{}", &text)))
                return NEEDS_ADMIN | NEEDS_HYPERV;
        return lacks_hypervisor(try_a_machine()) ? NEEDS_HYPERV : 0;
}
