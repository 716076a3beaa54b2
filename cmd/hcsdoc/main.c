/* SPDX-License-Identifier: MIT */

/* hcsdoc: what would be sent to HCS for an OCI specification, without any HCS. */

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "cmd/hcsdoc/hcsdoc.h"
#include "platform/file.h"
#include "platform/terminal.h"

static const struct hcsdoc_kind kinds[] = {
        {"lcow-uvm", hcsdoc_lcow_uvm, "HcsCreateComputeSystem", hcsdoc_lcow_uvm_preparations},
        {"lcow-uvm-v2", hcsdoc_lcow_uvm_v2, "HcsCreateComputeSystem", hcsdoc_lcow_uvm_v2_preparations},
        {"wcow-uvm", hcsdoc_wcow_uvm, "HcsCreateComputeSystem", hcsdoc_wcow_uvm_preparations},
        {"lcow-container", oci_make_lcow, "Create", NULL},
        {"wcow-container", hcsdoc_wcow_container, "HcsCreateComputeSystem", NULL},
};

enum show { SHOW_DOCUMENT, SHOW_PRETTY, SHOW_STEPS, SHOW_EXPLANATION };

static void usage_of_kind(void) {
        puts("usage: hcsdoc KIND [OPTIONS] FILE\n\n"
             "  --explain  which annotation does what to the document\n"
             "  --steps    all that is sent, in order, one JSON object a line\n"
             "  --pretty   the document with line breaks\n"
             "  --quiet    no warnings\n\n"
             "FILE (- is standard input) holds an OCI specification, or an object with it in `spec` and with what "
             "else\n"
             "the document depends on, or a golden case with that in `input`: see hcsdoc(1). The document is printed "
             "as\n"
             "it is sent, to the byte; the error is what the shim would say, and the exit code then 1.");
}

/* The document as it is; a terminal gets a line break behind it. */
static void print_document(const char *document, bool pretty) {
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *text = NULL;
        uint16_t width, height;

        if (pretty && SUCCEEDED(hcs_json_parse(document, strlen(document), NULL, &json, NULL)))
                text = hcs_json_text(json, HCS_JSON_PRETTY);
        fputs(text ? text : document, stdout);
        if ((text || hcs_terminal_size(&width, &height)) && !hcs_str_ends(document, "\n"))
                putchar('\n');
}

static HRESULT show(const struct hcsdoc_kind *kind, const struct hcs_json *description, enum show what,
                    struct oci_made *made, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf out = {0};
        HRESULT hr;

        if (what == SHOW_EXPLANATION) {
                hr = hcsdoc_explain(kind, description, &out, err);
        } else {
                hr = kind->make(description, made, err);
                if (what == SHOW_STEPS)
                        hcsdoc_steps(kind, description, made, &out);
                else if (SUCCEEDED(hr))
                        print_document(made->document, what == SHOW_PRETTY);
        }
        fputs(hcs_buf_cstr(&out), stdout);
        return hr;
}

/* Names and values that no reader of this kind of document looks at are warned of too. */
static void warn(const struct hcs_json *description, struct oci_warnings *w) {
        struct hcs_schema_oci_spec *spec = NULL;
        _cleanup_oci_warnings_ struct oci_warnings all = {0};

        if (SUCCEEDED(oci_spec_parse_json(hcs_json_get(description, "spec"), &spec, NULL)))
                oci_annotations_check(spec, &all);
        oci_spec_free(spec);
        for (const struct hcs_json *e = hcs_json_first(all.list); e; e = hcs_json_next(e)) {
                const struct hcs_json *same = hcs_json_first(w->list);

                while (same && !hcs_streq(hcs_json_get_string(same, "oci-annotation"),
                                          hcs_json_get_string(e, "oci-annotation")))
                        same = hcs_json_next(same);
                if (same)
                        continue;
                if (!w->list)
                        w->list = hcs_json_new_array();
                hcs_json_append(w->list, hcs_json_copy(e));
        }
        oci_warnings_log(w);
}

static int make(const struct hcsdoc_kind *kind, const char *file, enum show what, bool quiet) {
        _cleanup_buf_ struct hcs_buf text = {0};
        _cleanup_json_ struct hcs_json *description = NULL;
        _cleanup_oci_made_ struct oci_made made = {0};
        struct hcs_error *err = NULL;
        HRESULT hr = hcs_file_read(file, 4 * OCI_MAX_SPEC, &text, &err);

        if (SUCCEEDED(hr))
                hr = hcsdoc_description(hcs_buf_cstr(&text), text.len, &description, &err);
        if (FAILED(hr)) {
                hcs_error_wrap(&err, "%s", file);
                return tell_error(kind->name, err);
        }
        hr = show(kind, description, what, &made, &err);
        if (!quiet)
                warn(description, &made.warnings);
        if (SUCCEEDED(hr))
                return EXIT_OK;
        fflush(stdout);
        fprintf(stderr, "%s\n", hcs_error_message(err));
        hcs_error_free(err);
        return EXIT_PROBLEMS;
}

static int run(int argc, char **argv) {
        static const struct option options[] = {{"explain", no_argument, NULL, 'e'}, {"steps", no_argument, NULL, 's'},
                                                {"pretty", no_argument, NULL, 'p'},  {"quiet", no_argument, NULL, 'q'},
                                                {"help", no_argument, NULL, 'h'},    {0}};
        const struct hcsdoc_kind *kind = kinds;
        enum show what = SHOW_DOCUMENT;
        bool quiet = false;
        int c;

        while (!hcs_streq(kind->name, argv[0]))
                kind++;
        while ((c = next_option(argc, argv, "hq", options, NULL)) != -1)
                switch (c) {
                case 'e':
                        what = SHOW_EXPLANATION;
                        break;
                case 's':
                        what = SHOW_STEPS;
                        break;
                case 'p':
                        what = SHOW_PRETTY;
                        break;
                case 'q':
                        quiet = true;
                        break;
                default:
                        return end_of_options(argv[0], c, usage_of_kind);
                }
        if (argc - optind != 1)
                return tell_usage(argv[0], "one file is needed");
        return make(kind, argv[optind], what, quiet);
}

static void print_annotation(const struct oci_annotation *a) {
        printf("%s%s\n  %s: %s\n", a->key, a->is_prefix ? "GUID" : "", oci_annotation_kind_name(a->kind), a->meaning);
        if (a->default_value)
                printf("  default: %s\n", a->default_value);
        for (const char *const *v = a->values; v && *v; v++)
                printf("  value: %s\n", *v);
        if (a->changes && *a->changes)
                printf("  changes: %s\n", a->changes);
        if (a->note)
                printf("  note: %s\n", a->note);
}

static bool has_word(const char *key, const char *word) {
        size_t n = strlen(word);

        while (*key && strncasecmp(key, word, n) != 0)
                key++;
        return *key != '\0';
}

static int annotations(int argc, char **argv) {
        unsigned n = 0;

        if (argc == 2 && (hcs_streq(argv[1], "--help") || hcs_streq(argv[1], "-h"))) {
                puts("usage: hcsdoc annotations [WORD...]\n\nThe annotations whose names have all the words in them.");
                return EXIT_OK;
        }
        for (size_t i = 0; i < OCI_ANNOTATION_COUNT; i++) {
                int k = 1;

                while (k < argc && has_word(oci_annotations[i].key, argv[k]))
                        k++;
                if (k < argc)
                        continue;
                print_annotation(&oci_annotations[i]);
                n++;
        }
        if (n)
                return EXIT_OK;
        fputs("hcsdoc annotations: none has that in its name\n", stderr);
        return EXIT_PROBLEMS;
}

static const struct command commands[] = {
        {"lcow-uvm", run, "a Linux utility VM: the document for HCS"},
        {"lcow-uvm-v2", run, "the same from the second Linux shim"},
        {"wcow-uvm", run, "a Windows utility VM, also a confidential one: the document for HCS"},
        {"lcow-container", run, "a Linux container: the message to the guest that makes it"},
        {"wcow-container", run, "a Windows container: the document for HCS, or for the guest"},
        {"annotations", annotations, "what annotations there are, and what they do"},
};

int main(int argc, char **argv) {
        static const struct command_set set = {
                .program = "hcsdoc",
                .version = HCS_VERSION,
                .synopsis = "hcsdoc KIND [--explain | --steps | --pretty] [--quiet] FILE",
                .notes = "hcsdoc KIND --help says more. Exit codes: 0 the document was printed, 1 there is an error, 2 "
                         "wrong\n"
                         "usage.\n",
                .commands = commands,
                .n = HCS_ARRAY_SIZE(commands),
        };

        return commands_main(&set, argc, argv);
}
