/* SPDX-License-Identifier: MIT */

/*
 * Documents of containers: from the text of a specification as containerd writes it to the document for the guest, with
 * all requests to the VM on the way. The peer is cJSON alone, which parses the same specification, and copies and
 * prints a tree that is the same document: what it does without knowing what any of it means. usage: documents_bench
 */

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "oci/container.h"
#include "oci/steps.h"
#include "platform/clock.h"
#include "platform/file.h"

#define ROUNDS     100 /* short, in turns, and the best counts: the machine is not ours alone */
#define PER_ROUND  20
#define MAX_FACTOR 3.0

static char *specification;

static struct oci_described_host files;
static struct oci_host host = {.build = 26100, .processors = 8};

static void fail(const char *what) {
        fprintf(stderr, "documents: %s\n", what);
        exit(1);
}

/* A Linux container with its layers and mounts: all that is sent for it. */
static void make_documents(struct oci_steps *steps) {
        static const struct oci_lcow_layer layers[] = {
                {"C:\\layers\\3\\layer.vhd", 0}, {"C:\\layers\\2\\layer.vhd", 0}, {"C:\\layers\\1\\layer.vhd", 0}};
        const struct uvm_devices_settings settings = {.id = "pod@vm",
                                                      .build = 26100,
                                                      .processors = 2,
                                                      .scsi_controllers = 4,
                                                      .stat = host.stat,
                                                      .stat_ctx = host.ctx};
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = NULL;
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        struct uvm_sink sink = oci_steps_sink(steps);
        _cleanup_uvm_devices_ struct uvm_devices *uvm = uvm_devices_new(&settings, &sink);
        _cleanup_free_ char *config = NULL;
        struct oci_lcow c = {.id = "c1",
                             .host = &host,
                             .uvm = uvm,
                             .layers = layers,
                             .n_layers = 3,
                             .scratch = "C:\\layers\\4\\sandbox.vhdx"};

        if (FAILED(oci_spec_parse(specification, strlen(specification), &spec, NULL)))
                fail("the specification cannot be read");
        c.spec = spec;
        if (FAILED(oci_lcow_document(&c, &config, &w, NULL)))
                fail("the document cannot be made");
        oci_steps_create(steps, "c1", config);
}

static void made(void) {
        _cleanup_oci_steps_ struct oci_steps steps = {0};

        make_documents(&steps);
}

static double ours(void) {
        uint64_t begin = hcs_clock_ns();

        for (int i = 0; i < PER_ROUND; i++)
                made();
        return (double)(hcs_clock_ns() - begin) / PER_ROUND;
}

/* The documents as trees, and the one inside the last. */
struct trees {
        cJSON *items[64], *config;
        size_t n;
};

static void copy_and_print(const cJSON *tree) {
        cJSON *copy = cJSON_Duplicate(tree, true);
        char *text = cJSON_PrintUnformatted(copy);

        free(text);
        cJSON_Delete(copy);
}

static double theirs(const struct trees *t) {
        uint64_t begin = hcs_clock_ns();

        for (int i = 0; i < PER_ROUND; i++) {
                cJSON_Delete(cJSON_Parse(specification));
                copy_and_print(t->config);
                for (size_t k = 0; k < t->n; k++)
                        copy_and_print(t->items[k]);
        }
        return (double)(hcs_clock_ns() - begin) / PER_ROUND;
}

static void plant(struct trees *t, const struct oci_steps *steps) {
        for (size_t i = 0; i < steps->n && t->n < HCS_ARRAY_SIZE(t->items); i++)
                if (steps->items[i].kind != OCI_STEP_GRANT)
                        t->items[t->n++] = cJSON_Parse(steps->items[i].text);
        t->config = cJSON_Parse(cJSON_GetStringValue(cJSON_GetObjectItem(t->items[t->n - 1], "ContainerConfig")));
        if (!t->config)
                fail("the document is no JSON");
}

int main(int argc, char **argv) {
        _cleanup_buf_ struct hcs_buf text = {0};
        _cleanup_oci_steps_ struct oci_steps steps = {0};
        double best_ours = 1e18, best_theirs = 1e18;
        struct trees t = {0};

        if (argc != 2 || FAILED(hcs_file_read(argv[1], 1 << 20, &text, NULL)))
                fail("usage: documents_bench CONFIG_JSON");
        specification = hcs_buf_steal(&text);
        oci_host_describe(&host, &files);
        make_documents(&steps);
        plant(&t, &steps);
        for (int i = 0; i < ROUNDS; i++) {
                double a = ours(), b = theirs(&t);

                best_ours = a < best_ours ? a : best_ours;
                best_theirs = b < best_theirs ? b : best_theirs;
        }
        printf("specification %zu bytes, %zu documents\n", strlen(specification), t.n);
        printf("containers: %.0f a second; cJSON alone: %.0f; factor %.2f (at most %.1f)\n", 1e9 / best_ours,
               1e9 / best_theirs, best_ours / best_theirs, MAX_FACTOR);
        for (size_t i = 0; i < t.n; i++)
                cJSON_Delete(t.items[i]);
        cJSON_Delete(t.config);
        free(specification);
        return best_ours / best_theirs > MAX_FACTOR;
}
