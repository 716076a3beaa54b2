/* SPDX-License-Identifier: MIT */

/* Requests that are wrong, as data: what is sent, and the code and the words that come back. What stands after the code
 * in the words of a JSON error is the agent's own affair. */

#include <string.h>

#include "base/str.h"
#include "integration/guest/cases.h"

#define A       "\"ActivityId\":\"" UVM "\""
#define MISSING "{\"ContainerId\":\"nope\"," A

#define INVALID_JSON ((HRESULT)0xC037010D)
#define NO_SUCH      ((HRESULT)0xC037010E)
#define NOT_FOUND    ((HRESULT)0x80070490)

static const struct row {
        const char *name;
        uint32_t rpc;
        const char *body;
        HRESULT result;
        const char *message; /* what the message begins with; NULL for any */
} rows[] = {
        {"an empty message is no JSON", HCS_GCS_START, "", INVALID_JSON,
         "failed to unmarshal JSON in message \"\": HRESULT 0xc037010d: unexpected end of JSON input"},
        {"a message that ends early is no JSON", HCS_GCS_CREATE, "{\"ContainerId\":\"x\"", INVALID_JSON,
         "failed to unmarshal JSON in message \"{\"ContainerId\":\"x\"\": HRESULT 0xc037010d: unexpected end of JSON "
         "input"},
        {"text after the document is refused", HCS_GCS_START, "{}{}", INVALID_JSON,
         "failed to unmarshal JSON in message"},
        {"a list is no message", HCS_GCS_START, "[]", INVALID_JSON, "failed to unmarshal JSON in message"},
        {"a number is no container id", HCS_GCS_START, "{\"ContainerId\":5}", INVALID_JSON,
         "failed to unmarshal JSON in message"},
        {"a document of great depth is refused", HCS_GCS_START, NULL, INVALID_JSON,
         "failed to unmarshal JSON in message"},
        {"a word that JSON does not know is refused", HCS_GCS_START, "{\"ContainerId\":undefined}", INVALID_JSON,
         "failed to unmarshal JSON in message"},
        {"a negative process id is refused", HCS_GCS_WAIT_FOR_PROCESS, MISSING ",\"ProcessId\":-1}", INVALID_JSON,
         "failed to unmarshal JSON in message"},
        {"a process id beyond 32 bits is refused", HCS_GCS_SIGNAL_PROCESS, MISSING ",\"ProcessId\":4294967296}",
         INVALID_JSON, "failed to unmarshal JSON in message"},
        {"a height beyond 16 bits is refused", HCS_GCS_RESIZE_CONSOLE, MISSING ",\"ProcessId\":1,\"Height\":65536}",
         INVALID_JSON, "failed to unmarshal JSON in message"},

        {"create: a configuration that is no JSON", HCS_GCS_CREATE, MISSING ",\"ContainerConfig\":\"{\"}", INVALID_JSON,
         "failed to unmarshal JSON for ContainerConfig \"{\": HRESULT 0xc037010d: unexpected end of JSON input"},
        {"create: no configuration", HCS_GCS_CREATE, MISSING "}", INVALID_JSON,
         "failed to unmarshal JSON for ContainerConfig \"\": HRESULT 0xc037010d: unexpected end of JSON input"},
        {"create: no schema version", HCS_GCS_CREATE, MISSING ",\"ContainerConfig\":\"{}\"}", INVALID_JSON,
         "HRESULT 0xc037010d: invalid schema version: {0 0}"},
        {"create: schema version 2.0", HCS_GCS_CREATE,
         MISSING ",\"ContainerConfig\":\"{\\\"SchemaVersion\\\":{\\\"Major\\\":2,\\\"Minor\\\":0}}\"}", INVALID_JSON,
         "HRESULT 0xc037010d: invalid schema version: {2 0}"},
        {"create: a major version that is text", HCS_GCS_CREATE,
         MISSING ",\"ContainerConfig\":\"{\\\"SchemaVersion\\\":{\\\"Major\\\":\\\"2\\\"}}\"}", INVALID_JSON,
         "failed to unmarshal JSON for ContainerConfig"},

        {"start of a container that is not there is fine", HCS_GCS_START, MISSING "}", S_OK, NULL},
        {"exec in a container that is not there", HCS_GCS_EXECUTE_PROCESS,
         MISSING ",\"Settings\":{\"ProcessParameters\":\"{\\\"CommandArgs\\\":[\\\"sh\\\"]}\"}}", NO_SUCH,
         "HRESULT: 0xc037010e"},
        {"exec without parameters", HCS_GCS_EXECUTE_PROCESS, MISSING "}", INVALID_JSON,
         "failed to unmarshal JSON for ProcessParameters \"\": HRESULT 0xc037010d: unexpected end of JSON input"},
        {"exec with parameters that are no JSON", HCS_GCS_EXECUTE_PROCESS,
         MISSING ",\"Settings\":{\"ProcessParameters\":\"[\"}}", INVALID_JSON,
         "failed to unmarshal JSON for ProcessParameters \"[\""},
        {"exec with parameters of the wrong kind", HCS_GCS_EXECUTE_PROCESS,
         MISSING ",\"Settings\":{\"ProcessParameters\":\"{\\\"CommandArgs\\\":\\\"sh\\\"}\"}}", INVALID_JSON,
         "failed to unmarshal JSON for ProcessParameters"},
        {"wait in a container that is not there", HCS_GCS_WAIT_FOR_PROCESS,
         MISSING ",\"ProcessId\":5,\"TimeoutInMs\":4294967295}", NO_SUCH, "HRESULT: 0xc037010e"},
        {"wait for a process that the VM does not have", HCS_GCS_WAIT_FOR_PROCESS,
         "{\"ContainerId\":\"" UVM "\",\"ProcessId\":99999,\"TimeoutInMs\":50}", NOT_FOUND, "HRESULT: 0x80070490"},
        {"signal in a container that is not there", HCS_GCS_SIGNAL_PROCESS,
         MISSING ",\"ProcessId\":5,\"Options\":{\"Signal\":15}}", NO_SUCH, "HRESULT: 0xc037010e"},
        {"resize in a container that is not there", HCS_GCS_RESIZE_CONSOLE,
         MISSING ",\"ProcessId\":5,\"Height\":1,\"Width\":1}", NO_SUCH, "HRESULT: 0xc037010e"},
        {"graceful shutdown of a container that is not there", HCS_GCS_SHUTDOWN_GRACEFUL, MISSING "}", NO_SUCH,
         "HRESULT: 0xc037010e"},
        {"forced shutdown of a container that is not there", HCS_GCS_SHUTDOWN_FORCED, MISSING "}", NO_SUCH,
         "HRESULT: 0xc037010e"},
        {"deletion of a container that is not there", HCS_GCS_DELETE_CONTAINER_STATE, MISSING "}", NO_SUCH,
         "HRESULT: 0xc037010e"},
        {"properties of a container that is not there", HCS_GCS_GET_PROPERTIES,
         MISSING ",\"Query\":\"{\\\"PropertyTypes\\\":[\\\"Statistics\\\"]}\"}", NO_SUCH, "HRESULT: 0xc037010e"},
        {"properties by a query that is no JSON", HCS_GCS_GET_PROPERTIES, MISSING ",\"Query\":\"zzz\"}", INVALID_JSON,
         "The query could not be unmarshaled: '{[]}': HRESULT 0xc037010d: invalid character 'z' looking for beginning "
         "of "
         "value"},
        {"properties of the VM", HCS_GCS_GET_PROPERTIES, "{\"ContainerId\":\"" UVM "\",\"Query\":\"\"}", E_FAIL,
         "getPropertiesV2 is not supported against the UVM"},

        {"modify: no request", HCS_GCS_MODIFY_SETTINGS, "{\"ContainerId\":\"" UVM "\"}", INVALID_JSON,
         "failed to unmarshal JSON in message"},
        {"modify: a message that ends early", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"x\",\"Request\":", INVALID_JSON,
         "failed to unmarshal JSON in message \"{\"ContainerId\":\"x\",\"Request\":\": failed to unmarshal "
         "ContainerModifySettings: HRESULT 0xc037010d: unexpected end of JSON input"},
        {"modify: no kind of resource", HCS_GCS_MODIFY_SETTINGS, "{\"ContainerId\":\"" UVM "\",\"Request\":{}}", E_FAIL,
         "failed to unmarshal JSON in message \"{\"ContainerId\":\"" UVM
         "\",\"Request\":{}}\": invalid ResourceType ''"},
        {"modify: a kind of resource that Windows guests have", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"HvSocket\",\"Settings\":{}}}", E_FAIL,
         "failed to unmarshal JSON in message"},
        {"modify: a LUN beyond 8 bits", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM
         "\",\"Request\":{\"ResourceType\":\"MappedVirtualDisk\",\"RequestType\":\"Add\",\"Settings\":{\"Lun\":256}}}",
         INVALID_JSON, "failed to unmarshal JSON in message"},
        {"modify: a disk without settings", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"MappedVirtualDisk\",\"RequestType\":\"Add\"}}",
         INVALID_JSON, "failed to unmarshal JSON in message"},
        {"modify: a disk that is absent", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"MappedVirtualDisk\",\"RequestType\":\"Add\","
         "\"Settings\":{\"Controller\":3,\"Lun\":63,\"MountPath\":\"/run/conform-disk\"}}}",
         E_FAIL, NULL},
        {"modify: a disk beyond the last controller", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"MappedVirtualDisk\",\"RequestType\":\"Add\","
         "\"Settings\":{\"Controller\":4,\"MountPath\":\"/run/conform-disk\"}}}",
         E_FAIL, NULL},
        {"modify: persistent memory that is absent", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"VPMemDevice\",\"RequestType\":\"Add\","
         "\"Settings\":{\"DeviceNumber\":99,\"MountPath\":\"/run/conform-pmem\"}}}",
         E_FAIL, NULL},
        {"modify: an adapter that is absent", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"Network\",\"RequestType\":\"Add\",\"Settings\":"
         "{\"NamespaceID\":\"44444444-0000-0000-0000-000000000000\",\"ID\":\"55555555-0000-0000-0000-000000000000\","
         "\"MacAddress\":\"02-00-00-00-00-99\"}}}",
         E_FAIL, NULL},
        {"modify: limits of a container that is not there", HCS_GCS_MODIFY_SETTINGS,
         MISSING ",\"Request\":{\"ResourceType\":\"ContainerConstraints\",\"RequestType\":\"Update\",\"Settings\":{}}}",
         NO_SUCH, "HRESULT: 0xc037010e"},
        {"modify: limits of the VM", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM
         "\",\"Request\":{\"ResourceType\":\"ContainerConstraints\",\"RequestType\":\"Update\",\"Settings\":{}}}",
         NO_SUCH, "HRESULT: 0xc037010e"},
        {"modify: a disk of a container that is not there", HCS_GCS_MODIFY_SETTINGS,
         MISSING ",\"Request\":{\"ResourceType\":\"MappedVirtualDisk\",\"RequestType\":\"Add\",\"Settings\":{}}}",
         NO_SUCH, "HRESULT: 0xc037010e"},
        {"modify: overlays are not updated", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"CombinedLayers\",\"RequestType\":\"Update\","
         "\"Settings\":{\"ContainerRootPath\":\"/run/none\"}}}",
         E_FAIL, "the RequestType \"Update\" is not supported"},
        {"modify: shares are not updated", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"MappedDirectory\",\"RequestType\":\"Update\","
         "\"Settings\":{\"MountPath\":\"/run/none\"}}}",
         E_FAIL, "the RequestType \"Update\" is not supported"},
        {"modify: a SCSI device is only removed", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"SCSIDevice\",\"RequestType\":\"Add\","
         "\"Settings\":{}}}",
         E_FAIL, "the RequestType \"Add\" is not supported"},
        {"modify: a PCI device is only added", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"VPCIDevice\",\"RequestType\":\"Remove\","
         "\"Settings\":{\"VMBusGUID\":\"00000000-0000-4000-8000-000000000001\"}}}",
         E_FAIL, "the RequestType \"Remove\" is not supported"},
        {"modify: a share on a port nobody listens on", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"MappedDirectory\",\"RequestType\":\"Add\","
         "\"Settings\":{\"MountPath\":\"/run/none\",\"Port\":77777,\"ShareName\":\"0\"}}}",
         E_FAIL, NULL},
        {"modify: a share that is not mounted is unmounted", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"MappedDirectory\",\"RequestType\":\"Remove\","
         "\"Settings\":{\"MountPath\":\"/run/none\"}}}",
         S_OK, NULL},
        {"modify: layers that are not combined are taken apart", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"CombinedLayers\",\"RequestType\":\"Remove\","
         "\"Settings\":{\"ContainerRootPath\":\"/run/none\"}}}",
         S_OK, NULL},
        {"modify: layers that are not there", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"CombinedLayers\",\"RequestType\":\"Add\","
         "\"Settings\":{\"ContainerID\":\"c\",\"ContainerRootPath\":\"/run/conform-root\","
         "\"Layers\":[{\"Path\":\"/run/conform-none\"}]}}}",
         E_FAIL, NULL},
        {"modify: an adapter that is taken out of nowhere", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"Network\",\"RequestType\":\"Remove\","
         "\"Settings\":{\"NamespaceID\":\"11111111-0000-0000-0000-000000000000\",\"ID\":\"i\"}}}",
         S_OK, NULL},
        {"modify: a request type that is none", HCS_GCS_MODIFY_SETTINGS,
         "{\"ContainerId\":\"" UVM "\",\"Request\":{\"ResourceType\":\"Network\",\"RequestType\":\"Paint\","
         "\"Settings\":{\"NamespaceID\":\"n\",\"ID\":\"i\"}}}",
         E_FAIL, "the RequestType \"Paint\" is not supported"},
        {"names of members compare in any case", HCS_GCS_START, "{\"containerid\":\"x\",\"ACTIVITYID\":\"" UVM "\"}",
         S_OK, NULL},
        {"unknown members are ignored", HCS_GCS_START, "{\"ContainerId\":\"x\",\"Colour\":[1,{}]}", S_OK, NULL},
        {"span contexts are taken", HCS_GCS_START,
         "{\"ContainerId\":\"x\",\"ocsc\":{\"TraceID\":\"00\",\"SpanID\":\"00\"},\"otsc\":{\"traceparent\":\"00-0-0-"
         "0\"}}",
         S_OK, NULL},
        {"the last of two members of a name counts", HCS_GCS_WAIT_FOR_PROCESS,
         "{\"ContainerId\":\"nope\",\"ContainerId\":\"" UVM "\",\"ProcessId\":99999,\"TimeoutInMs\":1}", NOT_FOUND,
         NULL},
};

/* Far deeper than any document of a host, and than Go's decoder goes. */
static char *deep_document(void) {
        struct hcs_buf b = {0};

        for (int i = 0; i < 12000; i++)
                hcs_buf_putc(&b, '[');
        for (int i = 0; i < 12000; i++)
                hcs_buf_putc(&b, ']');
        return hcs_buf_steal(&b);
}

static void run_row(struct host *h, const struct row *row) {
        _cleanup_free_ char *deep = row->body ? NULL : deep_document();
        const char *body = row->body ? row->body : deep, *message;
        _cleanup_json_ struct hcs_json *answer = host_wait(h, host_send(h, HCS_GCS_REQUEST | row->rpc, body));

        message = hcs_json_get_string(answer, "ErrorMessage");
        check(host_result(answer) == row->result, "0x%08x (%s)", (unsigned)host_result(answer), message ? message : "");
        check(row->result == S_OK || message, "a failure has a message");
        check(!row->message || hcs_str_starts(message, row->message), "%s", message);
        if (message)
                check(hcs_streq(message, hcs_json_string(hcs_json_lookup(answer, "ErrorRecords[0].Message"))),
                      "the record says something else");
}

static size_t count(void) {
        return HCS_ARRAY_SIZE(rows);
}

static const char *name(size_t i) {
        return rows[i].name;
}

static void run(struct host *h, size_t i) {
        run_row(h, &rows[i]);
}

const struct case_table request_cases = {.count = count, .name = name, .run = run};
