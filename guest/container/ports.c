/* SPDX-License-Identifier: MIT */

/* The streams of ports.h. */

#include "guest/container/ports.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIPE_BYTES (1024 * 1024)
#define WINDOW     (1024 * 1024)

/*
 * A host that had filled the window would stand still while a relay lets a stream fill, and newer kernels send no more
 * to a host than they would take from it. Memory is used as it is filled; what is no vsock has windows of its own.
 */
void guest_ports_widen(int fd) {
        uint64_t window = WINDOW;

        setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &window, sizeof(window));
        setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &window, sizeof(window));
}

static HRESULT dial(const struct guest_transport *t, bool wanted, uint32_t port, const char *name, int *ret_fd,
                    struct hcs_error **err) {
        HRESULT hr = wanted ? guest_transport_dial(t, port, ret_fd, err) : S_OK;

        if (FAILED(hr))
                hcs_error_wrap(err, "failed creating %s Connection", name);
        else if (wanted)
                guest_ports_widen(*ret_fd);
        return hr;
}

HRESULT guest_ports_dial(const struct guest_ports *p, const struct guest_transport *t, struct guest_streams *ret,
                         struct hcs_error **err) {
        struct guest_streams s = GUEST_STREAMS_NONE;
        HRESULT hr = dial(t, p->has_in, p->in, "stdin", &s.in, err);

        if (SUCCEEDED(hr))
                hr = dial(t, p->has_out, p->out, "stdout", &s.out, err);
        if (SUCCEEDED(hr))
                hr = dial(t, p->has_err, p->err, "stderr", &s.err, err);
        if (FAILED(hr)) {
                guest_streams_close(&s);
                return hr;
        }
        *ret = s;
        return S_OK;
}

static HRESULT add_pipe(bool wanted, int *ret_read, int *ret_write, struct hcs_error **err) {
        int fds[2];

        if (!wanted)
                return S_OK;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return hcs_error_errno(err, errno, "failed to create a pipe for a stream");
        /* Fewer turns of the relay; a kernel that gives less is fine. Memory is used as far as the pipe is filled. */
        fcntl(fds[0], F_SETPIPE_SZ, PIPE_BYTES);
        *ret_read = fds[0];
        *ret_write = fds[1];
        return S_OK;
}

HRESULT guest_ports_pipes(bool in, bool out, bool err_stream, struct guest_streams *ret_ours,
                          struct guest_streams *ret_theirs, struct hcs_error **err) {
        struct guest_streams ours = GUEST_STREAMS_NONE, theirs = GUEST_STREAMS_NONE;
        HRESULT hr = add_pipe(in, &theirs.in, &ours.in, err);

        if (SUCCEEDED(hr))
                hr = add_pipe(out, &ours.out, &theirs.out, err);
        if (SUCCEEDED(hr))
                hr = add_pipe(err_stream, &ours.err, &theirs.err, err);
        if (FAILED(hr)) {
                guest_streams_close(&ours);
                guest_streams_close(&theirs);
                return hr;
        }
        *ret_ours = ours;
        *ret_theirs = theirs;
        return S_OK;
}
