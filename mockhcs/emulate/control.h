/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_EMULATE_CONTROL_H
#define MOCKHCS_EMULATE_CONTROL_H

/* What is asked of the emulated world itself: mockhcs/engine/control.h says what there is. Any thread. */

#include "mockhcs/emulate/emulate.h"

HRESULT emulate_control(struct mock_backend *b, const struct hcs_json *request, struct hcs_json **ret,
                        struct hcs_error **err);

#endif
