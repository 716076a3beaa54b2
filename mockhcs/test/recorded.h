/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TEST_RECORDED_H
#define MOCKHCS_TEST_RECORDED_H

/*
 * A client that is recorded, for tests of the recorder: our DLLs play the platform's, with the layer `record' below
 * them, and every call goes through the recorder.
 */

#include "hcsshim/abi/computecore.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/real/recorder.h"
#include "mockhcs/trace/record.h"
#include "platform/library.h"
#include "platform/work_folder.h"
#include "testing/hcs_test.h"

struct world {
        struct hcs_work_folder *folder;
        char *ours, *theirs; /* traces: the recorder's, and that of the layer below */
        struct mockhcs *mock;
        struct real_recorder *recorder;
        struct hcs_dynlib *libraries[5]; /* by enum mock_dll */
};

/* The platform's function of that signature. */
void *real_of(const struct world *w, const struct signature *s);
void open_world(struct world *w, struct real_recorder_options options);
void close_world(struct world *w);

const struct signature *signature(enum mock_dll dll, const char *name);
uint64_t call(struct world *w, const struct signature *s, const uint64_t *args);
#define ARG(x)                  ((uint64_t)(uintptr_t)(x))
#define CALL(w, dll, name, ...) call(w, signature(MOCK_##dll, name), (const uint64_t[]){__VA_ARGS__})

/* The records of that kind. */
struct lines {
        struct mock_record *items;
        size_t n;
};
struct lines read_lines(const char *path, enum mock_record_kind kind);
void free_lines(struct lines *lines);

#define VM u"{\"Owner\":\"real\",\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"VirtualMachine\":{}}"

HCS_OPERATION new_operation(struct world *w);
/* Such a system, its operation closed without a word. */
HCS_SYSTEM create_and_close(struct world *w);
HCS_SYSTEM open_with_system(struct world *w, struct real_recorder_options o);

#endif
