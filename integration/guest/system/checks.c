/* SPDX-License-Identifier: MIT */

/*
 * What only a machine can tell of the guest's storage, network and control groups: real SCSI disks, device-mapper,
 * persistent memory, adapters. Runs inside the machine that machine.c boots, started by our init and vsockexec, and
 * says a line for each check: "ok NAME", "not ok NAME: WHY"; "add DISK" asks the host for a disk, "done" is the end.
 *
 *   checks ROOTHASH IMAGESIZE
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/cgroup/event.h"
#include "guest/network/namespaces.h"
#include "guest/storage/mount.h"
#include "guest/storage/overlay.h"
#include "guest/storage/plan9.h"
#include "guest/storage/pmem.h"
#include "guest/storage/scsi.h"
#include "hcsshim/gcs.h"
#include "integration/guest/system/plan.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/thread.h"

#define ROOTS &guest_real_roots
#define SOON  (hcs_clock_ns() + 30 * (uint64_t)HCS_NS_PER_S)
#define SALT  "0000000000000000000000000000000000000000000000000000000000000000"
#define MB    (1u << 20)

#define LOOPBACK_PORT 5000 /* nobody else's */

typedef struct hcs_schema_guest_lcow_mapped_virtual_disk disk_t;

static const char *current;
static struct hcs_schema_guest_device_verity_info verity;

/* Ends the check. */
#define expect(condition)                                                                  \
        do {                                                                               \
                if (!(condition)) {                                                        \
                        printf("not ok %s: line %d: %s\n", current, __LINE__, #condition); \
                        return;                                                            \
                }                                                                          \
        } while (0)
#define expect_ok(expr)                                                                               \
        do {                                                                                          \
                struct hcs_error *e_ = NULL, **err = &e_;                                             \
                if (FAILED(expr)) {                                                                   \
                        printf("not ok %s: line %d: %s\n", current, __LINE__, hcs_error_message(e_)); \
                        hcs_error_free(e_);                                                           \
                        return;                                                                       \
                }                                                                                     \
        } while (0)
#define expect_failure(expr, code)                                                                   \
        do {                                                                                         \
                struct hcs_error *e_ = NULL, **err = &e_;                                            \
                HRESULT hr_ = (expr);                                                                \
                if (hr_ != (code)) {                                                                 \
                        printf("not ok %s: line %d: 0x%08x: %s\n", current, __LINE__, (unsigned)hr_, \
                               e_ ? hcs_error_message(e_) : "no failure");                           \
                        hcs_error_free(e_);                                                          \
                        return;                                                                      \
                }                                                                                    \
                hcs_error_free(e_);                                                                  \
        } while (0)

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

static void init_prepared_the_system(void) {
        struct rlimit files;
        struct stat st;

        expect(getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur == 1024 && files.rlim_max == 1024 * 1024);
        expect(getppid() == 1 && getsid(0) == getpid());
        expect(lstat("/dev/stdin", &st) == 0 && S_ISLNK(st.st_mode));
        expect(access("/dev/pts/ptmx", F_OK) == 0 && access("/proc/self", F_OK) == 0);
        expect(system("grep -q 'tmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime,.*mode=755' /proc/mounts") == 0);
        expect(system("ip link show lo | grep -q LOWER_UP") == 0);
        expect(hcs_streq(getenv("PATH"), "/sbin:/usr/sbin:/bin:/usr/bin"));
        expect(file_is("/etc/writable", "") || creat("/etc/writable", 0600) >= 0); /* -w */
        expect(system("grep -q 'overlay /etc overlay' /proc/mounts") == 0);
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

static pid_t start_holder(void) {
        int ready[2];
        char c;
        pid_t pid;

        if (pipe(ready) < 0 || (pid = fork()) < 0)
                return -1;
        if (pid == 0) {
                if (unshare(CLONE_NEWNET) < 0 || write(ready[1], "x", 1) != 1)
                        _exit(1);
                pause();
        }
        close(ready[1]);
        if (read(ready[0], &c, 1) != 1)
                pid = -1;
        close(ready[0]);
        return pid;
}

static int run_in(pid_t pid, const char *command) {
        _cleanup_free_ char *line = hcs_asprintf("nsenter -n -t %d %s", (int)pid, command);

        return system(line);
}

static void an_adapter_reaches_the_host_from_a_container(void) {
        struct hcs_schema_guest_lcowip_config ip = {.IPAddress = (char *)"10.0.2.15", .PrefixLength = 24};
        struct hcs_schema_guest_lcow_route route = {.NextHop = (char *)"10.0.2.2",
                                                    .DestinationPrefix = (char *)"0.0.0.0/0"};
        struct hcs_schema_guest_lcow_network_adapter a = {.NamespaceID = (char *)"NS",
                                                          .ID = (char *)"11111111-2222-3333-4444-555555555555",
                                                          .MacAddress = (char *)NIC_MAC,
                                                          .IPConfigs = {&ip, 1},
                                                          .Routes = {&route, 1}};
        struct guest_namespaces *n = guest_namespaces_new(ROOTS);
        pid_t pid = start_holder();

        expect(pid > 0);
        expect_ok(guest_namespaces_add_adapter(n, &a, SOON, err));
        expect_ok(guest_namespaces_assign(n, "ns", pid, err));
        expect_ok(guest_namespaces_sync(n, "ns", err));
        expect(run_in(pid, "ip route | grep -q 'default via 10.0.2.2'") == 0);
        expect(run_in(pid, "ping -c 1 -W 20 10.0.2.2 >/dev/null") == 0);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        guest_namespaces_free(n);
}

static void an_adapter_without_addresses_gets_a_lease(void) {
        struct hcs_schema_guest_lcow_network_adapter a = {
                .NamespaceID = (char *)"dhcp", .ID = (char *)"dhcp-adapter", .MacAddress = (char *)NIC_DHCP_MAC};
        struct guest_namespaces *n = guest_namespaces_new(ROOTS);
        pid_t pid = start_holder();

        expect(pid > 0);
        expect_ok(guest_namespaces_add_adapter(n, &a, SOON, err));
        expect_ok(guest_namespaces_assign(n, "dhcp", pid, err));
        expect_ok(guest_namespaces_sync(n, "dhcp", err));
        expect(run_in(pid, "ip addr | grep -q 'inet 10.0.2.'") == 0);
        expect(run_in(pid, "ip route | grep -q 'default via 10.0.2.2'") == 0);
        expect(system("grep -q 'nameserver 10.0.2.3' /etc/resolv.conf") == 0);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        guest_namespaces_free(n);
}

/* A process that waits for a byte, and then has that much memory in use. */
static pid_t start_eater(size_t bytes, int *ret_go) {
        int go[2];
        pid_t pid;
        char c;

        if (pipe(go) < 0 || (pid = fork()) < 0)
                return -1;
        if (pid == 0) {
                char *p;

                close(go[1]);
                if (read(go[0], &c, 1) != 1)
                        _exit(1);
                p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                memset(p, 1, bytes);
                pause();
        }
        close(go[0]);
        *ret_go = go[1];
        return pid;
}

static bool wait_for(struct guest_memory_watch *w) {
        struct pollfd p = {.fd = w->fd, .events = POLLIN};

        while (poll(&p, 1, 30000) == 1) {
                HRESULT hr = guest_memory_watch_read(w, NULL);

                if (hr != S_FALSE)
                        return hr == S_OK;
        }
        return false;
}

static void control_groups_limit_and_tell(void) {
        _cleanup_json_ struct hcs_json *resources = NULL, *metrics = NULL;
        struct guest_memory_watch oom = {0}, threshold = {0}, pressure = {0};
        _cleanup_free_ pid_t *pids = NULL;
        struct hcs_error *why = NULL;
        struct guest_cgroups c;
        int go, status;
        pid_t pid;
        uint64_t n;
        HRESULT hr;
        size_t n_pids;

        expect_ok(guest_cgroups_init(&c, "/sys/fs/cgroup", "/proc", err));
        printf("# control groups of version %d\n", c.version);
        expect_ok(guest_cgroups_use_hierarchy(&c, err));
        expect_ok(hcs_json_parse_cstr(
                "{\"memory\":{\"limit\":16777216},\"cpu\":{\"shares\":512},\"pids\":{\"limit\":50}}", &resources, err));
        expect_ok(guest_cgroup_create(&c, "/pods/a", resources, err));
        expect_ok(guest_memory_watch_init(&oom, &c, "/pods/a", GUEST_MEMORY_OOM, 0, err));
        expect_ok(guest_memory_watch_init(&threshold, &c, "/pods/a", GUEST_MEMORY_THRESHOLD, 4 * MB, err));
        hr = guest_memory_watch_init(&pressure, &c, "/pods/a", GUEST_MEMORY_PRESSURE, 0, &why);
        printf("# pressure: %s\n", FAILED(hr) ? hcs_error_message(why) : "watched");
        expect(SUCCEEDED(hr) || hr == HCS_WIN32(50));

        pid = start_eater(8 * MB, &go);
        expect(pid > 0);
        expect_ok(guest_cgroup_add(&c, "/pods/a", pid, err));
        expect(write(go, "x", 1) == 1);
        expect(wait_for(&threshold));
        expect_ok(guest_cgroup_pids(&c, "/pods", &pids, &n_pids, err));
        expect(n_pids == 1 && pids[0] == pid);
        expect_ok(guest_cgroup_kill(&c, "/pods", err));
        expect(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

        pid = start_eater(64 * MB, &go);
        expect(pid > 0);
        expect_ok(guest_cgroup_add(&c, "/pods/a", pid, err));
        expect(write(go, "x", 1) == 1);
        expect(wait_for(&oom));
        expect(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        expect_ok(guest_cgroup_stats(&c, "/pods/a", &metrics, err));
        expect(hcs_json_u64(hcs_json_lookup(metrics, "memory.usage.limit"), &n) && n == 16777216);
        expect(hcs_json_u64(hcs_json_lookup(metrics, "pids.limit"), &n) && n == 50);
        expect(hcs_json_u64(hcs_json_lookup(metrics, "memory_oom_control.oom_kill"), &n) && n == 1);
        expect(hcs_json_u64(hcs_json_lookup(metrics, "cpu.usage.total"), &n) && n > 0);
        guest_memory_watch_deinit(&threshold);
        if (SUCCEEDED(hr))
                guest_memory_watch_deinit(&pressure);
        expect_ok(guest_cgroup_delete(&c, "/pods", err));
        expect(FAILED(guest_memory_watch_read(&oom, NULL))); /* the group is gone, and that is told */
        guest_memory_watch_deinit(&oom);
}

static void a_relay_dials_again_when_its_host_comes_back(void) {
        _cleanup_free_ char *command =
                hcs_asprintf("/bin/vsockexec -r -o %d sh -c 'echo first; read line; echo second; exit 5' "
                             "</run/relay",
                             RELAY_PORT);
        int go, status;
        pid_t pid;

        expect(mkfifo("/run/relay", 0600) == 0);
        puts("relay");
        pid = fork();
        if (pid == 0)
                _exit(WEXITSTATUS(system(command)));
        /* The host says on our own line that it has hung up. */
        go = open("/run/relay", O_WRONLY | O_CLOEXEC);
        expect(go >= 0 && read(STDOUT_FILENO, (char[1]){0}, 1) == 1);
        expect(write(go, "x\n", 2) == 2);
        expect(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
}

static void dial_the_loopback(void *transport) {
        struct hcs_stream *s = NULL;
        char buf[8];
        size_t n;

        if (FAILED(hcs_gcs_dial(transport, LOOPBACK_PORT, NULL, &s, NULL)))
                return;
        hcs_stream_write(s, "hello", 5, NULL, NULL);
        hcs_stream_close_write(s);
        hcs_stream_read(s, buf, sizeof(buf), NULL, &n, NULL);
        hcs_stream_close(s);
}

static void the_hosts_transport_goes_over_the_kernels_vsock(void) {
        const struct hcs_call soon = {.timeout_ms = 100};
        struct hcs_gcs_transport *t = NULL, *other = NULL;
        struct hcs_gcs_listener *l = NULL, *deaf = NULL;
        struct hcs_stream *s = NULL, *dialled = NULL;
        struct hcs_thread thread;
        char buf[8];
        size_t n;

        expect(system("modprobe vsock_loopback") == 0);
        expect_ok(hcs_gcs_transport_open("vsock:1", &t, err));
        expect_ok(hcs_gcs_transport_open("vsock:7", &other, err));
        expect(FAILED(hcs_gcs_dial(t, LOOPBACK_PORT, &soon, &s, NULL))); /* nobody listens */
        expect_ok(hcs_gcs_listen(t, LOOPBACK_PORT, &l, err));
        expect(FAILED(hcs_gcs_listen(t, LOOPBACK_PORT, &deaf, NULL)));
        expect_failure(hcs_gcs_accept(l, &soon, &s, err), HCS_E_OPERATION_TIMEOUT);
        expect_ok(hcs_thread_start(&thread, dial_the_loopback, t, err));
        expect_ok(hcs_gcs_accept(l, NULL, &s, err));
        expect(hcs_stream_read(s, buf, sizeof(buf), NULL, &n, NULL) == S_OK && n == 5 && !memcmp(buf, "hello", 5));
        expect(hcs_stream_read(s, buf, sizeof(buf), NULL, &n, NULL) == S_FALSE); /* the other half is open */
        expect_ok(hcs_stream_write(s, "bye", 3, NULL, err));
        hcs_thread_join(&thread);
        s = hcs_stream_close(s);
        hcs_gcs_listener_wake(l);
        expect_failure(hcs_gcs_accept(l, NULL, &s, err), E_ABORT);
        hcs_gcs_listener_close(l);

        /* Another machine than the one that is waited for gets no answer, and is not taken for it. */
        expect_ok(hcs_gcs_listen(other, LOOPBACK_PORT, &deaf, err));
        expect_ok(hcs_gcs_dial(t, LOOPBACK_PORT, NULL, &dialled, err));
        expect_failure(hcs_gcs_accept(deaf, &soon, &s, err), HCS_E_OPERATION_TIMEOUT);
        expect(hcs_stream_read(dialled, buf, sizeof(buf), NULL, &n, NULL) != S_OK); /* it was hung up */
        hcs_stream_close(dialled);
        hcs_gcs_listener_close(deaf);
        hcs_gcs_transport_unref(other);
        hcs_gcs_transport_unref(t);
}

static void without_9p_the_kernel_says_so(void) {
        struct hcs_schema_guest_lcow_mapped_directory d = {.MountPath = (char *)"/run/share", .ShareName = (char *)"s"};
        int fds[2];

        expect(pipe(fds) == 0);
        expect(FAILED(guest_plan9_mount(fds[0], &d, NULL)));
        expect(!hcs_file_exists("/run/share"));
}

int main(int argc, char **argv) {
        static const struct {
                const char *name;
                void (*run)(void);
        } checks[] = {
#define CHECK(name) {#name, name}
                CHECK(init_prepared_the_system),
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
                CHECK(an_adapter_reaches_the_host_from_a_container),
                CHECK(an_adapter_without_addresses_gets_a_lease),
                CHECK(control_groups_limit_and_tell),
                CHECK(a_relay_dials_again_when_its_host_comes_back),
                CHECK(the_hosts_transport_goes_over_the_kernels_vsock),
                CHECK(without_9p_the_kernel_says_so),
        };

        setvbuf(stdout, NULL, _IOLBF, 0);
        if (argc != 3)
                return 1;
        verity = (struct hcs_schema_guest_device_verity_info){
                .Ext4SizeInBytes = strtoll(argv[2], NULL, 10),
                .Version = 1,
                .Algorithm = (char *)"sha256",
                .SuperBlock = true,
                .RootDigest = argv[1],
                .Salt = (char *)SALT,
                .BlockSize = 4096,
        };
        for (size_t i = 0; i < HCS_ARRAY_SIZE(checks); i++) {
                current = checks[i].name;
                printf("begin %s\n", current);
                checks[i].run();
                printf("end %s\n", current);
        }
        puts("done");
        /* The host has everything once it closes its end. */
        shutdown(STDOUT_FILENO, SHUT_WR);
        while (read(STDOUT_FILENO, (char[64]){0}, 64) > 0)
                ;
        reboot(RB_POWER_OFF);
        return 1;
}
