/* SPDX-License-Identifier: MIT */

/* Paths in the two ways of writing them: the rules of Go's filepath. Pure functions. */

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "uvm/host.h"

static bool is_slash(const struct uvm_host *host, char c) {
        return c == '/' || (host->windows_paths && c == '\\');
}

static char slash(const struct uvm_host *host) {
        return host->windows_paths ? '\\' : '/';
}

/* Length of "C:" or "\\server\share" (also "\\.\pipe" and "\\?\x"). */
static size_t volume_length(const struct uvm_host *host, const char *p) {
        size_t n = 2;

        if (!host->windows_paths)
                return 0;
        if (isalpha((unsigned char)p[0]) && p[1] == ':')
                return 2;
        if (!is_slash(host, p[0]) || !is_slash(host, p[1]))
                return 0;
        while (p[n] && !is_slash(host, p[n]))
                n++;
        if (n == 2 || !p[n])
                return n == 2 ? 0 : n;
        for (n++; p[n] && !is_slash(host, p[n]); n++)
                ;
        return n;
}

/* Cuts the last element off what is behind `root`; false when there is none, or it is "..". */
static bool cut_last(struct hcs_buf *b, size_t root, char separator) {
        size_t end = b->len;

        while (end > root && b->data[end - 1] != separator)
                end--;
        if (b->len == root || strcmp(b->data + end, "..") == 0)
                return false;
        b->len = end > root ? end - 1 : root;
        b->data[b->len] = '\0';
        return true;
}

char *uvm_path_clean(const struct uvm_host *host, const char *path) {
        _cleanup_buf_ struct hcs_buf b = {0};
        size_t volume = volume_length(host, path), root;
        const char *p = path + volume;
        bool rooted = is_slash(host, *p);

        for (size_t i = 0; i < volume; i++)
                hcs_buf_putc(&b, is_slash(host, path[i]) ? slash(host) : path[i]);
        if (rooted)
                hcs_buf_putc(&b, slash(host));
        root = b.len;
        while (*p) {
                size_t n = 0;

                while (p[n] && !is_slash(host, p[n]))
                        n++;
                if (n == 2 && p[0] == '.' && p[1] == '.') {
                        if (!cut_last(&b, root, slash(host)) && !rooted)
                                hcs_buf_printf(&b, "%s..", b.len > root ? (char[]){slash(host), '\0'} : "");
                } else if (n && !(n == 1 && *p == '.')) {
                        if (b.len > root)
                                hcs_buf_putc(&b, slash(host));
                        hcs_buf_append(&b, p, n);
                }
                p += n + (p[n] != '\0');
        }
        if (b.len == root && !rooted && (volume == 0 || path[1] == ':'))
                hcs_buf_putc(&b, '.');
        return hcs_buf_steal(&b);
}

char *uvm_path_join(const struct uvm_host *host, const char *a, const char *b) {
        _cleanup_free_ char *both = NULL;

        if (!*a || !*b)
                return *a || *b ? uvm_path_clean(host, *a ? a : b) : hcs_strdup("");
        both = hcs_asprintf("%s%c%s", a, slash(host), b);
        return uvm_path_clean(host, both);
}

char *uvm_path_absolute(const struct uvm_host *host, const char *path) {
        size_t volume = volume_length(host, path);
        char *result;

        if (host->windows_paths && *path && path[strspn(path, " ")] == '\0')
                return NULL;
        if (is_slash(host, path[volume]) || volume > 2) {
                _cleanup_free_ char *with_drive =
                        hcs_asprintf("%.*s%s", host->windows_paths && !volume ? 2 : 0, host->working_dir, path);

                result = uvm_path_clean(host, with_drive);
        } else {
                result = uvm_path_join(host, host->working_dir, path + volume);
        }
        /* Windows has no names that end in blanks or dots. */
        for (size_t n = strlen(result); host->windows_paths && n > 3 && strchr(" .", result[n - 1]);)
                result[--n] = '\0';
        for (size_t n = strlen(result); n > 3 && is_slash(host, result[n - 1]);)
                result[--n] = '\0';
        return result;
}

static size_t base_at(const struct uvm_host *host, const char *path, size_t end) {
        size_t volume = volume_length(host, path);

        while (end > volume && !is_slash(host, path[end - 1]))
                end--;
        return end;
}

char *uvm_path_dir(const struct uvm_host *host, const char *path) {
        _cleanup_free_ char *head = hcs_strndup(path, base_at(host, path, strlen(path)));

        return uvm_path_clean(host, head);
}

char *uvm_path_base(const struct uvm_host *host, const char *path) {
        size_t volume = volume_length(host, path), end = strlen(path), at;

        if (!*path)
                return hcs_strdup(".");
        while (end > volume && is_slash(host, path[end - 1]))
                end--;
        at = base_at(host, path, end);
        return at < end ? hcs_strndup(path + at, end - at) : hcs_strdup(host->windows_paths ? "\\" : "/");
}
