/* SPDX-License-Identifier: MIT */

/*
 * The events of a result document, read back from the error text that hcsshim makes of them:
 *   text (0x..)\n[Event Detail: MESSAGE Stack Trace: .. Provider: .. EventID: .. flags: .. Source: .. Data: ..]
 * Each part but the message may be absent. Pure functions.
 */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

static const char head[] = "[Event Detail:";

static const struct {
        const char *mark, *member;
        bool is_number;
} parts[] = {
        {" Stack Trace: ", "StackTrace", false}, {" Provider: ", "Provider", false},
        {" EventID: ", "EventId", true},         {" flags: ", "Flags", true},
        {" Source: ", "Source", false},          {" Data: ", NULL, false},
};

/* Where the next part begins; the end of the text when there is none. */
static const char *next_part(const char *text, size_t *ret_index) {
        const char *first = text + strlen(text);

        *ret_index = HCS_ARRAY_SIZE(parts);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(parts); i++) {
                const char *at = strstr(text, parts[i].mark);

                if (at && at < first) {
                        first = at;
                        *ret_index = i;
                }
        }
        return first;
}

static void put(struct hcs_json *event, size_t part, const char *text) {
        if (!parts[part].member)
                return; /* data was printed in a form that cannot be read back */
        if (parts[part].is_number)
                hcs_json_set_u64(event, parts[part].member, strtoull(text, NULL, 10));
        else if (*text)
                hcs_json_set_string(event, parts[part].member, text);
}

static void put_event(struct hcs_json *events, const char *inside) {
        struct hcs_json *event = hcs_json_append(events, hcs_json_new_object());
        size_t part, after;
        const char *at = next_part(inside, &part), *end;
        _cleanup_free_ char *message = hcs_strndup(inside, (size_t)(at - inside));

        if (message[strspn(message, " ")])
                hcs_json_set_string(event, "Message", message + strspn(message, " "));
        for (; part < HCS_ARRAY_SIZE(parts); at = end, part = after) {
                const char *value = at + strlen(parts[part].mark);
                _cleanup_free_ char *text = NULL;

                end = next_part(value, &after);
                text = hcs_strndup(value, (size_t)(end - value));
                put(event, part, text);
        }
}

char *import_events(const char *text, HRESULT hr) {
        _cleanup_json_ struct hcs_json *root = NULL;
        struct hcs_json *events;
        const char *at = text ? strstr(text, head) : NULL;

        if (!at || SUCCEEDED(hr))
                return NULL;
        root = hcs_json_new_object();
        hcs_json_set_i64(root, "Error", (int32_t)hr);
        events = hcs_json_set_new_array(root, "ErrorEvents");
        while (at) {
                const char *inside = at + strlen(head), *end = strchr(inside, ']');
                _cleanup_free_ char *one = hcs_strndup(inside, end ? (size_t)(end - inside) : strlen(inside));

                put_event(events, one);
                at = end ? strstr(end, head) : NULL;
        }
        return hcs_json_text(root, HCS_JSON_GO);
}
