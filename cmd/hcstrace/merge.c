/* SPDX-License-Identifier: MIT */

/* hcstrace merge: several traces as one by time, or a newer recording into an older one. */

#include <getopt.h>
#include <stdio.h>

#include "base/str.h"
#include "cmd/hcstrace/hcstrace.h"
#include "mockhcs/workbench/merge.h"

static void usage(void) {
        puts("usage: hcstrace merge -o OUT TRACE TRACE...\n"
             "       hcstrace merge --update -o OUT OLDER NEWER\n\n"
             "  -o OUT    where the trace goes; may be one of them\n"
             "  --update  NEWER is another recording of the same: what both have is there once, as NEWER has it, and "
             "what\n"
             "            only OLDER has stays\n\n"
             "By time: calls, handles and threads are numbered anew, each trace begins when its header says.");
}

int cmd_merge(int argc, char **argv) {
        static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                                {"update", no_argument, NULL, 'u'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        struct hcs_error *err = NULL;
        const char *output = NULL;
        bool update = false;
        uint64_t n = 0;
        HRESULT hr;
        int c;

        while ((c = next_option(argc, argv, "o:h", options, NULL)) != -1)
                switch (c) {
                case 'o':
                        output = optarg;
                        break;
                case 'u':
                        update = true;
                        break;
                default:
                        return end_of_options("merge", c, usage);
                }
        if (!output)
                return tell_usage("merge", "-o is needed: where does the trace go?");
        if (update ? optind + 2 != argc : optind >= argc)
                return tell_usage("merge", update ? "an OLDER and a NEWER trace are needed" : "traces are needed");
        hr = update ? trace_update(argv[optind], argv[optind + 1], output, &n, &err)
                    : trace_merge((const char *const *)argv + optind, (size_t)(argc - optind), output, &n, &err);
        if (FAILED(hr))
                return tell_error("merge", err);
        fprintf(stderr, update ? "%llu records of the older trace stay\n" : "%llu records\n", (unsigned long long)n);
        return EXIT_OK;
}
