/* SPDX-License-Identifier: MIT */

/*
 * Redirected functions; see intercept.h. Each has a stub of a few instructions near its DLL, for an export is told by
 * its distance from there in 32 bits. The stub says which function it is and goes to one common entry, which finds all
 * arguments in a row where the caller has put them. What is here stays to the end of the process. The tables change
 * with the loader's lock held and never under a lock of their own: what changes them may make the loader load more.
 */

#include "platform/windows/intercept.h"

#include <stdatomic.h>
#include <string.h>
#include <windows.h>

#include "base/mem.h"
#include "base/str.h"
#include "hcsshim/log.h"
#include "platform/windows/last_error.h"
#include "platform/windows/modules.h"

#define STUB_SIZE  32
#define FAR_ENOUGH 0xFFF00000u /* of the distance that an export can have */
#define MAX_RANGES 256         /* modules over the life of the process; who loads ours again and again is left alone */

struct site {
        void *real, *stub;
        const struct intercepted *what;
        const struct interceptor *by;
};

/* A module that functions are redirected of. */
struct range {
        const struct interceptor *by;
        const char *from;
        const char *_Atomic to; /* NULL: it is gone */
};

static struct {
        const struct interceptor *interceptors[4];
        size_t n_interceptors;
        struct site **sites; /* by the address of the real function */
        size_t n_sites, cap_sites;
        struct range ranges[MAX_RANGES]; /* read by any thread at any time: only added to */
        atomic_size_t n_ranges;
} state;

uint64_t intercept_enter(const struct site *site, const uint64_t *args, const char *caller);
void intercept_entry(void);

/* In: r11 the site. The four registers go to the places that every caller leaves for them, in front of what it has
 * put on the stack. */
__asm__(".text\n"
        ".p2align 4\n"
        ".globl intercept_entry\n"
        ".def intercept_entry; .scl 2; .type 32; .endef\n"
        ".seh_proc intercept_entry\n"
        "intercept_entry:\n"
        "       movq %rcx, 8(%rsp)\n"
        "       movq %rdx, 16(%rsp)\n"
        "       movq %r8, 24(%rsp)\n"
        "       movq %r9, 32(%rsp)\n"
        "       movq %r11, %rcx\n"
        "       leaq 8(%rsp), %rdx\n"
        "       movq (%rsp), %r8\n"
        "       subq $40, %rsp\n"
        "       .seh_stackalloc 40\n"
        "       .seh_endprologue\n"
        "       call intercept_enter\n"
        "       addq $40, %rsp\n"
        "       ret\n"
        ".seh_endproc\n");

uint64_t intercept_through(void *real, const uint64_t *args, unsigned n) {
        typedef uint64_t(WINAPI * function)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                            uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
        uint64_t a[INTERCEPT_MAX_ARGS] = {0};

        memcpy(a, args, n * sizeof(*a));
        return ((function)(uintptr_t)real)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11],
                                           a[12], a[13]);
}

/* Does a module call whose functions are redirected by the same interceptor? */
static bool is_from_inside(const struct interceptor *by, const char *caller) {
        for (size_t i = atomic_load(&state.n_ranges); i-- > 0;)
                if (state.ranges[i].by == by && caller >= state.ranges[i].from && caller < state.ranges[i].to)
                        return true;
        return false;
}

uint64_t intercept_enter(const struct site *site, const uint64_t *args, const char *caller) {
        return !site->by->inside && is_from_inside(site->by, caller)
                       ? intercept_through(site->real, args, site->what->n_args)
                       : site->by->call(site->what->cookie, args, site->real);
}

static const IMAGE_NT_HEADERS64 *headers_of(const char *base) {
        const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *)base;
        const IMAGE_NT_HEADERS64 *nt = (const IMAGE_NT_HEADERS64 *)(base + dos->e_lfanew);

        return dos->e_magic == IMAGE_DOS_SIGNATURE && nt->Signature == IMAGE_NT_SIGNATURE &&
                               nt->OptionalHeader.Magic == IMAGE_NT_OPTIONAL_HDR64_MAGIC
                       ? nt
                       : NULL;
}

static const void *directory_of(const char *base, unsigned which, DWORD *ret_size) {
        const IMAGE_NT_HEADERS64 *nt = headers_of(base);
        const IMAGE_DATA_DIRECTORY *d = nt ? &nt->OptionalHeader.DataDirectory[which] : NULL;

        if (!d || which >= nt->OptionalHeader.NumberOfRvaAndSizes || d->Size == 0)
                return NULL;
        *ret_size = d->Size;
        return base + d->VirtualAddress;
}

/* Where that address is among the sites, or would be. */
static size_t place_of(const void *real) {
        size_t from = 0, to = state.n_sites;

        while (from < to) {
                size_t middle = (from + to) / 2;

                if (state.sites[middle]->real < real)
                        from = middle + 1;
                else
                        to = middle;
        }
        return from;
}

static const struct site *find_site(const void *real) {
        size_t i = place_of(real);

        return i < state.n_sites && state.sites[i]->real == real ? state.sites[i] : NULL;
}

static bool is_stub(const void *p) {
        for (size_t i = 0; i < state.n_sites; i++)
                if (state.sites[i]->stub == p)
                        return true;
        return false;
}

/* Tables of the loader are not to be written to as they are. Code in the same page can be run all the time. */
static bool write_protected(void *to, const void *from, size_t n) {
        MEMORY_BASIC_INFORMATION info;
        DWORD old, ignored;
        bool code;

        if (!VirtualQuery(to, &info, sizeof(info)))
                return false;
        code = info.Protect & (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY);
        if (!VirtualProtect(to, n, code ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE, &old))
                return false;
        memcpy(to, from, n);
        VirtualProtect(to, n, old, &ignored);
        return true;
}

/* Memory behind the module, as near as it is free. */
static char *allocate_near(const char *base, size_t image, size_t size) {
        const uintptr_t step = 65536, end = (uintptr_t)base + FAR_ENOUGH;
        MEMORY_BASIC_INFORMATION info;

        for (uintptr_t at = (uintptr_t)base + image; at < end;) {
                uintptr_t aligned;

                if (!VirtualQuery((void *)at, &info, sizeof(info)))
                        return NULL;
                at = (uintptr_t)info.BaseAddress + info.RegionSize;
                aligned = ((uintptr_t)info.BaseAddress + step - 1) & ~(step - 1);
                if (info.State == MEM_FREE && aligned + size <= at && aligned + size < end) {
                        char *p = VirtualAlloc((void *)aligned, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

                        if (p)
                                return p;
                }
        }
        return NULL;
}

static void write_stub(char *stub, const struct site *site) {
        static const unsigned char code[] = {0x49, 0xBB, 0, 0, 0, 0, 0, 0, 0, 0, /* mov r11, site */
                                             0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, /* mov rax, entry */
                                             0xFF, 0xE0};                        /* jmp rax */
        uintptr_t entry = (uintptr_t)intercept_entry;

        memcpy(stub, code, sizeof(code));
        memcpy(stub + 2, &site, sizeof(site));
        memcpy(stub + 12, &entry, sizeof(entry));
}

/* function: NULL for any. */
static const struct intercepted *wanted(const struct interceptor *by, const wchar_t *module, size_t n,
                                        const char *function) {
        for (size_t i = 0; i < by->n; i++)
                if ((!function || hcs_streq(by->list[i].function, function)) &&
                    modules_is(by->list[i].module, module, n))
                        return &by->list[i];
        return NULL;
}

static void keep_site(struct site *s) {
        size_t at;

        if (state.n_sites == state.cap_sites) {
                state.cap_sites = state.cap_sites ? state.cap_sites * 2 : 256;
                state.sites = hcs_realloc(state.sites, state.cap_sites * sizeof(*state.sites));
        }
        at = place_of(s->real);
        memmove(state.sites + at + 1, state.sites + at, (state.n_sites++ - at) * sizeof(*state.sites));
        state.sites[at] = s;
}

/* There is room for it. */
static void keep_range(const char *base, const struct interceptor *by) {
        size_t n = atomic_load(&state.n_ranges);

        state.ranges[n].by = by;
        state.ranges[n].from = base;
        state.ranges[n].to = base + headers_of(base)->OptionalHeader.SizeOfImage;
        atomic_store(&state.n_ranges, n + 1);
}

struct exports {
        char *base;
        const IMAGE_EXPORT_DIRECTORY *directory;
        DWORD size;
        DWORD *functions;
        const DWORD *names;
        const WORD *ordinals;
};

static bool exports_of(char *base, struct exports *ret) {
        const IMAGE_EXPORT_DIRECTORY *d = directory_of(base, IMAGE_DIRECTORY_ENTRY_EXPORT, &ret->size);

        if (!d)
                return false;
        ret->base = base;
        ret->directory = d;
        ret->functions = (DWORD *)(uintptr_t)(base + d->AddressOfFunctions);
        ret->names = (const DWORD *)(uintptr_t)(base + d->AddressOfNames);
        ret->ordinals = (const WORD *)(uintptr_t)(base + d->AddressOfNameOrdinals);
        return true;
}

/* Where the function is, also when the export only names another DLL's. */
static void *real_of(const struct exports *e, DWORD name) {
        char *at = e->base + e->functions[e->ordinals[name]];

        if (at >= (const char *)e->directory && at < (const char *)e->directory + e->size)
                return (void *)(uintptr_t)GetProcAddress((HMODULE)(void *)e->base, e->base + e->names[name]);
        return at;
}

static void redirect_export(const struct exports *e, DWORD name, const struct intercepted *what,
                            const struct interceptor *by, char *stub) {
        struct site *s;
        void *real = real_of(e, name);
        DWORD distance = (DWORD)(stub - e->base);

        if (!real || is_stub(real))
                return;
        s = hcs_calloc(1, sizeof(*s));
        *s = (struct site){.real = real, .stub = stub, .what = what, .by = by};
        write_stub(stub, s);
        if (!write_protected(&e->functions[e->ordinals[name]], &distance, sizeof(distance))) {
                free(s);
                return;
        }
        keep_site(s);
        if (by->found)
                by->found(what->cookie, real);
}

/* True when functions of that module are redirected now. */
static bool redirect_exports(const wchar_t *name, size_t n, char *base, const struct interceptor *by) {
        size_t stubs = 0, used = 0, size;
        struct exports e;
        DWORD ignored;
        char *memory;

        if (!exports_of(base, &e))
                return false;
        for (DWORD i = 0; i < e.directory->NumberOfNames; i++)
                stubs += wanted(by, name, n, base + e.names[i]) != NULL;
        if (stubs == 0)
                return false;
        size = stubs * STUB_SIZE;
        memory = atomic_load(&state.n_ranges) < MAX_RANGES
                         ? allocate_near(base, headers_of(base)->OptionalHeader.SizeOfImage, size)
                         : NULL;
        if (!memory) {
                hcs_log(HCS_LOG_ERROR, "no room for a DLL: its functions are not redirected", "module",
                        wanted(by, name, n, NULL)->module, NULL);
                return false;
        }
        keep_range(base, by);
        for (DWORD i = 0; i < e.directory->NumberOfNames; i++) {
                const struct intercepted *what = wanted(by, name, n, base + e.names[i]);

                if (what)
                        redirect_export(&e, i, what, by, memory + STUB_SIZE * used++);
        }
        VirtualProtect(memory, size, PAGE_EXECUTE_READ, &ignored);
        FlushInstructionCache(GetCurrentProcess(), memory, size);
        return true;
}

/* What the module was bound to before. */
static void redirect_imports(char *base) {
        DWORD size;
        const IMAGE_IMPORT_DESCRIPTOR *d = directory_of(base, IMAGE_DIRECTORY_ENTRY_IMPORT, &size);

        for (; d && d->Name && d->FirstThunk; d++)
                for (void **slot = (void **)(uintptr_t)(base + d->FirstThunk); *slot; slot++) {
                        const struct site *s = find_site(*slot);

                        if (s)
                                write_protected(slot, &s->stub, sizeof(*slot));
                }
}

static void bind_anew(const wchar_t *name, size_t n, void *base) {
        redirect_imports(base);
}

static void loaded(const wchar_t *name, size_t n, void *base) {
        bool any = false;

        for (size_t i = 0; i < state.n_interceptors; i++)
                any |= redirect_exports(name, n, base, state.interceptors[i]);
        if (any)
                modules_each(bind_anew);
        redirect_imports(base);
}

static void forget_sites(const char *from, const char *to) {
        size_t kept = 0;

        for (size_t i = 0; i < state.n_sites; i++)
                if ((char *)state.sites[i]->real < from || (char *)state.sites[i]->real >= to)
                        state.sites[kept++] = state.sites[i];
        state.n_sites = kept;
}

static void unloaded(const wchar_t *name, size_t n, void *base) {
        for (size_t i = atomic_load(&state.n_ranges); i-- > 0;)
                if (state.ranges[i].from == base && state.ranges[i].to) {
                        forget_sites(base, state.ranges[i].to);
                        state.ranges[i].to = NULL;
                }
}

static const struct interceptor *beginning;

static void redirect_loaded(const wchar_t *name, size_t n, void *base) {
        redirect_exports(name, n, base, beginning);
}

HRESULT intercept_begin(const struct interceptor *by, struct hcs_error **err) {
        HRESULT hr = state.n_interceptors == 0 ? modules_watch(loaded, unloaded, err) : S_OK;

        if (FAILED(hr))
                return hr;
        state.interceptors[state.n_interceptors++] = by;
        beginning = by;
        modules_each(redirect_loaded);
        modules_each(bind_anew);
        return S_OK;
}
