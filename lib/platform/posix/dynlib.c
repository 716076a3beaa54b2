/* SPDX-License-Identifier: MIT */

/* Shared libraries of platform/dynlib.h over dlopen(). The handle of dlopen() is the object itself. */

#include "platform/dynlib.h"

#include <dlfcn.h>

#include "base/mem.h"
#include "platform/library.h"

HRESULT hcs_dynlib_open(const char *name, struct hcs_dynlib **ret, struct hcs_error **err) {
        void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);

        if (!handle)
                return hcs_error_make(err, HCS_WIN32(126), "load `%s`: %s", name, dlerror());
        *ret = handle;
        return S_OK;
}

void *hcs_dynlib_symbol(struct hcs_dynlib *lib, const char *symbol) {
        return dlsym(lib, symbol);
}

struct hcs_dynlib *hcs_dynlib_close(struct hcs_dynlib *lib) {
        if (lib)
                dlclose(lib);
        return NULL;
}

void hcs_dynlib_stay(void) {
        Dl_info self;

        if (dladdr((void *)(uintptr_t)hcs_dynlib_stay, &self) != 0 && self.dli_fname)
                dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

char *hcs_dynlib_file_name(const char *base) {
        return hcs_asprintf("lib%s.so", base);
}

char *hcs_library_system_folder(void) {
        return NULL;
}
