/* SPDX-License-Identifier: MIT */

/* The splitting of command_line.h. Stateless. */

#include "guest/agent/command_line.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"

static void add_word(char ***words, size_t *n, struct hcs_buf *word) {
        *words = hcs_realloc(*words, (*n + 2) * sizeof(**words));
        (*words)[(*n)++] = hcs_buf_steal(word);
        (*words)[*n] = NULL;
}

HRESULT guest_command_line_split(const char *line, char ***ret, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf word = {0};
        char **words = hcs_calloc(1, sizeof(*words)), quote = '\0';
        bool in_word = false, escaped = false;
        size_t n = 0;

        for (const char *p = line; *p; p++) {
                if (escaped) {
                        hcs_buf_putc(&word, *p);
                        escaped = false;
                } else if (*p == '\\' && quote != '\'') {
                        escaped = in_word = true;
                } else if (quote) {
                        if (*p == quote)
                                quote = '\0';
                        else
                                hcs_buf_putc(&word, *p);
                } else if (*p == '"' || *p == '\'') {
                        quote = *p;
                        in_word = true;
                } else if (strchr(" \t\r\n", *p)) {
                        if (in_word)
                                add_word(&words, &n, &word);
                        in_word = false;
                } else if (strchr(";&|<>", *p)) {
                        break;
                } else {
                        hcs_buf_putc(&word, *p);
                        in_word = true;
                }
        }
        if (quote || escaped) {
                for (size_t i = 0; i < n; i++)
                        free(words[i]);
                free(words);
                return hcs_error_make(err, E_FAIL,
                                      "failed to parse command line string \"%s\": invalid command line "
                                      "string",
                                      line);
        }
        if (in_word)
                add_word(&words, &n, &word);
        *ret = words;
        return S_OK;
}
