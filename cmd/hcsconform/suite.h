/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSCONFORM_SUITE_H
#define CMD_HCSCONFORM_SUITE_H

/*
 * One suite for any platform: cases in groups, each with what it needs and how we know what is expected. A case runs
 * against the exports of a target and leaves nothing behind. What a case finds wrong is gathered in notes. One thread;
 * callbacks of the platform come on its own.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "hcsshim/abi/computecore.h"
#include "hcsshim/abi/computenetwork.h"
#include "hcsshim/abi/computestorage.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/test/networks.h"

enum conform_needs {
        NEEDS_HYPERV = 1 << 0,   /* virtual machines */
        NEEDS_IMAGE = 1 << 1,    /* a folder with the layers of a Windows image (--image) */
        NEEDS_ADMIN = 1 << 2,    /* the rights of an administrator */
        NEEDS_EMULATOR = 1 << 3, /* it would end or upset a host: handles that are none */
        NEEDS_PROGRAMS = 1 << 4, /* programs of Windows that run */
};
enum conform_how { ASSUMED, DOCUMENTED, OBSERVED };

struct conform_case {
        const char *group;   /* "network", "hcs", "process", "storage" */
        const char *name;    /* a sentence, of one group once */
        const char *options; /* of the emulator: "hns=9.1"; of networks, the version that a platform must have */
        unsigned needs;
        enum conform_how how;
        const char *source;  /* "hns-18", "HcsPauseComputeSystem"; "" for none */
        const char *differs; /* how hosts are known to answer otherwise; NULL */
        bool (*run)(const struct conform_case *c);
        const void *arg;
};
typedef void (*conform_fn)(const struct conform_case *c, void *ctx);

/* The groups: every case, in order. A case lives during the call only. */
void network_each(conform_fn fn, void *ctx);
void hcs_each(conform_fn fn, void *ctx);
void operations_each(conform_fn fn, void *ctx);
void machines_each(conform_fn fn, void *ctx);
void storage_each(conform_fn fn, void *ctx);
/* hcs/able.c: which needs the target cannot meet, of NEEDS_HYPERV and NEEDS_ADMIN. */
unsigned hcs_lacks(void);

/* What the cases run against; the same for the whole program. */
struct conform_target {
        bool real;      /* a platform, not the emulator */
        bool replaying; /* a recording answers: nothing is made on a disk */
        struct hcs_computecore_api core;
        struct hcs_vmcompute_api vmcompute;
        struct hcs_computenetwork_api network;
        struct hcs_computestorage_api storage;
        const char *image;    /* folders of layers, topmost first, parted by commas; NULL */
        const char *work;     /* a folder of this run, for layers */
        uint32_t patience_ms; /* how long a host may take for one thing */
        unsigned lacks;       /* of conform_needs */
        bool was_missing;     /* the last call was of a function that the platform does not have */
        bool too_old;         /* and that is why the case failed */
        char token[16];       /* makes the ids of this run its own */
};
extern struct conform_target conform_target;
/* False, and *ret_missing what is missing, when the target cannot run the case. */
bool conform_may_run(const struct conform_case *c, const char **ret_missing);

/* Adds a line to the notes of the running case; returns false. */
bool conform_failed(const char *fmt, ...) _printf_(1, 2);
/* Lines that are no failure: what a host chose to answer. */
void conform_note(const char *lines);
const char *conform_notes(void);
void conform_notes_clear(void);

/* ' to " and %a% to what find gives for a (NULL: left as it is); "" for NULL. Caller frees. */
char *conform_expand(const char *text, const char *(*find)(void *ctx, const char *name), void *ctx);
/* Is the member at path of the document that value (JSON with ' for ")? NULL: it is absent; "*": it is anything. */
bool conform_value(const char *document, const char *path, const char *value);
bool conform_code(const char *what, HRESULT expected, HRESULT got, const char *document);
/*
 * A host may say any of these; which it said stands in the notes, also of a case that passes. The emulator says the
 * first one.
 */
bool conform_one_of(const char *what, HRESULT got, const HRESULT *codes, size_t n);
#define CONFORM_ONE_OF(what, got, ...)                            \
        conform_one_of(what, got, (const HRESULT[]){__VA_ARGS__}, \
                       sizeof((const HRESULT[]){__VA_ARGS__}) / sizeof(HRESULT))

#endif
