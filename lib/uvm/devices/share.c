/* SPDX-License-Identifier: MIT */

/* Folders and files of the host in a utility VM: shares over SMB for Windows guests, over Plan 9 for Linux ones. */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "uvm/devices/private.h"

#define SMB_RESOURCE     "VirtualMachine/Devices/VirtualSmb/Shares"
#define SMB_GUEST        "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\"
#define PLAN9_RESOURCE   "VirtualMachine/Devices/Plan9/Shares"
#define PLAN9_PORT       564
#define OPERATION_DENIED HCS_WIN32(5)

enum plan9_flags { PLAN9_READ_ONLY = 1, PLAN9_LINUX_METADATA = 4, PLAN9_RESTRICT = 0x80 };

struct uvm_share {
        char *folder; /* without its last backslash */
        char name[16];
        bool read_only;
        struct hcs_strings files; /* that are allowed; none: the whole folder */
        bool is_direct_mapped;
        unsigned users;
};

void uvm_free_shares(struct uvm_devices *u) {
        for (size_t i = 0; i < u->n_shares; i++) {
                if (!u->shares[i])
                        continue;
                free(u->shares[i]->folder);
                hcs_strings_deinit(&u->shares[i]->files);
                free(u->shares[i]);
        }
        free(u->shares);
}

static HRESULT refuse_writable(const struct uvm_devices *u, bool read_only, struct hcs_error **err) {
        if (read_only || !u->s.no_writable_shares)
                return S_OK;
        return hcs_error_make(err, OPERATION_DENIED, "adding writable shares is denied: operation denied");
}

/* Removal names the share only. */
static HRESULT send_share(struct uvm_devices *u, struct uvm_share *s, const char *what, struct hcs_error **err) {
        struct hcs_schema_virtual_smb_share_options options = {.ReadOnly = s->read_only,
                                                               .ShareRead = s->read_only,
                                                               .CacheIo = s->read_only,
                                                               .PseudoOplocks = s->read_only,
                                                               .NoDirectmap = !s->is_direct_mapped,
                                                               .RestrictFileAccess = s->files.n > 0,
                                                               .SingleFileMapping = s->files.n > 0};
        struct hcs_schema_virtual_smb_share share = {.Name = s->name};
        _cleanup_free_ char *settings = NULL;

        if (!hcs_streq(what, "Remove")) {
                share.Path = s->folder;
                share.Options = &options;
                share.AllowedFiles.items = s->files.items;
                share.AllowedFiles.n = s->files.n;
        }
        settings = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_VIRTUAL_SMB_SHARE), &share);
        return uvm_modify(u, SMB_RESOURCE, what, settings, err);
}

static void free_share(struct uvm_devices *u, struct uvm_share *s) {
        for (size_t i = 0; i < u->n_shares; i++)
                if (u->shares[i] == s)
                        u->shares[i] = NULL;
        free(s->folder);
        hcs_strings_deinit(&s->files);
        free(s);
}

static HRESULT release_share(struct uvm_devices *u, void *object, struct hcs_error **err) {
        struct uvm_share *s = object;
        HRESULT hr = S_OK;

        if (--s->users)
                return S_OK;
        /* HCS cannot take away what is mapped directly. */
        if (!s->is_direct_mapped)
                hr = send_share(u, s, "Remove", err);
        free_share(u, s);
        return hr;
}

/* Folder of a path and, for a file, its name in it. Caller frees. */
static char *folder_of(const struct uvm_devices *u, const char *path, const char **ret_file, bool *ret_exists) {
        struct uvm_file f = {.is_directory = true};
        char *folder;
        size_t n;

        *ret_exists = uvm_stat(u, path, &f);
        *ret_file = f.is_directory ? NULL : uvm_file_base(path);
        folder = f.is_directory ? hcs_strdup(path) : uvm_file_parent(path);
        n = strlen(folder);
        if (!f.is_directory && n > 3)
                folder[n - 1] = '\0';
        return folder;
}

static struct uvm_share *find_share(const struct uvm_devices *u, const char *folder, bool read_only, bool of_files) {
        for (size_t i = 0; i < u->n_shares; i++) {
                struct uvm_share *s = u->shares[i];

                if (s && hcs_streq(s->folder, folder) && s->read_only == read_only && (s->files.n > 0) == of_files)
                        return s;
        }
        return NULL;
}

static bool allow(struct uvm_share *s, const char *file) {
        for (size_t i = 0; i < s->files.n; i++)
                if (hcs_streq(s->files.items[i], file))
                        return false;
        hcs_strings_add(&s->files, hcs_strdup(file));
        return true;
}

static HRESULT add_share(struct uvm_devices *u, const char *folder, const char *file, bool read_only,
                         struct uvm_share **ret, struct hcs_error **err) {
        struct uvm_share *s = hcs_calloc(1, sizeof(*s));
        HRESULT hr;

        s->folder = hcs_strdup(folder);
        s->read_only = read_only;
        s->is_direct_mapped = !u->s.physically_backed && !u->s.no_direct_map;
        if (file)
                allow(s, file);
        snprintf(s->name, sizeof(s->name), "s%x", ++u->vsmb_counter);
        uvm_slot((void ***)&u->shares, &u->n_shares, s);
        hr = send_share(u, s, "Add", err);
        if (FAILED(hr))
                free_share(u, s);
        else
                *ret = s;
        return hr;
}

HRESULT uvm_devices_add_vsmb(struct uvm_devices *u, const char *path, bool read_only, uvm_ticket *ret,
                             struct hcs_error **err) {
        const char *file;
        bool exists;
        _cleanup_free_ char *folder = folder_of(u, path, &file, &exists), *missing = NULL;
        struct uvm_share *s;
        HRESULT hr = refuse_writable(u, read_only, err);

        if (FAILED(hr))
                return hr;
        if (!exists) {
                missing = uvm_no_such_file(path);
                return hcs_error_make(err, HCS_WIN32(2), "%s", missing);
        }
        s = find_share(u, folder, read_only, file != NULL);
        if (!s)
                hr = add_share(u, folder, file, read_only, &s, err);
        else if (file && allow(s, file))
                hr = send_share(u, s, "Update", err);
        if (FAILED(hr))
                return hr;
        s->users++;
        *ret = uvm_use_new(u, release_share, NULL, s);
        return S_OK;
}

char *uvm_devices_vsmb_path(const struct uvm_devices *u, const char *path, bool read_only) {
        const char *file;
        bool exists;
        _cleanup_free_ char *folder = folder_of(u, path, &file, &exists);
        const struct uvm_share *s = find_share(u, folder, read_only, file != NULL);

        if (!s)
                return NULL;
        return hcs_asprintf(SMB_GUEST "%s%s%s", s->name, file ? "\\" : "", file ? file : "");
}

/* What a Plan 9 share is removed with. */
struct uvm_plan9 {
        char *guest, *host; /* settings of the two requests */
};

static void drop_plan9(void *object) {
        struct uvm_plan9 *p = object;

        free(p->guest);
        free(p->host);
        free(p);
}

static HRESULT release_plan9(struct uvm_devices *u, void *object, struct hcs_error **err) {
        struct uvm_plan9 *p = object;
        HRESULT hr = uvm_request(u, "Remove", "MappedDirectory", p->guest, err);

        if (SUCCEEDED(hr))
                hr = uvm_modify(u, PLAN9_RESOURCE, "Remove", p->host, err);
        drop_plan9(p);
        return hr;
}

HRESULT uvm_devices_add_plan9(struct uvm_devices *u, const char *folder, const char *guest_path, bool read_only,
                              const char *file, uvm_ticket *ret, struct hcs_error **err) {
        char name[16], *allowed = (char *)(uintptr_t)file;
        struct hcs_schema_plan9_share share = {.Name = name, .AccessName = name, .Port = PLAN9_PORT}, gone = share;
        struct hcs_schema_guest_lcow_mapped_directory directory = {.MountPath = (char *)(uintptr_t)guest_path,
                                                                   .ShareName = name,
                                                                   .Port = PLAN9_PORT,
                                                                   .ReadOnly = read_only};
        const struct hcs_schema_type *share_type = hcs_schema_type_at(HCS_SCHEMA_PLAN9_SHARE);
        _cleanup_free_ char *settings = NULL, *guest = NULL, *removal = NULL;
        struct uvm_plan9 *p;
        HRESULT hr = refuse_writable(u, read_only, err);

        if (FAILED(hr))
                return hr;
        snprintf(name, sizeof(name), "%u", u->plan9_counter++);
        share.Path = (char *)(uintptr_t)folder;
        share.Flags = PLAN9_LINUX_METADATA | (read_only ? PLAN9_READ_ONLY : 0) | (file ? PLAN9_RESTRICT : 0);
        if (file) {
                share.AllowedFiles.items = &allowed;
                share.AllowedFiles.n = 1;
        }
        settings = hcs_schema_print(share_type, &share);
        removal = hcs_schema_print(share_type, &gone);
        guest = hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_GUEST_LCOW_MAPPED_DIRECTORY), &directory);
        hr = uvm_modify(u, PLAN9_RESOURCE, "Add", settings, err);
        if (FAILED(hr))
                return hr;
        hr = uvm_request(u, "Add", "MappedDirectory", guest, err);
        if (FAILED(hr)) {
                uvm_modify(u, PLAN9_RESOURCE, "Remove", removal, NULL);
                return hr;
        }
        p = hcs_calloc(1, sizeof(*p));
        *p = (struct uvm_plan9){steal_pointer(&guest), steal_pointer(&removal)};
        *ret = uvm_use_new(u, release_plan9, drop_plan9, p);
        return S_OK;
}
