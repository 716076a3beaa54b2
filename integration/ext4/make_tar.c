/* SPDX-License-Identifier: MIT */

/*
 * Writes a tar of files that are made up, the same ones every time, to standard output:
 * make_tar small N BYTES   N files of BYTES on average and as different as files are, a hundred to a directory
 * make_tar large N BYTES   N files of BYTES each, not multiples of anything
 * make_tar empty N         N empty files in one directory
 */

#include <stdio.h>

#include "base/str.h"
#include "ext4/test/make.h"

#define CHUNK ((size_t)1 << 20)

static uint64_t state = 88172645463325252u;

static uint64_t next_random(void) {
        state ^= state << 13;
        state ^= state >> 7;
        return state ^= state << 17;
}

static uint8_t noise[CHUNK];

static void flush(struct hcs_buf *b) {
        if (fwrite(b->data, 1, b->len, stdout) < b->len) {
                perror("make_tar");
                exit(1);
        }
        hcs_buf_clear(b);
}

/* Most files are small and a few are not: the product of three numbers that are spread evenly is like that. */
static size_t some_size(size_t average) {
        double x = 8.0 * (double)average;

        for (int i = 0; i < 3; i++)
                x *= (double)(next_random() % 1000) / 1000.0;
        return (size_t)x;
}

static void small(struct hcs_buf *b, uint64_t n, size_t bytes) {
        for (uint64_t i = 0; i < n; i++) {
                char name[64];
                size_t size = some_size(bytes);

                if (i % 100 == 0) {
                        snprintf(name, sizeof(name), "usr/share/d%05llu/", (unsigned long long)i / 100);
                        make_entry(b, '5', name, NULL, NULL, 0);
                }
                snprintf(name, sizeof(name), "usr/share/d%05llu/file-%07llu.txt", (unsigned long long)i / 100,
                         (unsigned long long)i);
                make_entry(b, '0', name, NULL, noise + next_random() % (CHUNK / 2),
                           size < CHUNK / 2 ? size : CHUNK / 2);
                flush(b);
        }
}

static void large(struct hcs_buf *b, uint64_t n, uint64_t bytes) {
        static const char zeros[512];

        for (uint64_t i = 0; i < n; i++) {
                uint64_t size = bytes + 1237 * i, left;
                char name[64];

                snprintf(name, sizeof(name), "large/file-%03llu", (unsigned long long)i);
                make_entry_of_size(b, '0', name, (int64_t)size, NULL, 0);
                for (left = size; left > 0; left -= left < CHUNK ? left : CHUNK) {
                        hcs_buf_append(b, noise, left < CHUNK ? (size_t)left : CHUNK);
                        flush(b);
                }
                hcs_buf_append(b, zeros, -size % sizeof(zeros));
                flush(b);
        }
}

static void empty(struct hcs_buf *b, uint64_t n) {
        for (uint64_t i = 0; i < n; i++) {
                char name[64];

                snprintf(name, sizeof(name), "all/entry-%07llu", (unsigned long long)i);
                make_entry(b, '0', name, NULL, NULL, 0);
                flush(b);
        }
}

int main(int argc, char **argv) {
        _cleanup_buf_ struct hcs_buf b = {0};
        uint64_t n, bytes = 0;

        if (argc < 3 || !hcs_str_to_u64(argv[2], &n) || (argc > 3 && !hcs_str_to_u64(argv[3], &bytes))) {
                fputs("usage: make_tar small|large|empty N [BYTES]\n", stderr);
                return 2;
        }
        for (size_t i = 0; i < CHUNK; i += 8) {
                uint64_t x = next_random();

                memcpy(noise + i, &x, 8);
        }
        if (hcs_streq(argv[1], "small"))
                small(&b, n, (size_t)bytes);
        else if (hcs_streq(argv[1], "large"))
                large(&b, n, bytes);
        else
                empty(&b, n);
        make_end(&b);
        flush(&b);
        return fflush(stdout) == 0 ? 0 : 1;
}
