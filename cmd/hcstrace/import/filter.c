/* SPDX-License-Identifier: MIT */

/*
 * Which lines can mean anything to the importer: documents, list views of what has an id, and those that hold a word of
 * which at least one is in every message that a family (say_*.c) knows. One look at each pair of letters rules most
 * places out. Pure function.
 */

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cmd/hcstrace/import/inside.h"

/* Each with another one that begins with the same two letters. */
static const struct {
        const char *text;
        size_t len;
        const char *other;
        size_t other_len;
} words[] = {
        {NULL, 0},
        {"hcs", 3, "hcn", 3},
        {"hns", 3},
        {"bridge", 6},
        {"span", 4},
        {"notificat", 9},
        {"encountered an", 14},
        {"result", 6, "request read", 12},
        {"json", 4},
        {"stopped", 7},
        {"network re", 10},
        {"operation", 9},
        {"=>[", 3},
        {"failed", 6},
};

#define PAIR(a, b) (((unsigned char)(a)&31) << 5 | ((unsigned char)(b)&31))

static const unsigned char word_of[1024] = {
        [PAIR('h', 'c')] = 1,  [PAIR('h', 'n')] = 2,  [PAIR('b', 'r')] = 3,  [PAIR('s', 'p')] = 4,
        [PAIR('n', 'o')] = 5,  [PAIR('e', 'n')] = 6,  [PAIR('r', 'e')] = 7,  [PAIR('j', 's')] = 8,
        [PAIR('s', 't')] = 9,  [PAIR('n', 'e')] = 10, [PAIR('o', 'p')] = 11, [PAIR('=', '>')] = 12,
        [PAIR('f', 'a')] = 13,
};

static bool stands(const char *p, unsigned word) {
        return strncasecmp(p, words[word].text, words[word].len) == 0 ||
               (words[word].other && strncasecmp(p, words[word].other, words[word].other_len) == 0);
}

bool import_may_say(const char *text) {
        const char *p = text;

        if (!*p)
                return false;
        if (import_stands_alone(text) || (*text >= 'A' && *text <= 'Z' && strstr(text, "\nID ")))
                return true;
        for (; p[1]; p++) {
                unsigned word = word_of[PAIR(p[0], p[1])];

                if (word && stands(p, word))
                        return true;
        }
        return false;
}
