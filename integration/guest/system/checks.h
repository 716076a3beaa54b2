/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_GUEST_SYSTEM_CHECKS_H
#define INTEGRATION_GUEST_SYSTEM_CHECKS_H

/*
 * The checks inside the machine, a file for each of the guest's rooms: lists that end with an empty one, which main()
 * runs in order, and the words in which they tell how they went.
 */

#include <stdio.h>

#include "base/mem.h"
#include "guest/base/path.h"
#include "hcsshim/error.h"
#include "hcsshim/schema.h"
#include "platform/clock.h"

#define ROOTS &guest_real_roots
#define SOON  (hcs_clock_ns() + 30 * (uint64_t)HCS_NS_PER_S)
#define MB    (1u << 20)

struct check {
        const char *name;
        void (*run)(void);
};
#define CHECK(name) \
        { #name, name }
extern const struct check storage_checks[], network_checks[], cgroup_checks[], vsock_checks[];

extern const char *current;                               /* the check that runs */
extern struct hcs_schema_guest_device_verity_info verity; /* of the layer on the first disk */

/* Ends the check. */
#define expect(condition)                                                                  \
        do {                                                                               \
                if (!(condition)) {                                                        \
                        printf("not ok %s: line %d: %s\n", current, __LINE__, #condition); \
                        return;                                                            \
                }                                                                          \
        } while (0)
#define expect_ok(expr)                                                                               \
        do {                                                                                          \
                struct hcs_error *e_ = NULL, **err = &e_;                                             \
                if (FAILED(expr)) {                                                                   \
                        printf("not ok %s: line %d: %s\n", current, __LINE__, hcs_error_message(e_)); \
                        hcs_error_free(e_);                                                           \
                        return;                                                                       \
                }                                                                                     \
        } while (0)
#define expect_failure(expr, code)                                                                   \
        do {                                                                                         \
                struct hcs_error *e_ = NULL, **err = &e_;                                            \
                HRESULT hr_ = (expr);                                                                \
                if (hr_ != (code)) {                                                                 \
                        printf("not ok %s: line %d: 0x%08x: %s\n", current, __LINE__, (unsigned)hr_, \
                               e_ ? hcs_error_message(e_) : "no failure");                           \
                        hcs_error_free(e_);                                                          \
                        return;                                                                      \
                }                                                                                    \
                hcs_error_free(e_);                                                                  \
        } while (0)

#endif
