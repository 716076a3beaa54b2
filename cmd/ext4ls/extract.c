/* SPDX-License-Identifier: MIT */

/*
 * ext4ls extract: the walk of the image on one side, the unpacking of lib/platform on the other. What cannot be made is
 * told and left out; a directory that cannot be made is left out with all that is below it.
 */

#include <getopt.h>

#include "base/str.h"
#include "cmd/ext4ls/ext4ls.h"
#include "ext4/copy.h"
#include "platform/unpack.h"

#define MAX_NANO    999999999u
#define FIRST_LINKS 256u

/* The first name of an inode that has several. */
struct first_name {
        uint32_t ino;
        char *path;
};

struct extract {
        struct ext4_image *image;
        struct hcs_unpack *out;
        struct first_name *names; /* a hash table, path NULL for a free slot */
        size_t n_names, names_cap;
        uint64_t budget; /* bytes of stored content that may still come: an honest image has each block once */
        bool verbose;
        int status;
};

static void usage(void) {
        puts("usage: ext4ls extract [OPTIONS] IMAGE [PATH...]\n\n"
             "Makes what the image holds, or what is at and below each PATH, with owners (as root), permissions, "
             "times,\n"
             "extended attributes, devices, hard links and holes. What has the name of a file is replaced, "
             "directories\n"
             "are filled further, and no symbolic link that is there is followed.\n\n"
             "  -C, --directory DIR  below DIR, which is made when missing; . when left out\n"
             "  -v, --verbose        print the paths\n\n"
             "Exit code 1 when something could not be made; the rest is.");
}

static void trouble(void *ctx, const char *path, struct hcs_error *e) {
        struct extract *x = ctx;

        x->status = tell_path_error("extract", path, e);
}

static struct first_name *name_slot(const struct extract *x, uint32_t ino) {
        size_t slot = (size_t)(ino * 2654435761u) & (x->names_cap - 1);

        while (x->names[slot].path && x->names[slot].ino != ino)
                slot = (slot + 1) & (x->names_cap - 1);
        return &x->names[slot];
}

static const char *first_name(struct extract *x, uint32_t ino) {
        return x->names_cap ? name_slot(x, ino)->path : NULL;
}

static void remember(struct extract *x, uint32_t ino, const char *path) {
        if (2 * x->n_names >= x->names_cap) {
                struct first_name *old = x->names;
                size_t old_cap = x->names_cap;

                x->names_cap = old_cap ? 2 * old_cap : FIRST_LINKS;
                x->names = hcs_calloc(x->names_cap, sizeof(*x->names));
                for (size_t i = 0; i < old_cap; i++)
                        if (old[i].path)
                                *name_slot(x, old[i].ino) = old[i];
                free(old);
        }
        *name_slot(x, ino) = (struct first_name){ino, hcs_strdup(path + strspn(path, "/"))};
        x->n_names++;
}

static HRESULT copy_piece(struct extract *x, struct hcs_data_file *to, uint64_t at, const struct ext4_piece *piece,
                          struct hcs_error **err) {
        struct hcs_data_file *from = ext4_image_file(x->image);
        unsigned long long end;
        uint64_t n = 0;
        HRESULT hr;

        if (piece->n > x->budget)
                return hcs_error_make(err, EXT4_E_CORRUPT, "more content than the file system has room for");
        x->budget -= piece->n;
        hr = ext4_copy(from, piece->offset, to, at, piece->n, NULL, NULL, &n, err);
        end = piece->offset + n;
        if (SUCCEEDED(hr) && n < piece->n)
                return hcs_error_make(err, EXT4_E_CORRUPT, "byte %llu is behind the end of `%s`, which was cut off",
                                      end, hcs_data_file_name(from));
        return hr;
}

static HRESULT make_file(struct extract *x, const char *name, const struct ext4_inode *node, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *to = NULL;
        struct ext4_piece piece;
        HRESULT hr = hcs_unpack_file(x->out, name, &to, err);

        for (uint64_t at = 0; SUCCEEDED(hr); at += piece.n) {
                hr = ext4_content_piece(x->image, node, at, &piece, err);
                if (FAILED(hr) || piece.n == 0)
                        break;
                if (piece.stored)
                        hr = copy_piece(x, to, at, &piece, err);
                else if (piece.data)
                        hr = hcs_data_file_write_at(to, at, piece.data, (size_t)piece.n, err);
        }
        return SUCCEEDED(hr) ? hcs_data_file_resize(to, node->size, err) : hr;
}

static HRESULT make(struct extract *x, const char *name, const struct ext4_inode *node, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf target = {0};
        HRESULT hr;

        switch (ext4_inode_type(node)) {
        case EXT4_REG:
                return make_file(x, name, node, err);
        case EXT4_LNK:
                hr = ext4_link_target(x->image, node, &target, err);
                return SUCCEEDED(hr) ? hcs_unpack_symlink(x->out, name, target.data, err) : hr;
        default:
                return hcs_unpack_node(x->out, name, node->mode, node->dev_major, node->dev_minor, err);
        }
}

/* Nanoseconds that are none are those of a time that the writer could not express. */
static uint32_t nanoseconds(const struct ext4_when *t) {
        return t->nanoseconds > MAX_NANO ? 0 : t->nanoseconds;
}

/* Each thing that cannot be set is told; the others are. */
static void dress(struct extract *x, const char *path, const char *name, const struct ext4_inode *node) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set set = {0};
        const struct hcs_unpack_look look = {.mode = node->mode,
                                             .atime = node->atime.seconds,
                                             .mtime = node->mtime.seconds,
                                             .atime_ns = nanoseconds(&node->atime),
                                             .mtime_ns = nanoseconds(&node->mtime)};
        struct hcs_error *e = NULL;

        if (FAILED(hcs_unpack_give(x->out, name, node->uid, node->gid, &e)))
                trouble(x, path, steal_pointer(&e));
        if (FAILED(ext4_attributes_read(x->image, node, &set, &e)))
                trouble(x, path, steal_pointer(&e));
        for (size_t i = 0; i < set.n; i++)
                if (FAILED(hcs_unpack_attribute(x->out, name, set.list[i].name, set.list[i].value, set.list[i].len,
                                                &e)))
                        trouble(x, path, steal_pointer(&e));
        if (FAILED(hcs_unpack_finish(x->out, name, &look, &e)))
                trouble(x, path, steal_pointer(&e));
}

static HRESULT visit(void *ctx, const char *path, const char *name, const struct ext4_inode *node,
                     struct hcs_error **err) {
        struct extract *x = ctx;
        bool directory = ext4_inode_type(node) == EXT4_DIR;
        const char *first = directory || node->links < 2 ? NULL : first_name(x, node->number);
        struct hcs_error *e = NULL;
        HRESULT hr;

        if (x->verbose) {
                print_name(path, stdout);
                putchar('\n');
        }
        if (directory)
                hr = hcs_unpack_enter(x->out, name, &e);
        else if (first)
                hr = hcs_unpack_link(x->out, first, name, &e);
        else
                hr = make(x, name, node, &e);
        if (FAILED(hr)) {
                trouble(x, path, e);
                return S_FALSE;
        }
        if (directory || first)
                return S_OK;
        if (node->links > 1)
                remember(x, node->number, path);
        dress(x, path, name, node);
        return S_OK;
}

static HRESULT leave(void *ctx, const char *path, const struct ext4_inode *dir, struct hcs_error **err) {
        struct extract *x = ctx;

        dress(x, path, ".", dir);
        return hcs_unpack_leave(x->out, err);
}

/* The root is the directory that was opened: nobody entered it. */
static HRESULT leave_root(void *ctx, const char *path, const struct ext4_inode *dir, struct hcs_error **err) {
        if (!hcs_streq(path, "/"))
                return leave(ctx, path, dir, err);
        dress(ctx, path, ".", dir);
        return S_OK;
}

static HRESULT extract_all(struct extract *x, struct hcs_error **err) {
        const struct ext4_visitor visitor = {.visit = visit, .leave = leave_root, .trouble = trouble, .ctx = x};
        struct ext4_inode root;
        HRESULT hr = ext4_path_find(x->image, "/", false, &root, err);

        return SUCCEEDED(hr) ? ext4_walk(x->image, &root, "/", &visitor, err) : hr;
}

/* A directory above what is extracted. */
struct above {
        struct ext4_inode dir;
        size_t path_len;
};

/* The name at `at` of path, in dir: made, and with it all that is below the last one. */
static HRESULT descend(struct extract *x, struct hcs_buf *path, const char *name, size_t len, bool last,
                       struct ext4_inode *node, struct hcs_error **err) {
        const struct ext4_visitor visitor = {.visit = visit, .leave = leave, .trouble = trouble, .ctx = x};
        _cleanup_free_ char *copy = hcs_strndup(name, len);
        uint32_t ino;
        HRESULT hr = ext4_directory_find(x->image, node, name, len, &ino, err);

        if (SUCCEEDED(hr))
                hr = ext4_inode_read(x->image, ino, node, err);
        if (SUCCEEDED(hr) && !last && ext4_inode_type(node) != EXT4_DIR)
                hr = hcs_error_make(err, EXT4_E_NO_PATH, "not a directory");
        if (FAILED(hr))
                return hr;
        hcs_buf_putc(path, '/');
        hcs_buf_append(path, name, len);
        if (!last)
                return hcs_unpack_enter(x->out, copy, err);
        hr = visit(x, path->data, copy, node, err);
        if (hr == S_OK && ext4_inode_type(node) == EXT4_DIR)
                hr = ext4_walk(x->image, node, path->data, &visitor, err);
        return FAILED(hr) ? hr : S_OK;
}

static HRESULT extract_path(struct extract *x, const char *wanted, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf path = {0}, stack = {0};
        struct ext4_inode node;
        HRESULT hr = ext4_path_find(x->image, "/", false, &node, err);

        wanted += strspn(wanted, "/");
        if (!*wanted)
                return SUCCEEDED(hr) ? extract_all(x, err) : hr;
        while (SUCCEEDED(hr) && *wanted) {
                size_t len = strcspn(wanted, "/"), next = len + strspn(wanted + len, "/");
                bool last = wanted[next] == '\0';

                hr = descend(x, &path, wanted, len, last, &node, err);
                if (SUCCEEDED(hr) && !last) {
                        struct above above = {node, path.len};

                        hcs_buf_append(&stack, &above, sizeof(above));
                }
                wanted += next;
        }
        while (stack.len > 0) {
                struct above above;
                struct hcs_error *e = NULL;

                stack.len -= sizeof(above);
                memcpy(&above, stack.data + stack.len, sizeof(above));
                path.data[above.path_len] = '\0';
                if (FAILED(leave(x, path.data, &above.dir, &e)))
                        trouble(x, path.data, e);
        }
        return hr;
}

static void run(struct extract *x, const char *directory, char **paths, int n) {
        struct hcs_error *err = NULL;
        HRESULT hr = hcs_unpack_open(directory, &x->out, &err);

        if (SUCCEEDED(hr) && n == 0)
                hr = extract_all(x, &err);
        if (FAILED(hr)) {
                trouble(x, NULL, err);
                return;
        }
        for (int i = 0; i < n; i++)
                if (FAILED(extract_path(x, paths[i], &err)))
                        trouble(x, paths[i], steal_pointer(&err));
}

int cmd_extract(int argc, char **argv) {
        static const struct option options[] = {{"directory", required_argument, NULL, 'C'},
                                                {"verbose", no_argument, NULL, 'v'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        struct extract x = {0};
        const char *directory = ".";
        struct opened o;
        int c;

        while ((c = next_option(argc, argv, "C:vh", options, NULL)) != -1)
                switch (c) {
                case 'C':
                        directory = optarg;
                        break;
                case 'v':
                        x.verbose = true;
                        break;
                default:
                        return end_of_options("extract", c, usage);
                }
        if (optind == argc)
                return tell_usage("extract", "name an image");
        if (!open_image("extract", argv[optind], &o))
                return EXIT_PROBLEMS;
        x.image = o.image;
        x.budget = ext4_image_blocks_present(o.image) * ext4_image_summary(o.image)->block_size;
        run(&x, directory, argv + optind + 1, argc - optind - 1);
        for (size_t i = 0; i < x.names_cap; i++)
                free(x.names[i].path);
        free(x.names);
        hcs_unpack_close(x.out);
        close_image(&o);
        return x.status;
}
