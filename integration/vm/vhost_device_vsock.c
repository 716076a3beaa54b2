/* SPDX-License-Identifier: MIT */

/*
 * In the place of the installed vhost-device-vsock, which Debian 12 does not have: the flags that machines give it,
 * over our own device. Serves one QEMU; tells its number in the file `pid` beside the sockets, so that a test can end
 * it. usage: vhost-device-vsock --guest-cid=N --socket=PATH --uds-path=FOLDER/v.sock
 */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "mockhcs/vm/vsock/vsock.h"
#include "platform/file.h"

static const char *flag(int argc, char **argv, const char *name) {
        for (int i = 1; i < argc; i++)
                if (hcs_str_starts(argv[i], name))
                        return argv[i] + strlen(name);
        fprintf(stderr, "vhost-device-vsock: no %s\n", name);
        exit(2);
}

int main(int argc, char **argv) {
        const char *socket_path = flag(argc, argv, "--socket="), *uds = flag(argc, argv, "--uds-path=");
        _cleanup_free_ char *folder = hcs_strndup(uds, strlen(uds) - strlen("/v.sock")),
                            *pid_path = hcs_asprintf("%s/pid", folder), *pid = hcs_asprintf("%d", (int)getpid());
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct vsock_device *device = NULL;
        struct hcs_error *err = NULL;
        uint64_t cid;
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

        if (!hcs_str_to_u64(flag(argc, argv, "--guest-cid="), &cid) || !hcs_streq(uds + strlen(folder), "/v.sock"))
                return 2;
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
        hcs_file_write(pid_path, pid, strlen(pid), NULL);
        if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 1) < 0) {
                perror("vhost-device-vsock");
                return 1;
        }
        fd = accept(listener, NULL, NULL);
        if (FAILED(vsock_device_new(&(struct vsock_device_options){.folder = folder, .guest_cid = cid, .front_end = fd},
                                    &device, &err))) {
                fprintf(stderr, "vhost-device-vsock: %s\n", hcs_error_message(err));
                return 1;
        }
        fputs("vhost-device-vsock: serves\n", stderr);
        for (;;)
                pause();
}
