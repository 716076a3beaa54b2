/* SPDX-License-Identifier: MIT */

/*
 * The conformance suite of host networking as one program with TAP output. Against the emulator every case has an
 * engine of its own; with a trace it runs twice, recorded and then against the recording alone. Against a platform the
 * cases run in its one service, those for another version are skipped, and those where it is known to differ are marked
 * so.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "integration/conformance/conformance.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/through_service.h"
#include "platform/dynlib.h"

static const struct conformance_case *const lists[] = {network_cases,  subnet_cases, endpoint_cases, namespace_cases,
                                                       balancer_cases, legacy_cases, version_cases,  handle_cases};

struct suite {
        bool list, platform, service;
        const char *only, *trace;
        unsigned n, failed;
};

static void usage(void) {
        puts("usage: conformance [OPTIONS] COMPUTENETWORK VMCOMPUTE\n\n"
             "  -l         list the cases\n"
             "  -d         list where hosts are known to differ\n"
             "  -t NAME    run one\n"
             "  -r TRACE   record each, and replay it from there\n"
             "  -s         with a service between each case and its emulator\n"
             "  -p         the libraries are those of a platform, not the emulator's\n\n"
             "Both libraries by path or, with -p, by name.");
}

static HRESULT load(const char *network, const char *vmcompute, struct hcs_computenetwork_api *api,
                    networks_hns_function *hns, struct hcs_error **err) {
        struct hcs_dynlib *lib = NULL, *old = NULL;
        HRESULT hr = hcs_dynlib_open(network, &lib, err);

        if (SUCCEEDED(hr))
                hr = hcs_dynlib_open(vmcompute, &old, err);
        if (FAILED(hr))
                return hr;
#define LOAD(ret, name, params) *(void **)&api->name = hcs_dynlib_symbol(lib, #name);
        HCS_COMPUTENETWORK_FUNCTIONS(LOAD)
        *(void **)hns = hcs_dynlib_symbol(old, "HNSCall");
        return *hns && api->HcnEnumerateNetworks ? S_OK
                                                 : hcs_error_make(err, HCS_WIN32(127), "HNSCall or Hcn* are missing");
}

/* "hns=9.1" of a case against the version that the platform reports. */
static bool is_of_version(const char *options) {
        _cleanup_free_ char *text = NULL, *version = NULL;
        _cleanup_json_ struct hcs_json *answer = NULL;
        uint64_t major = 0, minor = 0;

        if (!options)
                return true;
        if (FAILED(networks_hns("GET", "/globals/version", "", &text)) ||
            FAILED(hcs_json_parse_cstr(text ? text : "", &answer, NULL)))
                return false;
        hcs_json_u64(hcs_json_lookup(answer, "Output.Major"), &major);
        hcs_json_u64(hcs_json_lookup(answer, "Output.Minor"), &minor);
        version = hcs_asprintf("hns=%llu.%llu", (unsigned long long)major, (unsigned long long)minor);
        return hcs_streq(version, options);
}

static const struct difference *known_difference(const char *name) {
        for (const struct difference *d = differences; d->name; d++)
                if (hcs_streq(d->name, name))
                        return d;
        return NULL;
}

/* Handles that are none are no problem of a replay here: cases use them on purpose. */
static unsigned problems(struct mockhcs *mock, bool failed, char **ret_report) {
        unsigned n = mockhcs_verify(mock, failed, ret_report);
        struct mockhcs_counters counters;

        mockhcs_counters(mock, &counters);
        return n - (n && counters.stale_handles);
}

/* In an engine of that composition. */
static bool run_in_engine(const struct suite *s, const struct conformance_case *c, const char *spec) {
        struct mockhcs *mock = NULL;
        struct hcs_error *err = NULL;
        _cleanup_free_ char *leaks = NULL, *report = NULL;
        struct run *r;
        bool ok;

        if (FAILED(s->service ? through_service_open(spec, &mock, &err) : mockhcs_open(spec, &mock, &err))) {
                printf("# %s: %s\n", spec, hcs_error_message(err));
                hcs_error_free(err);
                return false;
        }
        r = run_new();
        ok = (!c->steps || run_steps(r, c->steps)) && (!c->fn || c->fn(r, c->arg));
        run_free(r);
        if (mockhcs_leaks(mock, &leaks) && ok)
                ok = run_failed(NULL, "left open: %s", leaks);
        if (hcs_str_starts(spec, "replay") && problems(mock, !ok, &report))
                ok = run_failed(NULL, "replayed: %s", report);
        if (s->service)
                through_service_close(mock);
        else
                mockhcs_close(mock);
        return ok;
}

static bool run_in_emulator(const struct suite *s, const struct conformance_case *c) {
        _cleanup_free_ char *emulate = hcs_asprintf("emulate%s%s", c->options ? "," : "", c->options ?: ""),
                            *record = hcs_asprintf("speed=0,%s%s%s%s", s->trace ? "record=" : "", s->trace ?: "",
                                                   s->trace ? ",redact=no," : "", emulate),
                            *replay = hcs_asprintf("replay=%s", s->trace ?: "");

        return run_in_engine(s, c, record) && (!s->trace || run_in_engine(s, c, replay));
}

static bool run_in_platform(const struct conformance_case *c) {
        struct run *r = run_new();
        bool ok = (!c->steps || run_steps(r, c->steps)) && (!c->fn || c->fn(r, c->arg));

        run_free(r);
        return ok;
}

static void run_case(struct suite *s, const struct conformance_case *c) {
        const struct difference *d = s->platform ? known_difference(c->name) : NULL;
        bool ok;

        if (s->only && !hcs_streq(s->only, c->name))
                return;
        s->n++;
        if (s->list) {
                puts(c->name);
                return;
        }
        if (s->platform && c->options && !is_of_version(c->options)) {
                printf("ok %u - %s # SKIP needs %s\n", s->n, c->name, c->options);
                return;
        }
        ok = s->platform ? run_in_platform(c) : run_in_emulator(s, c);
        s->failed += !ok && !d;
        printf("%s %u - %s%s%s\n", ok || d ? "ok" : "not ok", s->n, c->name, !ok && d ? " # SKIP differs: " : "",
               !ok && d ? d->what : "");
        fflush(stdout);
}

static void each_case(struct suite *s, void (*fn)(struct suite *s, const struct conformance_case *c)) {
        for (size_t l = 0; l < HCS_ARRAY_SIZE(lists); l++)
                for (const struct conformance_case *c = lists[l]; c->name; c++)
                        fn(s, c);
        for (size_t i = 0; i < policy_case_count(); i++) {
                struct conformance_case c;
                char name[128];

                policy_case_at(i, name, sizeof(name), &c);
                fn(s, &c);
        }
}

static void count_difference(struct suite *s, const struct conformance_case *c) {
        s->n += known_difference(c->name) != NULL;
}

/* A row that is of no case would say nothing, unnoticed. */
static void check_differences(struct suite *s) {
        struct suite found = {0};
        unsigned rows = 0;

        while (differences[rows].name)
                rows++;
        each_case(&found, count_difference);
        s->n++;
        s->failed += found.n != rows;
        printf("%s %u - known differences are of cases that there are\n", found.n == rows ? "ok" : "not ok", s->n);
}

static void list_differences(void) {
        for (const struct difference *d = differences; d->name; d++)
                printf("%-56s %-40s %s\n", d->name, d->what, d->source);
}

int main(int argc, char **argv) {
        static struct hcs_computenetwork_api api;
        networks_hns_function hns = NULL;
        struct hcs_error *err = NULL;
        struct suite s = {0};
        int c;

        while ((c = getopt(argc, argv, "ldt:r:psh")) != -1)
                switch (c) {
                case 'l':
                        s.list = true;
                        break;
                case 'd':
                        list_differences();
                        return 0;
                case 'r':
                        s.trace = optarg;
                        break;
                case 't':
                        s.only = optarg;
                        break;
                case 'p':
                        s.platform = true;
                        break;
                case 's':
                        s.service = true;
                        break;
                case 'h':
                        usage();
                        return 0;
                default:
                        return 2;
                }
        if (!s.list && (optind + 2 != argc || FAILED(load(argv[optind], argv[optind + 1], &api, &hns, &err)))) {
                if (err)
                        fprintf(stderr, "conformance: %s\n", hcs_error_message(err));
                else
                        usage();
                hcs_error_free(err);
                return 2;
        }
        networks_use(&api, hns);
        each_case(&s, run_case);
        if (!s.list && !s.only)
                check_differences(&s);
        if (!s.list)
                printf("1..%u\n", s.n);
        if (s.n == 0)
                fprintf(stderr, "conformance: there is no case \"%s\"\n", s.only ? s.only : "");
        return s.failed || s.n == 0;
}
