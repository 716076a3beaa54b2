/* SPDX-License-Identifier: MIT */

/* The target: the exports of four libraries, what it can do, and the folder and token of this run. */

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "cmd/hcsconform/conform.h"
#include "cmd/hcsconform/image.h"
#include "cmd/hcsconform/network/network.h"
#include "cmd/hcsconform/tools.h"
#include "platform/env.h"
#include "platform/library.h"
#include "platform/place.h"
#include "platform/process.h"
#include "platform/random.h"
#include "platform/work_folder.h"

struct conform_target conform_target;
static struct hcs_work_folder *work;

/* In the place of a function that a platform is too old for: its cases are skipped. */
static uint64_t HCS_ABI_CALL is_missing(void) {
        conform_target.was_missing = true;
        return (uint32_t)E_NOTIMPL;
}

/* The same for what returns no code: one would be taken for a handle. */
static uint64_t HCS_ABI_CALL gives_nothing(void) {
        conform_target.was_missing = true;
        return 0;
}

static void *function_of(struct hcs_dynlib *lib, const char *name, uint64_t(HCS_ABI_CALL *otherwise)(void)) {
        void *f = hcs_dynlib_symbol(lib, name);

        return f ? f : (void *)(uintptr_t)otherwise;
}

#define LOAD(ret, name, params)             \
        *(void **)&api->name = function_of( \
                lib, #name, __builtin_types_compatible_p(ret, HCS_ABI_HRESULT) ? is_missing : gives_nothing);

static HRESULT load(const char *path, struct conform_target *t, struct hcs_error **err) {
        struct hcs_dynlib *lib = NULL;
        HRESULT hr = hcs_library_load(path, "computecore", "HcsCreateOperation", &lib, err);

        if (FAILED(hr))
                return hr;
        {
                struct hcs_computecore_api *api = &t->core;

                HCS_COMPUTECORE_FUNCTIONS(LOAD)
        }
        hr = hcs_library_load(path, "vmcompute", "HNSCall", &lib, err);
        if (FAILED(hr))
                return hr;
        {
                struct hcs_vmcompute_api *api = &t->vmcompute;

                HCS_VMCOMPUTE_FUNCTIONS(LOAD)
        }
        hr = hcs_library_load(path, "computenetwork", "HcnEnumerateNetworks", &lib, err);
        if (FAILED(hr))
                return hr;
        {
                struct hcs_computenetwork_api *api = &t->network;

                HCS_COMPUTENETWORK_FUNCTIONS(LOAD)
        }
        hr = hcs_library_load(path, "computestorage", "HcsImportLayer", &lib, err);
        if (FAILED(hr))
                return hr;
        {
                struct hcs_computestorage_api *api = &t->storage;

                HCS_COMPUTESTORAGE_FUNCTIONS(LOAD)
        }
        return S_OK;
}

/*
 * The emulator of a package is beside this program; a host's own DLLs, which the system would find, are none. NULL: the
 * system's search, or HCSSHIM_LIBRARY_PATH.
 */
static char *beside_program(void) {
        _cleanup_free_ char *said = hcs_env_get("HCSSHIM_LIBRARY_PATH"), *self = said ? NULL : hcs_process_path(),
                            *folder = self ? hcs_strndup(self, (size_t)(hcs_path_name(self) - self)) : NULL;
        struct hcs_dynlib *lib = NULL;

        return folder && *folder && SUCCEEDED(hcs_library_load(folder, "computecore", "HcsCreateOperation", &lib, NULL))
                       ? steal_pointer(&folder)
                       : NULL;
}

/* The ids of a real target are new in each run; those of the emulator are the same, so that traces are. */
static HRESULT make_token(struct conform_target *t, struct hcs_error **err) {
        uint32_t number = 1;
        HRESULT hr = t->real ? hcs_random(&number, sizeof(number), err) : S_OK;

        snprintf(t->token, sizeof(t->token), "%08x", number);
        return hr;
}

HRESULT target_open(const struct conform_options *o, struct hcs_error **err) {
        struct conform_target *t = &conform_target;
        _cleanup_free_ char *own = o->real || o->library_path ? NULL : beside_program();
        HRESULT hr;

        t->real = o->real;
        t->image = o->image;
        t->patience_ms = o->patience_ms;
        hr = load(own ? own : o->library_path, t, err);
        if (SUCCEEDED(hr))
                hr = make_token(t, err);
        if (SUCCEEDED(hr))
                hr = hcs_work_folder_new(NULL, "hcsconform", &work, err);
        if (FAILED(hr))
                return hr;
        t->work = hcs_work_folder_path(work);
        networks_use(&t->network, t->vmcompute.HNSCall);
        if (!t->real)
                return S_OK;
        /* A case that is asked for by its name runs, and nothing else is in its trace. */
        t->lacks = o->only ? 0 : hcs_lacks();
        return image_prepare(err);
}

void target_close(void) {
        image_release();
        tools_release();
        work = hcs_work_folder_free(work);
}

char *target_name(void) {
        return hcs_strdup(conform_target.real ? "real" : "emulator");
}

bool conform_may_run(const struct conform_case *c, const char **ret_missing) {
        *ret_missing = NULL;
        if ((c->needs & NEEDS_PROGRAMS) && !tools_possible(ret_missing))
                return false;
        if (!conform_target.real)
                return true;
        if (c->needs & NEEDS_EMULATOR)
                *ret_missing = "only for the emulator";
        else if (c->needs & conform_target.lacks & NEEDS_ADMIN)
                *ret_missing = "needs the rights of an administrator";
        else if (c->needs & conform_target.lacks & NEEDS_HYPERV)
                *ret_missing = "needs Hyper-V";
        else if ((c->needs & NEEDS_IMAGE) && !conform_target.image)
                *ret_missing = "needs an image (--image)";
        else if (c->options && !(c->needs & NEEDS_PROGRAMS) && !network_may_run(c->options))
                *ret_missing = c->options;
        return !*ret_missing;
}
