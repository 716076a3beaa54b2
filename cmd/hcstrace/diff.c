/* SPDX-License-Identifier: MIT */

/* hcstrace diff: two recorded bridges side by side. */

#include <getopt.h>

#include "base/buf.h"
#include "cmd/hcstrace/hcstrace.h"
#include "mockhcs/bridge/diff.h"

static void usage(void) {
        puts("usage: hcstrace diff [OPTIONS] A B\n\n"
             "  --bridge NAME   only this one (bridge/2); all, each with that of the same name, without it\n\n"
             "Aligns the frames of the bridges in two traces and tells where they part, the first place first. Ids "
             "and\n"
             "other values that every run invents do not count, nor does the order between containers. Exit code 1 "
             "when\n"
             "there is a difference.");
}

int cmd_diff(int argc, char **argv) {
        static const struct option options[] = {
                {"bridge", required_argument, NULL, 'b'}, {"help", no_argument, NULL, 'h'}, {0}};
        struct mock_bridge_difference d = {0};
        const char *bridge = NULL;
        struct hcs_error *err = NULL;
        bool same;
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
                switch (c) {
                case 'b':
                        bridge = optarg;
                        break;
                case 'h':
                        usage();
                        return EXIT_OK;
                default:
                        return tell_usage("diff", NULL);
                }
        if (optind + 2 != argc)
                return tell_usage("diff", "two traces are needed");
        if (FAILED(mock_bridge_diff(argv[optind], argv[optind + 1], bridge, &d, &err))) {
                mock_bridge_difference_deinit(&d);
                return tell_error("diff", err);
        }
        fputs(hcs_buf_cstr(&d.text), stdout);
        printf("%u frames in both, %u of them differ, %u moved; %u only in A, %u only in B\n", d.same, d.differ,
               d.moved, d.only_a, d.only_b);
        same = mock_bridge_is_same(&d);
        mock_bridge_difference_deinit(&d);
        return same ? EXIT_OK : EXIT_PROBLEMS;
}
