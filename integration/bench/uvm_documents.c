/* SPDX-License-Identifier: MIT */

/*
 * Documents of utility VMs: from the text of a sandbox's specification, with annotations, to the text of the document
 * for HCS. The peer is cJSON alone, which parses the same text, and copies and prints a tree that is the same document:
 * what it does without knowing what any of it means. usage: uvm_documents_bench
 */

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/annotation.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "uvm/document.h"

#define ROUNDS     100 /* short, in turns, and the best counts: the machine is not ours alone */
#define PER_ROUND  20
#define MAX_FACTOR 3.0

static char *specification;

static void fail(const char *what) {
        fprintf(stderr, "uvm documents: %s\n", what);
        exit(1);
}

static enum uvm_path_kind see_all(const char *path, void *ctx) {
        (void)path;
        (void)ctx;
        return UVM_PATH_FILE;
}

static char *make_document(void) {
        static const struct uvm_host host = {.build = 26100,
                                             .processors = 8,
                                             .own_processors = 8,
                                             .windows_paths = true,
                                             .log_level = "info",
                                             .program = "shim",
                                             .program_dir = "C:\\shim",
                                             .working_dir = "C:\\",
                                             .program_files = "C:\\Program Files",
                                             .look = see_all};
        _cleanup_uvm_lcow_options_ struct hcs_schema_uvm_lcow_options *o = NULL;
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = NULL;
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        _cleanup_uvm_plan_ struct uvm_plan plan = {0};

        if (FAILED(oci_spec_parse(specification, strlen(specification), &spec, NULL)) ||
            FAILED(oci_annotations_process(spec, &w, NULL)) ||
            FAILED(uvm_lcow_options_from_spec(&host, spec, "pod@vm", "shim", &w, &o, NULL)) ||
            FAILED(uvm_lcow_document(o, &host, &plan, &w, NULL)))
                fail("the document cannot be made");
        return uvm_plan_text(&plan);
}

static double ours(void) {
        uint64_t begin = hcs_clock_ns();

        for (int i = 0; i < PER_ROUND; i++)
                free(make_document());
        return (double)(hcs_clock_ns() - begin) / PER_ROUND;
}

static double theirs(const cJSON *document) {
        uint64_t begin = hcs_clock_ns();

        for (int i = 0; i < PER_ROUND; i++) {
                cJSON *copy = cJSON_Duplicate(document, true);
                char *text = cJSON_PrintUnformatted(copy);

                cJSON_Delete(cJSON_Parse(specification));
                free(text);
                cJSON_Delete(copy);
        }
        return (double)(hcs_clock_ns() - begin) / PER_ROUND;
}

int main(int argc, char **argv) {
        double best_ours = 1e18, best_theirs = 1e18;
        _cleanup_buf_ struct hcs_buf text = {0};
        _cleanup_free_ char *document = NULL;
        cJSON *tree;

        if (argc != 2 || FAILED(hcs_file_read(argv[1], 1 << 20, &text, NULL)))
                fail("usage: uvm_documents_bench CONFIG_JSON");
        specification = hcs_buf_steal(&text);
        document = make_document();
        tree = cJSON_Parse(document);
        for (int i = 0; i < ROUNDS; i++) {
                double a = ours(), b = theirs(tree);

                best_ours = a < best_ours ? a : best_ours;
                best_theirs = b < best_theirs ? b : best_theirs;
        }
        printf("specification %zu bytes, document %zu bytes\n", strlen(specification), strlen(document));
        printf("utility VMs: %.0f a second; cJSON alone: %.0f; factor %.2f (at most %.1f)\n", 1e9 / best_ours,
               1e9 / best_theirs, best_ours / best_theirs, MAX_FACTOR);
        cJSON_Delete(tree);
        free(specification);
        return best_ours / best_theirs > MAX_FACTOR;
}
