/* SPDX-License-Identifier: MIT */

/* Tables and trees; see printed.h. */

#include "cmd/printed/printed.h"

#include <stdio.h>
#include <string.h>

#include "platform/terminal.h"

#define ESCAPE '\033'

/* Our own colours have no width; nothing else can hold an escape once it was cleaned. */
static size_t width_of(const char *text) {
        size_t width = 0;

        for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
                if (*p == ESCAPE)
                        p += strcspn((const char *)p, "m");
                else
                        width += (*p & 0xC0) != 0x80;
                if (!*p)
                        break;
        }
        return width;
}

size_t printed_clean(char *text) {
        for (unsigned char *p = (unsigned char *)text; *p; p++)
                if (*p < 0x20 || *p == 0x7f)
                        *p = '?';
        return width_of(text);
}

char *printed_coloured(const char *text, enum printed_colour colour) {
        static const char *const codes[] = {
                [PRINTED_PLAIN] = "", [PRINTED_GOOD] = "32", [PRINTED_CALM] = "33", [PRINTED_BAD] = "31"};
        _cleanup_free_ char *clean = hcs_strdup(text);

        printed_clean(clean);
        if (colour == PRINTED_PLAIN || !hcs_terminal_wants_colour())
                return steal_pointer(&clean);
        return hcs_asprintf("\033[%sm%s\033[0m", codes[colour], clean);
}

/* Cells that printed_coloured() made are clean already. */
static const char *shown(char *cell) {
        if (!cell || !*cell)
                return "-";
        if (*cell != ESCAPE)
                printed_clean(cell);
        return cell;
}

void printed_table(const char *const *titles, size_t columns, char **cells, size_t rows) {
        _cleanup_free_ size_t *widths = hcs_calloc(columns + 1, sizeof(*widths));

        for (size_t k = 0; k < columns; k++) {
                widths[k] = strlen(titles[k]);
                for (size_t i = 0; i < rows; i++) {
                        size_t width = width_of(shown(cells[i * columns + k]));

                        widths[k] = width > widths[k] ? width : widths[k];
                }
        }
        for (size_t k = 0; k < columns; k++)
                printf("%-*s%s", k + 1 < columns ? (int)widths[k] : 0, titles[k], k + 1 < columns ? "  " : "\n");
        for (size_t i = 0; i < rows; i++)
                for (size_t k = 0; k < columns; k++) {
                        const char *cell = shown(cells[i * columns + k]);

                        printf("%s%*s%s", cell, k + 1 < columns ? (int)(widths[k] - width_of(cell)) : 0, "",
                               k + 1 < columns ? "  " : "\n");
                }
}

static void print_members(const struct hcs_json *j, int indent);

static void print_value(const struct hcs_json *j, int indent) {
        bool is_list = hcs_json_is(j, HCS_JSON_ARRAY) || hcs_json_is(j, HCS_JSON_OBJECT);

        if (is_list && hcs_json_count(j)) {
                putchar('\n');
                print_members(j, indent + 2);
        } else if (hcs_json_is(j, HCS_JSON_STRING)) {
                _cleanup_free_ char *text = hcs_strdup(hcs_json_string(j));

                printed_clean(text);
                printf(" %s\n", text);
        } else {
                _cleanup_free_ char *text = hcs_json_text(j, HCS_JSON_COMPACT);

                printf(" %s\n", is_list ? "-" : text);
        }
}

static void print_members(const struct hcs_json *j, int indent) {
        for (const struct hcs_json *m = hcs_json_first(j); m; m = hcs_json_next(m)) {
                _cleanup_free_ char *name = hcs_strdup(hcs_json_key(m));

                if (name)
                        printed_clean(name);
                printf("%*s%s%s", indent, "", name ? name : "-", name ? ":" : "");
                print_value(m, indent);
        }
}

void printed_tree(const struct hcs_json *j) {
        if (hcs_json_is(j, HCS_JSON_ARRAY) || hcs_json_is(j, HCS_JSON_OBJECT)) {
                print_members(j, 0);
        } else {
                _cleanup_free_ char *text = hcs_json_text(j, HCS_JSON_COMPACT);

                puts(text);
        }
}
