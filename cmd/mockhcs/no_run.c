/* SPDX-License-Identifier: MIT */

/* mockhcs run where there is no Wine: Windows runs its programs itself. */

#include "cmd/mockhcs/mockhcs.h"

int run_program(int argc, char **argv) {
        struct hcs_error *err = NULL;

        hcs_error_make(&err, E_NOTIMPL, "this is for Wine on Linux; here `mockhcs install --beside` does");
        return tell_error(argv[0], err);
}
