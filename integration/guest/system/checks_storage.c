/* SPDX-License-Identifier: MIT */

/* Disks, dm-verity and dm-crypt, overlays, persistent memory, 9p. */

#include "integration/guest/system/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "guest/storage/mount.h"
#include "guest/storage/overlay.h"
#include "guest/storage/plan9.h"
#include "guest/storage/pmem.h"
#include "guest/storage/scsi.h"
#include "integration/guest/system/plan.h"
#include "platform/file.h"

typedef struct hcs_schema_guest_lcow_mapped_virtual_disk disk_t;

static bool file_is(const char *path, const char *expected) {
        _cleanup_buf_ struct hcs_buf text = {0};

        return SUCCEEDED(hcs_file_read(path, MB, &text, NULL)) && hcs_streq(hcs_buf_cstr(&text), expected);
}

/* Nothing but the kernel's own node is left of device-mapper. */
static bool no_mapper_left(void) {
        return system("test $(ls /dev/mapper | wc -l) = 1 && test $(ls -d /sys/block/dm-* 2>/dev/null | wc -l) = 0") ==
               0;
}

static disk_t disk(unsigned controller, unsigned lun, const char *path) {
        return (disk_t){.Controller = (uint8_t)controller, .Lun = (uint8_t)lun, .MountPath = (char *)path};
}

static void a_layer_is_mounted_with_verity(void) {
        disk_t d = disk(0, LUN_LAYER, "/run/layers/verity");

        d.ReadOnly = true;
        d.VerityInfo = &verity;
        expect_ok(guest_scsi_mount(ROOTS, &d, SOON, err));
        expect(file_is("/run/layers/verity/hello", "from the layer\n"));
        expect(creat("/run/layers/verity/x", 0600) < 0 && errno == EROFS);
        expect(system("ls /dev/mapper | grep -q 'dm-verity-scsi-contr.*-lun0-p0-'") == 0);
        expect_ok(guest_scsi_unmount(ROOTS, &d, SOON, err));
        expect(!hcs_file_exists("/run/layers/verity"));
        expect(no_mapper_left());
}

static void a_layer_is_mounted_without_verity(void) {
        disk_t d = disk(1, LUN_PLAIN, "/run/layers/plain");

        d.ReadOnly = true;
        expect_ok(guest_scsi_mount(ROOTS, &d, SOON, err));
        expect(file_is("/run/layers/plain/hello", "from the layer\n"));
        expect_ok(guest_scsi_unmount(ROOTS, &d, SOON, err));
}

static void a_wrong_root_hash_is_refused(void) {
        struct hcs_schema_guest_device_verity_info wrong = verity;
        disk_t d = disk(0, LUN_LAYER, "/run/layers/wrong");
        struct hcs_error *why = NULL;

        wrong.RootDigest = hcs_strdup(verity.RootDigest);
        wrong.RootDigest[0] = wrong.RootDigest[0] == 'a' ? 'b' : 'a';
        d.ReadOnly = true;
        d.VerityInfo = &wrong;
        expect(FAILED(guest_scsi_mount(ROOTS, &d, SOON, &why)));
        printf("# %s\n", hcs_error_message(why));
        expect(!hcs_file_exists("/run/layers/wrong"));
        expect(no_mapper_left());
}

static void a_changed_block_cannot_be_read(void) {
        disk_t d = disk(0, LUN_CHANGED, "/run/layers/changed");
        _cleanup_buf_ struct hcs_buf text = {0};

        d.ReadOnly = true;
        d.VerityInfo = &verity;
        expect_ok(guest_scsi_mount(ROOTS, &d, SOON, err));
        expect(file_is("/run/layers/changed/hello", "from the layer\n"));
        expect_failure(hcs_file_read("/run/layers/changed/big", MB, &text, err), HCS_WIN32(1117));
        expect_ok(guest_scsi_unmount(ROOTS, &d, SOON, err));
        expect(no_mapper_left());
}

static void a_partition_is_mounted(void) {
        disk_t d = disk(0, LUN_PARTITIONED, "/run/layers/partition");

        d.ReadOnly = true;
        d.Partition = 1;
        expect_ok(guest_scsi_mount(ROOTS, &d, SOON, err));
        expect(file_is("/run/layers/partition/hello", "from the layer\n"));
        expect_ok(guest_scsi_unmount(ROOTS, &d, SOON, err));
        d.Partition = 2;
        expect_failure(guest_scsi_mount(ROOTS, &d, hcs_clock_ns() + 50000000, err), HCS_WIN32(1460));
}

static void a_scratch_is_formatted_and_kept(void) {
        static const char *const types[] = {"ext4", "xfs"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(types); i++) {
                disk_t d = disk(3, LUN_SCRATCH, "/run/scratch");

                d.EnsureFilesystem = true;
                d.Filesystem = (char *)types[i];
                expect_ok(guest_scsi_mount(ROOTS, &d, SOON, err));
                expect_ok(hcs_file_write("/run/scratch/kept", types[i], strlen(types[i]), err));
                expect_ok(guest_scsi_unmount(ROOTS, &d, SOON, err));
                expect_ok(guest_scsi_mount(ROOTS, &d, SOON, err));
                expect(file_is("/run/scratch/kept", types[i]));
                expect_ok(guest_scsi_unmount(ROOTS, &d, SOON, err));
        }
}

/* Is the text anywhere in the first megabytes of the raw disk? */
static bool is_on_disk(const char *device, const char *text, size_t bytes) {
        int fd = open(device, O_RDONLY | O_CLOEXEC);
        char *data = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
        bool found = data != MAP_FAILED && memmem(data, bytes, text, strlen(text));

        if (data != MAP_FAILED)
                munmap(data, bytes);
        close(fd);
        return found;
}

static void an_encrypted_scratch_hides_what_is_written(void) {
        static const char secret[] = "a secret that the host must not see, longer than a name in a directory";
        disk_t d = disk(3, LUN_SCRATCH, "/run/encrypted"), open_disk;
        _cleanup_free_ char *device = NULL;

        d.Encrypted = d.EnsureFilesystem = true;
        d.Filesystem = (char *)"xfs";
        expect_ok(guest_scsi_device(ROOTS, d.Controller, d.Lun, 0, SOON, &device, err));
        expect_ok(guest_scsi_mount(ROOTS, &d, SOON, err));
        expect_ok(hcs_file_write("/run/encrypted/secret", secret, strlen(secret), err));
        expect(file_is("/run/encrypted/secret", secret));
        expect(system("dd if=/dev/zero of=/run/encrypted/zeros bs=1M count=8 2>/dev/null && sync") == 0);
        expect_ok(guest_scsi_unmount(ROOTS, &d, SOON, err));
        expect(no_mapper_left());
        expect(!is_on_disk(device, secret, SCRATCH_MB * MB));

        /* The key is gone, and so is the file. */
        expect_ok(guest_scsi_mount(ROOTS, &d, SOON, err));
        expect(!hcs_file_exists("/run/encrypted/secret"));
        expect_ok(guest_scsi_unmount(ROOTS, &d, SOON, err));

        /* What can be found without encryption shows that the search finds things. */
        open_disk = d;
        open_disk.Encrypted = false;
        expect_ok(guest_scsi_mount(ROOTS, &open_disk, SOON, err));
        expect_ok(hcs_file_write("/run/encrypted/secret", secret, strlen(secret), err));
        expect_ok(guest_scsi_unmount(ROOTS, &open_disk, SOON, err));
        expect(is_on_disk(device, secret, SCRATCH_MB * MB));
}

static void layers_from_disks_become_a_root(void) {
        disk_t layer = disk(0, LUN_LAYER, "/run/m/0"), plain = disk(1, LUN_PLAIN, "/run/m/1"),
               scratch = disk(3, LUN_SCRATCH, "/run/m/scratch");
        struct hcs_schema_layer items[2] = {{.Path = (char *)"/run/m/0"}, {.Path = (char *)"/run/m/1"}};
        struct hcs_schema_guest_lcow_combined_layers l = {.Layers = {items, 2},
                                                          .ScratchPath = (char *)"/run/m/scratch/c1",
                                                          .ContainerRootPath = (char *)"/run/c1/rootfs"};

        layer.ReadOnly = plain.ReadOnly = scratch.EnsureFilesystem = true;
        layer.VerityInfo = &verity;
        scratch.Filesystem = (char *)"ext4";
        expect_ok(guest_scsi_mount(ROOTS, &layer, SOON, err));
        expect_ok(guest_scsi_mount(ROOTS, &plain, SOON, err));
        expect_ok(guest_scsi_mount(ROOTS, &scratch, SOON, err));
        expect_ok(guest_layers_combine(ROOTS, &l, err));
        expect(file_is("/run/c1/rootfs/hello", "from the layer\n"));
        expect_ok(hcs_file_write("/run/c1/rootfs/hello", "changed", 7, err));
        expect(file_is("/run/m/scratch/c1/upper/hello", "changed"));
        expect_ok(guest_layers_remove(&l, err));
        expect_ok(guest_scsi_unmount(ROOTS, &scratch, SOON, err));
        expect_ok(guest_scsi_unmount(ROOTS, &plain, SOON, err));
        expect_ok(guest_scsi_unmount(ROOTS, &layer, SOON, err));
        expect(no_mapper_left());
}

static void a_disk_that_comes_late_is_waited_for_and_unplugged(void) {
        struct hcs_schema_guest_scsi_device device = {.Controller = 0, .Lun = LUN_LATE};
        disk_t d = disk(0, LUN_LATE, "/run/layers/late");
        struct hcs_error *why = NULL;

        d.ReadOnly = true;
        expect_failure(guest_scsi_mount(ROOTS, &d, hcs_clock_ns() + 50000000, err), HCS_WIN32(1460));
        puts("add");
        expect_ok(guest_scsi_mount(ROOTS, &d, SOON, err));
        expect(file_is("/run/layers/late/hello", "from the layer\n"));
        expect_ok(guest_scsi_unmount(ROOTS, &d, SOON, err));
        expect_ok(guest_scsi_unplug(ROOTS, &device, err));
        expect(guest_scsi_mount(ROOTS, &d, hcs_clock_ns() + 50000000, &why) == HCS_WIN32(1460));
        printf("# %s\n", hcs_error_message(why));
        expect_ok(guest_scsi_unplug(ROOTS, &device, err)); /* gone already */
}

static void a_block_device_is_a_link_to_the_disk(void) {
        disk_t d = disk(1, LUN_PLAIN, "/run/devices/data");
        struct stat st;

        d.BlockDev = true;
        expect_ok(guest_scsi_mount(ROOTS, &d, SOON, err));
        expect(stat("/run/devices/data", &st) == 0 && S_ISBLK(st.st_mode));
        expect_ok(guest_scsi_unmount(ROOTS, &d, SOON, err));
        expect(lstat("/run/devices/data", &st) < 0);
}

static void persistent_memory_is_mounted(void) {
        struct hcs_schema_guest_lcow_mapped_vp_mem_device d = {.DeviceNumber = 0, .MountPath = (char *)"/run/pmem/0"};

        expect_ok(guest_pmem_mount(ROOTS, &d, SOON, err));
        expect(file_is("/run/pmem/0/hello", "from the layer\n"));
        expect_ok(guest_pmem_unmount(ROOTS, &d, err));
        d.VerityInfo = &verity;
        expect_ok(guest_pmem_mount(ROOTS, &d, SOON, err));
        expect(file_is("/run/pmem/0/hello", "from the layer\n"));
        expect_ok(guest_pmem_unmount(ROOTS, &d, err));
        expect(no_mapper_left());
        d.DeviceNumber = 7;
        expect_failure(guest_pmem_mount(ROOTS, &d, hcs_clock_ns() + 50000000, err), HCS_WIN32(1460));
}

static void parts_of_persistent_memory_are_mounted(void) {
        struct hcs_schema_guest_lcowvp_mem_mapping_info first = {0, PART_MB * MB, NULL},
                                                        second = {PART_MB * MB, PART_MB * MB, NULL};
        struct hcs_schema_guest_lcow_mapped_vp_mem_device a = {.DeviceNumber = 1,
                                                               .MountPath = (char *)"/run/pmem/a",
                                                               .MappingInfo = &first},
                                                          b = {.DeviceNumber = 1,
                                                               .MountPath = (char *)"/run/pmem/b",
                                                               .MappingInfo = &second,
                                                               .VerityInfo = &verity};

        expect_ok(guest_pmem_mount(ROOTS, &a, SOON, err));
        expect_ok(guest_pmem_mount(ROOTS, &b, SOON, err));
        expect(file_is("/run/pmem/a/hello", "from the layer\n"));
        expect(file_is("/run/pmem/b/hello", "from the layer\n"));
        expect(system("ls /dev/mapper | grep -q dm-linear-pmem1-0-") == 0);
        /* The same part again: its name is taken, and what is mounted stays. */
        expect_failure(guest_pmem_mount(ROOTS, &a, SOON, err), HCS_WIN32(170));
        expect(file_is("/run/pmem/a/hello", "from the layer\n"));
        expect_ok(guest_pmem_unmount(ROOTS, &b, err));
        expect_ok(guest_pmem_unmount(ROOTS, &a, err));
        expect(no_mapper_left());
}

static void without_9p_the_kernel_says_so(void) {
        struct hcs_schema_guest_lcow_mapped_directory d = {.MountPath = (char *)"/run/share", .ShareName = (char *)"s"};
        int fds[2];

        expect(pipe(fds) == 0);
        expect(FAILED(guest_plan9_mount(fds[0], &d, NULL)));
        expect(!hcs_file_exists("/run/share"));
}

const struct check storage_checks[] = {
        CHECK(a_layer_is_mounted_with_verity),
        CHECK(a_layer_is_mounted_without_verity),
        CHECK(a_wrong_root_hash_is_refused),
        CHECK(a_changed_block_cannot_be_read),
        CHECK(a_partition_is_mounted),
        CHECK(a_scratch_is_formatted_and_kept),
        CHECK(an_encrypted_scratch_hides_what_is_written),
        CHECK(layers_from_disks_become_a_root),
        CHECK(a_disk_that_comes_late_is_waited_for_and_unplugged),
        CHECK(a_block_device_is_a_link_to_the_disk),
        CHECK(persistent_memory_is_mounted),
        CHECK(parts_of_persistent_memory_are_mounted),
        CHECK(without_9p_the_kernel_says_so),
        {0},
};
