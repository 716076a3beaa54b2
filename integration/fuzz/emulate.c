/* SPDX-License-Identifier: MIT */

/*
 * One engine for the whole run, with a network, an endpoint and a namespace in it. What must hold: what is accepted
 * reads back as JSON in both versions and can be deleted, what is refused says so in JSON and leaves every list as it
 * was.
 */

#define HCS_ABI_PROTOTYPES
#include "integration/fuzz/emulate.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "hcsshim/abi/computenetwork.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/networks.h"

#define ID "d0b4e0c1-1111-4222-8333-444455556666"

static void *objects[3]; /* a network, an endpoint and a namespace */

static void must(bool ok) {
        if (!ok)
                abort();
}

static void must_be_json(const char *text) {
        _cleanup_json_ struct hcs_json *j = NULL;

        must(text && SUCCEEDED(hcs_json_parse_cstr(text, &j, NULL)));
}

static void begin(void) {
        static struct mockhcs *mock;

        if (mock)
                return;
        networks_use_linked(HNSCall);
        must(SUCCEEDED(mockhcs_open("speed=0,emulate", &mock, NULL)));
        must(networks_create(NETWORKS, NULL, ID,
                             "{\"Type\":\"Overlay\",\"Ipams\":[{\"Subnets\":[{\"IpAddressPrefix\":"
                             "\"10.0.0.0/16\"},{\"IpAddressPrefix\":\"fd00::/64\"}]}]}",
                             &objects[NETWORKS]) == S_OK);
        must(networks_create(ENDPOINTS, objects[NETWORKS], ID, "{}", &objects[ENDPOINTS]) == S_OK);
        must(networks_create(NAMESPACES, NULL, ID, "{}", &objects[NAMESPACES]) == S_OK);
}

static char *list(enum networks_kind kind) {
        char *ids = NULL;

        must(networks_enumerate(kind, NULL, &ids) == S_OK);
        return ids;
}

static void check_object(enum networks_kind kind, void *handle) {
        static const char *const queries[] = {"{\"SchemaVersion\":{\"Major\":1}}", "{\"Flags\":1}", NULL};
        _cleanup_json_ struct hcs_json *properties = NULL;
        _cleanup_free_ char *last = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(queries); i++) {
                free(last);
                must(networks_query(kind, handle, queries[i], &last) == S_OK);
                must_be_json(last);
        }
        must(SUCCEEDED(hcs_json_parse_cstr(last, &properties, NULL)));
        must(networks_delete(kind, hcs_json_get_string(properties, "ID")) == S_OK);
        must(networks_close(kind, handle) == S_OK);
}

static void create(enum networks_kind kind, const char *text) {
        _cleanup_free_ char *before = list(kind), *after = NULL;
        void *handle = NULL;
        HRESULT hr = networks_create(kind, kind == ENDPOINTS ? objects[NETWORKS] : NULL, NULL, text, &handle);

        if (SUCCEEDED(hr))
                check_object(kind, handle);
        else if (*networks_record())
                must_be_json(networks_record());
        after = list(kind);
        must(strcmp(before, after) == 0);
}

/* A request changes an object, and is then as good as undone: what is fuzzed next must not depend on it much. */
static void modify(enum networks_kind kind, const char *text) {
        _cleanup_free_ char *before = NULL, *after = NULL;
        HRESULT hr;

        must(networks_query(kind, objects[kind], NULL, &before) == S_OK);
        hr = networks_modify(kind, objects[kind], text);
        must(networks_query(kind, objects[kind], NULL, &after) == S_OK);
        must_be_json(after);
        must(SUCCEEDED(hr) || strcmp(before, after) == 0);
        networks_modify(kind, objects[kind], "{\"ResourceType\":\"Policy\",\"RequestType\":\"Reset\"}");
        networks_modify(kind, objects[kind],
                        "{\"ResourceType\":\"Endpoint\",\"RequestType\":\"Remove\",\"Settings\":{\"EndpointId\":\"" ID
                        "\"}}");
}

static void hns(const char *path, const char *text) {
        _cleanup_free_ char *answer = NULL, *gone = NULL, *place = NULL;
        _cleanup_json_ struct hcs_json *doc = NULL;
        const char *id;

        if (FAILED(networks_hns("POST", path, text, &answer)))
                return;
        must(SUCCEEDED(hcs_json_parse_cstr(answer, &doc, NULL)));
        id = hcs_json_string(hcs_json_lookup(doc, "Output.ID"));
        if (!id)
                return;
        place = hcs_asprintf("%s%s", path, id);
        must(networks_hns("DELETE", place, "", &gone) == S_OK && strstr(gone, "\"Success\":true"));
}

static void query(const char *text) {
        _cleanup_free_ char *ids = NULL;

        if (SUCCEEDED(networks_enumerate(ENDPOINTS, text, &ids)))
                must_be_json(ids);
}

bool fuzz_emulate(uint8_t which, const uint8_t *data, size_t size) {
        static const char *const paths[] = {"/networks/", "/endpoints/", "/namespaces/", "/policylists/"};
        _cleanup_free_ char *text = NULL;

        if (which != 'N' || size == 0)
                return which == 'N';
        begin();
        text = hcs_strndup((const char *)data + 1, size - 1);
        if (data[0] >= '0' && data[0] < '0' + NETWORKS_KINDS)
                create((enum networks_kind)(data[0] - '0'), text);
        else if (data[0] >= 'a' && data[0] <= 'c')
                modify((enum networks_kind)(data[0] - 'a'), text);
        else if (data[0] >= 'A' && data[0] <= 'D')
                hns(paths[data[0] - 'A'], text);
        else
                query(text);
        return true;
}
