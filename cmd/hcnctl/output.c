/* SPDX-License-Identifier: MIT */

/* What is printed: tables and lines for people, documents for programs. */

#include <string.h>

#include "cmd/hcnctl/hcnctl.h"

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

/* Characters, not bytes; what would move the cursor is shown as '?'. */
static size_t clean(char *text) {
        size_t width = 0;

        for (unsigned char *p = (unsigned char *)text; *p; p++) {
                if (*p < 0x20 || *p == 0x7f)
                        *p = '?';
                width += (*p & 0xC0) != 0x80;
        }
        return width;
}

static void print_table(enum hcn_kind kind, struct hcs_json *const *rows, size_t n) {
        const struct column *c = columns[kind];
        _cleanup_free_ char **cells = hcs_calloc(n * COLUMNS + 1, sizeof(*cells));
        size_t widths[COLUMNS] = {0}, used = 0;

        for (; used < COLUMNS && c[used].title; used++) {
                widths[used] = strlen(c[used].title);
                for (size_t i = 0; i < n; i++) {
                        struct hcs_buf cell = {0};
                        size_t width;

                        collect(rows[i], c[used].path, &cell);
                        cells[i * COLUMNS + used] = hcs_buf_steal(&cell);
                        if (!*cells[i * COLUMNS + used]) {
                                free(cells[i * COLUMNS + used]);
                                cells[i * COLUMNS + used] = hcs_strdup("-");
                        }
                        width = clean(cells[i * COLUMNS + used]);
                        widths[used] = width > widths[used] ? width : widths[used];
                }
        }
        for (size_t k = 0; k < used; k++)
                printf("%-*s%s", k + 1 < used ? (int)widths[k] : 0, c[k].title, k + 1 < used ? "  " : "\n");
        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < used; k++) {
                        char *cell = cells[i * COLUMNS + k];

                        printf("%s%*s%s", cell, k + 1 < used ? (int)(widths[k] - clean(cell)) : 0, "",
                               k + 1 < used ? "  " : "\n");
                        free(cell);
                }
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

static void print_tree(const struct hcs_json *j, int indent);

static void print_value(const struct hcs_json *j, int indent) {
        bool is_list = hcs_json_is(j, HCS_JSON_ARRAY) || hcs_json_is(j, HCS_JSON_OBJECT);

        if (is_list && hcs_json_count(j)) {
                putchar('\n');
                print_tree(j, indent + 2);
        } else if (hcs_json_is(j, HCS_JSON_STRING)) {
                _cleanup_free_ char *text = hcs_strdup(hcs_json_string(j));

                clean(text);
                printf(" %s\n", text);
        } else {
                _cleanup_free_ char *text = hcs_json_text(j, HCS_JSON_COMPACT);

                printf(" %s\n", is_list ? "-" : text);
        }
}

static void print_tree(const struct hcs_json *j, int indent) {
        for (const struct hcs_json *m = hcs_json_first(j); m; m = hcs_json_next(m)) {
                _cleanup_free_ char *name = hcs_strdup(hcs_json_key(m));

                if (name)
                        clean(name);
                printf("%*s%s%s", indent, "", name ? name : "-", name ? ":" : "");
                print_value(m, indent);
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
                print_tree(json, 0);
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
