/* SPDX-License-Identifier: MIT */

#include "uvm/change.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "uvm/build.h"

#define PARENT_ADDRESS "894cc2d6-9d79-424f-93fe-42969ae6d8d1"
#define SERVICE_PATH   "VirtualMachine/Devices/HvSocket/HvSocketConfig/ServiceTable/"

static HRESULT to_host(const struct uvm_sink *sink, const char *type, const char *resource, const char *settings,
                       struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf b = {0};

        hcs_buf_puts(&b, "{\"ResourcePath\":");
        hcs_json_print_string(resource, strlen(resource), HCS_JSON_GO, &b);
        if (type)
                hcs_buf_printf(&b, ",\"RequestType\":\"%s\"", type);
        if (settings)
                hcs_buf_printf(&b, ",\"Settings\":%s", settings);
        hcs_buf_putc(&b, '}');
        return sink->modify(sink->ctx, hcs_buf_cstr(&b), err);
}

static HRESULT to_guest(const struct uvm_sink *sink, const struct uvm_change *c, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf b = {0};

        hcs_buf_printf(&b, "{\"RequestType\":\"%s\",\"ResourceType\":\"%s\"", c->guest_type, c->guest_resource);
        if (c->guest_settings)
                hcs_buf_printf(&b, ",\"Settings\":%s", c->guest_settings);
        hcs_buf_putc(&b, '}');
        return sink->request(sink->ctx, hcs_buf_cstr(&b), err);
}

static bool is_type(const struct uvm_change *c, const char *type) {
        return c->type && strcmp(c->type, type) == 0;
}

static HRESULT add(const struct uvm_sink *sink, const struct uvm_change *c, struct hcs_error **err) {
        HRESULT hr = c->resource ? to_host(sink, c->type, c->resource, c->settings, err) : S_OK;

        if (FAILED(hr)) {
                hcs_error_wrap(err, "adding VM resources");
                return hr;
        }
        hr = to_guest(sink, c, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "guest modify");
                if (c->resource)
                        to_host(sink, "Remove", c->resource, c->settings,
                                NULL); /* the guest's failure is the one to tell */
        }
        return hr;
}

static HRESULT take_away(const struct uvm_sink *sink, const struct uvm_change *c, struct hcs_error **err) {
        HRESULT hr = to_guest(sink, c, err);

        if (FAILED(hr)) {
                hcs_error_wrap(err, "guest modify");
                return hr;
        }
        hr = c->resource ? to_host(sink, c->type, c->resource, c->settings, err) : S_OK;
        if (FAILED(hr))
                hcs_error_wrap(err, "removing VM resources");
        return hr;
}

HRESULT uvm_change(const struct uvm_sink *sink, const struct uvm_change *c, struct hcs_error **err) {
        HRESULT hr;

        if (!c->guest_resource)
                return to_host(sink, c->type, c->resource, c->settings, err);
        if (is_type(c, "Add"))
                return add(sink, c, err);
        if (is_type(c, "Remove"))
                return take_away(sink, c, err);
        hr = to_guest(sink, c, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "guest modify");
        return hr;
}

HRESULT uvm_set_memory(const struct uvm_sink *sink, uint64_t bytes, struct hcs_error **err) {
        uint64_t mb = bytes >> 20, even = mb + (mb & 1);
        _cleanup_free_ char *text = hcs_asprintf("%llu", (unsigned long long)even);

        return to_host(sink, NULL, "VirtualMachine/ComputeTopology/Memory/SizeInMB", text, err);
}

HRESULT uvm_set_processor_limits(const struct uvm_sink *sink, const struct hcs_schema_processor_limits *limits,
                                 struct hcs_error **err) {
        _cleanup_free_ char *text = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_PROCESSOR_LIMITS), limits);

        return to_host(sink, NULL, "VirtualMachine/ComputeTopology/Processor/Limits", text, err);
}

HRESULT uvm_set_cpu_group(const struct uvm_sink *sink, const char *id, struct hcs_error **err) {
        static char none[] = "00000000-0000-0000-0000-000000000000";
        _cleanup_free_ char *copy = hcs_strdup(id);
        struct hcs_schema_cpu_group group = {.Id = copy ? copy : none};
        _cleanup_free_ char *text = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_CPU_GROUP), &group);

        return to_host(sink, NULL, "VirtualMachine/ComputeTopology/Processor/CpuGroup", text, err);
}

HRESULT uvm_set_service(const struct uvm_sink *sink, const char *id,
                        const struct hcs_schema_hv_socket_service_config *config, struct hcs_error **err) {
        _cleanup_free_ char *text = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_HV_SOCKET_SERVICE_CONFIG), config);
        _cleanup_free_ char *resource = hcs_asprintf(SERVICE_PATH "%s", id);

        return to_host(sink, "Update", resource, text, err);
}

HRESULT uvm_remove_service(const struct uvm_sink *sink, const char *id, struct hcs_error **err) {
        _cleanup_free_ char *resource = hcs_asprintf(SERVICE_PATH "%s", id);

        return to_host(sink, "Remove", resource, NULL, err);
}

static HRESULT request_layers(const struct uvm_sink *sink, const char *type,
                              const struct hcs_schema_guest_wcow_combined_layers *layers, const char *container,
                              bool confidential, struct hcs_error **err) {
        _cleanup_free_ char *id = hcs_strdup(container);
        struct hcs_schema_guest_cwcow_combined_layers wrapped = {.ContainerID = id, .CombinedLayers = *layers};
        _cleanup_free_ char *text =
                confidential
                        ? hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_GUEST_CWCOW_COMBINED_LAYERS), &wrapped)
                        : hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_GUEST_WCOW_COMBINED_LAYERS), layers);

        return uvm_change(
                sink,
                &(struct uvm_change){.type = type,
                                     .guest_type = type,
                                     .guest_resource = confidential ? "CWCOWCombinedLayers" : "CombinedLayers",
                                     .guest_settings = text},
                err);
}

HRESULT uvm_combine_layers(const struct uvm_sink *sink, const struct hcs_schema_guest_wcow_combined_layers *layers,
                           const char *container, struct hcs_error **err) {
        return request_layers(sink, "Add", layers, container, container != NULL, err);
}

HRESULT uvm_remove_layers(const struct uvm_sink *sink, const char *root, bool confidential, struct hcs_error **err) {
        _cleanup_free_ char *copy = hcs_strdup(root);
        struct hcs_schema_guest_wcow_combined_layers layers = {.ContainerRootPath = copy};

        return request_layers(sink, "Remove", &layers, NULL, confidential, err);
}

HRESULT uvm_set_addresses(const struct uvm_sink *sink, const GUID *vm, struct hcs_error **err) {
        char local[HCS_GUID_TEXT_SIZE], parent[] = PARENT_ADDRESS;
        struct hcs_schema_hv_socket_address address = {.LocalAddress = hcs_guid_format(vm, local),
                                                       .ParentAddress = parent};
        _cleanup_free_ char *text =
                hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_HV_SOCKET_ADDRESS), &address);

        return uvm_change(
                sink,
                &(struct uvm_change){
                        .type = "Update", .guest_type = "Update", .guest_resource = "HvSocket", .guest_settings = text},
                err);
}

HRESULT uvm_set_policy(const struct uvm_sink *sink, const struct hcs_schema_guest_confidential_options *options,
                       struct hcs_error **err) {
        _cleanup_free_ char *text =
                hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_GUEST_CONFIDENTIAL_OPTIONS), options);

        return uvm_send_policy(sink, text, err);
}

HRESULT uvm_send_policy(const struct uvm_sink *sink, const char *options, struct hcs_error **err) {
        return uvm_change(sink,
                          &(struct uvm_change){.type = "Add",
                                               .guest_type = "Add",
                                               .guest_resource = "SecurityPolicy",
                                               .guest_settings = options},
                          err);
}
