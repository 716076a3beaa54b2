/* SPDX-License-Identifier: MIT */

/* hcstrace split: one trace as several, by system, container or thread. */

#include <getopt.h>
#include <stdio.h>

#include "base/str.h"
#include "cmd/hcstrace/hcstrace.h"
#include "mockhcs/workbench/split.h"

static void usage(void) {
        puts("usage: hcstrace split [OPTIONS] TRACE\n\n"
             "  --by WHAT   system (default), container (messages of bridges apart too) or thread\n"
             "  -o FOLDER   where the traces go; beside TRACE, in TRACE.split, without it\n"
             "  --json      the names and numbers of records as JSON\n\n"
             "Each is a whole trace: system-1.trace has what was done with system/1, its processes and its bridge.");
}

struct told {
        struct hcs_json *list; /* NULL: lines for people */
};

static void tell(void *ctx, const char *name, uint64_t records) {
        struct told *t = ctx;
        struct hcs_json *o;

        if (!t->list) {
                printf("%s.trace: %llu records\n", name, (unsigned long long)records);
                return;
        }
        o = hcs_json_append(t->list, hcs_json_new_object());
        hcs_json_set_string(o, "name", name);
        hcs_json_set_u64(o, "records", records);
}

static bool parse_by(const char *text, enum split_by *ret) {
        static const char *const names[] = {"system", "container", "thread"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++)
                if (hcs_streq(text, names[i])) {
                        *ret = (enum split_by)i;
                        return true;
                }
        return false;
}

int cmd_split(int argc, char **argv) {
        static const struct option options[] = {{"by", required_argument, NULL, 'b'},
                                                {"output", required_argument, NULL, 'o'},
                                                {"json", no_argument, NULL, 'j'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        _cleanup_json_ struct hcs_json *list = NULL;
        _cleanup_free_ char *beside = NULL;
        enum split_by by = SPLIT_BY_SYSTEM;
        const char *folder = NULL;
        struct hcs_error *err = NULL;
        struct told told = {0};
        int c;

        while ((c = next_option(argc, argv, "o:h", options, NULL)) != -1)
                switch (c) {
                case 'b':
                        if (!parse_by(optarg, &by))
                                return tell_usage("split", "--by %s: system, container or thread is expected", optarg);
                        break;
                case 'o':
                        folder = optarg;
                        break;
                case 'j':
                        told.list = list ? list : (list = hcs_json_new_array());
                        break;
                default:
                        return end_of_options("split", c, usage);
                }
        if (optind + 1 != argc || hcs_streq(argv[optind], "-"))
                return tell_usage("split", "one TRACE in a file is needed");
        beside = hcs_asprintf("%s.split", argv[optind]);
        if (FAILED(trace_split(argv[optind], folder ? folder : beside, by, tell, &told, &err)))
                return tell_error("split", err);
        if (list) {
                _cleanup_free_ char *text = hcs_json_text(list, HCS_JSON_PRETTY);

                puts(text);
        }
        return EXIT_OK;
}
