/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_STORAGE_TEST_LAYERS_H
#define MOCKHCS_STORAGE_TEST_LAYERS_H

/*
 * Layers for tests: a drive C: that is a folder of the test, an emulator over it, and the names and documents that the
 * calls are made with. The names below are those below C:\layers.
 */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computestorage.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/mockhcs.h"

#define BASE    u"C:\\layers\\base"
#define SCRATCH u"C:\\layers\\scratch"
#define DATA                                                                 \
        u"{\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"Layers\":[{\"Id\":" \
        u"\"75bc0ef3-128f-5605-b880-4aa024ad9fb0\",\"Path\":\"C:\\\\layers\\\\base\"}]}"
#define OVERLAY                                                                                         \
        u"{\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"FilterType\":\"UnionFS\",\"Layers\":[{\"Id\":" \
        u"\"75bc0ef3-128f-5605-b880-4aa024ad9fb0\",\"Path\":\"C:\\\\layers\\\\base\"}]}"

extern const HCS_DRIVER_INFO driver;
extern const HCS_LAYER_DESCRIPTOR parents[1]; /* of a scratch on BASE */
extern struct mockhcs *mock;
extern char *root; /* has the folder c */

/* For cmocka. */
int layers_setup(void **state);
int layers_teardown(void **state);

char *place(const char *name); /* caller frees */
bool is_there(const char *name);
void put(const char *name, const void *data, size_t n);
/* A base that has been processed; a scratch on it. */
void make_base(void);
void make_scratch(void);

#endif
