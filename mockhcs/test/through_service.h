/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TEST_THROUGH_SERVICE_H
#define MOCKHCS_TEST_THROUGH_SERVICE_H

/*
 * The tests of a world, run against the same world behind a service: as mockhcs_open() and mockhcs_close(), with a
 * service of its own in between for each. Test programs are built once more with these names in place of those.
 */

#include "mockhcs/mockhcs.h"

HRESULT through_service_open(const char *spec, struct mockhcs **ret, struct hcs_error **err);
struct mockhcs *through_service_close(struct mockhcs *m);

#endif
