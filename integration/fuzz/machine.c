/* SPDX-License-Identifier: MIT */

/*
 * Cables and shares against a guest that is the input. A frame that is one stays one whatever the gateway changes in
 * it; what is shared changes, and nothing beside it does; no descriptor is left.
 */

#include "integration/fuzz/machine.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mockhcs/vm/network/cable.h"
#include "mockhcs/vm/plan9/session.h"

static char folder[] = "/tmp/fuzz-share.XXXXXX";
static char share[64], secret[64];

static void must(bool ok) {
        if (!ok)
                abort();
}

/* What the gateway does to a frame, each in memory of exactly its size. */
static void take_frame(void *ctx, struct vm_cable *c, const uint8_t *data, size_t len) {
        uint8_t *copy = hcs_memdup(data, len), *out = hcs_malloc(len);
        struct frame f, again;

        if (frame_parse(copy, len, &f)) {
                size_t n = frame_refuse_question(copy, &f, out);

                must(n <= len && (n == 0 || frame_parse(out, n, &again)));
                if (f.target_port) {
                        frame_set_target(copy, &f, 0xc0000235, 53);
                        frame_set_sender(copy, &f, 0x0a000001, 1);
                        must(frame_parse(copy, len, &again));
                        must(again.target == 0xc0000235 && again.sender == 0x0a000001 && again.target_port == 53 &&
                             again.sender_port == 1 && again.end == f.end);
                }
        }
        cable_push(c, data, len);
        free(copy);
        free(out);
}

static void fuzz_cable(const uint8_t *data, size_t size) {
        struct vm_cable *c;
        uint8_t back[4096];
        int fds[2];

        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
        c = cable_new(fds[0]);
        while (size > 0 && !atomic_load(&c->lost)) {
                size_t n = size < 1000 ? size : 1000;

                must(send(fds[1], data, n, MSG_NOSIGNAL) == (ssize_t)n);
                data += n;
                size -= n;
                cable_read(c, take_frame, NULL);
                cable_flush(c);
                while (recv(fds[1], back, sizeof(back), 0) > 0)
                        continue;
        }
        cable_free(c);
        close(fds[1]);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where) {
        if (where->level > 0)
                remove(path);
        return 0;
}

static void remove_folder(void) {
        nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        rmdir(folder);
}

static void put_file(const char *path, const char *content) {
        FILE *f = fopen(path, "we");

        must(f && fputs(content, f) >= 0 && fclose(f) == 0);
}

static struct plan9_export *find(void *ctx, const char *name) {
        return plan9_export_ref(ctx);
}

static void begin(struct plan9_export **ret, bool restricted) {
        static const char *const files[] = {"a", "b"};
        const struct plan9_share s = {"share", share, false, restricted ? files : NULL, 2};
        char path[80];

        if (!*secret) {
                must(mkdtemp(folder) != NULL);
                atexit(remove_folder);
                snprintf(share, sizeof(share), "%s/share", folder);
                snprintf(secret, sizeof(secret), "%s/secret", folder);
                put_file(secret, "of the host");
        }
        must(mkdir(share, 0700) == 0);
        snprintf(path, sizeof(path), "%s/a", share);
        put_file(path, "content");
        must(SUCCEEDED(plan9_export_new(&s, ret, NULL)));
}

/* Messages: two bytes of size, little endian, then type, tag and body; the size in front of them is made right. */
static void fuzz_plan9(const uint8_t *data, size_t size) {
        static uint8_t answer[PLAN9_MESSAGE_MAX], message[PLAN9_HEADER + UINT16_MAX];
        struct plan9_out out = {.data = answer, .size = sizeof(answer)};
        struct plan9_session session = {.find = find};
        struct plan9_export *export;
        struct stat st;
        bool go_on = true;

        begin(&export, size > 0 && data[0] & 0x80);
        session.ctx = export;
        while (go_on && size >= 2) {
                size_t n = (size_t)data[0] | (size_t)(data[1] & 0x7f) << 8;

                data += 2;
                size -= 2;
                n = n < size ? n : size;
                plan9_put32(&(struct plan9_out){.data = message, .size = 4}, (uint32_t)(n + 4));
                memcpy(message + 4, data, n);
                go_on = plan9_session_handle(&session, message, n + 4, &out);
                must(!go_on || (out.len >= PLAN9_HEADER && out.len <= PLAN9_MESSAGE_MAX));
                data += n;
                size -= n;
        }
        plan9_session_deinit(&session);
        must(session.n_fids == 0 && export->refs == 1);
        plan9_export_unref(export);
        must(stat(secret, &st) == 0 && st.st_size == 11 && st.st_nlink == 1 && (st.st_mode & 0777) == 0644);
        nftw(share, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        must(rmdir(share) == 0);
}

bool fuzz_machine(uint8_t which, const uint8_t *data, size_t size) {
        if (which == 'k')
                fuzz_cable(data, size);
        else if (which == '9')
                fuzz_plan9(data, size);
        else
                return false;
        return true;
}
