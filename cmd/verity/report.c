/* SPDX-License-Identifier: MIT */

/* Layers told: as lines like those of sha256sum, with a heading for each manifest, or as an array of JSON objects. */

#include <stdio.h>

#include "base/utf.h"
#include "cmd/verity/verity.h"

/* "linux/arm64/v8"; caller frees. NULL: not said. */
static char *platform_of(const struct oci_manifest *m) {
        if (!m->os)
                return NULL;
        return hcs_asprintf("%s/%s%s%s", m->os, m->architecture ? m->architecture : "?", m->variant ? "/" : "",
                            m->variant ? m->variant : "");
}

static void set_string(struct hcs_json *o, const char *key, const char *value) {
        if (value)
                hcs_json_set_string(o, key, value);
}

static struct hcs_json *add_object(struct report *r, const struct place *p) {
        struct hcs_json *o = hcs_json_append(r->json, hcs_json_new_object());

        hcs_json_set_string(o, "input", p->input->path);
        hcs_json_set_string(o, "kind", input_kind_name(p->input->kind));
        if (p->manifest) {
                _cleanup_free_ char *platform = platform_of(p->manifest);

                set_string(o, "name", p->manifest->name);
                set_string(o, "platform", platform);
                hcs_json_set_string(o, "manifest", p->manifest->digest);
                hcs_json_set_u64(o, "index", p->index);
                hcs_json_set_string(o, "layer", p->layer->blob.digest);
                hcs_json_set_string(o, "mediaType", p->layer->blob.media_type);
                set_string(o, "diffId", p->layer->diff_id);
        }
        return o;
}

/* What documents say can be anything. NULL: nothing. */
static void print_visible(const char *text) {
        _cleanup_free_ char *visible = text ? hcs_utf8_visible(text) : NULL;

        if (visible)
                printf("  %s", visible);
}

/* The heading of a manifest, once. */
static void print_heading(struct report *r, const struct place *p) {
        _cleanup_free_ char *platform = NULL;

        if (!p->manifest || r->manifest == p->manifest)
                return;
        r->manifest = p->manifest;
        platform = platform_of(p->manifest);
        printf("%s", p->input->path);
        print_visible(p->manifest->name);
        print_visible(platform);
        printf("  %s\n", p->manifest->digest);
}

static void tell_verdict(const struct report *r, const struct place *p, struct outcome *o) {
        _cleanup_free_ char *name = place_name(p);

        if (!o->problem) {
                printf("%s: verified\n", name);
                return;
        }
        hcs_error_wrap(&o->problem, "%s", name);
        tell_error(r->verdicts, steal_pointer(&o->problem));
}

static void set_verdict(struct hcs_json *j, struct outcome *o) {
        hcs_json_set_bool(j, "verified", !o->problem);
        if (o->problem)
                hcs_json_set_string(j, "problem", hcs_error_message(o->problem));
        o->problem = hcs_error_free(o->problem);
}

void report_layer(struct report *r, const struct place *p, struct outcome *o) {
        char root[VERITY_ROOT_TEXT];

        verity_root_format(&o->layer.root, root);
        if (r->json) {
                struct hcs_json *j = add_object(r, p);

                hcs_json_set_string(j, "rootHash", root);
                hcs_json_set_u64(j, "imageSize", o->layer.image_size);
                if (o->output) {
                        hcs_json_set_u64(j, "size", o->layer.size);
                        hcs_json_set_string(j, "output", o->output);
                }
                set_string(j, "hashes", o->hashes);
                if (r->verdicts)
                        set_verdict(j, o);
                return;
        }
        if (r->verdicts) {
                tell_verdict(r, p, o);
                return;
        }
        print_heading(r, p);
        if (p->manifest)
                printf("%4zu  %s  %12llu  %s\n", p->index, root, (unsigned long long)o->layer.image_size,
                       o->output           ? o->output
                       : p->layer->diff_id ? p->layer->diff_id
                                           : p->layer->blob.digest);
        else
                printf("%s  %s\n", root, o->output ? o->output : p->input->path);
        fflush(stdout);
}

void report_skipped(struct report *r, const struct place *p) {
        if (r->json) {
                hcs_json_set_bool(add_object(r, p), "skipped", true);
                return;
        }
        print_heading(r, p);
        printf("%4zu  skipped, no layer of a file system:", p->index);
        print_visible(p->layer->blob.media_type);
        putchar('\n');
}

void report_blob(struct report *r, const struct place *p) {
        const struct oci_layer *l = p->layer;

        if (r->json) {
                hcs_json_set_u64(add_object(r, p), "bytes", l->blob.size);
                return;
        }
        print_heading(r, p);
        printf("%4zu  %s  %12llu", p->index, l->blob.digest, (unsigned long long)l->blob.size);
        print_visible(l->blob.media_type);
        print_visible(l->diff_id);
        putchar('\n');
}

void report_end(struct report *r) {
        _cleanup_free_ char *text = NULL;

        if (!r->json)
                return;
        text = hcs_json_text(r->json, HCS_JSON_PRETTY);
        puts(text);
        r->json = hcs_json_free(r->json);
}
