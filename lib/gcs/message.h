/* SPDX-License-Identifier: MIT */
#ifndef HCS_GCS_MESSAGE_H
#define HCS_GCS_MESSAGE_H

/*
 * The messages of protocol 4: their numbers, names and document types (the types "gcs.X" of lib/schema). A type word is
 * a category in the top four bits, and what is asked in the others: service, number and version. Constant data, any
 * thread. Source: hcsshim internal/gcs/prot.
 */

#include <stdbool.h>
#include <stdint.h>

#include "hcsshim/schema.h"

#define HCS_GCS_PROTOCOL_VERSION 4u
#define HCS_GCS_NULL_ID          "00000000-0000-0000-0000-000000000000" /* the VM itself */

/* Vsock ports, on which the host listens and the guest dials. */
#define HCS_GCS_PORT_ENTROPY 1u
#define HCS_GCS_PORT_LOG     109u
#define HCS_GCS_PORT_BRIDGE  0x40000000u
#define HCS_GCS_PORT_STDIO   0x40000001u /* the first of those for processes */

enum hcs_gcs_category {
        HCS_GCS_REQUEST = 0x10000000,
        HCS_GCS_RESPONSE = 0x20000000,
        HCS_GCS_NOTIFY = 0x30000000,
        HCS_GCS_CATEGORY_MASK = (int)0xf0000000,
};

enum hcs_gcs_rpc {
        HCS_GCS_CREATE = 0x00100101,
        HCS_GCS_START = 0x00100201,
        HCS_GCS_SHUTDOWN_GRACEFUL = 0x00100301,
        HCS_GCS_SHUTDOWN_FORCED = 0x00100401,
        HCS_GCS_EXECUTE_PROCESS = 0x00100501,
        HCS_GCS_WAIT_FOR_PROCESS = 0x00100601,
        HCS_GCS_SIGNAL_PROCESS = 0x00100701,
        HCS_GCS_RESIZE_CONSOLE = 0x00100801,
        HCS_GCS_GET_PROPERTIES = 0x00100901,
        HCS_GCS_MODIFY_SETTINGS = 0x00100A01,
        HCS_GCS_NEGOTIATE_PROTOCOL = 0x00100B01,
        HCS_GCS_DUMP_STACKS = 0x00100C01,
        HCS_GCS_DELETE_CONTAINER_STATE = 0x00100D01,
        HCS_GCS_UPDATE_CONTAINER = 0x00100E01,
        HCS_GCS_LIFECYCLE_NOTIFICATION = 0x00100F01,
        HCS_GCS_MODIFY_SERVICE_SETTINGS = 0x00200101,
};

/* The only notification. */
#define HCS_GCS_NOTIFY_CONTAINER (HCS_GCS_NOTIFY | 0x00100101u)

struct hcs_gcs_message {
        uint32_t rpc; /* without the category */
        const char *name;
        enum hcs_schema_type_id request, response;
};

/* By type word, whatever its category, or by name; NULL when there is no such request. */
const struct hcs_gcs_message *hcs_gcs_message_find(uint32_t type);
const struct hcs_gcs_message *hcs_gcs_message_named(const char *name);
/* The document that a frame of this type word carries; NULL when the word is of no message. */
const struct hcs_schema_type *hcs_gcs_document_type(uint32_t type);

/* "Request(Create)", "Response(0x301001)", "Notify(Container)", "0x1": as hcsshim writes type words. Returns buf. */
#define HCS_GCS_TYPE_TEXT_SIZE 48
char *hcs_gcs_type_format(uint32_t type, char buf[static HCS_GCS_TYPE_TEXT_SIZE]);
/* And back; false when the text is none. */
bool hcs_gcs_type_parse(const char *text, uint32_t *ret);

#endif
