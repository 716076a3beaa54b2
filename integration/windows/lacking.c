/* SPDX-License-Identifier: MIT */

/*
 * What Wine lacks besides sockets and a program has in which winehv.dll is: flags of named pipes as go-winio uses them,
 * virtual disks, the build that a manifest would unlock. Says a line for each; exit code 1 when one does not hold. The
 * disks it makes, one.vhdx, two.vhd and over/three.vhdx on the first, stay in FOLDER. usage: lacking BUILD FOLDER
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <winternl.h>

#include <initguid.h> /* the vendor's id is here */
#include <virtdisk.h>

#include "integration/windows/lacking.h"

static int failures;

void check(const char *what, bool holds) {
        printf("%s: %s\n", holds ? "ok" : "FAILED", what);
        failures += !holds;
}

typedef LONG(NTAPI *create_fn)(HANDLE *, ULONG, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *, ULONG, ULONG, ULONG, ULONG,
                               ULONG, ULONG, ULONG, ULONG, ULONG, LARGE_INTEGER *);

/* As go-winio's ListenPipe: no remote clients, a first instance that only keeps the name. */
static LONG make(create_fn fn, bool first, HANDLE *ret) {
        UNICODE_STRING name = {.Buffer = (wchar_t *)L"\\??\\pipe\\hcsshim-lacking"};
        OBJECT_ATTRIBUTES attributes = {.Length = sizeof(attributes), .ObjectName = &name, .Attributes = 0x40};
        LARGE_INTEGER timeout = {.QuadPart = -500000};
        IO_STATUS_BLOCK iosb;

        name.Length = name.MaximumLength = (USHORT)(wcslen(name.Buffer) * sizeof(wchar_t));
        return fn(ret, first ? SYNCHRONIZE : GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &attributes, &iosb,
                  FILE_SHARE_READ | FILE_SHARE_WRITE, first ? FILE_CREATE : FILE_OPEN, 0, 2, 0, 0, (ULONG)-1, 4096,
                  4096, &timeout);
}

static HANDLE dial(void) {
        return CreateFileW(L"\\\\.\\pipe\\hcsshim-lacking", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                           FILE_FLAG_OVERLAPPED, NULL);
}

static void pipes(void) {
        create_fn fn = (create_fn)(uintptr_t)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtCreateNamedPipeFile");
        HANDLE first = NULL, second = NULL, third = NULL, client;
        DWORD flags = 0;

        check("a pipe's first instance is made", make(fn, true, &first) >= 0);
        check("a second first one is refused", (ULONG)make(fn, true, &third) == 0xC0000022);
        client = dial();
        check("nobody connects to one that only keeps the name",
              client == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY);
        check("the next instance is made", make(fn, false, &second) >= 0);
        check("it is no pipe of messages",
              GetNamedPipeInfo(second, &flags, NULL, NULL, NULL) && !(flags & PIPE_TYPE_MESSAGE));
        client = dial();
        check("a client connects to it", client != INVALID_HANDLE_VALUE);
        CloseHandle(client);
        CloseHandle(second);
        CloseHandle(first);
        first = CreateNamedPipeW(L"\\\\.\\pipe\\hcsshim-lacking", PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE, 0,
                                 2, 0, 0, 0, NULL);
        second = CreateNamedPipeW(L"\\\\.\\pipe\\hcsshim-lacking", PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE,
                                  0, 2, 0, 0, 0, NULL);
        check("FILE_FLAG_FIRST_PIPE_INSTANCE holds",
              first != INVALID_HANDLE_VALUE && second == INVALID_HANDLE_VALUE && GetLastError() == ERROR_ACCESS_DENIED);
        CloseHandle(first);
}

static void random_bytes(void) {
        HMODULE dll = LoadLibraryExW(L"bcryptprimitives.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
        BOOL(WINAPI * fn)
        (BYTE *, SIZE_T) = dll ? (BOOL(WINAPI *)(BYTE *, SIZE_T))(uintptr_t)GetProcAddress(dll, "ProcessPrng") : NULL;
        BYTE a[32] = {0}, b[32] = {0};

        check("ProcessPrng gives other bytes each time",
              fn && fn(a, sizeof(a)) && fn(b, sizeof(b)) && memcmp(a, b, sizeof(a)) != 0);
}

static void disks(const char *folder) {
        HMODULE dll = LoadLibraryExW(L"virtdisk.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
        LOAD(CreateVirtualDisk);
        LOAD(OpenVirtualDisk);
        LOAD(AttachVirtualDisk);
        LOAD(DetachVirtualDisk);
        LOAD(GetVirtualDiskPhysicalPath);
        LOAD(GetVirtualDiskInformation);
        VIRTUAL_STORAGE_TYPE vhdx = {VIRTUAL_STORAGE_TYPE_DEVICE_VHDX, VIRTUAL_STORAGE_TYPE_VENDOR_MICROSOFT},
                             vhd = {VIRTUAL_STORAGE_TYPE_DEVICE_VHD, VIRTUAL_STORAGE_TYPE_VENDOR_MICROSOFT};
        LOAD(SetVirtualDiskInformation);
        SET_VIRTUAL_DISK_INFO set = {.Version = SET_VIRTUAL_DISK_INFO_IDENTIFIER};
        struct disk_parameters p = {.Version = CREATE_VIRTUAL_DISK_VERSION_2}, bad = p;
        GET_VIRTUAL_DISK_INFO info = {.Version = GET_VIRTUAL_DISK_INFO_SIZE};
        ULONG size = sizeof(info), path_size = 0;
        HANDLE one = NULL, again = NULL, two = NULL;
        wchar_t one_path[MAX_PATH], two_path[MAX_PATH], other_path[MAX_PATH], path[64];

        swprintf(one_path, MAX_PATH, L"%hs\\one.vhdx", folder);
        swprintf(two_path, MAX_PATH, L"%hs\\two.vhd", folder);
        swprintf(other_path, MAX_PATH, L"%hs\\other.vhdx", folder);
        p.Version2.MaximumSize = 64 << 20;
        p.Version2.BlockSizeInBytes = 1 << 20;
        bad.Version2.MaximumSize = 5;
        check("a disk of five bytes is refused",
              CreateVirtualDisk_fn(&vhdx, other_path, VIRTUAL_DISK_ACCESS_NONE, NULL, 0, 0, AS_PARAMETERS(&bad), NULL,
                                   &one) == ERROR_INVALID_PARAMETER);
        p.Version2.UniqueId = (GUID){1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
        check("a VHDX is made", CreateVirtualDisk_fn(&vhdx, one_path, VIRTUAL_DISK_ACCESS_NONE, NULL, 0, 0,
                                                     AS_PARAMETERS(&p), NULL, &one) == 0);
        check("not over another", CreateVirtualDisk_fn(&vhdx, one_path, VIRTUAL_DISK_ACCESS_NONE, NULL, 0, 0,
                                                       AS_PARAMETERS(&p), NULL, &two) == ERROR_FILE_EXISTS);
        check("a fixed VHD is made", CreateVirtualDisk_fn(&vhd, two_path, VIRTUAL_DISK_ACCESS_NONE, NULL,
                                                          CREATE_VIRTUAL_DISK_FLAG_FULL_PHYSICAL_ALLOCATION, 0,
                                                          AS_PARAMETERS(&p), NULL, &two) == 0);
        check("its size is told", GetVirtualDiskInformation_fn(one, &size, &info, NULL) == 0 &&
                                          info.Size.VirtualSize == 64 << 20 && info.Size.BlockSize == 1 << 20 &&
                                          info.Size.SectorSize == 512);
        info.Version = GET_VIRTUAL_DISK_INFO_PROVIDER_SUBTYPE;
        check("and that it is dynamic",
              GetVirtualDiskInformation_fn(one, &size, &info, NULL) == 0 && info.ProviderSubtype == 3);
        info.Version = GET_VIRTUAL_DISK_INFO_VIRTUAL_DISK_ID;
        check("with the id that was asked for",
              GetVirtualDiskInformation_fn(one, &size, &info, NULL) == 0 &&
                      memcmp(&info.VirtualDiskId, &p.Version2.UniqueId, sizeof(GUID)) == 0);
        info.Version = GET_VIRTUAL_DISK_INFO_IDENTIFIER;
        check("a VHD too", GetVirtualDiskInformation_fn(two, &size, &info, NULL) == 0 &&
                                   memcmp(&info.Identifier, &p.Version2.UniqueId, sizeof(GUID)) == 0);
        info.Version = GET_VIRTUAL_DISK_INFO_IS_4K_ALIGNED;
        check("it is aligned", GetVirtualDiskInformation_fn(one, &size, &info, NULL) == 0 && info.Is4kAligned);
        info.Version = GET_VIRTUAL_DISK_INFO_CHANGE_TRACKING_STATE;
        check("its changes are not tracked",
              GetVirtualDiskInformation_fn(one, &size, &info, NULL) == 0 && !info.ChangeTrackingState.Enabled);
        check("nothing of it is changed so", SetVirtualDiskInformation_fn(one, &set) == ERROR_NOT_SUPPORTED);
        info.Version = GET_VIRTUAL_DISK_INFO_PROVIDER_SUBTYPE;
        check("the other is fixed",
              GetVirtualDiskInformation_fn(two, &size, &info, NULL) == 0 && info.ProviderSubtype == 2);
        check("it has no path before it is attached",
              GetVirtualDiskPhysicalPath_fn(one, &path_size, NULL) == ERROR_NOT_READY);
        check("it is attached",
              AttachVirtualDisk_fn(one, NULL, ATTACH_VIRTUAL_DISK_FLAG_NO_DRIVE_LETTER, 0, NULL, NULL) == 0);
        check("its path takes room",
              GetVirtualDiskPhysicalPath_fn(one, &path_size, NULL) == ERROR_INSUFFICIENT_BUFFER &&
                      path_size == 2 * sizeof("\\\\.\\PhysicalDrive1"));
        check("and is that of a disk",
              GetVirtualDiskPhysicalPath_fn(one, &path_size, path) == 0 && wcscmp(path, L"\\\\.\\PhysicalDrive1") == 0);
        check("another handle sees it attached",
              OpenVirtualDisk_fn(&vhdx, one_path, VIRTUAL_DISK_ACCESS_NONE, 0, NULL, &again) == 0 &&
                      AttachVirtualDisk_fn(again, NULL, 0, 0, NULL, NULL) == ERROR_SHARING_VIOLATION);
        check("the second disk is the second drive",
              AttachVirtualDisk_fn(two, NULL, ATTACH_VIRTUAL_DISK_FLAG_PERMANENT_LIFETIME, 0, NULL, NULL) == 0 &&
                      (path_size = sizeof(path), GetVirtualDiskPhysicalPath_fn(two, &path_size, path) == 0) &&
                      wcscmp(path, L"\\\\.\\PhysicalDrive2") == 0);
        CloseHandle(one);
        check("an attachment ends with its handle",
              GetVirtualDiskPhysicalPath_fn(again, &path_size, path) == ERROR_NOT_READY);
        CloseHandle(again);
        CloseHandle(two);
        check("a permanent one does not",
              OpenVirtualDisk_fn(&vhd, two_path, VIRTUAL_DISK_ACCESS_NONE, 0, NULL, &two) == 0 &&
                      DetachVirtualDisk_fn(two, 1, 0) == ERROR_INVALID_PARAMETER &&
                      DetachVirtualDisk_fn(two, 0, 0) == 0);
        check("and then it is gone", DetachVirtualDisk_fn(two, 0, 0) == ERROR_NOT_READY);
        CloseHandle(two);
        check("a VHD is no VHDX",
              OpenVirtualDisk_fn(&vhdx, two_path, VIRTUAL_DISK_ACCESS_NONE, 0, NULL, &two) == 0xC03A0014);
        check("what is not there",
              OpenVirtualDisk_fn(&vhdx, other_path, VIRTUAL_DISK_ACCESS_NONE, 0, NULL, &two) == ERROR_FILE_NOT_FOUND);
}

/* On one.vhdx and two.vhd of disks(). */
static void differencing_disks(const char *folder) {
        HMODULE dll = LoadLibraryExW(L"virtdisk.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
        LOAD(CreateVirtualDisk);
        LOAD(OpenVirtualDisk);
        LOAD(AttachVirtualDisk);
        LOAD(GetVirtualDiskInformation);
        VIRTUAL_STORAGE_TYPE vhdx = {VIRTUAL_STORAGE_TYPE_DEVICE_VHDX, VIRTUAL_STORAGE_TYPE_VENDOR_MICROSOFT};
        struct disk_parameters p = {.Version = CREATE_VIRTUAL_DISK_VERSION_2};
        union {
                GET_VIRTUAL_DISK_INFO of;
                char room[1024];
        } info = {.of.Version = GET_VIRTUAL_DISK_INFO_PARENT_LOCATION};
        ULONG size = sizeof(info.of), used = 0;
        HANDLE one = NULL, three = NULL, none = NULL;
        wchar_t one_path[MAX_PATH], two_path[MAX_PATH], away[MAX_PATH], over[MAX_PATH], path[MAX_PATH];
        wchar_t deep[MAX_PATH], moved[MAX_PATH], wrong[MAX_PATH];

        swprintf(one_path, MAX_PATH, L"%hs\\one.vhdx", folder);
        swprintf(two_path, MAX_PATH, L"%hs\\two.vhd", folder);
        swprintf(away, MAX_PATH, L"%hs\\away.vhdx", folder);
        swprintf(over, MAX_PATH, L"%hs\\over", folder);
        swprintf(path, MAX_PATH, L"%hs\\over\\three.vhdx", folder);
        CreateDirectoryW(over, NULL);
#define MAKE(type, ret) \
        CreateVirtualDisk_fn(&(type), path, VIRTUAL_DISK_ACCESS_NONE, NULL, 0, 0, AS_PARAMETERS(&p), NULL, ret)
        p.Version2.ParentPath = away;
        check("a parent that is not there", MAKE(vhdx, &three) == ERROR_FILE_NOT_FOUND);
        p.Version2.ParentPath = two_path;
        check("a VHD is no parent of a VHDX", MAKE(vhdx, &three) == 0xC03A0014);
        p.Version2.ParentPath = one_path;
        p.Version2.MaximumSize = 128 << 20;
        check("one of another size than its parent's", MAKE(vhdx, &three) == 0xC03A0017);
        check("what was refused is not there", GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES);
        p.Version2.MaximumSize = 0;
        check("a differencing disk is made", MAKE(vhdx, &three) == 0);
        check("its parent's place takes room",
              GetVirtualDiskInformation_fn(three, &size, &info.of, &used) == ERROR_INSUFFICIENT_BUFFER &&
                      size > sizeof(info.of));
        check("and is told", size < sizeof(info) && GetVirtualDiskInformation_fn(three, &size, &info.of, &used) == 0 &&
                                     used == size && info.of.ParentLocation.ParentResolved &&
                                     _wcsicmp(info.of.ParentLocation.ParentLocationBuffer, one_path) == 0);
        MoveFileW(one_path, away);
        size = sizeof(info);
        check("one that went away is not found", GetVirtualDiskInformation_fn(three, &size, &info.of, &used) == 0 &&
                                                         !info.of.ParentLocation.ParentResolved);
        check("nor is the disk opened that stands on it",
              OpenVirtualDisk_fn(&vhdx, path, VIRTUAL_DISK_ACCESS_NONE, 0, NULL, &none) == 0xC03A000D);
        check("but by itself", OpenVirtualDisk_fn(&vhdx, path, VIRTUAL_DISK_ACCESS_NONE,
                                                  OPEN_VIRTUAL_DISK_FLAG_NO_PARENTS, NULL, &none) == 0);
        CloseHandle(none);
        p.Version2.ParentPath = NULL;
        p.Version2.MaximumSize = 64 << 20;
        check("another in its place is made", CreateVirtualDisk_fn(&vhdx, one_path, VIRTUAL_DISK_ACCESS_NONE, NULL, 0,
                                                                   0, AS_PARAMETERS(&p), NULL, &one) == 0);
        CloseHandle(one);
        check("and is not what it stood on",
              OpenVirtualDisk_fn(&vhdx, path, VIRTUAL_DISK_ACCESS_NONE, 0, NULL, &none) == 0xC03A000E);
        DeleteFileW(one_path);
        MoveFileW(away, one_path);
        check("with its parent it is opened",
              OpenVirtualDisk_fn(&vhdx, path, VIRTUAL_DISK_ACCESS_NONE, 0, NULL, &none) == 0);
        CloseHandle(none);
        swprintf(deep, MAX_PATH, L"%hs\\over\\deep", folder);
        swprintf(moved, MAX_PATH, L"%hs\\over\\deep\\three.vhdx", folder);
        CreateDirectoryW(deep, NULL);
        CopyFileW(path, moved, FALSE);
        check("a copy elsewhere finds its parent by the whole path",
              OpenVirtualDisk_fn(&vhdx, moved, VIRTUAL_DISK_ACCESS_NONE, 0, NULL, &none) == 0);
        size = sizeof(info);
        check("and tells it", GetVirtualDiskInformation_fn(none, &size, &info.of, &used) == 0 &&
                                      info.of.ParentLocation.ParentResolved &&
                                      _wcsicmp(info.of.ParentLocation.ParentLocationBuffer, one_path) == 0);
        CloseHandle(none);
        swprintf(wrong, MAX_PATH, L"%hs\\over\\one.vhdx", folder);
        CreateVirtualDisk_fn(&vhdx, wrong, VIRTUAL_DISK_ACCESS_NONE, NULL, 0, 0, AS_PARAMETERS(&p), NULL, &one);
        CloseHandle(one);
        check("also when another disk is where the other path leads",
              OpenVirtualDisk_fn(&vhdx, moved, VIRTUAL_DISK_ACCESS_NONE, 0, NULL, &none) == 0);
        CloseHandle(none);
        DeleteFileW(wrong);
        DeleteFileW(moved);
        RemoveDirectoryW(deep);
        info.of.Version = GET_VIRTUAL_DISK_INFO_SIZE;
        size = sizeof(info.of);
        check("its size is its parent's", GetVirtualDiskInformation_fn(three, &size, &info.of, NULL) == 0 &&
                                                  info.of.Size.VirtualSize == 64 << 20 &&
                                                  info.of.Size.BlockSize == 1 << 20);
        info.of.Version = GET_VIRTUAL_DISK_INFO_PROVIDER_SUBTYPE;
        check("it is a differencing one",
              GetVirtualDiskInformation_fn(three, &size, &info.of, NULL) == 0 && info.of.ProviderSubtype == 4);
        info.of.Version = GET_VIRTUAL_DISK_INFO_IS_LOADED;
        check("it is not attached",
              GetVirtualDiskInformation_fn(three, &size, &info.of, NULL) == 0 && !info.of.IsLoaded);
        check("and then it is", AttachVirtualDisk_fn(three, NULL, 0, 0, NULL, NULL) == 0 &&
                                        GetVirtualDiskInformation_fn(three, &size, &info.of, NULL) == 0 &&
                                        info.of.IsLoaded);
        info.of.Version = GET_VIRTUAL_DISK_INFO_PARENT_LOCATION;
        check("a disk without a parent has no place of one",
              OpenVirtualDisk_fn(&vhdx, one_path, VIRTUAL_DISK_ACCESS_NONE, 0, NULL, &one) == 0 &&
                      GetVirtualDiskInformation_fn(one, &size, &info.of, NULL) == 0xC03A001B);
        CloseHandle(one);
        CloseHandle(three);
}

int main(int argc, char **argv) {
        DWORD version = GetVersion(), build = argc > 1 ? (DWORD)strtoul(argv[1], NULL, 10) : 0;

        check("the build is that of the registry", !build || (version >> 16 == build && LOBYTE(LOWORD(version)) == 10));
        pipes();
        random_bytes();
        if (argc > 2) {
                disks(argv[2]);
                differencing_disks(argv[2]);
                disks_that_change(argv[2]);
        }
        return failures != 0;
}
