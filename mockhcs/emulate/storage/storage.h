/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_EMULATE_STORAGE_STORAGE_H
#define MOCKHCS_EMULATE_STORAGE_STORAGE_H

/*
 * Layers of containers on the file system: what vmcompute's layer calls and computestorage do to folders and disks.
 * Folders and VHDX files are real; what only a kernel has (attached disks, volumes, filters) is remembered as long as
 * the emulator lives. Its own lock guards it, so that a long import keeps no compute system waiting.
 *
 * What is where in a layer's folder: Files, Hives, layout, blank*.vhdx, UtilityVM and sandbox.vhdx as on a host;
 * besides, because there is no NTFS: Streams holds the attributes and streams of imported files, and sandbox.files what
 * a host would keep inside sandbox.vhdx, where a name that begins with ".wh." stands for one that was deleted.
 */

#include "mockhcs/emulate/emulate.h"
#include "platform/file.h"
#include "platform/place.h"
#include "platform/work_folder.h"

#define STORAGE_NOT_FOUND      HCS_WIN32(2)  /* a file */
#define STORAGE_PATH_NOT_FOUND HCS_WIN32(3)  /* a folder */
#define STORAGE_BAD_DATA       HCS_WIN32(13) /* a file of the transport format */
#define STORAGE_NOT_READY      HCS_WIN32(21)
#define STORAGE_IN_USE         HCS_WIN32(32)
#define STORAGE_UNSUPPORTED    HCS_WIN32(50)
#define STORAGE_FILE_EXISTS    HCS_WIN32(80)
#define STORAGE_EXISTS         HCS_WIN32(183)
#define STORAGE_CORRUPT        HCS_WIN32(1392)
#define STORAGE_FILTER_THERE   ((HRESULT)0x801F0012) /* FLT_INSTANCE_NAME_COLLISION */
#define STORAGE_NO_FILTER      ((HRESULT)0x801F0015) /* FLT_INSTANCE_NOT_FOUND */

#define SANDBOX_DISK    "sandbox.vhdx"
#define SANDBOX_FILES   "sandbox.files"
#define BASE_DISK       "blank-base.vhdx"
#define BLANK_DISK      "blank.vhdx"
#define STREAMS         "Streams"
#define TOMBSTONES      "tombstones.txt"
#define TOMBSTONES_HEAD "\xEF\xBB\xBFVersion 1.0\n"
#define DELETED         ".wh."

/* A scratch layer whose disk is attached. */
struct storage_volume {
        struct storage_volume *next;
        char *folder;                  /* of the layer */
        char guid[HCS_GUID_TEXT_SIZE]; /* \\?\Volume{guid} */
};

/* A filter on a volume or folder. */
struct storage_filter {
        struct storage_filter *next;
        char *on;       /* the folder of the layer whose volume it is on, or the folder itself */
        bool overlay;   /* attached by HcsAttachOverlayFilter */
        char **parents; /* folders of the layers below */
        size_t n_parents;
};

struct storage {
        struct hcs_mutex lock;
        struct emulator *em;
        char *root;                   /* where paths of another system are; NULL until one is seen */
        bool root_is_given;           /* by an option: it never changes, and what is not there is missing */
        struct hcs_work_folder *work; /* holds root unless an option says where it is */
        struct storage_volume *volumes;
        struct storage_filter *filters;
};

/* storage.c. root may be NULL. */
struct storage *storage_new(struct emulator *em, const char *root);
struct storage *storage_free(struct storage *s);
void storage_call(struct storage *s, struct mock_call *call);
/* Refuses the call with an error, which is freed. */
void storage_refuse(struct mock_call *call, struct hcs_error *err);
/* Done, or refused with the error: the end of most calls. */
void storage_end(struct mock_call *call, HRESULT hr, struct hcs_error **err);

/*
 * place.c: a path of a client as one of this system, without a separator at its end; caller frees. NULL after the call
 * was refused: it is no full path, or of a volume that is not there.
 */
char *storage_place(struct storage *s, struct mock_call *call, const char *argument);
char *storage_place_of(struct storage *s, struct mock_call *call, const char *given);
/* Does a client mean that place? Names of Windows match in either case, also where nothing is there. */
bool storage_is_at(struct storage *s, const char *given, const char *place);
/* Is there no such file of a client? Only where an option says where they are, else nobody knows. Any thread, no lock.
 */
bool storage_lacks(const struct storage *s, const char *path);
struct storage_volume *storage_volume_of(struct storage *s, const char *folder);
/* Attaches and detaches the disk of a layer. */
struct storage_volume *storage_mount(struct storage *s, const char *folder);
void storage_unmount(struct storage *s, struct storage_volume *v);
/* The name that a path always has, as a volume: "\\?\Volume{guid}". */
void storage_volume_guid(const char *path, char guid[static HCS_GUID_TEXT_SIZE]);

/* name.c: the id of a layer by its name. */
void storage_name_to_guid(const char *name, char guid[static HCS_GUID_TEXT_SIZE]);

/*
 * data.c: the parent layers of a call, from `layers` or `layerData`, topmost first, as folders that are there; freed
 * with storage_parents_free(). False after the call was refused. needed: there must be one.
 */
struct storage_parents {
        char **items;
        size_t n;
};
bool storage_parents(struct storage *s, struct mock_call *call, bool needed, struct storage_parents *ret);
void storage_parents_free(struct storage_parents *p);
bool storage_is_among(const struct storage_parents *p, const char *folder);
/* The options of a call as that type: NULL after the call was refused. */
const struct hcs_json *storage_options(struct storage *s, struct mock_call *call, enum hcs_schema_type_id type);

/* filter.c. The parents are taken over. */
struct storage_filter *storage_filter_of(struct storage *s, const char *folder, bool overlay);
void storage_filter_add(struct storage *s, const char *folder, bool overlay, struct storage_parents *parents);
void storage_filter_remove(struct storage *s, struct storage_filter *f);
/* All that are on the folder. */
void storage_filters_drop(struct storage *s, const char *folder);
/* Is the folder a layer that an attached filter stands on? */
bool storage_is_below_filter(const struct storage *s, const char *folder);

/* disk.c */
HRESULT storage_disk_create(const char *path, uint64_t size, struct hcs_error **err);
/* On another disk; both names as the file is to hold them. */
HRESULT storage_disk_create_on(const char *path, const char *parent, const char *relative, struct hcs_error **err);
HRESULT storage_disk_grow(const char *path, uint64_t size, struct hcs_error **err);

/* stream.c: files of the transport format. */
/* carrier to file (NULL: of a folder) and what else it holds to kept. */
HRESULT storage_stream_unpack(const char *carrier, const char *file, const char *kept, struct hcs_error **err);
/* The other way; kept may not be there. */
HRESULT storage_stream_pack(const char *file, const char *kept, const char *carrier, struct hcs_error **err);

/* transport.c */
HRESULT storage_import(const char *source, const char *layer, struct hcs_error **err);
/* files: the folder that holds Files, which may be elsewhere than the layer's streams and hives. */
HRESULT storage_export(const char *layer, const char *files, const char *to, struct hcs_error **err);

/* copy.c: a folder or file with all that is in it. */
HRESULT storage_copy(const char *from, const char *to, struct hcs_error **err);
HRESULT storage_copy_file(const char *from, const char *to, struct hcs_error **err);

/* layer.c, base.c, filter.c, write.c: the calls. vmcompute says `id` for the layer, computestorage `path`. */
const char *storage_layer_argument(const struct mock_call *call);
void layer_create(struct storage *s, struct mock_call *call);
void layer_create_sandbox(struct storage *s, struct mock_call *call);
void layer_expand(struct storage *s, struct mock_call *call);
void layer_activate(struct storage *s, struct mock_call *call);
void layer_deactivate(struct storage *s, struct mock_call *call);
void layer_prepare(struct storage *s, struct mock_call *call);
void layer_unprepare(struct storage *s, struct mock_call *call);
void layer_destroy(struct storage *s, struct mock_call *call);
void layer_copy(struct storage *s, struct mock_call *call);
void layer_exists(struct storage *s, struct mock_call *call);
void layer_mount_path(struct storage *s, struct mock_call *call);
void layer_base_images(struct storage *s, struct mock_call *call);
void layer_name_to_guid(struct storage *s, struct mock_call *call);
void layer_import(struct storage *s, struct mock_call *call);
void layer_export(struct storage *s, struct mock_call *call);
void layer_export_legacy(struct storage *s, struct mock_call *call);
void layer_initialize(struct storage *s, struct mock_call *call);
void base_process(struct storage *s, struct mock_call *call);
void base_process_utility(struct storage *s, struct mock_call *call);
void base_setup(struct storage *s, struct mock_call *call);
void base_setup_volume(struct storage *s, struct mock_call *call);
void base_format(struct storage *s, struct mock_call *call);
void base_vhd_mount_path(struct storage *s, struct mock_call *call);
void filter_attach(struct storage *s, struct mock_call *call);
void filter_detach(struct storage *s, struct mock_call *call);

/* state_file.c */
void state_file_create(struct storage *s, struct mock_call *call);
void state_file_processor(struct storage *s, struct mock_call *call);

#endif
