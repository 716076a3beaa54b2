/* SPDX-License-Identifier: MIT */

/* Layers: made, stood on, attached, filtered, moved in and out, destroyed; names and their GUIDs. */

#include "cmd/hcsconform/storage/storage.h"

#define STEPS(...)                      \
        (const struct storage_step[]) { \
                __VA_ARGS__, {          \
                        .op = S_END     \
                }                       \
        }
#define NO_PATH      HCS_WIN32(3)
#define NO_FILE      HCS_WIN32(2)
#define THERE        HCS_WIN32(183)
#define IN_USE       HCS_WIN32(32)
#define NOT_READY    HCS_WIN32(21)
#define BAD_DATA     HCS_WIN32(13)
#define NO_FILTER    ((HRESULT)0x801F0015)
#define FILTER_THERE ((HRESULT)0x801F0012)
#define IMAGE        (NEEDS_IMAGE | NEEDS_ADMIN)
#define SCRATCH                \
        {S_BASE}, {            \
                S_SCRATCH, "s" \
        }
#define ACTIVE                  \
        SCRATCH, {              \
                S_ACTIVATE, "s" \
        }

const struct storage_case storage_cases[] = {
        {"a name has one GUID", STEPS({S_GUID, "hcsconform"}), OBSERVED, "hcsshim LayerID", 0},
        {"a name has the GUID that a host gave it", STEPS({S_GUID, "15", NULL, "1957653c-bd5b-5449-83bd-f2bd4d680d6e"}),
         OBSERVED, "log-13", 0},
        {"a long name has the GUID that a host gave it",
         STEPS({S_GUID, "55307b2d3c36a79e79bac82a893449bf0504f4b70249e89098d09c94efe56d3f", NULL,
                "47145dc3-067c-50a2-8c8f-5c09c0604300"}),
         OBSERVED, "log-07", 0},
        {"a name that is empty has none", STEPS({S_GUID, "", NULL, NULL, HCS_WIN32(87)}), ASSUMED, "", 0},
        {"the images of the host are a document", STEPS({S_IMAGES}), DOCUMENTED, "hcsshim GetSharedBaseImages", 0},
        {"a folder that is not there is no layer", STEPS({S_EXISTS, "none", NULL, "0"}), DOCUMENTED,
         "hcsshim LayerExists", 0},
        {"a layer that was made is there", STEPS({S_CREATE, "l"}, {S_EXISTS, "l", NULL, "1"}, {S_DESTROY, "l"}),
         DOCUMENTED, "hcsshim CreateLayer", NEEDS_ADMIN},
        {"a layer is made once", STEPS({S_CREATE, "l"}, {S_CREATE, "l", .hr = THERE}), ASSUMED, "", NEEDS_ADMIN},
        {"a layer on a parent that is not there is refused", STEPS({S_CREATE, "l", "none", .hr = NO_PATH}), ASSUMED, "",
         NEEDS_ADMIN},
        {"a layer that was destroyed is gone",
         STEPS({S_CREATE, "l"}, {S_DESTROY, "l"}, {S_EXISTS, "l", NULL, "0"}, {S_THERE, "l", .hr = S_FALSE}),
         DOCUMENTED, "hcsshim DestroyLayer", NEEDS_ADMIN},
        {"a base layer gets hives, a layout and disks",
         STEPS({S_BASE}, {S_THERE, "base/Hives/System_Base"}, {S_THERE, "base/blank-base.vhdx"},
               {S_THERE, "base/blank.vhdx"}, {S_HOLDS, "base/layout", NULL, "vhd-with-hives"}),
         DOCUMENTED, "hcsshim ConvertToBaseLayer", NEEDS_EMULATOR},
        {"a base layer without files is refused", STEPS({S_FOLDER, "l"}, {S_PROCESS, "l", .hr = NO_PATH}), ASSUMED, "",
         NEEDS_ADMIN},
        {"a base layer without hives is refused", STEPS({S_FOLDER, "l/Files"}, {S_PROCESS, "l", .hr = NO_FILE}),
         DOCUMENTED, "hcsshim ConvertToBaseLayer makes them first", NEEDS_ADMIN},
        {"a utility VM without boot files is refused",
         STEPS({S_FOLDER, "l/Files"}, {S_PROCESS_UTILITY, "l", .hr = NO_FILE}), DOCUMENTED,
         "hcsshim ConvertToBaseLayer", NEEDS_ADMIN},
        {"a scratch stands on a base layer", STEPS(SCRATCH, {S_THERE, "s/sandbox.vhdx"}, {S_DESTROY, "s"}), OBSERVED,
         "hcsshim CreateScratchLayer", IMAGE},
        {"a scratch is made once", STEPS(SCRATCH, {S_SCRATCH, "s", .hr = THERE}, {S_DESTROY, "s"}), ASSUMED, "", IMAGE},
        {"a scratch on nothing is refused", STEPS({S_SCRATCH, "s", "", .hr = HCS_WIN32(87)}), ASSUMED, "", NEEDS_ADMIN},
        {"a scratch on a layer that is not there is refused", STEPS({S_SCRATCH, "s", "none", .hr = NO_PATH}), ASSUMED,
         "", NEEDS_ADMIN},
        {"a scratch on a layer without a disk is refused",
         STEPS({S_CREATE, "l"}, {S_SCRATCH, "s", "l", .hr = NO_FILE}, {S_DESTROY, "l"}), ASSUMED, "", NEEDS_ADMIN},
        {"a scratch is expanded", STEPS(SCRATCH, {S_EXPAND, "s", NULL, "42949672960"}, {S_DESTROY, "s"}), OBSERVED,
         "hcsshim ExpandScratchSize", IMAGE},
        {"a size of 0 changes nothing", STEPS(SCRATCH, {S_EXPAND, "s", NULL, "0"}, {S_DESTROY, "s"}), OBSERVED,
         "moby 27334", IMAGE},
        {"a scratch does not shrink", STEPS(SCRATCH, {S_EXPAND, "s", NULL, "1048576"}, {S_DESTROY, "s"}), DOCUMENTED,
         "hcsshim ExpandScratchSize", IMAGE},
        {"a layer that is no scratch is not expanded",
         STEPS({S_CREATE, "l"}, {S_EXPAND, "l", NULL, "42949672960", NO_FILE}, {S_DESTROY, "l"}), ASSUMED, "",
         NEEDS_ADMIN},
        {"a scratch that is not there is not expanded", STEPS({S_EXPAND, "none", NULL, "1", NO_PATH}), ASSUMED, "", 0},
        {"an active scratch is not expanded",
         STEPS(ACTIVE, {S_EXPAND, "s", NULL, "42949672960", IN_USE}, {S_DEACTIVATE, "s"}, {S_DESTROY, "s"}), ASSUMED,
         "", IMAGE},
        {"an active scratch is a volume",
         STEPS(ACTIVE, {S_MOUNT_PATH, "s", NULL, "\\\\?\\Volume{"}, {S_DEACTIVATE, "s"}, {S_DESTROY, "s"}), OBSERVED,
         "log-07", IMAGE},
        {"a scratch that is not active is its folder", STEPS(SCRATCH, {S_MOUNT_PATH, "s", NULL, ""}, {S_DESTROY, "s"}),
         OBSERVED, "log-04", IMAGE},
        {"a layer that is only read is its folder",
         STEPS({S_CREATE, "l"}, {S_MOUNT_PATH, "l", NULL, ""}, {S_DESTROY, "l"}), DOCUMENTED,
         "hcsshim GetLayerMountPath", NEEDS_ADMIN},
        {"a layer that is not there has no path", STEPS({S_MOUNT_PATH, "none", NULL, "", NO_PATH}), ASSUMED, "", 0},
        {"a scratch is activated once",
         STEPS(ACTIVE, {S_ACTIVATE, "s", .hr = IN_USE}, {S_DEACTIVATE, "s"}, {S_DESTROY, "s"}), OBSERVED,
         "hcsshim 2553, the code", IMAGE},
        {"a layer that is not there is not activated", STEPS({S_ACTIVATE, "none", .hr = NO_PATH}), ASSUMED, "", 0},
        {"nothing happens to a layer that is only read",
         STEPS({S_CREATE, "l"}, {S_ACTIVATE, "l"}, {S_DEACTIVATE, "l"}, {S_DESTROY, "l"}), DOCUMENTED,
         "hcsshim ActivateLayer", NEEDS_ADMIN},
        {"a scratch that is not active is not deactivated",
         STEPS(SCRATCH, {S_DEACTIVATE, "s", .hr = NOT_READY}, {S_DESTROY, "s"}), ASSUMED, "", IMAGE},
        {"an active scratch is prepared and unprepared",
         STEPS(ACTIVE, {S_PREPARE, "s"}, {S_UNPREPARE, "s"}, {S_DEACTIVATE, "s"}, {S_DESTROY, "s"}), OBSERVED,
         "log-03, log-07", IMAGE},
        {"a scratch that is not active is not prepared",
         STEPS(SCRATCH, {S_PREPARE, "s", .hr = NOT_READY}, {S_DESTROY, "s"}), OBSERVED, "hcsshim 919, the code", IMAGE},
        {"a scratch is prepared once",
         STEPS(ACTIVE, {S_PREPARE, "s"}, {S_PREPARE, "s", .hr = FILTER_THERE}, {S_UNPREPARE, "s"}, {S_DEACTIVATE, "s"},
               {S_DESTROY, "s"}),
         ASSUMED, "", IMAGE},
        {"a scratch is not prepared on nothing",
         STEPS(ACTIVE, {S_PREPARE, "s", "", .hr = HCS_WIN32(87)}, {S_DEACTIVATE, "s"}, {S_DESTROY, "s"}), ASSUMED, "",
         IMAGE},
        {"a scratch that is not prepared is not unprepared",
         STEPS(ACTIVE, {S_UNPREPARE, "s", .hr = NO_FILTER}, {S_DEACTIVATE, "s"}, {S_DESTROY, "s"}), ASSUMED, "", IMAGE},
        {"an active scratch is not destroyed",
         STEPS(ACTIVE, {S_DESTROY, "s", .hr = IN_USE}, {S_DEACTIVATE, "s"}, {S_DESTROY, "s"}), ASSUMED, "", IMAGE},
        {"what a prepared scratch stands on is not destroyed",
         STEPS(ACTIVE, {S_PREPARE, "s"}, {S_DESTROY, "base", .hr = IN_USE}), OBSERVED,
         "hcsshim 961: a host raises 0xC0000420", NEEDS_EMULATOR},
        {"the filter goes with the volume",
         STEPS(ACTIVE, {S_PREPARE, "s"}, {S_DEACTIVATE, "s"}, {S_ACTIVATE, "s"}, {S_PREPARE, "s"}, {S_UNPREPARE, "s"},
               {S_DEACTIVATE, "s"}, {S_DESTROY, "s"}),
         ASSUMED, "", IMAGE},
        {"a layer is imported and exported",
         STEPS({S_PUT, "in/Files/file.txt", NULL, "hello"}, {S_IMPORT, "l", "in"},
               {S_HOLDS, "l/Files/file.txt", NULL, "hello"}, {S_EXPORT, "l", "out"},
               {S_HOLDS, "out/tombstones.txt", NULL, "Version 1.0"}, {S_THERE, "out/Files/file.txt"}, {S_DESTROY, "l"}),
         DOCUMENTED, "HCS reference 5.2", NEEDS_EMULATOR},
        {"a folder that is not there is not imported", STEPS({S_IMPORT, "l", "none", .hr = NO_PATH}), OBSERVED,
         "layer-10", NEEDS_ADMIN},
        {"a damaged file is not imported",
         STEPS({S_BAD, "in/Files/file.txt"}, {S_IMPORT, "l", "in", .hr = BAD_DATA},
               {S_THERE, "l/Files", .hr = S_FALSE}),
         ASSUMED, "", NEEDS_EMULATOR},
        {"a layer that is not there is not exported", STEPS({S_EXPORT, "none", "out", .hr = NO_PATH}), ASSUMED, "",
         NEEDS_ADMIN},
        {"a layer is imported, exported and destroyed by documents",
         STEPS({S_BASE}, {S_PUT, "in/Files/file.txt", NULL, "hello"}, {S_DATA_IMPORT, "l", "in"},
               {S_HOLDS, "l/Files/file.txt", NULL, "hello"}, {S_DATA_EXPORT, "l", "out"},
               {S_THERE, "out/Files/file.txt"}, {S_DATA_DESTROY, "l"}, {S_THERE, "l", .hr = S_FALSE}),
         DOCUMENTED, "HcsImportLayer, HcsExportLayer, HcsDestroyLayer", NEEDS_EMULATOR},
        {"a layer is destroyed by its path", STEPS({S_CREATE, "l"}, {S_DATA_DESTROY, "l"}, {S_EXISTS, "l", NULL, "0"}),
         DOCUMENTED, "HcsDestroyLayer", NEEDS_ADMIN},
        {"a layer that is not there is not exported by documents",
         STEPS({S_BASE}, {S_DATA_EXPORT, "none", "out", .hr = NO_PATH}), ASSUMED, "", IMAGE},
        {"data of a layer that is no JSON is refused",
         STEPS({S_FOLDER, "in"}, {S_DATA_IMPORT, "l", "in", "{", HCS_E_INVALID_JSON}), ASSUMED, "", 0},
        {"data of a layer that does not fit is refused",
         STEPS({S_FOLDER, "in"}, {S_DATA_IMPORT, "l", "in", "{\"Layers\":7}", HCS_E_INVALID_JSON}), ASSUMED, "", 0},
        {"a base layer is set up for containers",
         STEPS({S_FILES, "l"}, {S_DATA_SETUP, "l", NULL, "{\"Type\":\"Container\"}"}, {S_THERE, "l/layout"}),
         DOCUMENTED, "HcsSetupBaseOSLayer", NEEDS_EMULATOR},
        {"a layer of a virtual machine needs its disk",
         STEPS({S_FILES, "l"}, {S_DATA_SETUP, "l", NULL, "{\"Type\":\"Vm\"}", HCS_WIN32(6)}), ASSUMED, "", 0},
        {"a type of layer that there is not is refused",
         STEPS({S_FILES, "l"}, {S_DATA_SETUP, "l", NULL, "{\"Type\":\"Car\"}", HCS_E_INVALID_JSON}), ASSUMED, "", 0},
        {"a writable layer is initialized",
         STEPS({S_BASE}, {S_FOLDER, "w"}, {S_DATA_INITIALIZE, "w"}, {S_THERE, "w/Hives"}), DOCUMENTED,
         "HcsInitializeWritableLayer", IMAGE},
        {"a writable layer that is not there is not initialized",
         STEPS({S_BASE}, {S_DATA_INITIALIZE, "none", .hr = NO_PATH}), ASSUMED, "", IMAGE},
        {"a filter is attached once and detached once",
         STEPS({S_BASE}, {S_FOLDER, "w"}, {S_DATA_DETACH, "w", .hr = NO_FILTER}, {S_DATA_ATTACH, "w"},
               {S_DATA_ATTACH, "w", .hr = FILTER_THERE}, {S_DATA_DETACH, "w"}),
         ASSUMED, "", IMAGE},
        {"an overlay is attached and detached",
         STEPS({S_BASE}, {S_FOLDER, "w"}, {S_DATA_OVERLAY, "w"}, {S_DATA_NO_OVERLAY, "w"}), OBSERVED,
         "hcsshim AttachOverlayFilter", IMAGE},
        {"a layer is copied", STEPS({S_CREATE, "l"}, {S_COPY, "l", "c"}, {S_EXISTS, "c", NULL, "1"}, {S_DESTROY, "c"}),
         ASSUMED, "hcsshim binds CopyLayer and never calls it", NEEDS_ADMIN},
        {"a layer that is not there is not copied", STEPS({S_COPY, "none", "c", .hr = NO_PATH}), ASSUMED, "",
         NEEDS_ADMIN},
        {"a layer is not copied to where one is",
         STEPS({S_CREATE, "l"}, {S_CREATE, "c"}, {S_COPY, "l", "c", .hr = THERE}), ASSUMED, "", NEEDS_ADMIN},
        {"a layer is destroyed by an older name of the function",
         STEPS({S_CREATE, "l"}, {S_OLD_DESTROY, "l"}, {S_EXISTS, "l", NULL, "0"}), OBSERVED, "hcsshim 0.9 to 0.11",
         NEEDS_ADMIN},
        {"a base layer is set up on a volume",
         STEPS({S_FILES, "l"}, {S_FOLDER, "v"}, {S_DATA_VOLUME, "l", "v", "{\"Type\":\"Container\"}"},
               {S_THERE, "l/layout"}),
         DOCUMENTED, "HcsSetupBaseOSVolume", NEEDS_EMULATOR},
        {"a base layer on a volume that is not there is refused",
         STEPS({S_FILES, "l"}, {S_DATA_VOLUME, "l", "none", "{\"Type\":\"Container\"}", NO_PATH}), ASSUMED, "",
         NEEDS_ADMIN},
        {"a legacy writable layer is initialized and exported",
         STEPS({S_BASE}, {S_FOLDER, "w"}, {S_FOLDER, "m/Files"}, {S_DATA_LEGACY, "w", "m"}, {S_THERE, "w/Hives"},
               {S_DATA_LEGACY_OUT, "w", "m"}, {S_THERE, "out/Files"}),
         DOCUMENTED, "HcsInitializeLegacyWritableLayer, HcsExportLegacyWritableLayer", NEEDS_EMULATOR},
        {"a legacy writable layer that is mounted nowhere is not initialized",
         STEPS({S_BASE}, {S_FOLDER, "w"}, {S_DATA_LEGACY, "w", "none", .hr = NO_PATH}), ASSUMED, "", IMAGE},
        {"a legacy writable layer that is mounted nowhere is not exported",
         STEPS({S_BASE}, {S_FOLDER, "w"}, {S_DATA_LEGACY_OUT, "w", "none", .hr = NO_PATH}), ASSUMED, "", IMAGE},
        {"a disk is formatted", STEPS({S_DISK, "d.vhdx"}, {S_FORMAT, "d.vhdx"}), DOCUMENTED,
         "HcsFormatWritableLayerVhd: hosts take the handle that virtdisk gave", NEEDS_EMULATOR},
        {"a disk is a volume", STEPS({S_DISK, "d.vhdx"}, {S_FORMAT, "d.vhdx"}, {S_DISK_VOLUME, "d.vhdx"}), DOCUMENTED,
         "HcsGetLayerVhdMountPath: hosts take the handle that virtdisk gave", NEEDS_EMULATOR},
        {"a disk that is none is not formatted", STEPS({S_FORMAT, NULL, .hr = HCS_WIN32(6)}), ASSUMED, "", NEEDS_ADMIN},
        {"a disk that is none is no volume", STEPS({S_DISK_VOLUME, NULL, .hr = HCS_WIN32(6)}), ASSUMED, "",
         NEEDS_ADMIN},
        {"a filter on a folder that is not there is refused", STEPS({S_BASE}, {S_DATA_ATTACH, "none", .hr = NO_PATH}),
         ASSUMED, "", IMAGE},
        {NULL},
};

static bool run(const struct conform_case *c) {
        return storage_steps(((const struct storage_case *)c->arg)->steps);
}

void storage_each(conform_fn fn, void *ctx) {
        for (const struct storage_case *s = storage_cases; s->name; s++) {
                const struct conform_case c = {.group = "storage",
                                               .name = s->name,
                                               .needs = s->needs,
                                               .how = s->how,
                                               .source = s->source,
                                               .differs = s->differs,
                                               .run = run,
                                               .arg = s};

                fn(&c, ctx);
        }
}
