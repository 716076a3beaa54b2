/* SPDX-License-Identifier: MIT */

#include "integration/ext4/listing.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/str.h"

#define MAX_SHOWN 10u

void listing_deinit(struct listing *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->files[i].path);
                free(l->files[i].target);
                free(l->files[i].content);
                free(l->files[i].xattrs);
        }
        free(l->files);
        *l = (struct listing){0};
}

void listing_add(struct listing *l, const struct listed *f) {
        if (l->n == l->cap) {
                l->cap = l->cap ? 2 * l->cap : 64;
                l->files = hcs_realloc(l->files, l->cap * sizeof(*l->files));
        }
        l->files[l->n++] = *f;
}

char *listing_xattrs(const struct ext4_xattr_set *set) {
        struct hcs_buf b = {0};

        for (size_t i = 0; i < set->n; i++) {
                _cleanup_free_ char *hex = hcs_malloc(2 * set->list[i].len + 1);

                hcs_buf_printf(&b, "%s%s=%s", i ? " " : "", set->list[i].name,
                               hcs_hex_format(set->list[i].value, set->list[i].len, hex));
        }
        return hcs_buf_steal(&b);
}

bool listing_is_plain(const struct listing *l) {
        for (size_t i = 0; i < l->n; i++)
                for (const char *p = l->files[i].path; *p; p++)
                        if ((uint8_t)*p < ' ')
                                return false;
        return true;
}

static int by_path(const void *a, const void *b) {
        return strcmp(((const struct listed *)a)->path, ((const struct listed *)b)->path);
}

static char *describe(const struct listed *f, bool xattrs) {
        struct hcs_buf b = {0};
        uint32_t type = f->mode & EXT4_TYPE_MASK;

        hcs_buf_printf(&b, "mode %06o owner %u:%u links %u", f->mode, f->uid, f->gid, f->links);
        if (type == EXT4_REG)
                hcs_buf_printf(&b, " size %" PRIu64 " sha256 %s", f->size, f->content ? f->content : "?");
        if (type == EXT4_LNK)
                hcs_buf_printf(&b, " target %s", f->target ? f->target : "?");
        if (type == EXT4_CHAR || type == EXT4_BLOCK_DEV)
                hcs_buf_printf(&b, " device %u:%u", f->major, f->minor);
        hcs_buf_printf(&b, " atime %" PRId64 ".%u mtime %" PRId64 ".%u ctime %" PRId64 ".%u", f->atime.seconds,
                       f->atime.nanoseconds, f->mtime.seconds, f->mtime.nanoseconds, f->ctime.seconds,
                       f->ctime.nanoseconds);
        if (xattrs)
                hcs_buf_printf(&b, " xattrs %s", f->xattrs);
        return hcs_buf_steal(&b);
}

static bool same(const struct listed *a, const char *a_name, const struct listed *b, const char *b_name, bool show) {
        bool xattrs = a->xattrs && b->xattrs;
        _cleanup_free_ char *x = describe(a, xattrs), *y = describe(b, xattrs);

        if (hcs_streq(x, y))
                return true;
        if (show)
                printf("  %s\n    %-8s %.900s\n    %-8s %.900s\n", a->path, a_name, x, b_name, y);
        return false;
}

bool listing_equal(struct listing *a, const char *a_name, struct listing *b, const char *b_name) {
        size_t differences = 0;

        if (a->n)
                qsort(a->files, a->n, sizeof(*a->files), by_path);
        if (b->n)
                qsort(b->files, b->n, sizeof(*b->files), by_path);
        for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
                int order = i == a->n ? 1 : k == b->n ? -1 : by_path(&a->files[i], &b->files[k]);
                bool show = differences < MAX_SHOWN;

                if (order == 0) {
                        differences += !same(&a->files[i], a_name, &b->files[k], b_name, show);
                } else {
                        if (show)
                                printf("  %s: only %s has it\n", order < 0 ? a->files[i].path : b->files[k].path,
                                       order < 0 ? a_name : b_name);
                        differences++;
                }
                i += order <= 0;
                k += order >= 0;
        }
        if (differences > MAX_SHOWN)
                printf("  and %zu more\n", differences - MAX_SHOWN);
        return differences == 0;
}

bool listing_check(const char *tar, const char *image, bool overlay) {
        struct listing expected = {0}, read = {0}, debugfs = {0};
        bool ok = listing_from_tar(tar, overlay, &expected) && listing_from_image(image, &read);

        if (ok && !listing_equal(&expected, "tar", &read, "image"))
                ok = false;
        if (ok && listing_is_plain(&read))
                ok = listing_from_debugfs(image, &read, &debugfs) && listing_equal(&debugfs, "debugfs", &read, "image");
        listing_deinit(&expected);
        listing_deinit(&read);
        listing_deinit(&debugfs);
        return ok;
}

/* "..., should be 2.  Fix? no" */
static void cut_question(char *line) {
        char *end = strstr(line, "? no");

        while (end && end > line && end[-1] != ' ')
                end--;
        if (end)
                *end = '\0';
        for (size_t n = strlen(line); n > 0 && line[n - 1] == ' '; n--)
                line[n - 1] = '\0';
}

/* Names of passes, and sums, are no findings. */
static bool is_finding(const char *line) {
        static const char *const noise[] = {"e2fsck ",  "Pass ",     "Padding at end of inode bitmap is not set",
                                            "Fix? no",  "Clear? no", "Set? no",
                                            "Split? no"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(noise); i++)
                if (hcs_str_starts(line, noise[i]))
                        return false;
        return *line && !strstr(line, " files (") && !strstr(line, "********** WARNING");
}

char *fsck_findings(const char *image) {
        _cleanup_free_ char *command = hcs_asprintf("PATH=$PATH:/usr/sbin:/sbin e2fsck -fn '%s' 2>/dev/null", image);
        FILE *f = popen(command, "r");
        struct hcs_buf b = {0};
        char line[4096];

        while (f && fgets(line, sizeof(line), f)) {
                line[strcspn(line, "\n")] = '\0';
                cut_question(line);
                if (is_finding(line) && !(b.len && strstr(b.data, line)))
                        hcs_buf_printf(&b, "%s%s", b.len ? "|" : "", line);
        }
        if (!f || pclose(f) < 0)
                hcs_buf_puts(&b, "e2fsck did not run");
        if (b.len == 0)
                hcs_buf_puts(&b, "-");
        return hcs_buf_steal(&b);
}

struct sha256 {
        EVP_MD_CTX *c;
};

struct sha256 *sha256_new(void) {
        struct sha256 *h = hcs_malloc(sizeof(*h));

        h->c = EVP_MD_CTX_new();
        EVP_DigestInit_ex(h->c, EVP_sha256(), NULL);
        return h;
}

void sha256_add(struct sha256 *h, const void *data, size_t n) {
        EVP_DigestUpdate(h->c, data, n);
}

void sha256_zeros(struct sha256 *h, uint64_t n) {
        static const uint8_t zeros[65536];

        for (; n > 0; n -= n < sizeof(zeros) ? n : sizeof(zeros))
                EVP_DigestUpdate(h->c, zeros, n < sizeof(zeros) ? (size_t)n : sizeof(zeros));
}

char *sha256_end(struct sha256 *h) {
        char *text = hcs_malloc(2 * 32 + 1);
        uint8_t digest[32];

        EVP_DigestFinal_ex(h->c, digest, NULL);
        EVP_MD_CTX_free(h->c);
        free(h);
        return hcs_hex_format(digest, sizeof(digest), text);
}
