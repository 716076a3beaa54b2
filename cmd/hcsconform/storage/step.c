/* SPDX-License-Identifier: MIT */

/* The steps of a case of layers. */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf.h"
#include "cmd/hcsconform/image.h"
#include "cmd/hcsconform/storage/storage.h"
#include "hcsshim/storage.h"
#include "platform/file.h"
#include "platform/place.h"
#include "platform/work_folder.h"

#define MAX_PARENTS 16

struct act {
        struct hcs_storage *client;
        char *folder;
        struct hcs_documents image; /* its layers, topmost first */
};

static char *place(const struct act *a, const char *name) {
        if (hcs_streq(name, "base") && a->image.n)
                return hcs_strdup(a->image.items[0]);
        return hcs_path_join(a->folder, name);
}

static bool put(const struct act *a, const char *name, const void *data, size_t n) {
        _cleanup_free_ char *path = place(a, name),
                            *folder = hcs_strndup(path, (size_t)(hcs_path_name(path) - 1 - path));

        return (SUCCEEDED(hcs_directory_create(folder, NULL)) && SUCCEEDED(hcs_file_write(path, data, n, NULL))) ||
               conform_failed("`%s` cannot be written", path);
}

static bool put_files(const struct act *a, const char *layer) {
        static const char *const hives[] = {"DEFAULT", "SAM", "SECURITY", "SOFTWARE", "SYSTEM"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(hives); i++) {
                _cleanup_free_ char *name = hcs_asprintf("%s/Files/Windows/System32/config/%s", layer, hives[i]);

                if (!put(a, name, hives[i], strlen(hives[i])))
                        return false;
        }
        return true;
}

/* Attributes and one stream; how many bytes of it are left out. */
static bool put_carrier(const struct act *a, const char *name, const char *text, size_t cut) {
        uint8_t bytes[256] = {0x20, 0, 0, 0, 1};
        size_t n = 0;

        for (; text && text[n] && 24 + n < sizeof(bytes); n++)
                bytes[24 + n] = (uint8_t)text[n];
        bytes[12] = (uint8_t)n;
        return put(a, name, bytes, 24 + n - cut);
}

struct parents {
        const char *paths[MAX_PARENTS];
        size_t n;
        char *own;
};

static void parents_deinit(struct parents *p) {
        free(p->own);
}

static void parents_of(const struct act *a, const char *which, struct parents *ret) {
        if (which && !*which)
                return;
        if (!which && a->image.n) {
                for (size_t i = 0; i < a->image.n && i < MAX_PARENTS; i++)
                        ret->paths[ret->n++] = a->image.items[i];
                return;
        }
        ret->own = place(a, which ? which : "base");
        ret->paths[ret->n++] = ret->own;
}

/* What the data of a layer is, in a step of computestorage. */
static char *data_of(struct act *a, const struct storage_step *s, const char *filter) {
        _cleanup_(parents_deinit) struct parents p = {0};
        char *data = NULL;

        if (s->value)
                return hcs_strdup(s->value);
        parents_of(a, NULL, &p);
        return SUCCEEDED(hcs_layer_data(a->client, p.paths, p.n, filter, &data, NULL)) ? data : hcs_strdup("");
}

static bool same(const struct storage_step *s, const char *what, HRESULT hr, struct hcs_error *err) {
        bool ok = conform_code(what, s->hr, hr, hcs_error_message(err));

        hcs_error_free(err);
        return ok;
}

static bool made_base(struct act *a) {
        _cleanup_free_ char *path = NULL;
        struct storage_step expected = {.hr = S_OK};
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (a->image.n)
                return true;
        path = place(a, "base");
        if (!put_files(a, "base"))
                return false;
        hr = hcs_layer_process_base(a->client, path, &err);
        return same(&expected, "process the base", hr, err);
}

static bool look(const struct act *a, const struct storage_step *s) {
        _cleanup_free_ char *path = place(a, s->a);
        bool there = hcs_file_exists(path);

        if (conform_target.replaying || there == (s->hr == S_OK))
                return true;
        return conform_failed("`%s` is %s", s->a, there ? "there" : "not there");
}

static bool holds(const struct act *a, const struct storage_step *s) {
        _cleanup_free_ char *path = place(a, s->a);
        _cleanup_buf_ struct hcs_buf text = {0};

        if (conform_target.replaying)
                return true;
        if (FAILED(hcs_file_read(path, 1 << 20, &text, NULL)))
                return conform_failed("`%s` cannot be read", s->a);
        return strstr(hcs_buf_cstr(&text), s->value) || conform_failed("`%s` is not in `%s`", s->value, s->a);
}

static bool exists(struct act *a, const struct storage_step *s) {
        _cleanup_free_ char *path = place(a, s->a);
        struct hcs_error *err = NULL;
        bool there = false;
        HRESULT hr = hcs_layer_exists(a->client, path, &there, &err);

        return same(s, "exists", hr, err) && (there == (*s->value == '1') || conform_failed("exists: %d", there));
}

static bool mount_path(struct act *a, const struct storage_step *s) {
        _cleanup_free_ char *path = place(a, s->a), *got = NULL;
        const char *expected = *s->value ? s->value : path;
        struct hcs_error *err = NULL;
        HRESULT hr = hcs_layer_mount_path(a->client, path, &got, &err);

        if (!same(s, "mount path", hr, err) || FAILED(hr))
                return hr == s->hr;
        return (got && hcs_str_starts(got, expected)) || conform_failed("mounted at %s", got ? got : "nothing");
}

static bool guid(struct act *a, const struct storage_step *s) {
        struct hcs_error *err = NULL;
        char text[HCS_GUID_TEXT_SIZE];
        GUID id, again;
        HRESULT hr = hcs_name_to_guid(a->client, s->a, &id, &err);

        if (!same(s, "name to GUID", hr, err) || FAILED(hr))
                return hr == s->hr;
        if (FAILED(hcs_name_to_guid(a->client, s->a, &again, NULL)) || !hcs_guid_equal(&id, &again))
                return conform_failed("a name has two GUIDs");
        return !s->value || hcs_streq(hcs_guid_format(&id, text), s->value) || conform_failed("its GUID is %s", text);
}

static HRESULT copy_layer(const char *from, const char *to) {
        static const HCS_DRIVER_INFO driver = {1, u""};
        _cleanup_free_ uint16_t *wide = hcs_utf8_to_utf16_lossy(from, strlen(from), NULL),
                                *wide_to = hcs_utf8_to_utf16_lossy(to, strlen(to), NULL);

        return conform_target.vmcompute.CopyLayer(&driver, (PCWSTR)wide, (PCWSTR)wide_to, NULL, 0);
}

/* As bindings of hcsshim 0.9 to 0.11 spell it. */
static HRESULT destroy_as_before(const char *path) {
        _cleanup_free_ uint16_t *wide = hcs_utf8_to_utf16_lossy(path, strlen(path), NULL);

        return conform_target.storage.HcsDestoryLayer((PCWSTR)wide);
}

/* Formatted, or asked for its volume. */
static bool of_disk(struct act *a, const struct storage_step *s, const char *path) {
        FILE *f = NULL;
        HANDLE disk = s->a ? storage_disk_open(path, &f) : NULL;
        _cleanup_free_ char *volume = NULL;
        struct hcs_error *err = NULL;
        HRESULT hr = s->op == S_FORMAT ? hcs_storage_format(a->client, disk, &err)
                                       : hcs_storage_vhd_mount_path(a->client, disk, &volume, &err);
        bool ok = same(s, s->op == S_FORMAT ? "format" : "volume", hr, err);

        if (f)
                fclose(f);
        if (ok && volume && !hcs_str_starts(volume, "\\\\?\\Volume{"))
                return conform_failed("its volume is %s", volume);
        return ok;
}

/* Calls that are no more than that. */
static bool call(struct act *a, const struct storage_step *s) {
        _cleanup_(parents_deinit) struct parents p = {0};
        _cleanup_free_ char *path = place(a, s->a ? s->a : ""), *folder = place(a, s->b ? s->b : ""),
                            *out = place(a, "out"), *text = NULL, *data = NULL;
        struct hcs_error *err = NULL;
        uint64_t size = 0;

        if (s->op == S_SCRATCH || s->op == S_PREPARE)
                parents_of(a, s->b, &p);
        else if (s->op == S_IMPORT || s->op == S_EXPORT)
                parents_of(a, "", &p);
        else if (s->op >= S_DATA_IMPORT)
                data = data_of(a, s, s->op == S_DATA_OVERLAY || s->op == S_DATA_NO_OVERLAY ? "UnionFS" : NULL);
        if (s->op == S_EXPAND)
                hcs_str_to_u64(s->value, &size);
#define STEP(kind, what, expression)           \
        if (s->op == kind) {                   \
                HRESULT hr = expression;       \
                                               \
                return same(s, what, hr, err); \
        }
        STEP(S_DATA_VOLUME, "set up", hcs_storage_setup_base_volume(a->client, path, folder, s->value, &err))
        STEP(S_DATA_LEGACY, "initialize", hcs_storage_initialize_legacy(a->client, folder, path, data, NULL, &err))
        STEP(S_DATA_LEGACY_OUT, "export", hcs_storage_export_legacy(a->client, folder, path, out, data, &err))
        STEP(S_COPY, "copy", copy_layer(path, folder))
        STEP(S_OLD_DESTROY, "destroy", destroy_as_before(path))
        STEP(S_CREATE, "create", hcs_layer_create(a->client, path, s->b ? folder : NULL, &err))
        STEP(S_SCRATCH, "create a scratch", hcs_layer_create_scratch(a->client, path, p.paths, p.n, &err))
        STEP(S_EXPAND, "expand", hcs_layer_expand_scratch(a->client, path, size, &err))
        STEP(S_ACTIVATE, "activate", hcs_layer_activate(a->client, path, &err))
        STEP(S_DEACTIVATE, "deactivate", hcs_layer_deactivate(a->client, path, &err))
        STEP(S_PREPARE, "prepare", hcs_layer_prepare(a->client, path, p.paths, p.n, &err))
        STEP(S_UNPREPARE, "unprepare", hcs_layer_unprepare(a->client, path, &err))
        STEP(S_DESTROY, "destroy", hcs_layer_destroy(a->client, path, &err))
        STEP(S_IMPORT, "import", hcs_layer_import(a->client, path, folder, p.paths, p.n, &err))
        STEP(S_EXPORT, "export", hcs_layer_export(a->client, path, folder, p.paths, p.n, &err))
        STEP(S_PROCESS, "process", hcs_layer_process_base(a->client, path, &err))
        STEP(S_PROCESS_UTILITY, "process a utility VM", hcs_layer_process_utility(a->client, path, &err))
        STEP(S_IMAGES, "base images", hcs_storage_base_images(a->client, &text, &err))
        STEP(S_DATA_IMPORT, "import", hcs_storage_import(a->client, path, folder, data, &err))
        STEP(S_DATA_EXPORT, "export", hcs_storage_export(a->client, path, folder, data, NULL, &err))
        STEP(S_DATA_DESTROY, "destroy", hcs_storage_destroy(a->client, path, &err))
        STEP(S_DATA_SETUP, "set up", hcs_storage_setup_base(a->client, path, NULL, s->value, &err))
        STEP(S_DATA_INITIALIZE, "initialize", hcs_storage_initialize(a->client, path, data, NULL, &err))
        STEP(S_DATA_ATTACH, "attach", hcs_storage_attach_filter(a->client, path, data, &err))
        STEP(S_DATA_DETACH, "detach", hcs_storage_detach_filter(a->client, path, &err))
        STEP(S_DATA_OVERLAY, "attach", hcs_storage_attach_overlay(a->client, path, data, &err))
        STEP(S_DATA_NO_OVERLAY, "detach", hcs_storage_detach_overlay(a->client, path, data, &err))
#undef STEP
        return conform_failed("there is no step %d", (int)s->op);
}

static bool step(struct act *a, const struct storage_step *s) {
        _cleanup_free_ char *path = s->a ? place(a, s->a) : NULL;

        switch (s->op) {
        case S_FILES:
                return put_files(a, s->a);
        case S_BASE:
                return made_base(a);
        case S_PUT:
                return put_carrier(a, s->a, s->value, 0);
        case S_BAD:
                return put_carrier(a, s->a, "damaged", 3);
        case S_FOLDER:
                return SUCCEEDED(hcs_directory_create(path, NULL)) || conform_failed("`%s` cannot be made", path);
        case S_THERE:
                return look(a, s);
        case S_HOLDS:
                return holds(a, s);
        case S_EXISTS:
                return exists(a, s);
        case S_MOUNT_PATH:
                return mount_path(a, s);
        case S_GUID:
                return guid(a, s);
        case S_DISK:
                return storage_disk_make(path);
        case S_FORMAT:
        case S_DISK_VOLUME:
                return of_disk(a, s, path);
        default:
                return call(a, s);
        }
}

static bool open_act(struct act *a) {
        static unsigned number;
        const struct hcs_storage_options options = {.vmcompute = &conform_target.vmcompute,
                                                    .computestorage = &conform_target.storage};
        _cleanup_free_ char *name = hcs_asprintf("case-%u", ++number);

        a->folder = hcs_path_join(conform_target.work, name);
        for (const char *at = conform_target.image; at && *at;) {
                size_t n = strcspn(at, ",");

                hcs_documents_take(&a->image, hcs_strndup(at, n));
                at += n + (at[n] == ',');
        }
        return SUCCEEDED(hcs_directory_create(a->folder, NULL)) &&
               SUCCEEDED(hcs_storage_open(&options, &a->client, NULL));
}

bool storage_steps(const struct storage_step *steps) {
        struct act a = {0};
        bool ok = open_act(&a) || conform_failed("there is no folder for the case");

        for (size_t i = 0; ok && steps[i].op != S_END; i++) {
                ok = step(&a, &steps[i]);
                if (!ok)
                        conform_failed("in step %zu", i + 1);
        }
        hcs_storage_unref(a.client);
        hcs_folder_remove(a.folder, NULL);
        hcs_documents_deinit(&a.image);
        free(a.folder);
        return ok;
}
