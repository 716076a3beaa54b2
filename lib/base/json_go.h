/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_JSON_GO_H
#define HCS_BASE_JSON_GO_H

/*
 * What Go's encoding/json says about text that is no JSON, in its words: hosts and guests of the bridge pass such texts
 * on, and people search for them. Source: the Go library's documented scanner states. Pure functions.
 */

#include <stddef.h>

/* NULL when Go would take the text. Caller frees. */
char *hcs_json_go_error(const char *text, size_t len);

#endif
