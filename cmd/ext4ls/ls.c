/* SPDX-License-Identifier: MIT */

/* ext4ls ls: names, long lines or JSON of what the paths name, and of what is in or below directories among it. */

#include <getopt.h>

#include "cmd/ext4ls/ext4ls.h"

struct list {
        struct ext4_image *image;
        HRESULT (*print)(const struct shown_entry *e, struct hcs_error **err);
        bool recursive, directory, whole_paths;
        int status;
};

static void usage(void) {
        puts("usage: ext4ls [ls] [OPTIONS] IMAGE [PATH...]\n\n"
             "Lists what is in the directory PATH (/ when left out), by name.\n\n"
             "  -l, --long       mode, links, owner, size (of devices: major, minor), time of modification, name,\n"
             "                   target; times are UTC\n"
             "  -R, --recursive  all that is below, with whole paths\n"
             "  -d, --directory  the directory itself instead\n"
             "  --json           one JSON object a line, with all times and extended attributes; what is not UTF-8\n"
             "                   is in a member with _hex behind its name\n\n"
             "In text, control characters and backslashes of names are \\ooo. Exit code 1 when something could not be\n"
             "read; the rest is listed.");
}

static void trouble(void *ctx, const char *path, struct hcs_error *e) {
        struct list *l = ctx;

        l->status = tell_path_error("ls", path, e);
}

static void show(struct list *l, const char *path, const char *name, const struct ext4_inode *node) {
        struct hcs_error *err = NULL;

        if (FAILED(l->print(&(struct shown_entry){l->image, node, l->whole_paths ? path : name}, &err)))
                trouble(l, path, err);
}

static HRESULT visit(void *ctx, const char *path, const char *name, const struct ext4_inode *node,
                     struct hcs_error **err) {
        struct list *l = ctx;

        show(l, path, name, node);
        return l->recursive ? S_OK : S_FALSE;
}

static void list_path(struct list *l, const char *path) {
        const struct ext4_visitor visitor = {.visit = visit, .trouble = trouble, .ctx = l};
        struct hcs_error *err = NULL;
        struct ext4_inode node;
        HRESULT hr = ext4_path_find(l->image, path, false, &node, &err);

        if (SUCCEEDED(hr) && ext4_inode_type(&node) == EXT4_DIR && !l->directory)
                hr = ext4_walk(l->image, &node, path, &visitor, &err);
        else if (SUCCEEDED(hr))
                show(l, path, path, &node);
        if (FAILED(hr))
                l->status = tell_error("ls", err);
}

int cmd_ls(int argc, char **argv) {
        enum { JSON = 256 };
        static const struct option options[] = {
                {"long", no_argument, NULL, 'l'},      {"recursive", no_argument, NULL, 'R'},
                {"directory", no_argument, NULL, 'd'}, {"json", no_argument, NULL, JSON},
                {"help", no_argument, NULL, 'h'},      {0}};
        struct list l = {.print = print_short};
        struct opened o;
        int c;

        while ((c = next_option(argc, argv, "lRdh", options, NULL)) != -1)
                switch (c) {
                case 'l':
                        l.print = print_long;
                        break;
                case 'R':
                        l.recursive = true;
                        break;
                case 'd':
                        l.directory = true;
                        break;
                case JSON:
                        l.print = print_json;
                        break;
                default:
                        return end_of_options("ls", c, usage);
                }
        if (optind == argc)
                return tell_usage("ls", "name an image");
        if (!open_image("ls", argv[optind], &o))
                return EXIT_PROBLEMS;
        l.image = o.image;
        l.whole_paths = l.recursive || argc - optind > 2 || l.print == print_json;
        if (optind + 1 == argc)
                list_path(&l, "/");
        for (int i = optind + 1; i < argc; i++)
                list_path(&l, argv[i]);
        close_image(&o);
        return l.status;
}
