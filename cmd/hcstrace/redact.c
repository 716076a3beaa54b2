/* SPDX-License-Identifier: MIT */

/* hcstrace redact: a second pass over a trace for what is secret, with a way back when a key is asked for. */

#include <getopt.h>
#include <stdio.h>

#include "base/str.h"
#include "cmd/hcstrace/hcstrace.h"
#include "mockhcs/workbench/redact.h"

#define MAX_NAMED 64

static void usage(void) {
        puts("usage: hcstrace redact [OPTIONS] -o OUT TRACE\n"
             "       hcstrace redact --restore --key KEY -o OUT TRACE\n\n"
             "  -o OUT         where the trace goes; may be TRACE itself\n"
             "  --member NAME  values of this member are secret too, in every document; may be given again\n"
             "  --text TEXT    this text is secret wherever it stands in a value; may be given again\n"
             "  --output       what processes say and hear is secret\n"
             "  --key KEY      keeps what is left out in this file, so that it can be put back\n"
             "  --restore      puts it back\n\n"
             "Environment values, credentials and tokens are secret without being named.");
}

struct redact_command {
        struct redact_options options;
        const char *members[MAX_NAMED], *texts[MAX_NAMED];
        const char *output;
        bool restore;
};

static int run(const struct redact_command *r, const char *path) {
        struct hcs_error *err = NULL;
        uint64_t n = 0;
        HRESULT hr = r->restore ? trace_restore(path, r->options.key, r->output, &n, &err)
                                : trace_redact(path, r->output, &r->options, &n, &err);

        if (FAILED(hr))
                return tell_error("redact", err);
        fprintf(stderr, r->restore ? "%llu lines put back\n" : "%llu values left out\n", (unsigned long long)n);
        return EXIT_OK;
}

int cmd_redact(int argc, char **argv) {
        static const struct option options[] = {{"output", no_argument, NULL, 's'},
                                                {"member", required_argument, NULL, 'm'},
                                                {"text", required_argument, NULL, 't'},
                                                {"key", required_argument, NULL, 'k'},
                                                {"restore", no_argument, NULL, 'r'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        struct redact_command r = {0};
        int c;

        while ((c = next_option(argc, argv, "o:h", options, NULL)) != -1)
                switch (c) {
                case 'o':
                        r.output = optarg;
                        break;
                case 's':
                        r.options.output = true;
                        break;
                case 'm':
                case 't':
                        if (!*optarg)
                                return tell_usage("redact", "--%s wants one, and not nothing",
                                                  c == 'm' ? "member" : "text");
                        if ((c == 'm' ? r.options.n_members : r.options.n_texts) == MAX_NAMED)
                                return tell_usage("redact", "more than %d members or texts", MAX_NAMED);
                        if (c == 'm')
                                r.members[r.options.n_members++] = optarg;
                        else
                                r.texts[r.options.n_texts++] = optarg;
                        break;
                case 'k':
                        r.options.key = optarg;
                        break;
                case 'r':
                        r.restore = true;
                        break;
                default:
                        return end_of_options("redact", c, usage);
                }
        if (optind + 1 != argc)
                return tell_usage("redact", "one TRACE is needed");
        if (!r.output)
                return tell_usage("redact", "-o is needed: where does the trace go?");
        if (r.restore && !r.options.key)
                return tell_usage("redact", "--restore needs the --key that was made");
        r.options.members = r.members;
        r.options.texts = r.texts;
        return run(&r, argv[optind]);
}
