/* SPDX-License-Identifier: MIT */

/* hcstrace noise: recordings of the same run tell what varies by itself; replay and diff leave that out of account. */

#include <getopt.h>
#include <stdio.h>

#include "base/utf.h"
#include "cmd/hcstrace/hcstrace.h"
#include "mockhcs/trace/reader.h"
#include "mockhcs/workbench/noise.h"

static void usage(void) {
        puts("usage: hcstrace noise [OPTIONS] TRACE [OTHER...]\n\n"
             "  -o OUT   TRACE with the marks in its header; may be TRACE itself. Without it they are only listed\n"
             "  --clear  without the marks that TRACE has already\n"
             "  --json   the marks as JSON\n\n"
             "Each OTHER is another recording of the same run. Where it differs from TRACE, documents vary by "
             "themselves:\n"
             "replay, verify and diff do not count such places.");
}

static HRESULT start(const char *path, bool clear, struct mock_noise *ret, struct hcs_error **err) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        HRESULT hr = mock_trace_reader_open(path, &reader, err);

        if (FAILED(hr) || clear)
                return hr;
        return mock_noise_read(mock_trace_reader_header(reader), ret, err);
}

static void print(const struct mock_noise *noise, bool json) {
        _cleanup_json_ struct hcs_json *list = mock_noise_json(noise);

        if (json) {
                _cleanup_free_ char *text = hcs_json_text(list, HCS_JSON_PRETTY);

                puts(text);
                return;
        }
        for (const struct hcs_json *m = hcs_json_first(list); m; m = hcs_json_next(m)) {
                _cleanup_free_ char *call = hcs_utf8_plain(hcs_json_get_string(m, "call")),
                                    *path = hcs_utf8_plain(hcs_json_get_string(m, "path"));

                printf("%s %s %s\n", call, hcs_json_get_string(m, "part"), path);
        }
}

int cmd_noise(int argc, char **argv) {
        static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                                {"clear", no_argument, NULL, 'c'},
                                                {"json", no_argument, NULL, 'j'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        struct mock_noise noise = {0};
        struct hcs_error *err = NULL;
        const char *output = NULL, *path;
        bool clear = false, json = false;
        uint64_t unmarked = 0;
        HRESULT hr;
        int c;

        while ((c = next_option(argc, argv, "o:h", options, NULL)) != -1)
                switch (c) {
                case 'o':
                        output = optarg;
                        break;
                case 'c':
                        clear = true;
                        break;
                case 'j':
                        json = true;
                        break;
                default:
                        return end_of_options("noise", c, usage);
                }
        if (optind == argc)
                return tell_usage("noise", "a TRACE is needed");
        path = argv[optind++];
        hr = start(path, clear, &noise, &err);
        for (; optind < argc && SUCCEEDED(hr); optind++)
                hr = trace_noise_find(path, argv[optind], &noise, &unmarked, &err);
        if (SUCCEEDED(hr) && output)
                hr = trace_noise_write(path, &noise, output, &err);
        if (SUCCEEDED(hr))
                print(&noise, json);
        mock_noise_deinit(&noise);
        if (FAILED(hr))
                return tell_error("noise", err);
        if (unmarked)
                fprintf(stderr, "%llu calls, events or messages are in one recording only, and cannot be marked\n",
                        (unsigned long long)unmarked);
        return EXIT_OK;
}
