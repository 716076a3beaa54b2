/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_TEST_GUEST_FIXTURE_H
#define MOCKHCS_VM_TEST_GUEST_FIXTURE_H

/* The guest of the test at hand, and cmocka's set-up and tear-down for it: ready, with rings and buffers. */

#include "mockhcs/vm/test/fake_guest.h"

extern struct fake_guest g;

int fake_guest_setup(void **state);
int fake_guest_teardown(void **state);

#endif
