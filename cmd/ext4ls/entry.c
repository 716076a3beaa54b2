/* SPDX-License-Identifier: MIT */

/* One entry as a person or a program wants to see it. */

#include <inttypes.h>
#include <time.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/utf.h"
#include "cmd/ext4ls/ext4ls.h"
#include "platform/terminal.h"

static const struct {
        uint32_t type;
        char letter;
        const char *name;
        const char *colour;
} types[] = {
        {EXT4_REG, '-', "file", ""},
        {EXT4_DIR, 'd', "directory", "\033[1;34m"},
        {EXT4_LNK, 'l', "symlink", "\033[1;36m"},
        {EXT4_CHAR, 'c', "char-device", "\033[1;33m"},
        {EXT4_BLOCK_DEV, 'b', "block-device", "\033[1;33m"},
        {EXT4_FIFO, 'p', "fifo", "\033[33m"},
        {EXT4_SOCK, 's', "socket", "\033[1;35m"},
};

static size_t type_of(uint32_t mode) {
        size_t k = 0;

        while (k + 1 < HCS_ARRAY_SIZE(types) && types[k].type != (mode & EXT4_TYPE_MASK))
                k++;
        return k;
}

const char *type_name(uint32_t mode) {
        return types[type_of(mode)].name;
}

void print_name(const char *name, FILE *out) {
        _cleanup_free_ char *text = hcs_utf8_visible(name);

        fputs(text, out);
}

void format_time(const struct ext4_when *t, char out[static 48]) {
        time_t seconds = (time_t)t->seconds;
        struct tm tm;
        size_t n;

        gmtime_r(&seconds, &tm);
        n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(out + n, 48 - n, ".%09" PRIu32 "Z", t->nanoseconds);
}

void format_mode(uint32_t mode, char out[static 11]) {
        static const char bits[] = "rwxrwxrwx";

        out[0] = types[type_of(mode)].letter;
        for (unsigned i = 0; i < 9; i++)
                out[1 + i] = mode & (0400u >> i) ? bits[i] : '-';
        if (mode & 04000)
                out[3] = mode & 0100 ? 's' : 'S';
        if (mode & 02000)
                out[6] = mode & 0010 ? 's' : 'S';
        if (mode & 01000)
                out[9] = mode & 0001 ? 't' : 'T';
        out[10] = '\0';
}

static void print_coloured(const struct shown_entry *e) {
        bool executable = ext4_inode_type(e->node) == EXT4_REG && e->node->mode & 0111;
        const char *colour = executable ? "\033[1;32m" : types[type_of(e->node->mode)].colour;
        bool on = *colour && hcs_terminal_wants_colour();

        if (on)
                fputs(colour, stdout);
        print_name(e->name, stdout);
        if (on)
                fputs("\033[0m", stdout);
}

HRESULT print_short(const struct shown_entry *e, struct hcs_error **err) {
        print_coloured(e);
        putchar('\n');
        return S_OK;
}

static bool is_device(const struct ext4_inode *n) {
        return ext4_inode_type(n) == EXT4_CHAR || ext4_inode_type(n) == EXT4_BLOCK_DEV;
}

HRESULT print_long(const struct shown_entry *e, struct hcs_error **err) {
        const struct ext4_inode *n = e->node;
        _cleanup_buf_ struct hcs_buf target = {0};
        char mode[11], time[48], size[24];
        HRESULT hr = S_OK;

        format_mode(n->mode, mode);
        format_time(&n->mtime, time);
        if (is_device(n))
                snprintf(size, sizeof(size), "%" PRIu32 ", %" PRIu32, n->dev_major, n->dev_minor);
        else
                snprintf(size, sizeof(size), "%" PRIu64, n->size);
        printf("%s %3" PRIu32 " %5" PRIu32 " %5" PRIu32 " %10s %s ", mode, n->links, n->uid, n->gid, size, time);
        print_coloured(e);
        if (ext4_inode_type(n) == EXT4_LNK) {
                hr = ext4_link_target(e->image, n, &target, err);
                fputs(" -> ", stdout);
                print_name(SUCCEEDED(hr) ? target.data : "?", stdout);
        }
        putchar('\n');
        return hr;
}

/* ---- JSON ---- */

/* As text under `key` where it is text; a "key_hex" says the bytes where it is not. */
static void set_bytes(struct hcs_json *o, const char *key, const char *data, size_t n) {
        if (hcs_utf8_valid(data, n, NULL) && !memchr(data, '\0', n)) {
                hcs_json_set(o, key, hcs_json_new_string_n(data, n));
        } else {
                _cleanup_free_ char *hex_key = hcs_asprintf("%s_hex", key), *hex = hcs_malloc(2 * n + 1);

                hcs_json_set_string(o, hex_key, hcs_hex_format(data, n, hex));
        }
}

static void set_time(struct hcs_json *o, const char *key, const struct ext4_when *t) {
        char text[48];

        format_time(t, text);
        hcs_json_set_string(o, key, text);
}

static HRESULT set_attributes(const struct shown_entry *e, struct hcs_json *o, struct hcs_error **err) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set set = {0};
        HRESULT hr = ext4_attributes_read(e->image, e->node, &set, err);
        struct hcs_json *list = NULL;

        for (size_t i = 0; i < set.n; i++) {
                struct hcs_json *x;

                if (!list)
                        list = hcs_json_set_new_array(o, "xattrs");
                x = hcs_json_append(list, hcs_json_new_object());
                set_bytes(x, "name", set.list[i].name, strlen(set.list[i].name));
                set_bytes(x, "value", (const char *)set.list[i].value, set.list[i].len);
        }
        return hr;
}

HRESULT print_json(const struct shown_entry *e, struct hcs_error **err) {
        const struct ext4_inode *n = e->node;
        _cleanup_json_ struct hcs_json *o = hcs_json_new_object();
        _cleanup_free_ char *text = NULL;
        _cleanup_buf_ struct hcs_buf target = {0};
        char mode[8];
        HRESULT hr = S_OK;

        set_bytes(o, "path", e->name, strlen(e->name));
        hcs_json_set_string(o, "type", type_name(n->mode));
        snprintf(mode, sizeof(mode), "%04o", n->mode & 07777);
        hcs_json_set_string(o, "mode", mode);
        hcs_json_set_u64(o, "inode", n->number);
        hcs_json_set_u64(o, "links", n->links);
        hcs_json_set_u64(o, "uid", n->uid);
        hcs_json_set_u64(o, "gid", n->gid);
        hcs_json_set_u64(o, "size", n->size);
        set_time(o, "atime", &n->atime);
        set_time(o, "mtime", &n->mtime);
        set_time(o, "ctime", &n->ctime);
        if (n->has_crtime)
                set_time(o, "crtime", &n->crtime);
        if (is_device(n)) {
                hcs_json_set_u64(o, "major", n->dev_major);
                hcs_json_set_u64(o, "minor", n->dev_minor);
        }
        if (ext4_inode_type(n) == EXT4_LNK) {
                hr = ext4_link_target(e->image, n, &target, err);
                if (SUCCEEDED(hr))
                        set_bytes(o, "target", target.data, target.len);
        }
        if (SUCCEEDED(hr))
                hr = set_attributes(e, o, err);
        text = hcs_json_text(o, HCS_JSON_COMPACT);
        puts(text);
        return hr;
}
