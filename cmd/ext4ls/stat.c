/* SPDX-License-Identifier: MIT */

/* ext4ls stat and info: all there is to say about a file, and about the file system. */

#include <getopt.h>
#include <inttypes.h>

#include "base/json.h"
#include "cmd/ext4ls/ext4ls.h"

static void usage_stat(void) {
        puts("usage: ext4ls stat [OPTIONS] IMAGE PATH...\n\n"
             "  -L, --dereference  what a symbolic link leads to\n"
             "  --json             as ext4ls ls --json has it\n");
}

static void print_attributes(const struct ext4_xattr_set *set) {
        for (size_t i = 0; i < set->n; i++) {
                const struct ext4_xattr *x = &set->list[i];
                _cleanup_free_ char *text = hcs_strndup((const char *)x->value, x->len);

                fputs("  xattr: ", stdout);
                print_name(x->name, stdout);
                fputs(" = ", stdout);
                if (strlen(text) == x->len) {
                        print_name(text, stdout);
                } else {
                        fputs("0x", stdout);
                        for (size_t k = 0; k < x->len; k++)
                                printf("%02x", x->value[k]);
                }
                putchar('\n');
        }
}

static HRESULT print_stat(const struct shown_entry *e, struct hcs_error **err) {
        const struct ext4_inode *n = e->node;
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set set = {0};
        const struct {
                const char *name;
                const struct ext4_when *time;
        } times[] = {{"access", &n->atime}, {"modify", &n->mtime}, {"change", &n->ctime}, {"birth", &n->crtime}};
        char mode[11], time[48];
        HRESULT hr = print_long(e, err);

        format_mode(n->mode, mode);
        printf("  inode: %" PRIu32 "  type: %s  mode: %04o %s  links: %" PRIu32 "  owner: %" PRIu32 ":%" PRIu32 "\n",
               n->number, type_name(n->mode), n->mode & 07777, mode, n->links, n->uid, n->gid);
        printf("  size: %" PRIu64 "  sectors: %" PRIu64 "  flags: 0x%" PRIx32 "\n", n->size, n->sectors, n->flags);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(times) - !n->has_crtime; i++) {
                format_time(times[i].time, time);
                printf("  %s: %s\n", times[i].name, time);
        }
        if (SUCCEEDED(hr))
                hr = ext4_attributes_read(e->image, n, &set, err);
        if (SUCCEEDED(hr))
                print_attributes(&set);
        return hr;
}

int cmd_stat(int argc, char **argv) {
        enum { JSON = 256 };
        static const struct option options[] = {{"dereference", no_argument, NULL, 'L'},
                                                {"json", no_argument, NULL, JSON},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        HRESULT (*print)(const struct shown_entry *e, struct hcs_error **err) = print_stat;
        bool follow = false;
        int c;

        while ((c = next_option(argc, argv, "Lh", options, NULL)) != -1)
                switch (c) {
                case 'L':
                        follow = true;
                        break;
                case JSON:
                        print = print_json;
                        break;
                default:
                        return end_of_options("stat", c, usage_stat);
                }
        return each_path("stat", argc, argv, follow, print);
}

static void usage_info(void) {
        puts("usage: ext4ls info [--json] IMAGE\n\n"
             "  --json  one JSON object");
}

static void print_info(const struct opened *o, uint64_t file_size, bool as_json) {
        const struct ext4_summary *s = ext4_image_summary(o->image);
        uint64_t size = ext4_image_size(o->image);
        const struct {
                const char *name, *text;
                uint64_t value;
        } lines[] = {
                {"size", "size in bytes", size},
                {"behind", "bytes behind it", file_size > size ? file_size - size : 0},
                {"missing", "bytes cut off", size > file_size ? size - file_size : 0},
                {"block_size", "block size", s->block_size},
                {"blocks", "blocks", s->blocks},
                {"free_blocks", "free blocks", s->free_blocks},
                {"inodes", "inodes", s->inodes},
                {"free_inodes", "free inodes", s->free_inodes},
                {"inode_size", "inode size", s->inode_size},
                {"groups", "groups", s->groups},
                {"inodes_per_group", "inodes per group", s->inodes_per_group},
                {"compat", "compatible features", s->compat},
                {"incompat", "incompatible features", s->incompat},
                {"ro_compat", "read-only features", s->ro_compat},
        };
        _cleanup_json_ struct hcs_json *json = hcs_json_new_object();
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(lines); i++) {
                bool bits = strstr(lines[i].name, "compat") != NULL;

                hcs_json_set_u64(json, lines[i].name, lines[i].value);
                if (!as_json)
                        printf(bits ? "%-22s 0x%" PRIx64 "\n" : "%-22s %" PRIu64 "\n", lines[i].text, lines[i].value);
        }
        text = hcs_json_text(json, HCS_JSON_COMPACT);
        if (as_json)
                puts(text);
}

int cmd_info(int argc, char **argv) {
        enum { JSON = 256 };
        static const struct option options[] = {
                {"json", no_argument, NULL, JSON}, {"help", no_argument, NULL, 'h'}, {0}};
        struct hcs_error *err = NULL;
        bool json = false;
        struct opened o;
        uint64_t size;
        int c;
        HRESULT hr;

        while ((c = next_option(argc, argv, "h", options, NULL)) != -1)
                switch (c) {
                case JSON:
                        json = true;
                        break;
                default:
                        return end_of_options("info", c, usage_info);
                }
        if (argc - optind != 1)
                return tell_usage("info", "name one image");
        if (!open_image("info", argv[optind], &o))
                return EXIT_PROBLEMS;
        hr = hcs_data_file_size(o.file, &size, &err);
        if (SUCCEEDED(hr))
                print_info(&o, size, json);
        close_image(&o);
        return SUCCEEDED(hr) ? EXIT_OK : tell_error("info", err);
}
