/* SPDX-License-Identifier: MIT */

/* vsocks of the machine's kernel: vsockexec's relay to the host, and the library's transport over the loopback. */

#include "integration/guest/system/checks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "hcsshim/gcs.h"
#include "integration/guest/system/plan.h"
#include "platform/thread.h"

#define LOOPBACK_PORT 5000 /* nobody else's */

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

const struct check vsock_checks[] = {
        CHECK(a_relay_dials_again_when_its_host_comes_back),
        CHECK(the_hosts_transport_goes_over_the_kernels_vsock),
        {0},
};
