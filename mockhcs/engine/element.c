/* SPDX-License-Identifier: MIT */

/* A composition string is cut at its commas; see element.h. */

#include "mockhcs/engine/element.h"

#include <stddef.h>

char *mock_element_next(char **at) {
        char *start = *at, *out = start, *in = start;

        if (!start)
                return NULL;
        for (; *in && *in != ','; in++) {
                if (in[0] == '\\' && (in[1] == ',' || in[1] == '\\'))
                        in++;
                *out++ = *in;
        }
        *at = *in ? in + 1 : NULL;
        *out = '\0';
        return start;
}
