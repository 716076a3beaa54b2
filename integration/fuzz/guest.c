/* SPDX-License-Identifier: MIT */

/*
 * What must hold of bytes from a host: every whole frame is answered once, with a frame of its id that a host can read,
 * whatever is in it; a modification that is taken prints and is taken again. No handler runs: nothing is started.
 */

#include "integration/fuzz/guest.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gcs/frame.h"
#include "gcs/message.h"
#include "guest/agent/agent.h"
#include "guest/agent/command_line.h"
#include "guest/agent/modify.h"
#include "hcsshim/log.h"

static void must(bool ok) {
        if (!ok)
                abort();
}

static unsigned n_requests;

/* Decodes as the handlers do, and answers. */
static void on_request(void *ctx, struct guest_request *r) {
        const struct hcs_gcs_message *m = hcs_gcs_message_find(r->type);
        struct guest_modification modification = {0};
        struct hcs_error *err = NULL;
        void *doc = NULL;

        n_requests++;
        if (m && !guest_request_decode(r, m->request, &doc))
                return;
        if (m)
                hcs_schema_free(hcs_schema_type_at(m->request), doc);
        if (FAILED(guest_modification_parse(hcs_json_get_nocase(r->json, "Request"), &modification, &err))) {
                guest_request_fail(r, err);
                return;
        }
        guest_modification_deinit(&modification);
        guest_request_answer(r, NULL);
}

static void on_lost(void *ctx) {
}

static void count_answers(int fd) {
        struct hcs_gcs_reader reader;
        struct hcs_gcs_frame f;
        unsigned answers = 0;
        HRESULT hr;

        hcs_gcs_reader_init(&reader, HCS_GCS_MAX_TO_HOST);
        for (;;) {
                size_t room;
                void *at;
                ssize_t n;

                while ((hr = hcs_gcs_reader_next(&reader, &f, NULL)) == S_OK) {
                        must(SUCCEEDED(hcs_json_check(f.body, f.len, NULL, NULL)));
                        answers++;
                }
                must(SUCCEEDED(hr));
                at = hcs_gcs_reader_room(&reader, &room);
                n = read(fd, at, room);
                if (n <= 0)
                        break;
                hcs_gcs_reader_fed(&reader, (size_t)n);
        }
        must(answers == n_requests);
        hcs_gcs_reader_deinit(&reader);
}

static void fuzz_bridge_server(const uint8_t *data, size_t size) {
        struct guest_bridge_config config = {.request = on_request, .lost = on_lost};
        struct guest_bridge *bridge;
        int fds[2], in[2];

        n_requests = 0;
        must(SUCCEEDED(guest_loop_new(&config.loop, NULL)));
        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) == 0);
        must(write(in[0], data, size) == (ssize_t)size || size == 0);
        close(in[0]);
        config.in = in[1];
        config.out = fds[1];
        bridge = guest_bridge_new(&config);
        guest_bridge_start(bridge);
        guest_loop_run(config.loop); /* the end of its input ends it */
        count_answers(fds[0]);
        guest_bridge_free(bridge);
        guest_loop_free(config.loop);
        close(fds[0]);
}

static void fuzz_modification(const char *text, size_t len) {
        _cleanup_json_ struct hcs_json *json = NULL, *again = NULL;
        _cleanup_free_ char *printed = NULL, *twice = NULL;
        struct guest_modification m = {0}, n = {0};

        if (FAILED(hcs_json_parse(text, len, NULL, &json, NULL)) || FAILED(guest_modification_parse(json, &m, NULL)))
                return;
        printed = guest_modification_print(&m);
        must(SUCCEEDED(hcs_json_parse_cstr(printed, &again, NULL)));
        must(SUCCEEDED(guest_modification_parse(again, &n, NULL)));
        twice = guest_modification_print(&n);
        must(strcmp(printed, twice) == 0);
        guest_modification_deinit(&m);
        guest_modification_deinit(&n);
}

static void fuzz_command_line(const char *line) {
        char **words = NULL;

        if (FAILED(guest_command_line_split(line, &words, NULL)))
                return;
        for (size_t i = 0; words[i]; i++)
                free(words[i]);
        free(words);
}

static void say_nothing(void *ctx, enum hcs_log_level level, const char *line) {
}

bool fuzz_guest(uint8_t which, const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL;

        if (which != 'G' && which != 'M' && which != 'L')
                return false;
        signal(SIGPIPE, SIG_IGN);
        hcs_log_set_sink(say_nothing, NULL);
        text = hcs_strndup((const char *)data, size);
        if (which == 'G')
                fuzz_bridge_server(data, size);
        else if (which == 'M')
                fuzz_modification(text, strlen(text));
        else
                fuzz_command_line(text);
        return true;
}
