/* SPDX-License-Identifier: MIT */

/*
 * What users met on real hosts, as rows of a file (net-faults=FILE): an array of objects, each with "fault":
 * - late-delete: a deleted object stays in lists, and its id and name taken, for "ms"; of one "kind" or of all
 * - phantom: an object of "kind" and "name" exists already, and cannot be opened
 * - hang: the "nth" call of "call" ("*": of any) and those that follow, "times" in all (both 1), answer "ms" late
 * - fail: the same calls fail with "hr"
 * - restart: the service restarts after "after" calls: handles are of no use, listeners hear ServiceDisconnect, and
 *   "objects" are kept, lost, or only the persistent ones kept
 * - event: the "nth" notification called "name" (any, without one) and those that follow, "times" in all, are "how":
 *   lost, twice, or "ms" late
 */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/fault.h"
#include "platform/file.h"

#define MAX_MEMBERS 5

static const struct {
        const char *name;
        const char *members[MAX_MEMBERS];
} types[] = {
        [NET_FAULT_LATE_DELETE] = {"late-delete", {"kind", "ms"}},
        [NET_FAULT_PHANTOM] = {"phantom", {"kind", "name"}},
        [NET_FAULT_HANG] = {"hang", {"call", "nth", "times", "ms"}},
        [NET_FAULT_FAIL] = {"fail", {"call", "nth", "times", "hr"}},
        [NET_FAULT_RESTART] = {"restart", {"after", "objects"}},
        [NET_FAULT_EVENT] = {"event", {"name", "nth", "times", "how", "ms"}},
};

static HRESULT wrong(struct hcs_error **err, size_t i, const char *member, const char *expected) {
        return hcs_error_make(err, E_INVALIDARG, "[%zu].%s: %s is expected", i, member, expected);
}

/* Which of the choices the member is; NULL when it is none. */
static const char *choice(const struct hcs_json *row, const char *member, const char *const *choices, size_t n) {
        for (size_t k = 0; k < n; k++)
                if (hcs_streq(choices[k], net_text(row, member)))
                        return choices[k];
        return NULL;
}

static HRESULT read_kind(struct net_fault *f, const struct hcs_json *row, size_t i, struct hcs_error **err) {
        const char *kind = net_text(row, "kind");

        for (int k = 0; *kind && k < NET_KINDS; k++)
                if (hcs_streq(mock_handle_kind_name((enum mock_handle_kind)(MOCK_NETWORK + k)), kind))
                        f->kind = (enum net_kind)k;
        if ((*kind || f->type == NET_FAULT_PHANTOM) && f->kind == NET_KINDS)
                return wrong(err, i, "kind", "network, endpoint, namespace, loadbalancer, sdnroute or guestservice");
        return S_OK;
}

static HRESULT read_call(struct net_fault *f, const struct hcs_json *row, size_t i, struct hcs_error **err) {
        const char *call = net_text(row, "call");

        if (!mock_function_find(MOCK_COMPUTENETWORK, call) && !hcs_streq(call, "HNSCall") && !hcs_streq(call, "*"))
                return wrong(err, i, "call", "HNSCall, a function of computenetwork, or *");
        f->call = hcs_strdup(call);
        if (f->type == NET_FAULT_FAIL && (!hcs_hresult_parse(net_text(row, "hr"), &f->hr) || !FAILED(f->hr)))
                return wrong(err, i, "hr", "the name or number of a failure");
        return S_OK;
}

static HRESULT read_restart(struct net_fault *f, const struct hcs_json *row, size_t i, struct hcs_error **err) {
        static const char *const objects[] = {"kept", "lost", "persistent"};

        f->how = choice(row, "objects", objects, HCS_ARRAY_SIZE(objects));
        return f->how ? S_OK : wrong(err, i, "objects", "kept, lost or persistent");
}

static HRESULT read_event(struct net_fault *f, const struct hcs_json *row, size_t i, struct hcs_error **err) {
        static const char *const events[] = {"NetworkPreCreate",
                                             "NetworkCreate",
                                             "NetworkPreDelete",
                                             "NetworkDelete",
                                             "NamespaceCreate",
                                             "NamespaceDelete",
                                             "GuestNetworkServiceCreate",
                                             "GuestNetworkServiceDelete",
                                             "GuestNetworkServiceStateChanged",
                                             "NetworkEndpointAttached",
                                             "NetworkEndpointDetached"};
        static const char *const ways[] = {"lost", "twice", "late"};

        if (*f->name && !choice(row, "name", events, HCS_ARRAY_SIZE(events)))
                return wrong(err, i, "name", "a notification, such as NetworkCreate,");
        f->how = choice(row, "how", ways, HCS_ARRAY_SIZE(ways));
        return f->how ? S_OK : wrong(err, i, "how", "lost, twice or late");
}

/* Numbers are numbers, and there is nothing that nobody reads. */
static HRESULT check_members(enum net_fault_type type, const struct hcs_json *row, size_t i, struct hcs_error **err) {
        static const char *const numbers[] = {"nth", "times", "ms", "after"};

        for (const struct hcs_json *m = hcs_json_first(row); m; m = hcs_json_next(m)) {
                const char *name = hcs_json_key(m);
                bool known = hcs_streq(name, "fault"), number = false;
                uint64_t n;

                for (size_t k = 0; k < MAX_MEMBERS && types[type].members[k]; k++)
                        known |= hcs_streq(types[type].members[k], name);
                for (size_t k = 0; k < HCS_ARRAY_SIZE(numbers); k++)
                        number |= hcs_streq(numbers[k], name);
                if (!known)
                        return hcs_error_make(err, E_INVALIDARG, "[%zu].%s: a row of %s has no such member", i, name,
                                              types[type].name);
                if (number && !hcs_json_u64(m, &n))
                        return wrong(err, i, name, "a number from 0");
                if (!number && !hcs_json_string(m))
                        return wrong(err, i, name, "a string");
        }
        return S_OK;
}

static HRESULT read_row(struct net_fault *f, const struct hcs_json *row, size_t i, struct hcs_error **err) {
        size_t type = 0;
        HRESULT hr;

        while (type < HCS_ARRAY_SIZE(types) && !hcs_streq(types[type].name, net_text(row, "fault")))
                type++;
        if (type == HCS_ARRAY_SIZE(types))
                return wrong(err, i, "fault", "late-delete, phantom, hang, fail, restart or event");
        hr = check_members((enum net_fault_type)type, row, i, err);
        if (FAILED(hr))
                return hr;
        *f = (struct net_fault){.type = (enum net_fault_type)type,
                                .kind = NET_KINDS,
                                .name = hcs_strdup(net_text(row, "name")),
                                .nth = net_uint(row, "nth") ? net_uint(row, "nth") : 1,
                                .times = net_uint(row, "times") ? net_uint(row, "times") : 1,
                                .ms = net_uint(row, "ms"),
                                .after = net_uint(row, "after")};
        switch (f->type) {
        case NET_FAULT_HANG:
        case NET_FAULT_FAIL:
                return read_call(f, row, i, err);
        case NET_FAULT_RESTART:
                return read_restart(f, row, i, err);
        case NET_FAULT_EVENT:
                return read_event(f, row, i, err);
        default:
                return read_kind(f, row, i, err);
        }
}

static HRESULT read_rows(struct net_model *m, const struct hcs_json *rows, struct hcs_error **err) {
        size_t n = hcs_json_count(rows), i = 0;

        if (!hcs_json_is(rows, HCS_JSON_ARRAY))
                return hcs_error_make(err, E_INVALIDARG, "an array of faults is expected");
        m->faults = hcs_calloc(n + 1, sizeof(*m->faults));
        m->n_faults = n;
        for (const struct hcs_json *row = hcs_json_first(rows); row; row = hcs_json_next(row), i++) {
                HRESULT hr = read_row(&m->faults[i], row, i, err);

                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

HRESULT net_faults_load(struct net_model *m, const char *path, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *rows = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr;

        if (!path)
                return S_OK;
        hr = hcs_file_read(path, (size_t)1 << 20, &text, err);
        if (SUCCEEDED(hr))
                hr = hcs_json_parse(hcs_buf_cstr(&text), text.len, NULL, &rows, err);
        if (SUCCEEDED(hr))
                hr = read_rows(m, rows, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "net-faults %s", path);
        return hr;
}

void net_faults_free(struct net_model *m) {
        for (size_t i = 0; i < m->n_faults; i++) {
                free(m->faults[i].call);
                free(m->faults[i].name);
        }
        free(m->faults);
        m->faults = NULL;
        m->n_faults = 0;
        net_ghosts_free(m);
}
