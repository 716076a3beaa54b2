/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ENGINE_CONTROL_H
#define MOCKHCS_ENGINE_CONTROL_H

/*
 * What can be asked of a world beside the platform's calls: requests and answers are JSON objects, the same in the
 * process (mockhcs.h) and over the wire of a service.
 *
 *   {"control":"status"}    {"Systems":n,"Processes":n,"NetworkObjects":n}
 *   {"control":"save"}      the world as one document, to be kept in a file
 *   {"control":"restore","world":DOCUMENT}   {"Lost":[ids of systems that could not come back]}
 *   {"control":"reboot","networks":true}   false: without what the host knew of networks
 *   {"control":"drain"}     answered when nothing is due any more (a service; in the process mockhcs_drain())
 *   {"control":"stop"}      a service ends after it has answered
 */

#include "base/json.h"
#include "hcsshim/error.h"

struct mock_backend;

/* A world as a file: the document of "save", at most 256 MiB. mock_wire has these, for programs without an engine. */
HRESULT mock_world_write(const char *path, const struct hcs_json *world, struct hcs_error **err);
HRESULT mock_world_read(const char *path, struct hcs_json **ret, struct hcs_error **err);

/* The world in a file; what mockhcs.h and the service offer. */
HRESULT mock_world_save(struct mock_backend *b, const char *path, struct hcs_error **err);
HRESULT mock_world_restore(struct mock_backend *b, const char *path, struct hcs_json **ret_answer,
                           struct hcs_error **err);

#endif
