/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_PLAN9_WIRE_H
#define MOCKHCS_VM_PLAN9_WIRE_H

/*
 * Numbers and texts of 9P messages, little endian. What is read beyond the end of a message is 0 or empty and makes the
 * whole of it bad; what is written beyond the end of a buffer makes it full. Embedded by whoever reads or writes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define PLAN9_HEADER   7u   /* size[4] type[1] tag[2] */
#define PLAN9_NAME_MAX 255u /* of the file systems of Linux */

enum plan9_type {
        PLAN9_RLERROR = 7,
        PLAN9_TSTATFS = 8,
        PLAN9_TLOPEN = 12,
        PLAN9_TLCREATE = 14,
        PLAN9_TSYMLINK = 16,
        PLAN9_TMKNOD = 18,
        PLAN9_TRENAME = 20,
        PLAN9_TREADLINK = 22,
        PLAN9_TGETATTR = 24,
        PLAN9_TSETATTR = 26,
        PLAN9_TXATTRWALK = 30,
        PLAN9_TXATTRCREATE = 32,
        PLAN9_TREADDIR = 40,
        PLAN9_TFSYNC = 50,
        PLAN9_TLOCK = 52,
        PLAN9_TGETLOCK = 54,
        PLAN9_TLINK = 70,
        PLAN9_TMKDIR = 72,
        PLAN9_TRENAMEAT = 74,
        PLAN9_TUNLINKAT = 76,
        PLAN9_TVERSION = 100,
        PLAN9_TAUTH = 102,
        PLAN9_TATTACH = 104,
        PLAN9_TFLUSH = 108,
        PLAN9_TWALK = 110,
        PLAN9_TREAD = 116,
        PLAN9_TWRITE = 118,
        PLAN9_TCLUNK = 120,
        PLAN9_TREMOVE = 122,
};

struct plan9_in {
        const uint8_t *at;
        size_t left;
        bool bad;
};

uint8_t plan9_get8(struct plan9_in *in);
uint16_t plan9_get16(struct plan9_in *in);
uint32_t plan9_get32(struct plan9_in *in);
uint64_t plan9_get64(struct plan9_in *in);
/* A text of at most size - 1 bytes and without a NUL in it, else the message is bad. */
void plan9_get_text(struct plan9_in *in, char *text, size_t size);

struct plan9_out {
        uint8_t *data;
        size_t len, size;
        bool full;
};

void plan9_put8(struct plan9_out *out, uint8_t v);
void plan9_put16(struct plan9_out *out, uint16_t v);
void plan9_put32(struct plan9_out *out, uint32_t v);
void plan9_put64(struct plan9_out *out, uint64_t v);
void plan9_put_text(struct plan9_out *out, const char *text, size_t len);
#define PLAN9_QID_SIZE 13u
/* What tells one file from all others. */
void plan9_put_qid(struct plan9_out *out, const struct stat *st);

#endif
