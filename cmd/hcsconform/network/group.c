/* SPDX-License-Identifier: MIT */

/* The cases of host networking as cases of the suite. */

#include "cmd/hcsconform/network/network.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

static const struct conformance_case *const lists[] = {network_cases,  subnet_cases, endpoint_cases, namespace_cases,
                                                       balancer_cases, legacy_cases, version_cases,  handle_cases,
                                                       callback_cases, port_cases};

/* "hns=9.1" of a case against the version that the platform reports. */
static bool is_of_version(const char *options) {
        _cleanup_free_ char *text = NULL, *version = NULL;
        _cleanup_json_ struct hcs_json *answer = NULL;
        uint64_t major = 0, minor = 0;

        if (FAILED(networks_hns("GET", "/globals/version", "", &text)) ||
            FAILED(hcs_json_parse_cstr(text ? text : "", &answer, NULL)))
                return false;
        hcs_json_u64(hcs_json_lookup(answer, "Output.Major"), &major);
        hcs_json_u64(hcs_json_lookup(answer, "Output.Minor"), &minor);
        version = hcs_asprintf("hns=%llu.%llu", (unsigned long long)major, (unsigned long long)minor);
        return hcs_streq(version, options);
}

bool network_may_run(const char *options) {
        return !options || is_of_version(options);
}

static bool run(const struct conform_case *c) {
        const struct conformance_case *n = c->arg;
        struct run *r = run_new();
        bool ok = (!n->steps || run_steps(r, n->steps)) && (!n->fn || n->fn(r, n->arg));

        run_free(r);
        return ok;
}

static const struct difference *known_difference(const char *name) {
        for (const struct difference *d = differences; d->name; d++)
                if (hcs_streq(d->name, name))
                        return d;
        return NULL;
}

static const struct network_source *source_of(const char *name) {
        for (const struct network_source *s = network_sources; s->name; s++)
                if (hcs_str_starts(name, s->name))
                        return s;
        return NULL;
}

static void each(const struct conformance_case *n, conform_fn fn, void *ctx) {
        const struct difference *d = known_difference(n->name);
        const struct network_source *s = source_of(n->name);
        const struct conform_case c = {.group = "network",
                                       .name = n->name,
                                       .options = n->options,
                                       .needs = NEEDS_ADMIN | n->needs,
                                       .how = s ? s->how : ASSUMED,
                                       .source = s ? s->source : "",
                                       .differs = d ? d->what : NULL,
                                       .run = run,
                                       .arg = n};

        fn(&c, ctx);
}

/* How many rows of differences and sources a case has taken. */
struct rows {
        unsigned differences, sources;
        bool used[128];
};

static void take_rows(const struct conform_case *c, void *ctx) {
        const struct network_source *s = source_of(c->name);
        struct rows *rows = ctx;

        rows->differences += known_difference(c->name) != NULL;
        if (s && (size_t)(s - network_sources) < HCS_ARRAY_SIZE(rows->used))
                rows->used[s - network_sources] = true;
}

static void each_case(conform_fn fn, void *ctx);

/* A row that is of no case would say nothing, unnoticed. */
static bool check_rows(const struct conform_case *c) {
        struct rows rows = {0};
        unsigned n = 0;

        each_case(take_rows, &rows);
        while (differences[n].name)
                n++;
        if (n != rows.differences)
                return conform_failed("%u differences are of %u cases", n, rows.differences);
        for (n = 0; network_sources[n].name; n++)
                if (!rows.used[n])
                        return conform_failed("no case is called \"%s..\"", network_sources[n].name);
        return true;
}

void network_each(conform_fn fn, void *ctx) {
        static const struct conform_case rows = {.group = "network",
                                                 .name = "known differences and sources are of cases that there are",
                                                 .needs = NEEDS_EMULATOR,
                                                 .how = DOCUMENTED,
                                                 .source = "this suite",
                                                 .run = check_rows};

        each_case(fn, ctx);
        fn(&rows, ctx);
}

static void each_case(conform_fn fn, void *ctx) {
        for (size_t l = 0; l < HCS_ARRAY_SIZE(lists); l++)
                for (const struct conformance_case *c = lists[l]; c->name; c++)
                        each(c, fn, ctx);
        for (size_t i = 0; i < policy_case_count(); i++) {
                struct conformance_case c;
                char name[128];

                policy_case_at(i, name, sizeof(name), &c);
                each(&c, fn, ctx);
        }
}
