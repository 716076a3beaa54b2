/* SPDX-License-Identifier: MIT */

/* hcstrace diff: two traces side by side, the first place where they part first. */

#include <getopt.h>
#include <stdlib.h>

#include "base/str.h"
#include "base/utf.h"
#include "cmd/hcstrace/hcstrace.h"
#include "mockhcs/workbench/differences.h"

#define TOLD 20 /* differences, unless more are wanted */

static void usage(void) {
        puts("usage: hcstrace diff [OPTIONS] A B\n\n"
             "  --bridge NAME   only the frames of this bridge (bridge/2)\n"
             "  --limit N       how many differences are told, 20 by default; 0: all\n"
             "  --json          as one object\n\n"
             "Aligns calls, events, streams and frames by what they are and on which object, and tells where the two\n"
             "part, the first place first. Ids, times and other values that every run invents do not count, nor does\n"
             "the order between objects. Exit code 1 when there is a difference.");
}

struct kind {
        enum mock_record_kind kind;
        const char *name;
};
static const struct kind kinds[] = {{MOCK_RECORD_CALL, "calls"},
                                    {MOCK_RECORD_EVENT, "events"},
                                    {MOCK_RECORD_STDIO, "streams"},
                                    {MOCK_RECORD_FRAME, "messages"}};

static void print_text(const struct differences *d, const char *text, unsigned limit) {
        _cleanup_free_ char *plain = hcs_utf8_plain(text);
        uint64_t all = 0, both = 0;

        if (d->n)
                printf("%sThe two part here:%s\n%s", colour(COLOUR_FAINT), colour(COLOUR_NONE), plain);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(d->count); i++)
                all += d->count[i];
        if (limit && all > limit)
                printf("%s(%llu differences in all; --limit 0 tells them)%s\n", colour(COLOUR_FAINT),
                       (unsigned long long)all, colour(COLOUR_NONE));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(kinds); i++)
                if (d->same[kinds[i].kind]) {
                        printf("%s%llu %s", both ? ", " : "", (unsigned long long)d->same[kinds[i].kind],
                               kinds[i].name);
                        both += d->same[kinds[i].kind];
                }
        printf("%s in both, %llu of them differ, %llu moved; %llu only in A, %llu only in B\n", both ? "" : "nothing",
               (unsigned long long)d->count[DIFFERENCE_CHANGED], (unsigned long long)d->count[DIFFERENCE_MOVED],
               (unsigned long long)d->count[DIFFERENCE_ONLY_A], (unsigned long long)d->count[DIFFERENCE_ONLY_B]);
}

static void print_json(const struct differences *d, struct hcs_json *list) {
        _cleanup_json_ struct hcs_json *o = hcs_json_new_object();
        struct hcs_json *both = hcs_json_set_new_object(o, "both");
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(kinds); i++)
                hcs_json_set_u64(both, kinds[i].name, d->same[kinds[i].kind]);
        hcs_json_set_u64(o, "changed", d->count[DIFFERENCE_CHANGED]);
        hcs_json_set_u64(o, "moved", d->count[DIFFERENCE_MOVED]);
        hcs_json_set_u64(o, "onlyInA", d->count[DIFFERENCE_ONLY_A]);
        hcs_json_set_u64(o, "onlyInB", d->count[DIFFERENCE_ONLY_B]);
        hcs_json_set(o, "differences", list);
        text = hcs_json_text(o, HCS_JSON_PRETTY);
        puts(text);
}

int cmd_diff(int argc, char **argv) {
        static const struct option options[] = {{"bridge", required_argument, NULL, 'b'},
                                                {"limit", required_argument, NULL, 'l'},
                                                {"json", no_argument, NULL, 'j'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        _cleanup_buf_ struct hcs_buf text = {0};
        struct differences_options o = {.limit = TOLD, .text = &text};
        struct differences d;
        struct hcs_error *err = NULL;
        uint64_t limit;
        bool same;
        int c;

        while ((c = next_option(argc, argv, "h", options, NULL)) != -1)
                switch (c) {
                case 'b':
                        o.bridge = optarg;
                        break;
                case 'l':
                        if (!hcs_str_to_u64(optarg, &limit) || limit > UINT32_MAX)
                                return tell_usage("diff", "--limit %s: a number is expected", optarg);
                        o.limit = (unsigned)limit;
                        break;
                case 'j':
                        o.text = NULL;
                        break;
                default:
                        return end_of_options("diff", c, usage);
                }
        if (optind + 2 != argc)
                return tell_usage("diff", "two traces are needed");
        if (!o.text)
                o.list = hcs_json_new_array();
        if (FAILED(differences_find(argv[optind], argv[optind + 1], &o, &d, &err))) {
                hcs_json_free(o.list);
                return tell_error("diff", err);
        }
        if (o.text)
                print_text(&d, hcs_buf_cstr(&text), o.limit);
        else
                print_json(&d, o.list);
        same = d.n == 0;
        differences_deinit(&d);
        return same ? EXIT_OK : EXIT_PROBLEMS;
}
