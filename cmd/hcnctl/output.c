/* SPDX-License-Identifier: MIT */

/* What is printed: tables and lines for people, documents for programs. */

#include <string.h>

#include "cmd/hcnctl/hcnctl.h"
#include "cmd/printed/printed.h"

#define COLUMNS 6

/* One column of a kind's table: values found below these members, joined by blanks. */
struct column {
        const char *title;
        const char *path; /* members by '.', "[]" behind one goes through all elements */
};
static const struct column columns[HCN_KINDS][COLUMNS] = {
        [HCN_KIND_NETWORK] = {{"ID", "ID"},
                              {"NAME", "Name"},
                              {"TYPE", "Type"},
                              {"SUBNETS", "Ipams[].Subnets[].IpAddressPrefix"},
                              {"GATEWAYS", "Ipams[].Subnets[].Routes[].NextHop"}},
        [HCN_KIND_ENDPOINT] = {{"ID", "ID"},
                               {"NAME", "Name"},
                               {"ADDRESSES", "IpConfigurations[].IpAddress"},
                               {"MAC", "MacAddress"},
                               {"NETWORK", "HostComputeNetwork"},
                               {"NAMESPACE", "HostComputeNamespace"}},
        [HCN_KIND_NAMESPACE] = {{"ID", "ID"},
                                {"TYPE", "Type"},
                                {"NUMBER", "NamespaceId"},
                                {"RESOURCES", "Resources[].Data.ID"}},
        [HCN_KIND_LOAD_BALANCER] = {{"ID", "ID"},
                                    {"VIPS", "FrontendVIPs[]"},
                                    {"PROTOCOL", "PortMappings[].Protocol"},
                                    {"EXTERNAL", "PortMappings[].ExternalPort"},
                                    {"INTERNAL", "PortMappings[].InternalPort"},
                                    {"ENDPOINTS", "HostComputeEndpoints[]"}},
        [HCN_KIND_ROUTE] = {{"ID", "ID"},
                            {"DESTINATION", "Setting[].DestinationPrefix"},
                            {"NEXT HOP", "Setting[].NextHop"},
                            {"ENDPOINTS", "HostComputeEndpoints[]"}},
        [HCN_KIND_GUEST_SERVICE] = {{"ID", "ID"}, {"STATE", "State"}},
};

static void collect(const struct hcs_json *j, const char *path, struct hcs_buf *out) {
        size_t n = strcspn(path, ".[");
        _cleanup_free_ char *name = hcs_strndup(path, n);
        const struct hcs_json *value = n ? hcs_json_get_nocase(j, name) : j;
        char number[64];

        path += n;
        if (strncmp(path, "[]", 2) == 0) {
                path += 2 + (path[2] == '.');
                for (const struct hcs_json *e = hcs_json_first(value); e; e = hcs_json_next(e))
                        collect(e, path, out);
                return;
        }
        if (*path == '.') {
                collect(value, path + 1, out);
                return;
        }
        if (!hcs_json_is(value, HCS_JSON_STRING) && !hcs_json_is(value, HCS_JSON_NUMBER))
                return;
        if (out->len)
                hcs_buf_putc(out, ' ');
        hcs_buf_puts(out, hcs_json_is(value, HCS_JSON_STRING) ? hcs_json_string(value)
                                                              : hcs_json_number_text(value, number, sizeof(number)));
}

static void print_table(enum hcn_kind kind, struct hcs_json *const *rows, size_t n) {
        const struct column *c = columns[kind];
        const char *titles[COLUMNS];
        _cleanup_free_ char **cells = NULL;
        size_t used = 0;

        for (; used < COLUMNS && c[used].title; used++)
                titles[used] = c[used].title;
        cells = hcs_calloc(n * used + 1, sizeof(*cells));
        for (size_t i = 0; i < n * used; i++) {
                struct hcs_buf cell = {0};

                collect(rows[i / used], c[i % used].path, &cell);
                cells[i] = hcs_buf_steal(&cell);
        }
        printed_table(titles, used, cells, n);
        for (size_t i = 0; i < n * used; i++)
                free(cells[i]);
}

void print_documents(const struct hcnctl *x, enum hcn_kind kind, const struct hcs_documents *list) {
        _cleanup_json_ struct hcs_json *array = hcs_json_new_array();
        _cleanup_free_ struct hcs_json **rows = hcs_calloc(list->n + 1, sizeof(*rows));

        for (size_t i = 0; i < list->n; i++) {
                struct hcs_json *row = NULL;

                if (FAILED(hcs_json_parse_cstr(list->items[i], &row, NULL)))
                        row = hcs_json_new_string(list->items[i]);
                rows[i] = hcs_json_append(array, row);
        }
        if (x->json) {
                _cleanup_free_ char *text = hcs_json_text(array, HCS_JSON_PRETTY);

                puts(text);
        } else {
                print_table(kind, rows, list->n);
        }
}

void print_document(const struct hcnctl *x, const char *text) {
        _cleanup_json_ struct hcs_json *json = NULL;

        if (FAILED(hcs_json_parse_cstr(text, &json, NULL))) {
                puts(text);
        } else if (x->json) {
                _cleanup_free_ char *pretty = hcs_json_text(json, HCS_JSON_PRETTY);

                puts(pretty);
        } else if (hcs_json_is(json, HCS_JSON_ARRAY) || hcs_json_is(json, HCS_JSON_OBJECT)) {
                printed_tree(json);
        } else {
                puts(text);
        }
}

void print_id(const struct hcnctl *x, const char *document) {
        _cleanup_json_ struct hcs_json *json = NULL;
        const char *id;

        hcs_json_parse_cstr(document, &json, NULL);
        id = hcs_json_get_string(json, "ID");
        if (x->json)
                print_document(x, document);
        else
                puts(id ? id : document);
}
