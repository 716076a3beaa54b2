/* SPDX-License-Identifier: MIT */

/* hcstrace stats: a trace in numbers, as a table or as JSON. */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/utf.h"
#include "cmd/hcstrace/hcstrace.h"
#include "mockhcs/workbench/statistics.h"
#include "platform/clock.h"

static void usage(void) {
        puts("usage: hcstrace stats [--json] TRACE\n\n"
             "How many calls there are of each function, how they ended and how long they took until they were "
             "complete,\n"
             "most time first; requests of bridges among them. Times of --json are nanoseconds. TRACE may be -.");
}

static uint64_t number(const struct hcs_json *o, const char *key) {
        uint64_t v = 0;

        hcs_json_u64(hcs_json_get(o, key), &v);
        return v;
}

/* Traces of several days are what a merge makes of recordings. */
static const char *duration(uint64_t ns, char buf[static 24]) {
        if (ns >= 100 * HCS_NS_PER_DAY)
                snprintf(buf, 24, "%llu days", (unsigned long long)(ns / HCS_NS_PER_DAY));
        else if (ns >= HCS_NS_PER_DAY)
                snprintf(buf, 24, "%.3g days", (double)ns / (double)HCS_NS_PER_DAY);
        else if (ns >= 1000 * HCS_NS_PER_S)
                snprintf(buf, 24, "%llu s", (unsigned long long)(ns / HCS_NS_PER_S));
        else if (ns >= 1000000000)
                snprintf(buf, 24, "%.3g s", (double)ns / 1e9);
        else if (ns >= 1000000)
                snprintf(buf, 24, "%.3g ms", (double)ns / 1e6);
        else if (ns >= 1000)
                snprintf(buf, 24, "%.3g us", (double)ns / 1e3);
        else
                snprintf(buf, 24, "%u ns", (unsigned)ns);
        return buf;
}

static void print_functions(const struct hcs_json *list) {
        printf("%-44s %9s %7s %7s %9s %9s %9s\n", "", "calls", "failed", "no end", "p50", "p95", "max");
        for (const struct hcs_json *f = hcs_json_first(list); f; f = hcs_json_next(f)) {
                char p50[24], p95[24], max[24];
                _cleanup_free_ char *name = hcs_utf8_plain(hcs_json_get_string(f, "name"));
                uint64_t failed = number(f, "failed");

                printf("%-44s %9llu %s%7llu%s %7llu %9s %9s %9s\n", name, (unsigned long long)number(f, "calls"),
                       failed ? colour(COLOUR_RED) : "", (unsigned long long)failed, failed ? colour(COLOUR_NONE) : "",
                       (unsigned long long)number(f, "unreturned"), duration(number(f, "p50"), p50),
                       duration(number(f, "p95"), p95), duration(number(f, "max"), max));
        }
}

static void print_counts(const char *title, const struct hcs_json *list) {
        if (!hcs_json_first(list))
                return;
        printf("%s:", title);
        for (const struct hcs_json *c = hcs_json_first(list); c; c = hcs_json_next(c)) {
                const char *code = hcs_json_get_string(c, "code"), *name = hcs_json_get_string(c, "name");
                _cleanup_free_ char *plain = hcs_utf8_plain(name ? name : "");

                printf("%s %s%s%s %llu", c == hcs_json_first(list) ? "" : ",", plain, name && code ? " " : "",
                       code ? code : "", (unsigned long long)number(c, "count"));
        }
        putchar('\n');
}

static void print_text(const struct hcs_json *o) {
        const struct hcs_json *streams = hcs_json_get(o, "streams");
        char buf[24];

        printf("%llu records in %s: %llu calls on %llu threads, %llu failed, %llu without an end\n",
               (unsigned long long)number(o, "records"), duration(number(o, "duration"), buf),
               (unsigned long long)number(o, "calls"), (unsigned long long)number(o, "threads"),
               (unsigned long long)number(o, "failures"), (unsigned long long)number(o, "unreturned"));
        print_functions(hcs_json_get(o, "functions"));
        print_counts("failures", hcs_json_get(o, "codes"));
        print_counts("events", hcs_json_get(o, "events"));
        for (const struct hcs_json *k = hcs_json_first(hcs_json_get(o, "objects")); k; k = hcs_json_next(k))
                printf("%s%s %llu (%llu closed)%s",
                       k == hcs_json_first(hcs_json_get(o, "objects")) ? "objects: " : ", ",
                       hcs_json_get_string(k, "kind"), (unsigned long long)number(k, "made"),
                       (unsigned long long)number(k, "closed"), hcs_json_next(k) ? "" : "\n");
        printf("bytes: stdin %llu, stdout %llu, stderr %llu\n", (unsigned long long)number(streams, "stdin"),
               (unsigned long long)number(streams, "stdout"), (unsigned long long)number(streams, "stderr"));
}

int cmd_stats(int argc, char **argv) {
        static const struct option options[] = {
                {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
        _cleanup_json_ struct hcs_json *o = NULL;
        struct hcs_error *err = NULL;
        bool json = false;
        int c;

        while ((c = next_option(argc, argv, "h", options, NULL)) != -1)
                switch (c) {
                case 'j':
                        json = true;
                        break;
                default:
                        return end_of_options("stats", c, usage);
                }
        if (optind + 1 != argc)
                return tell_usage("stats", "one TRACE is needed");
        if (FAILED(trace_statistics(argv[optind], &o, &err)))
                return tell_error("stats", err);
        if (json) {
                _cleanup_free_ char *text = hcs_json_text(o, HCS_JSON_PRETTY);

                puts(text);
        } else {
                print_text(o);
        }
        return EXIT_OK;
}
