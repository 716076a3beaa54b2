/* SPDX-License-Identifier: MIT */

/*
 * Disks and what is made of them: mounts, dm-verity, file systems, overlays, persistent memory. The VM has, on SCSI
 * controller 0: LUN 0 a layer with dm-verity, made of a busybox, /hello and /big; LUN 1 the same with one block of /big
 * changed; LUNs 2 and 3 empty and writable; LUN 4 any disk. Persistent memory 0 is the layer, 1 has it at 0 and at 8
 * MiB.
 */

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "integration/guest/box.h"
#include "integration/guest/cases.h"

#define PLACE "/run/mounts/conform"
#define DISK  "MappedVirtualDisk"
#define PMEM  "VPMemDevice"
#define PART  8388608u

/* VerityInfo of the layer as a member, with that root hash. Caller frees. */
static char *verity(const char *root_hash) {
        return hcs_asprintf("\"VerityInfo\":{\"Ext4SizeInBytes\":%" PRIu64 ",\"Version\":1,\"Algorithm\":\"sha256\","
                            "\"SuperBlock\":true,\"RootDigest\":\"%s\",\"Salt\":\"%064d\",\"BlockSize\":4096}",
                            suite_layer_size, root_hash, 0);
}

static void check_layer(struct host *h, const char *place) {
        _cleanup_free_ char *hello = host_sh(h, "cat %s/hello; touch %s/x 2>/dev/null || echo read-only", place, place);

        check(hcs_streq(hello, "from the layer\nread-only"), "%s", hello);
}

static void check_gone(struct host *h, const char *place) {
        _cleanup_free_ char *left = host_sh(h, "grep ' %s ' /proc/mounts; ls -A %s 2>/dev/null; true", place, place);

        check(!*left, "%s", left);
}

static void a_layer_is_mounted(struct host *h) {
        host_modify(h, "Add", DISK, "{\"Controller\":0,\"Lun\":0,\"MountPath\":\"" PLACE "/a\",\"ReadOnly\":true}");
        check_layer(h, PLACE "/a");
        host_modify(h, "Remove", DISK, "{\"Controller\":0,\"Lun\":0,\"MountPath\":\"" PLACE "/a\",\"ReadOnly\":true}");
        check_gone(h, PLACE "/a");
}

/* Mapped devices of dm-verity that are there. Caller frees. */
static char *mapped(struct host *h) {
        return host_sh(h, "ls /dev/mapper | grep verity; true");
}

static void a_layer_is_mounted_with_its_root_hash(struct host *h) {
        _cleanup_free_ char *info = verity(suite_root_hash), *during = NULL, *after = NULL;
        _cleanup_free_ char *settings =
                hcs_asprintf("{\"Controller\":0,\"Lun\":0,\"MountPath\":\"" PLACE "/v\",\"ReadOnly\":true,%s}", info);

        host_modify(h, "Add", DISK, "%s", settings);
        check_layer(h, PLACE "/v");
        during = mapped(h);
        check(*during, "there is no device of dm-verity");
        host_modify(h, "Remove", DISK, "%s", settings);
        check_gone(h, PLACE "/v");
        after = mapped(h);
        check(!*after, "%s", after);
}

/* Its device of dm-verity can be made once: who comes second is refused, and takes nothing away from the first. */
static void two_requests_at_once_for_one_layer(struct host *h) {
        static const char *const places[] = {PLACE "/one", PLACE "/two"};
        _cleanup_free_ char *info = verity(suite_root_hash), *after = NULL;
        char *settings[2];
        uint64_t ids[2];
        bool made[2];

        for (size_t i = 0; i < 2; i++) {
                _cleanup_free_ char *body = NULL;

                settings[i] = hcs_asprintf("{\"Controller\":0,\"Lun\":0,\"MountPath\":\"%s\",\"ReadOnly\":true,%s}",
                                           places[i], info);
                body = hcs_asprintf("{\"ContainerId\":\"" UVM
                                    "\",\"Request\":{\"RequestType\":\"Add\",\"ResourceType\":"
                                    "\"" DISK "\",\"Settings\":%s}}",
                                    settings[i]);
                ids[i] = host_send(h, HCS_GCS_REQUEST | HCS_GCS_MODIFY_SETTINGS, body);
        }
        for (size_t i = 0; i < 2; i++) {
                _cleanup_json_ struct hcs_json *answer = host_wait(h, ids[i]);

                made[i] = host_result(answer) == S_OK;
        }
        check(made[0] != made[1], "%s", made[0] ? "both are made" : "none is made");
        check_layer(h, places[made[1]]);
        check_gone(h, places[made[0]]);
        host_modify(h, "Remove", DISK, "%s", settings[made[1]]);
        free(settings[0]);
        free(settings[1]);
        check_gone(h, places[made[1]]);
        after = mapped(h);
        check(!*after, "%s", after);
}

static void another_root_hash_is_refused(struct host *h) {
        _cleanup_free_ char *wrong = hcs_strdup(suite_root_hash), *info = NULL, *after = NULL;

        wrong[0] = wrong[0] == 'a' ? 'b' : 'a';
        info = verity(wrong);
        free(host_modify_failing(h, "Add", DISK,
                                 "{\"Controller\":0,\"Lun\":0,\"MountPath\":\"" PLACE "/w\",\"ReadOnly\":true,%s}",
                                 info));
        check_gone(h, PLACE "/w");
        after = mapped(h);
        check(!*after, "%s", after);
}

static void a_changed_block_is_not_read(struct host *h) {
        _cleanup_free_ char *info = verity(suite_root_hash), *code = NULL;
        _cleanup_free_ char *settings =
                hcs_asprintf("{\"Controller\":0,\"Lun\":1,\"MountPath\":\"" PLACE "/c\",\"ReadOnly\":true,%s}", info);

        host_modify(h, "Add", DISK, "%s", settings);
        check_layer(h, PLACE "/c");
        code = host_sh(h, "cat " PLACE "/c/big >/dev/null 2>&1 && echo read || echo error");
        host_modify(h, "Remove", DISK, "%s", settings);
        check(hcs_streq(code, "error"), "%s", code);
}

#define SCRATCH \
        "{\"Controller\":0,\"Lun\":2,\"MountPath\":\"" PLACE "/s\",\"EnsureFilesystem\":true,\"Filesystem\":\"ext4\"}"

static void an_empty_disk_gets_a_file_system_once(struct host *h) {
        _cleanup_free_ char *kept = NULL;

        host_modify(h, "Add", DISK, SCRATCH);
        free(host_sh(h, "echo kept >" PLACE "/s/file"));
        host_modify(h, "Remove", DISK, SCRATCH);
        check_gone(h, PLACE "/s");
        host_modify(h, "Add", DISK, SCRATCH);
        kept = host_sh(h, "cat " PLACE "/s/file; rm " PLACE "/s/file");
        host_modify(h, "Remove", DISK, SCRATCH);
        check(hcs_streq(kept, "kept"), "%s", kept);
}

static void an_empty_disk_without_a_file_system_is_refused(struct host *h) {
        free(host_modify_failing(h, "Add", DISK,
                                 "{\"Controller\":0,\"Lun\":3,\"MountPath\":\"" PLACE "/e\",\"ReadOnly\":false}"));
        check_gone(h, PLACE "/e");
}

static void a_mount_in_use_stays(struct host *h) {
        struct process p;

        host_modify(h, "Add", DISK, "{\"Controller\":0,\"Lun\":0,\"MountPath\":\"" PLACE "/u\",\"ReadOnly\":true}");
        p = host_exec(h, UVM, STREAM_IN,
                      "{\"CommandArgs\":[\"cat\"],\"WorkingDirectory\":\"" PLACE "/u\","
                      "\"Environment\":{\"PATH\":\"/bin:/usr/bin\"}}");
        free(host_modify_failing(h, "Remove", DISK,
                                 "{\"Controller\":0,\"Lun\":0,\"MountPath\":\"" PLACE "/u\",\"ReadOnly\":true}"));
        check_layer(h, PLACE "/u");
        host_close(&p.in);
        check(host_wait_process(h, &p) == 0, "exit code");
        host_modify(h, "Remove", DISK, "{\"Controller\":0,\"Lun\":0,\"MountPath\":\"" PLACE "/u\",\"ReadOnly\":true}");
        check_gone(h, PLACE "/u");
}

#define CRYPT                                                                                                     \
        "{\"Controller\":0,\"Lun\":3,\"MountPath\":\"" PLACE "/x\",\"Encrypted\":true,\"EnsureFilesystem\":true," \
        "\"Filesystem\":\"xfs\"}"

static void an_encrypted_disk_hides_what_is_written(struct host *h) {
        _cleanup_free_ char *found = NULL;

        host_modify(h, "Add", DISK, CRYPT);
        free(host_sh(h, "for i in 1 2 3 4 5 6 7 8; do echo plain-to-read; done >" PLACE "/x/secret; sync"));
        host_modify(h, "Remove", DISK, CRYPT);
        check_gone(h, PLACE "/x");
        found = host_sh(h, "for d in /sys/bus/scsi/devices/*:0:0:3/block/*; do dd if=/dev/$(basename $d) bs=1M "
                           "count=64 2>/dev/null | grep -c plain-to-read; done; true");
        check(hcs_streq(found, "0"), "%s", found);
}

static void a_disk_can_be_given_as_it_is(struct host *h) {
        _cleanup_free_ char *kind = NULL;

        host_modify(h, "Add", DISK, "{\"Controller\":0,\"Lun\":0,\"MountPath\":\"" PLACE "/dev\",\"BlockDev\":true}");
        kind = host_sh(h, "test -b " PLACE "/dev && echo block");
        host_modify(h, "Remove", DISK,
                    "{\"Controller\":0,\"Lun\":0,\"MountPath\":\"" PLACE "/dev\",\"BlockDev\":true}");
        check(hcs_streq(kind, "block"), "%s", kind);
        check_gone(h, PLACE "/dev");
}

static void persistent_memory_is_mounted(struct host *h) {
        _cleanup_free_ char *info = verity(suite_root_hash);
        _cleanup_free_ char *settings = hcs_asprintf("{\"DeviceNumber\":0,\"MountPath\":\"" PLACE "/p\",%s}", info);

        host_modify(h, "Add", PMEM, "%s", settings);
        check_layer(h, PLACE "/p");
        host_modify(h, "Remove", PMEM, "%s", settings);
        check_gone(h, PLACE "/p");
}

static void parts_of_persistent_memory_are_mounted(struct host *h) {
        static const unsigned offsets[] = {0, PART};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(offsets); i++)
                host_modify(h, "Add", PMEM,
                            "{\"DeviceNumber\":1,\"MountPath\":\"" PLACE "/m%zu\",\"MappingInfo\":"
                            "{\"DeviceOffsetInBytes\":%u,\"DeviceSizeInBytes\":%u}}",
                            i, offsets[i], PART);
        check_layer(h, PLACE "/m0");
        check_layer(h, PLACE "/m1");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(offsets); i++)
                host_modify(h, "Remove", PMEM,
                            "{\"DeviceNumber\":1,\"MountPath\":\"" PLACE "/m%zu\",\"MappingInfo\":"
                            "{\"DeviceOffsetInBytes\":%u,\"DeviceSizeInBytes\":%u}}",
                            i, offsets[i], PART);
        check_gone(h, PLACE "/m0");
        check_gone(h, PLACE "/m1");
}

/* As a host brings a container up and down: layer, scratch, overlay, container. */
static void a_container_runs_from_layers(struct host *h) {
        _cleanup_free_ char *info = verity(suite_root_hash), *layers = NULL, *left = NULL;
        _cleanup_free_ char *layer =
                hcs_asprintf("{\"Controller\":0,\"Lun\":0,\"MountPath\":\"" PLACE "/l\",\"ReadOnly\":true,%s}", info);
        struct outcome o = {0};
        BOX(b, "[\"sh\",\"-c\",\"cat /hello; echo new >/new; cat /new; exit 5\"]");

        layers = hcs_asprintf(
                "{\"ContainerID\":\"%s\",\"ContainerRootPath\":\"%s/rootfs\",\"Layers\":[{\"Path\":\"" PLACE
                "/l\"}],\"ScratchPath\":\"" PLACE "/s/scratch/%s\"}",
                b.box.id, b.box.bundle, b.box.id);
        free(host_sh(h, "rm -rf %s/rootfs/*", b.box.bundle));
        host_modify(h, "Add", DISK, "%s", layer);
        host_modify(h, "Add", DISK, SCRATCH);
        host_modify(h, "Add", "CombinedLayers", "%s", layers);
        box_run(&b.box, h, NULL, &o);
        outcome_check(h, &o, 5, "from the layer\nnew\n");
        host_modify(h, "Remove", "CombinedLayers", "%s", layers);
        box_delete(&b.box, h);
        left = host_sh(h, "find " PLACE "/s/scratch -name new | wc -l; rm -rf " PLACE "/s/scratch");
        check(hcs_streq(left, "1"), "the scratch has %s", left);
        host_modify(h, "Remove", DISK, SCRATCH);
        host_modify(h, "Remove", DISK, "%s", layer);
        check_gone(h, PLACE "/l");
}

/* The last of them: the disk does not come back. */
static void a_disk_that_was_unplugged_is_gone(struct host *h) {
        _cleanup_free_ char *left = NULL;

        host_modify(h, "Remove", "SCSIDevice", "{\"Controller\":0,\"Lun\":4}");
        left = host_sh(h, "ls -d /sys/bus/scsi/devices/*:0:0:4 2>/dev/null; true");
        check(!*left, "%s", left);
        host_modify(h, "Remove", "SCSIDevice", "{\"Controller\":0,\"Lun\":4}");
        free(host_modify_failing(h, "Add", DISK, "{\"Controller\":0,\"Lun\":4,\"MountPath\":\"" PLACE "/g\"}"));
}

#define CASE(name, fn) \
        { "disk: " name, NEEDS_DISKS, fn }

static const struct test_case cases[] = {
        CASE("a layer is mounted", a_layer_is_mounted),
        CASE("a layer is mounted with its root hash", a_layer_is_mounted_with_its_root_hash),
        CASE("two requests at once for one layer", two_requests_at_once_for_one_layer),
        CASE("another root hash is refused", another_root_hash_is_refused),
        CASE("a changed block is not read", a_changed_block_is_not_read),
        CASE("an empty disk gets a file system once", an_empty_disk_gets_a_file_system_once),
        CASE("an empty disk without a file system is refused", an_empty_disk_without_a_file_system_is_refused),
        CASE("a mount in use stays", a_mount_in_use_stays),
        CASE("an encrypted disk hides what is written", an_encrypted_disk_hides_what_is_written),
        CASE("a disk can be given as it is", a_disk_can_be_given_as_it_is),
        CASE("persistent memory is mounted", persistent_memory_is_mounted),
        CASE("parts of persistent memory are mounted", parts_of_persistent_memory_are_mounted),
        {"disk: a container runs from layers", NEEDS_DISKS | NEEDS_RUNTIME, a_container_runs_from_layers},
        CASE("a disk that was unplugged is gone", a_disk_that_was_unplugged_is_gone),
};
const struct case_table disk_cases = {.cases = cases, .n = HCS_ARRAY_SIZE(cases)};
