/* SPDX-License-Identifier: MIT */

/* verity info: what is in a file, from the container inwards. Damage is told and does not end it. */

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/str.h"
#include "base/utf.h"
#include "cmd/verity/verity.h"
#include "ext4/read/image.h"
#include "ext4/vhd/vhd.h"
#include "ext4/vhd/vhdx.h"
#include "platform/file.h"

static void usage(void) {
        puts("usage: verity info [OPTIONS] INPUT...\n\n"
             "Tells what an image says of itself: the footer of a VHD and all that is wrong with it, the headers of a\n"
             "VHDX, the size of an ext4 file system, dm-verity's superblock and the root hash that the tree makes "
             "(which\n"
             "is believed: verify checks). Of a tar its entries are counted, of a layout the layers listed. Exit code "
             "1\n"
             "when something is damaged.\n\n"
             "  --hash-offset N  the superblock is at that byte; without, behind the ext4 file system, or at 0\n"
             "  --json           machine-readable: an array with an object for each file, or layer of a layout");
}

/* One file. */
struct info {
        const char *path;
        struct hcs_data_file *file;
        struct hcs_json *out;
        uint64_t size, whole;
        bool damaged;
};

static void add_problem(struct info *i, const char *text) {
        struct hcs_json *problems = hcs_json_get(i->out, "problems");

        if (!problems)
                problems = hcs_json_set_new_array(i->out, "problems");
        hcs_json_append(problems, hcs_json_new_string(text));
        i->damaged = true;
}

static void add_error(struct info *i, struct hcs_error *err) {
        add_problem(i, hcs_error_message(err));
        hcs_error_free(err);
}

static void set_guid(struct hcs_json *o, const char *key, const GUID *g) {
        char text[HCS_GUID_TEXT_SIZE];

        hcs_json_set_string(o, key, hcs_guid_format(g, text));
}

static void add_vhd(struct info *i) {
        _cleanup_buf_ struct hcs_buf texts = {0};
        struct vhd_footer f;
        struct hcs_error *err = NULL;
        struct hcs_json *o;
        unsigned damage;
        char *rest, *line;
        HRESULT hr = vhd_read(i->file, &f, &damage, &texts, &err);

        if (hr == S_FALSE)
                return;
        if (FAILED(hr)) {
                add_error(i, err);
                return;
        }
        i->whole = i->size - VHD_FOOTER;
        o = hcs_json_set_new_object(i->out, "vhd");
        hcs_json_set_string(o, "type", vhd_type_name(f.type));
        hcs_json_set_u64(o, "size", f.current_size);
        hcs_json_set_u64(o, "originalSize", f.original_size);
        set_guid(o, "id", &f.id);
        if (*f.creator)
                hcs_json_set_string(o, "creator", f.creator);
        if (f.timestamp)
                hcs_json_set_u64(o, "secondsSince2000", f.timestamp);
        rest = texts.data;
        while (rest && *rest && (line = strsep(&rest, "\n"))) {
                _cleanup_free_ char *text = hcs_asprintf("VHD footer: %s", line);

                add_problem(i, text);
        }
}

static void add_vhdx_damage(struct info *i, const char *what, size_t which, const char *damage) {
        _cleanup_free_ char *text = hcs_asprintf("VHDX %s %zu: %s", what, which + 1, damage);

        if (damage)
                add_problem(i, text);
}

/* False: no VHDX. */
static bool add_vhdx(struct info *i) {
        _cleanup_(vhdx_info_deinit) struct vhdx_info x = {0};
        struct hcs_error *err = NULL;
        struct hcs_json *o;
        HRESULT hr = vhdx_read(i->file, &x, &err);

        if (hr == S_FALSE)
                return false;
        if (FAILED(hr)) {
                add_error(i, err);
                return true;
        }
        o = hcs_json_set_new_object(i->out, "vhdx");
        hcs_json_set_string(o, "type", vhdx_type_name(x.type));
        hcs_json_set_u64(o, "virtualSize", x.virtual_size);
        hcs_json_set_u64(o, "blockSize", x.block_size);
        hcs_json_set_u64(o, "logicalSectorSize", x.logical_sector);
        hcs_json_set_u64(o, "physicalSectorSize", x.physical_sector);
        set_guid(o, "id", &x.disk_id);
        hcs_json_set_string(o, "creator", x.creator);
        hcs_json_set_u64(o, "sequence", x.header[x.current].sequence);
        hcs_json_set_bool(o, "logToReplay", !hcs_guid_is_null(&x.header[x.current].log));
        if (vhdx_parent(&x))
                hcs_json_set_string(o, "parent", vhdx_parent(&x));
        for (size_t n = 0; n < 2; n++) {
                add_vhdx_damage(i, "header", n, x.header[n].damage);
                add_vhdx_damage(i, "region table", n, x.region_damage[n]);
        }
        return true;
}

/* The size of the file system; 0: none. */
static uint64_t add_ext4(struct info *i) {
        _cleanup_(ext4_image_freep) struct ext4_image *image = NULL;
        struct hcs_error *err = NULL;
        struct hcs_json *o;
        HRESULT hr = ext4_image_open(i->file, &image, &err);

        if (hr == EXT4_E_NO_IMAGE) {
                hcs_error_free(err);
                return 0;
        }
        if (FAILED(hr)) {
                add_error(i, err);
                return 0;
        }
        o = hcs_json_set_new_object(i->out, "ext4");
        hcs_json_set_u64(o, "size", ext4_image_size(image));
        hcs_json_set_u64(o, "blockSize", ext4_image_summary(image)->block_size);
        if (ext4_image_size(image) > i->whole)
                add_problem(i, "ext4: the file ends before the file system does");
        return ext4_image_size(image);
}

static void add_superblock(struct info *i, const struct verity_superblock *sb, uint64_t offset, uint64_t tree) {
        struct hcs_json *o = hcs_json_set_new_object(i->out, "verity");
        char text[2 * VERITY_MAX_SALT + 1], root_text[VERITY_ROOT_TEXT];
        struct verity_root root;
        struct hcs_error *err = NULL;

        hcs_json_set_u64(o, "offset", offset);
        hcs_json_set_u64(o, "treeOffset", tree);
        set_guid(o, "uuid", &sb->uuid);
        hcs_json_set_u64(o, "hashType", sb->hash_type);
        hcs_json_set_string(o, "algorithm", sb->algorithm);
        hcs_json_set_u64(o, "dataBlocks", sb->data_blocks);
        hcs_json_set_u64(o, "dataBlockSize", sb->data_block_size);
        hcs_json_set_u64(o, "hashBlockSize", sb->hash_block_size);
        hcs_json_set_string(o, "salt", hcs_hex_format(sb->salt, sb->salt_size, text));
        if (FAILED(verity_read_root(sb, i->file, i->file, tree, &root, &err)))
                add_error(i, err);
        else
                hcs_json_set_string(o, "rootHash", verity_root_format(&root, root_text));
}

/* must: there has to be one. */
static void add_verity(struct info *i, uint64_t offset, bool must) {
        struct verity_superblock sb;
        uint64_t tree;
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (!must && (offset % VERITY_SUPERBLOCK != 0 || offset + VERITY_SUPERBLOCK > i->whole))
                return;
        hr = verity_read(i->file, offset, &sb, &tree, &err);
        if (SUCCEEDED(hr))
                add_superblock(i, &sb, offset, tree);
        else if (must || !strstr(hcs_error_message(err), "signature"))
                add_error(i, err);
        else
                hcs_error_free(err);
}

static void print_value(const struct hcs_json *v) {
        _cleanup_free_ char *text = hcs_json_string(v) ? hcs_utf8_visible(hcs_json_string(v)) : NULL;
        char number[32];

        if (text)
                printf("%s\n", text);
        else if (hcs_json_is(v, HCS_JSON_NUMBER))
                printf("%s\n", hcs_json_number_text(v, number, sizeof(number)));
        else
                printf("%s\n", hcs_json_bool(v) ? "yes" : "no");
}

/* "vhd  type: fixed", a line a member. */
static void print_text(const struct hcs_json *o) {
        printf("%s\n  bytes                      ", hcs_json_get_string(o, "file"));
        print_value(hcs_json_get(o, "bytes"));
        for (const struct hcs_json *part = hcs_json_first(o); part; part = hcs_json_next(part)) {
                for (const struct hcs_json *m = hcs_json_first(part); m; m = hcs_json_next(m)) {
                        if (hcs_json_is(part, HCS_JSON_OBJECT))
                                printf("  %-7s%-20s", hcs_json_key(part), hcs_json_key(m));
                        else
                                printf("  damaged: ");
                        print_value(m);
                }
        }
}

/* A file that is nothing else. */
static void add_tar(struct info *i) {
        struct hcs_error *err = NULL;

        if (!hcs_json_get(i->out, "problems") && info_tar(i->file, i->out, &err) && err)
                add_error(i, err);
}

static HRESULT look(struct info *i, const uint64_t *offset, struct hcs_error **err) {
        HRESULT hr = hcs_data_file_open(i->path, &i->file, err);
        uint64_t ext4;

        if (SUCCEEDED(hr) && !hcs_data_file_is_regular(i->file))
                return hcs_error_make(err, HCS_WIN32(50), "`%s` cannot be read at any place", i->path);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_size(i->file, &i->size, err);
        if (FAILED(hr))
                return hr;
        i->whole = i->size;
        hcs_json_set_u64(i->out, "bytes", i->size);
        if (add_vhdx(i))
                return S_OK;
        add_vhd(i);
        ext4 = add_ext4(i);
        add_verity(i, offset ? *offset : ext4, offset != NULL);
        if (!hcs_json_get(i->out, "vhd") && !hcs_json_get(i->out, "ext4") && !hcs_json_get(i->out, "verity"))
                add_tar(i);
        return S_OK;
}

static void tell_file(struct info *i, struct report *r) {
        if (r->json)
                hcs_json_append(r->json, steal_pointer(&i->out));
        else
                print_text(i->out);
}

static bool tell(const char *path, const uint64_t *offset, struct report *r) {
        struct info i = {.path = path, .out = hcs_json_new_object()};
        struct hcs_error *err = NULL;
        HRESULT hr = S_OK;

        hcs_json_set_string(i.out, "file", path);
        if (hcs_file_is_directory(path)) {
                hr = info_layout(path, r, &err);
        } else {
                hr = look(&i, offset, &err);
                if (SUCCEEDED(hr))
                        hr = hcs_json_get(i.out, "tar") && !i.damaged ? info_layout(path, r, &err) : S_FALSE;
                if (hr == S_FALSE)
                        tell_file(&i, r);
        }
        hcs_data_file_close(i.file);
        hcs_json_free(i.out);
        if (FAILED(hr))
                tell_error("info", err);
        return SUCCEEDED(hr) && !i.damaged;
}

int cmd_info(int argc, char **argv) {
        static const struct option table[] = {OPTION_OFFSET, OPTION_JSON, OPTION_HELP, {0}};
        struct options options = {.command = "info", .usage = usage};
        struct report report = {0};
        bool ok = true;
        int o, status;

        while ((o = next_option(argc, argv, "h", table, NULL)) != -1)
                if (!take_option(&options, o, optarg, &status))
                        return status;
        if (optind == argc)
                return tell_usage("info", "an INPUT is needed");
        report.json = options.json ? hcs_json_new_array() : NULL;
        for (int n = optind; n < argc; n++)
                ok &= tell(argv[n], options.has_offset ? &options.offset : NULL, &report);
        report_end(&report);
        return ok ? EXIT_OK : EXIT_PROBLEMS;
}
