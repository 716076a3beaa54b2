/* SPDX-License-Identifier: MIT */

/*
 * A service with a client that is the input, and a client with a service that is the input: each ends with its
 * connection, and the next one finds all as it was.
 */

#define HCS_ABI_PROTOTYPES
#include "integration/fuzz/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hcsshim/abi/computenetwork.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/remote/wire.h"
#include "mockhcs/service.h"
#include "platform/abi_memory.h"
#include "platform/thread.h"

#define HELLO   "{\"hello\":\"mockhcs\",\"versions\":[2]}"
#define WELCOME "{\"hello\":\"mockhcs\",\"version\":2,\"build\":1,\"notes\":true}"

static char folder[] = "/tmp/fuzz-wire.XXXXXX", socket_path[64], fake_path[64];
static struct mockhcs_service *service;
static struct hcs_listener *fake;

static void must(bool ok) {
        if (!ok)
                abort();
}

static void clean_up(void) {
        mockhcs_service_close(service, NULL);
        hcs_listener_close(fake);
        rmdir(folder);
}

static void prepare(void) {
        if (service)
                return;
        setenv("HCSSHIM_LOG", "error", 0);
        must(mkdtemp(folder) != NULL);
        snprintf(socket_path, sizeof(socket_path), "%s/s", folder);
        snprintf(fake_path, sizeof(fake_path), "%s/f", folder);
        must(SUCCEEDED(mockhcs_service_open(
                &(struct mockhcs_service_options){
                        .socket = socket_path, .backend = "speed=0,emulate,machines=paper", .limits = {.handles = 64}},
                &service, NULL)));
        must(SUCCEEDED(hcs_listener_private(fake_path, &fake, NULL)));
        atexit(clean_up);
}

static void put(struct hcs_buf *out, const char *text, size_t n) {
        size_t begin = mock_wire_begin(out);

        hcs_buf_append(out, text, n);
        mock_wire_end(out, begin);
}

/* ---- a service ---- */

/* All is sent, then all that comes back is read: the service closes when it has done with us. */
static void talk(const struct hcs_buf *said) {
        struct hcs_stream *s = NULL;
        char data[4096];
        size_t n = 0;

        must(SUCCEEDED(hcs_stream_connect_private(socket_path, NULL, &s, NULL)));
        hcs_stream_write(s, said->data, said->len, NULL, NULL); /* it may have enough before the end */
        hcs_stream_close_write(s);
        while (hcs_stream_read(s, data, sizeof(data), NULL, &n, NULL) == S_OK)
                continue;
        hcs_stream_close(s);
}

static void fuzz_client(const uint8_t *data, size_t size, bool knows_the_rules) {
        _cleanup_buf_ struct hcs_buf said = {0};
        struct mock_slice rest = {(const char *)data, size}, line;

        prepare();
        if (!knows_the_rules) {
                hcs_buf_append(&said, data, size);
        } else {
                put(&said, HELLO, strlen(HELLO));
                while (mock_wire_line(&rest, &line))
                        if (line.n)
                                put(&said, line.p, line.n);
        }
        talk(&said);
}

/* ---- a client ---- */

struct input {
        const uint8_t *data;
        size_t size;
};

static void play(void *arg) {
        const struct input *in = arg;
        _cleanup_buf_ struct hcs_buf said = {0};
        struct mock_slice rest = {(const char *)in->data, in->size}, line, frame;
        struct mock_wire_reader r = {0};

        if (FAILED(hcs_listener_accept(fake, NULL, &r.stream, NULL)))
                return;
        put(&said, WELCOME, strlen(WELCOME));
        while (mock_wire_line(&rest, &line))
                if (line.n)
                        put(&said, line.p, line.n);
        if (mock_wire_read(&r, NULL, &frame, NULL) == S_OK)
                hcs_stream_write(r.stream, said.data, said.len, NULL, NULL);
        hcs_stream_close_write(r.stream);
        while (mock_wire_read(&r, NULL, &frame, NULL) == S_OK)
                continue;
        mock_wire_reader_deinit(&r);
        hcs_stream_close(r.stream);
}

static void fuzz_service(const uint8_t *data, size_t size) {
        struct input in = {data, size};
        struct mockhcs *mock = NULL;
        struct hcs_thread thread;
        PWSTR ids = NULL, record = NULL;
        char spec[96];

        prepare();
        snprintf(spec, sizeof(spec), "remote=%s", fake_path);
        must(SUCCEEDED(hcs_thread_start(&thread, play, &in, NULL)));
        if (SUCCEEDED(mockhcs_open(spec, &mock, NULL))) {
                HcnEnumerateNetworks(NULL, &ids, &record);
                hcs_abi_free(ids);
                hcs_abi_free(record);
                mockhcs_close(mock);
        }
        hcs_thread_join(&thread);
}

bool fuzz_wire(uint8_t parser, const uint8_t *data, size_t size) {
        if (parser == 'W' || parser == 'w')
                fuzz_client(data, size, parser == 'W');
        else if (parser == 'Y')
                fuzz_service(data, size);
        else
                return false;
        return true;
}
