/* SPDX-License-Identifier: MIT */

/*
 * Plays an imported trace: makes every call that it holds once more, through vmcompute's exports over a replay of the
 * same trace, and sees that each ends as it did in the log. So a bug report fails on a laptop as it failed for its
 * author. Calls of DLLs that are not built here are counted and left out. usage: play TRACE
 */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/vmcompute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/trace/reader.h"

#define MAX_RECORDS 1024
#define MAX_HANDLES 64

struct player {
        struct mock_record records[MAX_RECORDS];
        size_t n;
        void *systems[MAX_HANDLES], *processes[MAX_HANDLES];
        unsigned made, skipped, different;
};

static const struct mock_value *value(const struct mock_record *r, const char *name) {
        for (size_t i = 0; i < r->n_args; i++)
                if (hcs_streq(r->args[i].name, name))
                        return &r->args[i];
        return NULL;
}

static uint16_t *wide(const struct mock_record *r, const char *name) {
        const struct mock_value *v = value(r, name);

        return v && v->text ? hcs_utf8_to_utf16_lossy(v->text, v->len, NULL) : NULL;
}

/* Where the handle behind "system/1" is kept. */
static void **slot(struct player *p, const struct mock_record *r, const char *name) {
        const struct mock_value *v = r ? value(r, name) : NULL;
        const char *slash = v ? strchr(v->text, '/') : NULL;
        unsigned long n = slash ? strtoul(slash + 1, NULL, 10) : 0;

        return (strcmp(name, "process") == 0 ? p->processes : p->systems) + n % MAX_HANDLES;
}

static const struct mock_record *return_of(const struct player *p, uint64_t n) {
        for (size_t i = 0; i < p->n; i++)
                if (p->records[i].kind == MOCK_RECORD_RETURN && p->records[i].n == n)
                        return &p->records[i];
        return NULL;
}

/* A compute system, or what is made in one. */
static bool play_system(struct player *p, const struct mock_record *c, const struct mock_record *ret, uint64_t *hr) {
        const char *f = c->function;
        _cleanup_free_ uint16_t *id = wide(c, "id"), *document = wide(c, "configuration"),
                                *parameters = wide(c, "parameters"), *options = wide(c, "options"),
                                *query = wide(c, "query");
        HCS_SYSTEM s = *slot(p, c, "system"), made_system = NULL;
        HCS_PROCESS made = NULL;
        HCS_PROCESS_INFORMATION info;

        if (hcs_streq(f, "HcsCreateComputeSystem"))
                *hr = HcsCreateComputeSystem(id, document, NULL, &made_system, NULL);
        else if (hcs_streq(f, "HcsOpenComputeSystem"))
                *hr = HcsOpenComputeSystem(id, &made_system, NULL);
        else if (hcs_streq(f, "HcsStartComputeSystem"))
                *hr = HcsStartComputeSystem(s, options, NULL);
        else if (hcs_streq(f, "HcsShutdownComputeSystem"))
                *hr = HcsShutdownComputeSystem(s, options, NULL);
        else if (hcs_streq(f, "HcsTerminateComputeSystem"))
                *hr = HcsTerminateComputeSystem(s, options, NULL);
        else if (hcs_streq(f, "HcsModifyComputeSystem"))
                *hr = HcsModifyComputeSystem(s, document, NULL);
        else if (hcs_streq(f, "HcsGetComputeSystemProperties"))
                *hr = HcsGetComputeSystemProperties(s, query, NULL, NULL);
        else if (hcs_streq(f, "HcsCreateProcess"))
                *hr = HcsCreateProcess(s, parameters, &info, &made, NULL);
        else if (hcs_streq(f, "HcsOpenProcess"))
                *hr = HcsOpenProcess(s, (DWORD)value(c, "processId")->number, &made, NULL);
        else
                return false;
        if (made_system)
                *slot(p, ret, "system") = made_system;
        if (made)
                *slot(p, ret, "process") = made;
        return true;
}

static bool play_process(struct player *p, const struct mock_record *c, uint64_t *hr) {
        const char *f = c->function;
        HCS_PROCESS process = *slot(p, c, "process");
        HCS_PROCESS_INFORMATION info;

        if (hcs_streq(f, "HcsTerminateProcess"))
                *hr = HcsTerminateProcess(process, NULL);
        else if (hcs_streq(f, "HcsGetProcessInfo"))
                *hr = HcsGetProcessInfo(process, &info, NULL);
        else if (hcs_streq(f, "HcsGetProcessProperties"))
                *hr = HcsGetProcessProperties(process, NULL, NULL);
        else
                return false;
        return true;
}

static bool play_service(const struct mock_record *c, uint64_t *hr) {
        const char *f = c->function;
        _cleanup_free_ uint16_t *id = wide(c, "id"), *path = wide(c, "path"), *method = wide(c, "method"),
                                *object = wide(c, "object"), *query = wide(c, "query"), *name = wide(c, "name");
        static const HCS_DRIVER_INFO driver = {1, NULL};
        size_t length = 0;
        PWSTR response = NULL;
        GUID guid;

        if (hcs_streq(f, "HNSCall"))
                *hr = HNSCall(method ? method : u"GET", path ? path : u"/", object, &response);
        else if (hcs_streq(f, "HcsGetServiceProperties"))
                *hr = HcsGetServiceProperties(query, NULL, NULL);
        else if (hcs_streq(f, "ActivateLayer"))
                *hr = ActivateLayer(&driver, id);
        else if (hcs_streq(f, "PrepareLayer"))
                *hr = PrepareLayer(&driver, id, NULL, 0);
        else if (hcs_streq(f, "ImportLayer"))
                *hr = ImportLayer(&driver, id, path, NULL, 0);
        else if (hcs_streq(f, "GetLayerMountPath"))
                *hr = GetLayerMountPath(&driver, id, &length, NULL);
        else if (hcs_streq(f, "NameToGuid"))
                *hr = NameToGuid(name, &guid);
        else
                return false;
        free(response);
        return true;
}

static void play_call(struct player *p, const struct mock_record *c) {
        const struct mock_record *ret = return_of(p, c->n);
        /* In vmcompute's spelling, through which all is played. The log ends inside a call: so does the call. */
        HRESULT expected = ret ? hcs_hresult_to_vmcompute(ret->hr) : E_ABORT;
        uint64_t hr = 0;

        if (!play_system(p, c, ret, &hr) && !play_process(p, c, &hr) && !play_service(c, &hr)) {
                p->skipped++;
                return;
        }
        p->made++;
        if ((HRESULT)hr != expected) {
                printf("line %llu: %s: 0x%08X instead of 0x%08X\n", (unsigned long long)c->line, c->function,
                       (unsigned)hr, (unsigned)expected);
                p->different++;
        }
}

static HRESULT load(struct player *p, const char *path, struct hcs_error **err) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *r = NULL;
        HRESULT hr = mock_trace_reader_open(path, &r, err);

        while (SUCCEEDED(hr) && p->n < MAX_RECORDS) {
                hr = mock_trace_reader_next(r, &p->records[p->n], err);
                if (hr != S_OK)
                        break;
                p->n++;
        }
        return hr;
}

int main(int argc, char **argv) {
        static struct player p;
        _cleanup_free_ char *spec = NULL, *report = NULL;
        struct hcs_error *err = NULL;
        struct mockhcs *m = NULL;
        unsigned problems;

        if (argc != 2)
                return 2;
        spec = hcs_asprintf("pending=no,replay=%s", argv[1]);
        if (FAILED(load(&p, argv[1], &err)) || FAILED(mockhcs_open(spec, &m, &err))) {
                _cleanup_free_ char *text = hcs_error_format(err);

                puts(text);
                hcs_error_free(err);
                return 1;
        }
        for (size_t i = 0; i < p.n; i++)
                if (p.records[i].kind == MOCK_RECORD_CALL)
                        play_call(&p, &p.records[i]);
        problems = mockhcs_verify(m, p.different || p.skipped, &report);
        if (problems)
                fputs(report, stdout);
        mockhcs_close(m);
        for (size_t i = 0; i < p.n; i++)
                mock_record_deinit(&p.records[i]);
        printf("%u calls made, %u left out, %u different\n", p.made, p.skipped, p.different);
        return p.different || problems;
}
