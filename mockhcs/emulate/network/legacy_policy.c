/* SPDX-License-Identifier: MIT */

/*
 * Policies of version 1 and 2: the same things under other names. Version 1 keeps the members beside Type, version 2
 * inside Settings. What has no row keeps its names. Pure functions.
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/model.h"

#define MAX_RENAMED 3

static const struct policy_row {
        const char *legacy, *modern;
        struct {
                const char *legacy, *modern;
        } members[MAX_RENAMED];
} rows[] = {
        {"NAT", "PortMapping", {{0}}},
        {"OutBoundNAT", "OutBoundNAT", {{"VIP", "VirtualIP"}, {"ExceptionList", "Exceptions"}}},
        {"PA", "ProviderAddress", {{"PA", "ProviderAddress"}}},
        {"VLAN", "VLAN", {{"VLAN", "IsolationId"}}},
        {"VSID", "VSID", {{"VSID", "IsolationId"}}},
        {"ROUTE", "SDNRoute", {{0}}},
        {"PROXY", "L4Proxy", {{"ExceptionList", "Exceptions"}, {"OutboundNat", "OutboundNAT"}}},
        {"ACL", "ACL", {{"LocalPort", "LocalPorts"}, {"RemotePort", "RemotePorts"}, {"Protocol", "Protocols"}}},
};

/* Version 1 has these as numbers or names, version 2 as the other. */
static const struct {
        const char *name;
        uint64_t number;
} protocols[] = {{"TCP", 6}, {"UDP", 17}, {"ICMPv4", 1}, {"ICMPv6", 58}, {"IGMP", 2}};

static const struct policy_row *row_of(const char *type, bool legacy) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++)
                if (hcs_strcaseeq(legacy ? rows[i].legacy : rows[i].modern, type))
                        return &rows[i];
        return NULL;
}

static const char *renamed(const struct policy_row *row, const char *name, bool legacy) {
        for (size_t i = 0; row && i < MAX_RENAMED && row->members[i].legacy; i++)
                if (hcs_strcaseeq(legacy ? row->members[i].legacy : row->members[i].modern, name))
                        return legacy ? row->members[i].modern : row->members[i].legacy;
        return name;
}

/* A name of a protocol becomes its number. */
static struct hcs_json *modern_value(const struct policy_row *row, const struct hcs_json *value) {
        const char *text = hcs_json_string(value);
        char number[32];

        for (size_t i = 0; text && i < HCS_ARRAY_SIZE(protocols); i++)
                if (row && hcs_streq(row->legacy, "NAT") && hcs_strcaseeq(protocols[i].name, text))
                        return hcs_json_new_u64(protocols[i].number);
        /* Single ports and protocols of an ACL are numbers, lists are text. */
        if (row && hcs_streq(row->legacy, "ACL") && hcs_json_is(value, HCS_JSON_NUMBER) &&
            !hcs_streq(hcs_json_key(value), "Priority") && !hcs_streq(hcs_json_key(value), "InternalPort"))
                return hcs_json_new_string(hcs_json_number_text(value, number, sizeof(number)));
        return hcs_json_copy(value);
}

static struct hcs_json *to_modern(const struct hcs_json *policy) {
        const char *type = net_text(policy, "Type");
        const struct policy_row *row = row_of(type, true);
        struct hcs_json *modern = hcs_json_new_object(), *settings = NULL;

        hcs_json_set_string(modern, "Type", row ? row->modern : type);
        for (const struct hcs_json *m = hcs_json_first(policy); m; m = hcs_json_next(m)) {
                if (hcs_streq(hcs_json_key(m), "Type"))
                        continue;
                if (!settings)
                        settings = hcs_json_set_new_object(modern, "Settings");
                hcs_json_set(settings, renamed(row, hcs_json_key(m), true), modern_value(row, m));
        }
        return modern;
}

void net_policies_from_legacy(struct hcs_json *policies) {
        for (struct hcs_json *p = hcs_json_first(policies), *next; p; p = next) {
                next = hcs_json_next(p);
                if (hcs_json_is(p, HCS_JSON_OBJECT) && !hcs_json_get(p, "Settings"))
                        hcs_json_replace(policies, p, to_modern(p));
        }
}

static struct hcs_json *legacy_value(const struct policy_row *row, const struct hcs_json *value) {
        uint64_t number;

        if (row && hcs_streq(row->legacy, "NAT") && hcs_streq(hcs_json_key(value), "Protocol") &&
            hcs_json_u64(value, &number))
                for (size_t i = 0; i < HCS_ARRAY_SIZE(protocols); i++)
                        if (protocols[i].number == number)
                                return hcs_json_new_string(protocols[i].name);
        return hcs_json_copy(value);
}

/* The lists of an ACL have the same names in both; only what came as a single value was renamed. */
static const char *legacy_name(const struct policy_row *row, const char *name) {
        return row && hcs_streq(row->legacy, "ACL") ? name : renamed(row, name, false);
}

struct hcs_json *net_policies_to_legacy(const struct hcs_json *policies) {
        struct hcs_json *list = hcs_json_new_array();

        for (const struct hcs_json *p = hcs_json_first(policies); p; p = hcs_json_next(p)) {
                const struct policy_row *row = row_of(net_text(p, "Type"), false);
                struct hcs_json *legacy = hcs_json_append(list, hcs_json_new_object());

                hcs_json_set_string(legacy, "Type", row ? row->legacy : net_text(p, "Type"));
                for (const struct hcs_json *m = hcs_json_first(hcs_json_get(p, "Settings")); m; m = hcs_json_next(m))
                        hcs_json_set(legacy, legacy_name(row, hcs_json_key(m)), legacy_value(row, m));
        }
        return list;
}
