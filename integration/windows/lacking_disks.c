/* SPDX-License-Identifier: MIT */

/* VHDs of all types, copies, merges and other sizes by virtdisk.dll; see lacking.h. */

#include "integration/windows/lacking.h"

#include <stdio.h>
#include <string.h>

#define MIB 1048576ull

/* A client's view of the DLL, and the folder its disks are in. */
struct client {
        HMODULE dll;
        const char *folder;
};

static const VIRTUAL_STORAGE_TYPE vhd = {VIRTUAL_STORAGE_TYPE_DEVICE_VHD, {0}};
static const VIRTUAL_STORAGE_TYPE vhdx = {VIRTUAL_STORAGE_TYPE_DEVICE_VHDX, {0}};

static const wchar_t *path_of(const struct client *c, const char *name, wchar_t *buf) {
        swprintf(buf, MAX_PATH, L"%hs\\%hs", c->folder, name);
        return buf;
}

static DWORD make(const struct client *c, const VIRTUAL_STORAGE_TYPE *type, const char *name, ULONG flags,
                  const struct disk_parameters *p, HANDLE *ret) {
        HMODULE dll = c->dll;
        LOAD(CreateVirtualDisk);
        wchar_t path[MAX_PATH];

        *ret = NULL;
        return CreateVirtualDisk_fn((VIRTUAL_STORAGE_TYPE *)type, path_of(c, name, path), VIRTUAL_DISK_ACCESS_NONE,
                                    NULL, flags, 0, AS_PARAMETERS((struct disk_parameters *)p), NULL, ret);
}

static DWORD open_disk(const struct client *c, const char *name, HANDLE *ret) {
        HMODULE dll = c->dll;
        LOAD(OpenVirtualDisk);
        VIRTUAL_STORAGE_TYPE any = {0};
        wchar_t path[MAX_PATH];

        *ret = NULL;
        return OpenVirtualDisk_fn(&any, path_of(c, name, path), VIRTUAL_DISK_ACCESS_NONE, 0, NULL, ret);
}

static DWORD close_disk(HANDLE *h, DWORD rc) {
        if (*h)
                CloseHandle(*h);
        *h = NULL;
        return rc;
}

static DWORD ask(const struct client *c, HANDLE h, GET_VIRTUAL_DISK_INFO_VERSION kind, GET_VIRTUAL_DISK_INFO *ret) {
        HMODULE dll = c->dll;
        LOAD(GetVirtualDiskInformation);
        ULONG size = sizeof(*ret);

        memset(ret, 0, sizeof(*ret));
        ret->Version = kind;
        return GetVirtualDiskInformation_fn(h, &size, ret, NULL);
}

static bool is_type(const struct client *c, HANDLE h, ULONG type) {
        GET_VIRTUAL_DISK_INFO info;

        return ask(c, h, GET_VIRTUAL_DISK_INFO_PROVIDER_SUBTYPE, &info) == 0 && info.ProviderSubtype == type;
}

static bool has_size(const struct client *c, HANDLE h, uint64_t size) {
        GET_VIRTUAL_DISK_INFO info;

        return ask(c, h, GET_VIRTUAL_DISK_INFO_SIZE, &info) == 0 && info.Size.VirtualSize == size;
}

/* Does one say that its parent is what the other one says of itself? */
static bool is_child_of(const struct client *c, const char *child, const char *parent) {
        GET_VIRTUAL_DISK_INFO theirs, own;
        HANDLE h = NULL, p = NULL;
        bool is_one = open_disk(c, child, &h) == 0 && open_disk(c, parent, &p) == 0 &&
                      ask(c, h, GET_VIRTUAL_DISK_INFO_PARENT_IDENTIFIER, &theirs) == 0 &&
                      ask(c, p, GET_VIRTUAL_DISK_INFO_IDENTIFIER, &own) == 0 &&
                      memcmp(&theirs.ParentIdentifier, &own.Identifier, sizeof(GUID)) == 0;

        close_disk(&h, 0);
        close_disk(&p, 0);
        return is_one;
}

/* Some bytes of a file, over those that are there. */
static void put(const struct client *c, const char *name, LONG offset, const void *bytes, DWORD n) {
        wchar_t path[MAX_PATH];
        HANDLE h = CreateFileW(path_of(c, name, path), GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);

        SetFilePointer(h, offset, NULL, offset < 0 ? FILE_END : FILE_BEGIN);
        WriteFile(h, bytes, n, &n, NULL);
        CloseHandle(h);
}

static bool get(const struct client *c, const char *name, LONG offset, void *bytes, DWORD n) {
        wchar_t path[MAX_PATH];
        HANDLE h = CreateFileW(path_of(c, name, path), GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
        DWORD got = 0;

        SetFilePointer(h, offset, NULL, FILE_BEGIN);
        ReadFile(h, bytes, n, &got, NULL);
        CloseHandle(h);
        return got == n;
}

static bool is_gone(const struct client *c, const char *name) {
        wchar_t path[MAX_PATH];

        return GetFileAttributesW(path_of(c, name, path)) == INVALID_FILE_ATTRIBUTES;
}

static void types_of_vhd(const struct client *c) {
        struct disk_parameters p = {.Version = CREATE_VIRTUAL_DISK_VERSION_2, .Version2.MaximumSize = 8 * MIB};
        GET_VIRTUAL_DISK_INFO info;
        wchar_t parent[MAX_PATH];
        HANDLE h, child;

        check("a dynamic VHD is made",
              make(c, &vhd, "base.vhd", 0, &p, &h) == 0 && is_type(c, h, 3) && has_size(c, h, 8 * MIB));
        check("with blocks of 2 MiB", ask(c, h, GET_VIRTUAL_DISK_INFO_SIZE, &info) == 0 &&
                                              info.Size.BlockSize == 2 * MIB && info.Size.PhysicalSize < 8192);
        check("it is aligned", ask(c, h, GET_VIRTUAL_DISK_INFO_IS_4K_ALIGNED, &info) == 0 && info.Is4kAligned);
        check("it is not fragmented",
              ask(c, h, GET_VIRTUAL_DISK_INFO_FRAGMENTATION, &info) == 0 && info.FragmentationPercentage == 0);
        check("its sectors are told",
              ask(c, h, GET_VIRTUAL_DISK_INFO_PHYSICAL_DISK, &info) == 0 && info.PhysicalDisk.LogicalSectorSize >= 512);
        check("a disk without partitions has no smallest size",
              ask(c, h, GET_VIRTUAL_DISK_INFO_SMALLEST_SAFE_VIRTUAL_SIZE, &info) == 0xC03A0026);
        check("nor a parent", ask(c, h, GET_VIRTUAL_DISK_INFO_PARENT_TIMESTAMP, &info) == 0xC03A001B);
        CloseHandle(h);
        check("a fixed VHDX is made",
              make(c, &vhdx, "fixed.vhdx", CREATE_VIRTUAL_DISK_FLAG_FULL_PHYSICAL_ALLOCATION, &p, &h) == 0 &&
                      is_type(c, h, 2));
        close_disk(&h, 0);
        p.Version2.BlockSizeInBytes = MIB;
        check("a VHD has no blocks of 1 MiB", make(c, &vhd, "bad.vhd", 0, &p, &h) == 0xC03A000B);
        p.Version2.BlockSizeInBytes = 0;
        p.Version2.MaximumSize = 2041ull << 30;
        check("nor 2041 GiB", make(c, &vhd, "bad.vhd", 0, &p, &h) == 0xC03A0012);
        check("nothing is left of it", is_gone(c, "bad.vhd"));
        p.Version2.MaximumSize = 0;
        p.Version2.ParentPath = path_of(c, "base.vhd", parent);
        check("a differencing one is not fixed",
              make(c, &vhd, "bad.vhd", CREATE_VIRTUAL_DISK_FLAG_FULL_PHYSICAL_ALLOCATION, &p, &h) ==
                      ERROR_INVALID_PARAMETER);
        check("a VHD is no parent of a VHDX", make(c, &vhdx, "bad.vhdx", 0, &p, &h) == 0xC03A0014);
        check("a differencing VHD is made",
              make(c, &vhd, "child.vhd", 0, &p, &child) == 0 && is_type(c, child, 4) && has_size(c, child, 8 * MIB));
        check("its parent's time is told",
              ask(c, child, GET_VIRTUAL_DISK_INFO_PARENT_TIMESTAMP, &info) == 0 && info.ParentTimestamp > 800000000);
        close_disk(&child, 0);
        check("it is opened", close_disk(&child, open_disk(c, "child.vhd", &child)) == 0);
        check("and is its parent's", is_child_of(c, "child.vhd", "base.vhd"));
}

/* A file that another handle keeps from being written to is a disk that can be read, for who asks for no more. */
static void protected_disks(const struct client *c) {
        HMODULE dll = c->dll;
        LOAD(OpenVirtualDisk);
        struct disk_parameters p = {.Version = CREATE_VIRTUAL_DISK_VERSION_2, .Version2.MaximumSize = 8 * MIB};
        VIRTUAL_STORAGE_TYPE any = {0};
        wchar_t path[MAX_PATH];
        HANDLE h, keeper;

        close_disk(&h, make(c, &vhdx, "read.vhdx", 0, &p, &h));
        keeper =
                CreateFileW(path_of(c, "read.vhdx", path), GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
        check("a file that is only read is opened as a disk",
              open_disk(c, "read.vhdx", &h) == 0 && has_size(c, h, 8 * MIB));
        close_disk(&h, 0);
        check("but not to be changed",
              OpenVirtualDisk_fn(&any, path, VIRTUAL_DISK_ACCESS_METAOPS, 0, NULL, &h) == ERROR_SHARING_VIOLATION);
        CloseHandle(keeper);
}

/* Sectors of 4096 bytes go on to what is made from a disk, and a VHD has none. */
static void large_sectors(const struct client *c) {
        struct disk_parameters p = {.Version = CREATE_VIRTUAL_DISK_VERSION_2,
                                    .Version2.MaximumSize = 8 * MIB,
                                    .Version2.SectorSizeInBytes = 4096};
        GET_VIRTUAL_DISK_INFO info;
        wchar_t path[MAX_PATH];
        HANDLE h;

        check("a VHDX has sectors of 4096 bytes", make(c, &vhdx, "large.vhdx", 0, &p, &h) == 0 &&
                                                          ask(c, h, GET_VIRTUAL_DISK_INFO_SIZE, &info) == 0 &&
                                                          info.Size.SectorSize == 4096);
        close_disk(&h, 0);
        check("a VHD has not", make(c, &vhd, "bad.vhd", 0, &p, &h) == ERROR_NOT_SUPPORTED);
        p.Version2.MaximumSize = 0;
        p.Version2.SectorSizeInBytes = 0;
        p.Version2.SourcePath = path_of(c, "large.vhdx", path);
        check("nor as a copy", make(c, &vhd, "bad.vhd", 0, &p, &h) == ERROR_NOT_SUPPORTED);
        check("a copy has them too", make(c, &vhdx, "large_copy.vhdx", 0, &p, &h) == 0 &&
                                             ask(c, h, GET_VIRTUAL_DISK_INFO_SIZE, &info) == 0 &&
                                             info.Size.SectorSize == 4096);
        close_disk(&h, 0);
        p.Version2.SourcePath = NULL;
        p.Version2.ParentPath = path;
        check("and a child", make(c, &vhdx, "large_child.vhdx", 0, &p, &h) == 0 &&
                                     ask(c, h, GET_VIRTUAL_DISK_INFO_SIZE, &info) == 0 && info.Size.SectorSize == 4096);
        close_disk(&h, 0);
}

static void copies(const struct client *c) {
        struct disk_parameters p = {.Version = CREATE_VIRTUAL_DISK_VERSION_2};
        wchar_t source[MAX_PATH];
        HANDLE h;

        p.Version2.SourcePath = path_of(c, "child.vhd", source);
        check("a VHDX is a copy of a VHD", make(c, &vhdx, "copy.vhdx", 0, &p, &h) == 0 && has_size(c, h, 8 * MIB));
        close_disk(&h, 0);
        p.Version2.MaximumSize = 16 * MIB;
        check("a larger one", make(c, &vhdx, "larger.vhdx", 0, &p, &h) == 0 && has_size(c, h, 16 * MIB));
        close_disk(&h, 0);
        p.Version2.MaximumSize = 4 * MIB;
        check("a smaller one is refused", make(c, &vhdx, "bad.vhdx", 0, &p, &h) == ERROR_INVALID_PARAMETER);
        p.Version2.MaximumSize = 0;
        p.Version2.SourcePath = path_of(c, "nothing", source);
        check("a source that is not there", make(c, &vhdx, "bad.vhdx", 0, &p, &h) == ERROR_FILE_NOT_FOUND);
        p.Version2.SourcePath = L"C:\\windows\\system32\\kernel32.dll";
        check("one that is no disk", make(c, &vhdx, "bad.vhdx", 0, &p, &h) == 0xC03A0014);
        p.Version2.ParentPath = p.Version2.SourcePath;
        check("a source and a parent", make(c, &vhdx, "bad.vhdx", 0, &p, &h) == ERROR_INVALID_PARAMETER);
        check("nothing is left of them", is_gone(c, "bad.vhdx"));
}

/* On copy.vhdx of copies(). */
static void sizes(const struct client *c) {
        HMODULE dll = c->dll;
        LOAD(ExpandVirtualDisk);
        LOAD(ResizeVirtualDisk);
        LOAD(AttachVirtualDisk);
        LOAD(DetachVirtualDisk);
        LOAD(CompactVirtualDisk);
        EXPAND_VIRTUAL_DISK_PARAMETERS e = {.Version = EXPAND_VIRTUAL_DISK_VERSION_1};
        RESIZE_VIRTUAL_DISK_PARAMETERS r = {.Version = RESIZE_VIRTUAL_DISK_VERSION_1};
        HANDLE h;

        check("a VHDX is opened", open_disk(c, "copy.vhdx", &h) == 0);
        e.Version1.NewSize = 32 * MIB;
        check("it is expanded", ExpandVirtualDisk_fn(h, 0, &e, NULL) == 0 && has_size(c, h, 32 * MIB));
        check("it is compacted", CompactVirtualDisk_fn(h, 0, NULL, NULL) == 0 && has_size(c, h, 32 * MIB));
        check("not to the size it has", ExpandVirtualDisk_fn(h, 0, &e, NULL) == ERROR_INVALID_PARAMETER);
        r.Version1.NewSize = 16 * MIB;
        check("a disk whose partitions are not known is not made smaller",
              ResizeVirtualDisk_fn(h, 0, &r, NULL) == 0xC03A0026);
        check("but when that may be unsafe",
              ResizeVirtualDisk_fn(h, RESIZE_VIRTUAL_DISK_FLAG_ALLOW_UNSAFE_VIRTUAL_SIZE, &r, NULL) == 0 &&
                      has_size(c, h, 16 * MIB));
        r.Version1.NewSize = 1000;
        check("half a sector is no size", ResizeVirtualDisk_fn(h, RESIZE_VIRTUAL_DISK_FLAG_ALLOW_UNSAFE_VIRTUAL_SIZE,
                                                               &r, NULL) == ERROR_INVALID_PARAMETER);
        AttachVirtualDisk_fn(h, NULL, 0, 0, NULL, NULL);
        e.Version1.NewSize = 64 * MIB;
        check("nor is one that is attached", ExpandVirtualDisk_fn(h, 0, &e, NULL) == ERROR_SHARING_VIOLATION);
        DetachVirtualDisk_fn(h, 0, 0);
        close_disk(&h, 0);
        open_disk(c, "fixed.vhdx", &h);
        check("a fixed disk is not compacted", CompactVirtualDisk_fn(h, 0, NULL, NULL) == 0xC03A001B);
        close_disk(&h, 0);
        open_disk(c, "base.vhd", &h);
        e.Version1.NewSize = 6000 * MIB;
        check("a dynamic VHD is expanded", ExpandVirtualDisk_fn(h, 0, &e, NULL) == 0 && has_size(c, h, 6000 * MIB));
        close_disk(&h, 0);
        check("its child is not one any more", close_disk(&h, open_disk(c, "child.vhd", &h)) == 0xC03A0017);
}

static void merges(const struct client *c) {
        HMODULE dll = c->dll;
        LOAD(MergeVirtualDisk);
        MERGE_VIRTUAL_DISK_PARAMETERS m = {.Version = MERGE_VIRTUAL_DISK_VERSION_1, .Version1.MergeDepth = 1};
        struct disk_parameters p = {.Version = CREATE_VIRTUAL_DISK_VERSION_2};
        wchar_t parent[MAX_PATH];
        HANDLE h;

        p.Version2.ParentPath = path_of(c, "larger.vhdx", parent);
        check("a child of a VHDX", close_disk(&h, make(c, &vhdx, "top.vhdx", 0, &p, &h)) == 0);
        open_disk(c, "top.vhdx", &h);
        check("is merged", MergeVirtualDisk_fn(h, 0, &m, NULL) == 0);
        check("and still stands on it", is_child_of(c, "top.vhdx", "larger.vhdx"));
        m.Version1.MergeDepth = 2;
        check("not deeper than it stands", MergeVirtualDisk_fn(h, 0, &m, NULL) == ERROR_INVALID_PARAMETER);
        m.Version1.MergeDepth = 0;
        check("nor into itself", MergeVirtualDisk_fn(h, 0, &m, NULL) == ERROR_INVALID_PARAMETER);
        close_disk(&h, 0);
        m.Version1.MergeDepth = 1;
        open_disk(c, "larger.vhdx", &h);
        check("a disk without a parent is not merged", MergeVirtualDisk_fn(h, 0, &m, NULL) == 0xC03A001B);
        close_disk(&h, 0);
}

#define TABLE ((LONG)(3 * MIB)) /* of the blocks of a VHDX that virtdisk.dll made, each of a megabyte */

/* A block that a VHDX has now: one byte over and over, at a megabyte of the file that is nobody's. */
static void put_block(const struct client *c, const char *name, LONG block, LONG megabyte, int byte) {
        static uint8_t bytes[MIB];
        uint64_t entry = (uint64_t)megabyte << 20 | 6;

        memset(bytes, byte, sizeof(bytes));
        put(c, name, megabyte << 20, bytes, sizeof(bytes));
        put(c, name, TABLE + 8 * block, &entry, sizeof(entry));
}

static bool has_block(const struct client *c, const char *name, LONG block, int byte) {
        static uint8_t bytes[MIB], wanted[MIB];
        uint64_t entry = 0;

        memset(wanted, byte, sizeof(wanted));
        return get(c, name, TABLE + 8 * block, &entry, sizeof(entry)) && (entry & 7) == 6 &&
               get(c, name, (LONG)(entry >> 20 << 20), bytes, sizeof(bytes)) &&
               memcmp(bytes, wanted, sizeof(bytes)) == 0;
}

/* What three disks that stand on one another hold, two of them into the lowest. */
static void merged_data(const struct client *c) {
        HMODULE dll = c->dll;
        LOAD(MergeVirtualDisk);
        MERGE_VIRTUAL_DISK_PARAMETERS m = {.Version = MERGE_VIRTUAL_DISK_VERSION_1, .Version1.MergeDepth = 2};
        struct disk_parameters p = {.Version = CREATE_VIRTUAL_DISK_VERSION_2, .Version2.MaximumSize = 8 * MIB};
        wchar_t parent[MAX_PATH];
        HANDLE h;

        close_disk(&h, make(c, &vhdx, "low.vhdx", 0, &p, &h));
        put_block(c, "low.vhdx", 0, 4, 1);
        put_block(c, "low.vhdx", 1, 5, 1);
        p.Version2.MaximumSize = 0;
        p.Version2.ParentPath = path_of(c, "low.vhdx", parent);
        close_disk(&h, make(c, &vhdx, "middle.vhdx", 0, &p, &h));
        put_block(c, "middle.vhdx", 1, 4, 2);
        put_block(c, "middle.vhdx", 2, 5, 2);
        p.Version2.ParentPath = path_of(c, "middle.vhdx", parent);
        close_disk(&h, make(c, &vhdx, "high.vhdx", 0, &p, &h));
        put_block(c, "high.vhdx", 2, 4, 3);
        put_block(c, "high.vhdx", 7, 5, 3);
        check("the highest of three is opened", open_disk(c, "high.vhdx", &h) == 0);
        check("and merged into the lowest", MergeVirtualDisk_fn(h, 0, &m, NULL) == 0);
        close_disk(&h, 0);
        check("which holds what they held", has_block(c, "low.vhdx", 0, 1) && has_block(c, "low.vhdx", 1, 2) &&
                                                    has_block(c, "low.vhdx", 2, 3) && has_block(c, "low.vhdx", 7, 3));
        check("they still stand on it",
              is_child_of(c, "middle.vhdx", "low.vhdx") && is_child_of(c, "high.vhdx", "middle.vhdx"));
}

static void damaged_disks(const struct client *c) {
        struct disk_parameters p = {.Version = CREATE_VIRTUAL_DISK_VERSION_2, .Version2.MaximumSize = 8 * MIB};
        wchar_t parent[MAX_PATH];
        HANDLE h;

        close_disk(&h, make(c, &vhd, "sick.vhd", 0, &p, &h));
        p.Version2.MaximumSize = 0;
        p.Version2.ParentPath = path_of(c, "sick.vhd", parent);
        close_disk(&h, make(c, &vhd, "sound.vhd", 0, &p, &h));
        put(c, "sick.vhd", -512, "x", 1);
        check("a footer that is lost is found again", close_disk(&h, open_disk(c, "sick.vhd", &h)) == 0);
        put(c, "sick.vhd", 1536, "\x7f\0\0\0", 4);
        check("a block beyond the end", open_disk(c, "sick.vhd", &h) == 0xC03A000A);
        put(c, "sick.vhd", 600, "x", 1);
        check("a wrong checksum", open_disk(c, "sick.vhd", &h) == 0xC03A0006);
        check("and what stands on it", open_disk(c, "sound.vhd", &h) == 0xC03A0019);
        put(c, "sick.vhd", 512, "x", 1);
        check("no header", open_disk(c, "sick.vhd", &h) == 0xC03A0008);
        put(c, "sick.vhd", 0, "x", 1);
        check("no footer", open_disk(c, "sick.vhd", &h) == 0xC03A0014);
        DeleteFileW(parent);
        check("no parent", open_disk(c, "sound.vhd", &h) == 0xC03A000D);
}

void disks_that_change(const char *folder) {
        struct client c = {LoadLibraryExW(L"virtdisk.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32), folder};

        types_of_vhd(&c);
        protected_disks(&c);
        large_sectors(&c);
        copies(&c);
        sizes(&c);
        merges(&c);
        merged_data(&c);
        damaged_disks(&c);
}
