/* SPDX-License-Identifier: MIT */

/*
 * The cache: layers as verity images under the digest of what they were made of (layers/HEX.vhd), scratch disks by
 * their size (scratch/). Files appear whole and are never changed, so any number of processes use it at the same time;
 * prune takes names away, and who has a file open keeps it.
 */

#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/lcowctl/lcowctl.h"
#include "oci/digest.h"
#include "platform/work_folder.h"
#include "uvm/verity_info.h"

char *cache_layer(const char *cache, const char *digest) {
        return hcs_asprintf("%s/layers/%s.vhd", cache, oci_digest_hex(digest));
}

struct walk {
        void (*each)(void *ctx, const char *path, const char *name, const struct stat *st);
        void *ctx;
};

static void walk_folder(const char *cache, const char *sub, const char *end, const struct walk *w) {
        _cleanup_free_ char *folder = hcs_asprintf("%s/%s", cache, sub);
        DIR *d = opendir(folder);
        struct dirent *e;

        while (d && (e = readdir(d))) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, e->d_name);
                struct stat st;

                if (hcs_str_ends(e->d_name, end) && stat(path, &st) == 0 && S_ISREG(st.st_mode))
                        w->each(w->ctx, path, e->d_name, &st);
        }
        if (d)
                closedir(d);
}

static void walk_all(const char *cache, const struct walk *w) {
        walk_folder(cache, "layers", ".vhd", w);
        walk_folder(cache, "scratch", ".vhdx", w);
}

struct listing {
        struct hcs_json *json; /* NULL: for people */
        uint64_t bytes;
        unsigned n;
};

/* The root hash of a layer; NULL: of none. Caller frees. */
static char *root_hash_of(const char *path) {
        _cleanup_json_ struct hcs_json *info = NULL;

        if (FAILED(uvm_verity_info(path, NULL, &info, NULL)) || !info)
                return NULL;
        return hcs_strdup(hcs_json_get_string(info, "RootDigest"));
}

static void list_one(void *ctx, const char *path, const char *name, const struct stat *st) {
        struct listing *l = ctx;
        uint64_t bytes = (uint64_t)st->st_blocks * 512;
        bool is_layer = hcs_str_ends(name, ".vhd");
        _cleanup_free_ char *root = is_layer ? root_hash_of(path) : NULL;
        struct hcs_json *o;

        l->n++;
        l->bytes += bytes;
        if (!l->json) {
                printf("%-7s  %8.1f MB  %.*s%s%s\n", is_layer ? "layer" : "scratch", (double)bytes / 1e6,
                       (int)strcspn(name, "."), name, root ? "  root " : "", root ? root : "");
                return;
        }
        o = hcs_json_append(l->json, hcs_json_new_object());
        hcs_json_set_string(o, "kind", is_layer ? "layer" : "scratch");
        hcs_json_set_string(o, "path", path);
        hcs_json_set_u64(o, "bytes", bytes);
        if (root)
                hcs_json_set_string(o, "rootHash", root);
}

static void remove_one(void *ctx, const char *path, const char *name, const struct stat *st) {
        struct listing *l = ctx;

        if (remove(path) != 0)
                return;
        l->n++;
        l->bytes += (uint64_t)st->st_blocks * 512;
}

static void usage_images(void) {
        puts("usage: lcowctl images [--cache DIR] [--json]\n\n"
             "Lists what the cache holds: layers as verity images, by the digest of what they were made of, and empty\n"
             "scratch disks by their size.");
}

static void usage_prune(void) {
        puts("usage: lcowctl prune [--cache DIR] [--json]\n\n"
             "Removes all that the cache holds. Containers that run keep what they have.");
}

static int run(int argc, char **argv, bool remove_all) {
        static const struct option table[] = {{"cache", required_argument, NULL, 'c'},
                                              {"json", no_argument, NULL, 'j'},
                                              {"help", no_argument, NULL, 'h'},
                                              {0}};
        struct listing l = {0};
        _cleanup_free_ char *cache = NULL, *text = NULL;
        const char *given = NULL;
        bool json = false;
        int o;

        while ((o = next_option(argc, argv, "h", table, NULL)) != -1)
                switch (o) {
                case 'c':
                        given = optarg;
                        break;
                case 'j':
                        json = true;
                        break;
                default:
                        return end_of_options(argv[0], o, remove_all ? usage_prune : usage_images);
                }
        if (optind != argc)
                return tell_usage(argv[0], "`%s`: no argument is expected", argv[optind]);
        cache = given ? hcs_strdup(given) : hcs_cache_folder();
        if (json && !remove_all)
                l.json = hcs_json_new_array();
        walk_all(cache, &(struct walk){remove_all ? remove_one : list_one, &l});
        if (l.json)
                text = hcs_json_text(l.json, HCS_JSON_COMPACT);
        else if (json)
                text = hcs_asprintf("{\"removed\":%u,\"bytes\":%llu}", l.n, (unsigned long long)l.bytes);
        else
                text = hcs_asprintf("%u file%s, %.1f MB%s", l.n, l.n == 1 ? "" : "s", (double)l.bytes / 1e6,
                                    remove_all ? " removed" : "");
        puts(text);
        hcs_json_free(l.json);
        return EXIT_OK;
}

int cmd_images(int argc, char **argv) {
        return run(argc, argv, false);
}

int cmd_prune(int argc, char **argv) {
        return run(argc, argv, true);
}
