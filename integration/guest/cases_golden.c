/* SPDX-License-Identifier: MIT */

/*
 * What the original agent answered, frame by frame (fixtures/golden/gcs/guest.jsonl, the cases that are a request and
 * its answer). Compared are code, message, activity, the record and every member of a success; not the place in the
 * original's source, nor what a JSON error says after its code.
 */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "integration/guest/cases.h"
#include "platform/file.h"

static struct hcs_json *cases; /* array of those that are a request and an answer; lives as long as the program */

static void load(void) {
        _cleanup_buf_ struct hcs_buf text = {0};
        char *save = NULL;

        cases = hcs_json_new_array();
        if (!suite_golden || FAILED(hcs_file_read(suite_golden, 64u << 20, &text, NULL)))
                return;
        for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                struct hcs_json *c = NULL;

                if (SUCCEEDED(hcs_json_parse_cstr(line, &c, NULL)) && hcs_json_lookup(c, "input.header_hex") &&
                    hcs_json_lookup(c, "output.body"))
                        hcs_json_append(cases, c);
                else
                        hcs_json_free(c);
        }
}

static size_t count(void) {
        if (!cases)
                load();
        return hcs_json_count(cases);
}

static const char *name(size_t i) {
        static char text[256];

        snprintf(text, sizeof(text), "golden: %s", hcs_json_get_string(hcs_json_at(cases, i), "name"));
        return text;
}

static bool is_negotiated(size_t i) {
        return hcs_json_bool(hcs_json_lookup(hcs_json_at(cases, i), "input.negotiated"));
}

static unsigned needs(size_t i) {
        return is_negotiated(i) ? 0 : NEEDS_RECONNECT;
}

/* How far two messages must agree. */
static size_t comparable(const char *message) {
        const char *json = strstr(message, "HRESULT 0xc037010d: ");

        return json && !strstr(json, "unexpected end of JSON input") && !strstr(json, "invalid schema") &&
                               !strstr(json, "invalid character")
                       ? (size_t)(json - message) + strlen("HRESULT 0xc037010d: ")
                       : strlen(message) + 1;
}

static void compare(struct host *h, const struct hcs_json *want, const struct hcs_json *got) {
        for (const struct hcs_json *m = hcs_json_first(want); m; m = hcs_json_next(m)) {
                const char *key = hcs_json_key(m), *text = hcs_json_string(m);
                const struct hcs_json *other = hcs_json_get(got, key);

                if (hcs_streq(key, "GuestStacks")) {
                        check(hcs_json_string(other) && *hcs_json_string(other), "no stacks");
                } else if (hcs_streq(key, "ErrorMessage") || hcs_streq(key, "Message")) {
                        check(hcs_json_string(other) && strncmp(text, hcs_json_string(other), comparable(text)) == 0,
                              "%s: %s instead of %s", key, hcs_json_string(other), text);
                } else if (hcs_streq(key, "ErrorRecords")) {
                        compare(h, hcs_json_at(m, 0), hcs_json_at(other, 0));
                } else if (!hcs_streq(key, "StackTrace") && !hcs_streq(key, "FileName") && !hcs_streq(key, "Line") &&
                           !hcs_streq(key, "FunctionName")) {
                        _cleanup_free_ char *w = hcs_json_text(m, HCS_JSON_COMPACT);
                        _cleanup_free_ char *g = hcs_json_text(other, HCS_JSON_COMPACT);

                        check(hcs_json_equal(m, other), "%s: %s instead of %s", key, g, w);
                }
        }
}

static void run(struct host *h, size_t i) {
        const struct hcs_json *c = hcs_json_at(cases, i);
        const char *hex = hcs_json_string(hcs_json_lookup(c, "input.header_hex"));
        const char *body = hcs_json_string(hcs_json_lookup(c, "input.body_text"));
        _cleanup_json_ struct hcs_json *answer = NULL;
        uint8_t bytes[HCS_GCS_HEADER_SIZE];
        struct hcs_gcs_header header;
        unsigned byte;

        for (size_t k = 0; k < sizeof(bytes); k++) {
                if (sscanf(hex + 2 * k, "%2x", &byte) != 1)
                        fail("header_hex: %s", hex);
                bytes[k] = (uint8_t)byte;
        }
        hcs_gcs_header_decode(bytes, &header);
        if (!is_negotiated(i)) {
                host_hang_up(h);
                host_accept(h);
        }
        host_send_frame(h, header.type, header.id, body, strlen(body));
        answer = host_wait(h, header.id);
        compare(h, hcs_json_lookup(c, "output.body"), answer);
        /* The next case wants a bridge that has negotiated. */
        if (!is_negotiated(i)) {
                host_hang_up(h);
                host_accept(h);
                host_negotiate(h);
        }
}

const struct case_table golden_cases = {.count = count, .name = name, .needs = needs, .run = run};
