/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_STR_H
#define HCS_BASE_STR_H

/* Small string helpers that libc lacks. ASCII only where case is concerned; nothing here depends on the locale. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool hcs_streq(const char *a, const char *b);     /* NULL equals only NULL */
bool hcs_strcaseeq(const char *a, const char *b); /* ASCII case folded */
bool hcs_str_starts(const char *s, const char *prefix);
bool hcs_str_ends(const char *s, const char *suffix);
/* Decimal or 0x hexadecimal, the whole string; false when not a number or out of range. */
bool hcs_str_to_u64(const char *s, uint64_t *ret);
bool hcs_str_to_i64(const char *s, int64_t *ret);
/* As Go quotes a text for %q: bytes that are no UTF-8 and characters that cannot be seen are escaped. Caller frees. */
char *hcs_str_go_quoted(const char *s);
/* One more argument of a Windows command line, as CommandLineToArgvW and the C runtime take it apart again: in quotes
 * when it has blanks or is empty, backslashes doubled only in front of a quote. Goes by the rules that Microsoft
 * documents for the C runtime; the bytes are those of Go's syscall.EscapeArg, which clients of the original send. */
struct hcs_buf;
void hcs_str_append_windows_argument(struct hcs_buf *line, const char *argument);
/* Damerau-Levenshtein distance, capped at `limit`; used for "did you mean". */
unsigned hcs_str_distance(const char *a, const char *b, unsigned limit);
/* The candidate nearest to `word` (case folded first, then distance <= 1 + len/4), or NULL. */
const char *hcs_str_nearest(const char *word, const char *const *candidates, size_t n);

/* Texts that are owned together. Zeroed is empty. */
struct hcs_strings {
        char **items;
        size_t n;
};
void hcs_strings_deinit(struct hcs_strings *s);
void hcs_strings_add(struct hcs_strings *s, char *text); /* takes text over */

#endif
