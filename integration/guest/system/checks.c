/* SPDX-License-Identifier: MIT */

/*
 * What only a machine can tell of the guest: real SCSI disks, device-mapper, persistent memory, adapters, control
 * groups, vsocks. Runs inside the machine that machine.c boots, started by our init and vsockexec, and says a line for
 * each check: "ok NAME", "not ok NAME: WHY"; "add DISK" asks the host for a disk, "done" is the end.
 *
 *   checks ROOTHASH IMAGESIZE
 */

#include "integration/guest/system/checks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define SALT "0000000000000000000000000000000000000000000000000000000000000000"

const char *current;
struct hcs_schema_guest_device_verity_info verity;

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
        expect(creat("/etc/writable", 0600) >= 0); /* -w */
        expect(system("grep -q 'overlay /etc overlay' /proc/mounts") == 0);
}

static const struct check init_checks[] = {CHECK(init_prepared_the_system), {0}};

static void run(const struct check *c) {
        for (; c->name; c++) {
                current = c->name;
                printf("begin %s\n", current);
                c->run();
                printf("end %s\n", current);
        }
}

int main(int argc, char **argv) {
        const struct check *const lists[] = {init_checks, storage_checks, network_checks, cgroup_checks, vsock_checks};

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
        for (size_t i = 0; i < HCS_ARRAY_SIZE(lists); i++)
                run(lists[i]);
        puts("done");
        /* The host has everything once it closes its end. */
        shutdown(STDOUT_FILENO, SHUT_WR);
        while (read(STDOUT_FILENO, (char[64]){0}, 64) > 0)
                ;
        reboot(RB_POWER_OFF);
        return 1;
}
