/* SPDX-License-Identifier: MIT */

/*
 * Boots a machine with the disks, memory and adapters of plan.h, and shows what the checks in it say. Twice: with
 * control groups of version 2, and of version 1. Exit code 0 when every check was ok.
 *
 * From the environment: VM_KERNEL, VM_INITRD.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "ext4/layer.h"
#include "integration/guest/system/plan.h"
#include "mockhcs/vm/vm.h"
#include "platform/clock.h"
#include "platform/work_folder.h"

#define MB            (1u << 20)
#define ENTROPY_PORT  1
#define BOOT_TIMEOUT  (180ull * HCS_NS_PER_S)
#define LINE_TIMEOUT  180000 /* two shared cores, emulated, and several such tests */
#define SKIPPED       77
#define PMEM_LIMIT_MB 1024

static _Noreturn void die(const char *what, struct hcs_error *err) {
        _cleanup_free_ char *text = err ? hcs_error_format(err) : hcs_strdup(strerror(errno));

        fprintf(stderr, "%s: %s\n", what, text);
        exit(1);
}

/* The files behind the machine's devices. */
struct images {
        const char *folder;
        char root[VERITY_ROOT_TEXT];
        uint64_t image_size;
};

static char *image_path(const struct images *m, const char *name) {
        return hcs_asprintf("%s/%s", m->folder, name);
}

static void make_layer(struct images *m) {
        _cleanup_free_ char *command =
                hcs_asprintf("mkdir %s/tree && cd %s/tree && printf 'from the layer\\n' >hello && "
                             "seq 1 20000 >big && tar --owner=0 --group=0 -cf ../layer.tar .",
                             m->folder, m->folder);
        _cleanup_free_ char *tar_path = image_path(m, "layer.tar"), *out_path = image_path(m, "layer.vhd");
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *tar = NULL, *out = NULL;
        struct layer_options o;
        struct hcs_error *err = NULL;
        struct layer layer;

        if (system(command) != 0)
                die("make the layer's tar", NULL);
        layer_options_init(&o);
        o.verity = o.vhd = true;
        if (FAILED(hcs_data_file_open(tar_path, &tar, &err)) || FAILED(hcs_data_file_create(out_path, &out, &err)) ||
            FAILED(layer_write(tar, out, &o, &layer, &err)) || FAILED(hcs_data_file_commit(out, &err)))
                die("make the layer", err);
        verity_root_format(&layer.root, m->root);
        m->image_size = layer.image_size;
}

static void copy(const struct images *m, const char *to, uint64_t offset, uint64_t size) {
        _cleanup_free_ char *command =
                hcs_asprintf("cd %s && truncate -s %llu %s && dd if=layer.vhd of=%s bs=4096 "
                             "oflag=seek_bytes seek=%llu conv=notrunc 2>/dev/null",
                             m->folder, (unsigned long long)size, to, to, (unsigned long long)offset);

        if (system(command) != 0)
                die(to, NULL);
}

/* A file's bytes are found by what is in them; one of them is changed. */
static void change_a_block(const struct images *m) {
        _cleanup_free_ char *command = hcs_asprintf(
                "cd %s && at=$(grep -abo -m1 '^19000$' changed.img | head -n1 | cut -d: -f1) && test -n \"$at\" && "
                "printf X | dd of=changed.img bs=1 seek=$at conv=notrunc 2>/dev/null",
                m->folder);

        if (system(command) != 0)
                die("change a block", NULL);
}

/* One Linux partition from the first megabyte on. */
static void partition(const struct images *m, uint64_t size) {
        _cleanup_free_ char *path = image_path(m, "partitioned.img");
        unsigned char mbr[512] = {0}, *p = mbr + 446;
        uint32_t start = MB / 512, sectors = (uint32_t)(size / 512) - MB / 512;
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        p[4] = 0x83;
        for (int i = 0; i < 4; i++) {
                p[8 + i] = (unsigned char)(start >> (8 * i));
                p[12 + i] = (unsigned char)(sectors >> (8 * i));
        }
        mbr[510] = 0x55;
        mbr[511] = 0xAA;
        if (fd < 0 || pwrite(fd, mbr, sizeof(mbr), 0) != sizeof(mbr))
                die(path, NULL);
        close(fd);
}

static void make_images(struct images *m) {
        make_layer(m);
        copy(m, "changed.img", 0, 4 * MB);
        change_a_block(m);
        copy(m, "partitioned.img", MB, 8 * MB);
        partition(m, 8 * MB);
        copy(m, "pmem0.img", 0, 4 * MB);
        copy(m, "pmem1.img", 0, 2 * PART_MB * MB);
        copy(m, "pmem1.img", PART_MB * MB, 2 * PART_MB * MB);
}

/* Every boot begins with an empty one. */
static void make_scratch(const struct images *m) {
        _cleanup_free_ char *path = image_path(m, "scratch.img");
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        if (fd < 0 || ftruncate(fd, (off_t)SCRATCH_MB * MB) < 0)
                die(path, NULL);
        close(fd);
}

static int listen_at(struct vm *vm, unsigned port) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(a.sun_path, sizeof(a.sun_path), "%s/v.sock_%u", vm_folder(vm), port);
        if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 4) < 0)
                die("listen", NULL);
        return fd;
}

static int accept_within(struct vm *vm, int listener, const char *what) {
        struct pollfd p = {.fd = listener, .events = POLLIN};
        struct hcs_error *err = NULL;
        int fd = -1;

        if (poll(&p, 1, LINE_TIMEOUT) == 1)
                fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
                vm_fail(vm, HCS_E_CONNECTION_TIMEOUT, &err, "wait for %s", what);
                die("boot", err);
        }
        return fd;
}

/* What the guest's init asks for before anything else. */
static void serve_entropy(struct vm *vm, int listener) {
        int fd = accept_within(vm, listener, "the guest's question for entropy");
        char bytes[512];

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (char)random();
        if (write(fd, bytes, sizeof(bytes)) != sizeof(bytes))
                die("entropy", NULL);
        close(fd);
}

/* Takes the first line that a relay sends, hangs up, says so on fd, and must get the second on a new connection. */
static bool break_a_relay(struct vm *vm, int listener, int fd) {
        char first[64], second[64];
        int once = accept_within(vm, listener, "the relay"), again;
        ssize_t n = read(once, first, sizeof(first)), m;

        close(once);
        if (write(fd, "x", 1) != 1)
                return false;
        again = accept_within(vm, listener, "the relay once more");
        m = read(again, second, sizeof(second));
        close(again);
        return n == 6 && memcmp(first, "first\n", 6) == 0 && m == 7 && memcmp(second, "second\n", 7) == 0;
}

/* Shows the lines of the checks and does what they ask for. Returns how many were not ok. */
static unsigned follow(struct vm *vm, int fd, int relay, const struct vm_disk *late, bool *ret_done) {
        FILE *f = fdopen(fd, "r");
        unsigned begun = 0, bad = 0;
        char line[4096], name[128] = "";
        bool is_bad = false;

        while (fgets(line, sizeof(line), f)) {
                line[strcspn(line, "\n")] = '\0';
                if (sscanf(line, "begin %127s", name) == 1) {
                        is_bad = false;
                        begun++;
                } else if (hcs_str_starts(line, "end ")) {
                        if (!is_bad)
                                printf("ok %s\n", name);
                } else if (hcs_streq(line, "add")) {
                        struct hcs_error *err = NULL;

                        if (FAILED(vm_disk_add(vm, late, &err)))
                                die("add a disk", err);
                } else if (hcs_streq(line, "relay")) {
                        if (!break_a_relay(vm, relay, fd)) {
                                printf("not ok %s: the host did not get both lines\n", name);
                                is_bad = true;
                                bad++;
                        }
                } else if (hcs_streq(line, "done")) {
                        *ret_done = true;
                        break;
                } else {
                        printf("%s\n", line);
                        if (hcs_str_starts(line, "not ok ")) {
                                is_bad = true;
                                bad++;
                        }
                }
                fflush(stdout);
        }
        fclose(f);
        printf("# %u checks, %u not ok\n", begun, bad);
        return bad;
}

/* Returns whether all was well. */
static bool boot(const struct images *m, const char *kernel_words) {
        _cleanup_free_ char *layer = image_path(m, "layer.vhd"), *changed = image_path(m, "changed.img");
        _cleanup_free_ char *partitioned = image_path(m, "partitioned.img"), *scratch = image_path(m, "scratch.img");
        _cleanup_free_ char *pmem0 = image_path(m, "pmem0.img"), *pmem1 = image_path(m, "pmem1.img");
        const struct vm_disk disks[] = {
                {0, LUN_LAYER, layer, true}, {0, LUN_CHANGED, changed, true},  {0, LUN_PARTITIONED, partitioned, true},
                {1, LUN_PLAIN, layer, true}, {3, LUN_SCRATCH, scratch, false},
        };
        const struct vm_disk late = {0, LUN_LATE, layer, true};
        const struct vm_pmem pmem[] = {{0, pmem0, true}, {1, pmem1, true}};
        const struct vm_nic nics[] = {{"first", NIC_MAC, VM_NIC_NAT}, {"dhcp", NIC_DHCP_MAC, VM_NIC_NAT}};
        _cleanup_free_ char *line =
                hcs_asprintf("console=ttyS0 quiet panic=-1 %s -- -w -e %d /bin/vsockexec -o %d -e %d "
                             "/bin/checks %s %llu",
                             kernel_words, ENTROPY_PORT, PORT, PORT, m->root, (unsigned long long)m->image_size);
        struct vm_options o = {
                .name = "guest-system",
                .kernel = getenv("VM_KERNEL"),
                .initrd = getenv("VM_INITRD"),
                .command_line = line,
                .memory_mb = 512,
                .memory_limit_mb = PMEM_LIMIT_MB,
                .controllers = 4,
                .disks = disks,
                .n_disks = HCS_ARRAY_SIZE(disks),
                .pmem = pmem,
                .n_pmem = HCS_ARRAY_SIZE(pmem),
                .nics = nics,
                .n_nics = HCS_ARRAY_SIZE(nics),
                .run_base = getenv("VM_RUN_BASE"),
        };
        _cleanup_(vm_freep) struct vm *vm = NULL;
        int entropy, lines, relay;
        struct hcs_error *err = NULL;
        bool done = false;
        unsigned bad;

        printf("# %s\n", line);
        make_scratch(m);
        if (FAILED(vm_new(&o, &vm, &err)))
                die("make the machine", err);
        entropy = listen_at(vm, ENTROPY_PORT);
        lines = listen_at(vm, PORT);
        relay = listen_at(vm, RELAY_PORT);
        if (FAILED(vm_start(vm, hcs_clock_ns() + BOOT_TIMEOUT, &err)))
                die("start the machine", err);
        serve_entropy(vm, entropy);
        bad = follow(vm, accept_within(vm, lines, "the checks"), relay, &late, &done);
        close(entropy);
        close(lines);
        close(relay);
        if (!done) {
                vm_fail(vm, HCS_E_CONNECTION_CLOSED, &err, "the checks ended early");
                die("guest", err);
        }
        if (FAILED(vm_wait(vm, hcs_clock_ns() + BOOT_TIMEOUT, NULL, &err)))
                die("the guest's power off", err);
        return bad == 0;
}

int main(void) {
        const char *kernel = getenv("VM_KERNEL"), *initrd = getenv("VM_INITRD");
        _cleanup_(hcs_work_folder_freep) struct hcs_work_folder *folder = NULL;
        struct hcs_error *err = NULL;
        struct images m = {0};
        bool v2, v1;

        if (system("command -v qemu-system-x86_64 >/dev/null") != 0) {
                fputs("SKIPPED: qemu-system-x86_64 is not installed (ci/setup installs it)\n", stderr);
                return SKIPPED;
        }
        if (!kernel || !initrd || access(kernel, R_OK) < 0 || access(initrd, R_OK) < 0) {
                fputs("VM_KERNEL and VM_INITRD must name a kernel and the initrd with the checks\n", stderr);
                return 1;
        }
        if (FAILED(hcs_work_folder_new(NULL, "guest-system", &folder, &err)))
                die("make a folder", err);
        m.folder = hcs_work_folder_path(folder);
        make_images(&m);
        v2 = boot(&m, "");
        v1 = boot(&m, "cgroup_no_v2=all");
        return v2 && v1 ? 0 : 1;
}
