/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_SERVICE_SHAPE_H
#define MOCKHCS_SERVICE_SHAPE_H

/*
 * What a call has to look like before a layer may see it: in the client's process the exports see to that, a service
 * cannot trust it. Pure.
 */

#include "mockhcs/engine/call.h"
#include "mockhcs/engine/handle.h"

struct call_shape {
        int handle;  /* the kind that the call is about (enum mock_handle_kind), -1: none */
        int creates; /* the kind that it makes, -1: none */
        const char *texts[3], *documents[2], *numbers[3]; /* arguments that must be there, NULL where there are fewer */
};

/* False for a function that no backend answers. */
bool call_shape_of(const struct mock_function *f, struct call_shape *ret);
/* Has the call all that its shape asks for? Else what is wrong, in a few words that name the argument; caller frees.
 * The handles were looked up already. */
char *call_shape_check(const struct call_shape *shape, struct mock_call *call);

#endif
