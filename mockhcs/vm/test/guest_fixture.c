/* SPDX-License-Identifier: MIT */

/* The guest of guest_fixture.h. */

#include "mockhcs/vm/test/guest_fixture.h"

struct fake_guest g;

int fake_guest_setup(void **state) {
        fake_guest_init(&g, true, 0);
        return 0;
}

int fake_guest_teardown(void **state) {
        fake_guest_deinit(&g);
        return 0;
}
