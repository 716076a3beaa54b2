/* SPDX-License-Identifier: MIT */

/*
 * debugfs, as a reader that is not ours: "ls -p" of every directory, "stat" of every inode, "cat" of every file and
 * long link, in one run. Its standard output is line buffered by stdbuf, so that what it writes past stdio stays in
 * place.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "integration/ext4/listing.h"

struct child {
        uint32_t dir, ino;
        char *name;
};

struct session {
        FILE *f;
        struct hcs_buf line; /* the one read last */
        struct listed *inodes;
        uint32_t n_inodes;
        bool is_inline; /* the inode of the "stat" before */
        struct child *children;
        size_t n, cap;
};

/* False at the end. What of a line was read already stays before it. */
static bool read_line(struct session *s) {
        int c;

        hcs_buf_clear(&s->line);
        while ((c = getc(s->f)) != EOF && c != '\n')
                hcs_buf_putc(&s->line, (char)c);
        hcs_buf_append(&s->line, "", 0);
        return c != EOF || s->line.len > 0;
}

static bool is_command(const struct session *s) {
        return hcs_str_starts(s->line.data, "debugfs: ");
}

/* "/12/100644/0/0/name/5/" */
static bool parse_ls(struct session *s, uint32_t dir) {
        while (read_line(s) && !is_command(s)) {
                char *p = s->line.data, *end;
                uint32_t ino, mode;
                int used = 0;

                if (s->line.len == 0)
                        continue;
                if (sscanf(p, "/%" SCNu32 "/%" SCNo32 "/%*u/%*u/%n", &ino, &mode, &used) != 2 || !used)
                        return false;
                p += used;
                end = strrchr(p, '/');
                if (end)
                        *end = '\0';
                end = strrchr(p, '/');
                if (!end)
                        return false;
                *end = '\0';
                if (ino == 0 || hcs_streq(p, ".") || hcs_streq(p, ".."))
                        continue;
                if (s->n == s->cap) {
                        s->cap = s->cap ? 2 * s->cap : 64;
                        s->children = hcs_realloc(s->children, s->cap * sizeof(*s->children));
                }
                s->children[s->n++] = (struct child){dir, ino, hcs_strdup(p)};
        }
        return true;
}

static bool parse_time(const char *text, struct ext4_when *t) {
        uint32_t low, high;

        if (sscanf(text, "0x%" SCNx32 ":%" SCNx32, &low, &high) != 2)
                return false;
        *t = (struct ext4_when){(int32_t)low + ((int64_t)(high & 3) << 32), high >> 2};
        return true;
}

static void parse_stat_line(struct session *s, struct listed *f, char *line) {
        static const struct {
                const char *name;
                uint32_t type;
        } types[] = {{"regular", EXT4_REG},
                     {"directory", EXT4_DIR},
                     {"symlink", EXT4_LNK},
                     {"FIFO", EXT4_FIFO},
                     {"socket", EXT4_SOCK},
                     {"character special", EXT4_CHAR},
                     {"block special", EXT4_BLOCK_DEV}};
        const char *p = strstr(line, "Type: "), *mode = strstr(line, "Mode:  "), *flags = strstr(line, "Flags: 0x");

        if (hcs_str_starts(line, "Inode: ") && p && mode) {
                for (size_t i = 0; i < HCS_ARRAY_SIZE(types); i++)
                        if (hcs_str_starts(p + 6, types[i].name))
                                f->mode = types[i].type;
                f->mode |= (uint32_t)strtoul(mode + 7, NULL, 8);
                s->is_inline = flags && strtoul(flags + 7, NULL, 16) & EXT4_FLAG_INLINE;
        } else if (hcs_str_starts(line, "User: ")) {
                sscanf(line, "User: %" SCNu32 " Group: %" SCNu32, &f->uid, &f->gid);
                p = strstr(line, " Size: ");
                f->size = p ? strtoull(p + 7, NULL, 10) : 0;
        } else if (hcs_str_starts(line, "Links: ")) {
                sscanf(line, "Links: %" SCNu32, &f->links);
        } else if (hcs_str_starts(line, " ctime: ")) {
                parse_time(line + 8, &f->ctime);
        } else if (hcs_str_starts(line, " atime: ")) {
                parse_time(line + 8, &f->atime);
        } else if (hcs_str_starts(line, " mtime: ")) {
                parse_time(line + 8, &f->mtime);
        } else if ((p = strstr(line, "Device major/minor number: "))) {
                sscanf(p, "Device major/minor number: %" SCNu32 ":%" SCNu32, &f->major, &f->minor);
        } else if (hcs_str_starts(line, "Fast link dest: \"")) {
                line[strlen(line) - 1] = '\0';
                f->target = hcs_strdup(line + strlen("Fast link dest: \""));
        }
}

static void parse_stat(struct session *s, struct listed *f) {
        while (read_line(s) && !is_command(s))
                parse_stat_line(s, f, s->line.data);
}

/* The bytes follow the command at once, and the next command them. Of an inline file all that is in i_block comes. */
static bool parse_cat(struct session *s, struct listed *f, bool is_inline) {
        bool link = (f->mode & EXT4_TYPE_MASK) == EXT4_LNK;
        struct sha256 *h = sha256_new();
        struct hcs_buf target = {0};
        static char chunk[65536];
        uint64_t left = f->size;

        while (left > 0) {
                size_t n = fread(chunk, 1, left < sizeof(chunk) ? (size_t)left : sizeof(chunk), s->f);

                if (n == 0)
                        break;
                sha256_add(h, chunk, n);
                if (link)
                        hcs_buf_append(&target, chunk, n);
                left -= n;
        }
        for (uint64_t i = f->size; is_inline && i < EXT4_INODE_DATA; i++)
                getc(s->f);
        f->content = sha256_end(h);
        if (link)
                f->target = hcs_buf_steal(&target);
        return left == 0 && (!read_line(s) || is_command(s));
}

static bool write_commands(const char *path, const struct listing *of) {
        FILE *f = fopen(path, "w");

        if (!f)
                return false;
        for (size_t i = 0; i < of->n; i++) {
                const struct listed *x = &of->files[i];
                uint32_t type = x->mode & EXT4_TYPE_MASK;

                fprintf(f, "stat <%" PRIu32 ">\n", x->ino);
                if (type == EXT4_DIR)
                        fprintf(f, "ls -p <%" PRIu32 ">\n", x->ino);
                if (type == EXT4_REG || (type == EXT4_LNK && x->size > 59))
                        fprintf(f, "cat <%" PRIu32 ">\n", x->ino);
        }
        return fclose(f) == 0;
}

static bool parse_all(struct session *s) {
        bool ok = true;

        for (bool more = read_line(s); ok && more && s->line.len > 0;) {
                struct listed again = {0}, *f = &again;
                char command[8];
                uint32_t ino;

                if (sscanf(s->line.data, "debugfs: %7[a-z] %*[-p ]<%" SCNu32 ">", command, &ino) != 2 &&
                    sscanf(s->line.data, "debugfs: %7[a-z] <%" SCNu32 ">", command, &ino) != 2)
                        return false;
                if (ino >= s->n_inodes)
                        return false;
                /* A second name of an inode: the same once more. */
                if (!s->inodes[ino].mode || !hcs_streq(command, "stat"))
                        f = &s->inodes[ino];
                if (hcs_streq(command, "ls")) {
                        ok = parse_ls(s, ino);
                } else if (hcs_streq(command, "stat")) {
                        parse_stat(s, f);
                } else {
                        free(steal_pointer(&f->content));
                        free(steal_pointer(&f->target));
                        ok = parse_cat(s, f, s->is_inline);
                }
                free(again.target);
                more = s->line.len > 0 && is_command(s);
        }
        return ok;
}

static int by_dir(const void *a, const void *b) {
        const struct child *x = a, *y = b;

        return x->dir < y->dir ? -1 : x->dir > y->dir;
}

/* Adds a directory and what is below it, as the directories say. */
static void add_tree(struct session *s, uint32_t ino, const char *path, struct listing *ret) {
        struct listed f = s->inodes[ino];
        size_t low = 0, high = s->n;

        f.path = hcs_strdup(*path ? path : "/");
        f.target = hcs_strdup(f.target || f.size > 0 ? f.target : ""); /* of an empty link debugfs says nothing */
        f.content = hcs_strdup(f.content);
        listing_add(ret, &f);
        if ((f.mode & EXT4_TYPE_MASK) != EXT4_DIR)
                return;
        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (s->children[middle].dir < ino)
                        low = middle + 1;
                else
                        high = middle;
        }
        for (; low < s->n && s->children[low].dir == ino; low++)
                if (s->children[low].ino < s->n_inodes) {
                        _cleanup_free_ char *below = hcs_asprintf("%s/%s", path, s->children[low].name);

                        add_tree(s, s->children[low].ino, below, ret);
                }
}

bool listing_from_debugfs(const char *image, const struct listing *of, struct listing *ret) {
        _cleanup_free_ char *commands = hcs_asprintf("%s.commands", image);
        _cleanup_free_ char *line =
                hcs_asprintf("PATH=$PATH:/usr/sbin:/sbin stdbuf -oL debugfs -f '%s' '%s' 2>/dev/null", commands, image);
        struct session s = {0};
        bool ok = write_commands(commands, of);

        for (size_t i = 0; i < of->n; i++)
                if (of->files[i].ino >= s.n_inodes)
                        s.n_inodes = of->files[i].ino + 1;
        s.inodes = hcs_calloc(s.n_inodes ? s.n_inodes : 1, sizeof(*s.inodes));
        s.f = ok ? popen(line, "r") : NULL;
        ok = s.f && parse_all(&s);
        if (!ok)
                printf("  debugfs: not understood: %.200s\n", hcs_buf_cstr(&s.line));
        if (s.f && pclose(s.f) != 0)
                ok = false;
        if (s.n)
                qsort(s.children, s.n, sizeof(*s.children), by_dir);
        if (ok && s.n_inodes > EXT4_ROOT_INO)
                add_tree(&s, EXT4_ROOT_INO, "", ret);
        remove(commands);
        for (uint32_t i = 0; i < s.n_inodes; i++) {
                free(s.inodes[i].target);
                free(s.inodes[i].content);
        }
        for (size_t i = 0; i < s.n; i++)
                free(s.children[i].name);
        free(s.inodes);
        free(s.children);
        hcs_buf_deinit(&s.line);
        return ok;
}
