/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_WINDOWS_LACKING_H
#define INTEGRATION_WINDOWS_LACKING_H

/* What the parts of `lacking` share. */

#include <windows.h>

#include <stdbool.h>
#include <stdint.h>
#include <virtdisk.h>

/* Says a line; what does not hold makes the program fail. */
void check(const char *what, bool holds);

/* Of a DLL that is loaded when it is asked for, as clients do. */
#define LOAD(name) __typeof__(&name) name##_fn = (__typeof__(&name))(uintptr_t)GetProcAddress(dll, #name)

/* CREATE_VIRTUAL_DISK_PARAMETERS as published: mingw's lacks a member. */
struct disk_parameters {
        ULONG Version;
        struct {
                GUID UniqueId;
                ULONGLONG MaximumSize;
                ULONG BlockSizeInBytes, SectorSizeInBytes, PhysicalSectorSizeInBytes;
                const wchar_t *ParentPath, *SourcePath;
                ULONG OpenFlags;
                VIRTUAL_STORAGE_TYPE ParentVirtualStorageType, SourceVirtualStorageType;
                GUID ResiliencyGuid;
        } Version2;
};
#define AS_PARAMETERS(p) ((CREATE_VIRTUAL_DISK_PARAMETERS *)(p))

/* VHDs of all types, copies, merges, other sizes, and what is wrong with some, in a folder that is there. */
void disks_that_change(const char *folder);

#endif
