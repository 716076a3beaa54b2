/* SPDX-License-Identifier: MIT */

/* Handles: of another kind, closed, of objects that are gone; and deletes from two threads. */

#include "cmd/hcsconform/network/network.h"
#include "platform/thread.h"

#define NETWORK "b0b4e0c1-1111-4222-8333-444455556666"
#define STEPS(...)               \
        (const struct step[]) {  \
                __VA_ARGS__, END \
        }

static bool check(struct run *r, const char *what, HRESULT expected, HRESULT got) {
        return conform_code(what, expected, got, NULL);
}

static bool of_another_kind(struct run *r, const void *arg) {
        void *network = run_handle(r, "n"), *endpoint = NULL;
        char *text = NULL;

        return check(r, "modify", E_HANDLE, networks_modify(ENDPOINTS, network, "{}")) &&
               check(r, "query", E_HANDLE, networks_query(NAMESPACES, network, NULL, &text)) &&
               check(r, "close", E_HANDLE, networks_close(LOADBALANCERS, network)) &&
               check(r, "create", E_HANDLE, networks_create(ENDPOINTS, run_handle(r, "s"), NULL, "{}", &endpoint)) &&
               check(r, "create", E_HANDLE, networks_create(ENDPOINTS, NULL, NULL, "{}", &endpoint));
}

static bool closed(struct run *r, const void *arg) {
        void *handle = NULL;
        char *text = NULL;

        return check(r, "open", S_OK, networks_open(NETWORKS, run_id(r, "n"), &handle)) &&
               check(r, "close", S_OK, networks_close(NETWORKS, handle)) &&
               check(r, "close", E_HANDLE, networks_close(NETWORKS, handle)) &&
               check(r, "query", E_HANDLE, networks_query(NETWORKS, handle, NULL, &text));
}

static bool of_what_is_gone(struct run *r, const void *arg) {
        char *text = NULL;

        return check(r, "query", HCS_WIN32(0x490), networks_query(ENDPOINTS, run_handle(r, "e"), NULL, &text)) &&
               check(r, "modify", HCS_WIN32(0x490), networks_modify(ENDPOINTS, run_handle(r, "e"), "{}"));
}

struct pair {
        struct run *run;
        const char *id;
        HRESULT hr;
};

static void delete (void *arg) {
        struct pair *p = arg;

        p->hr = networks_delete(NETWORKS, p->id);
}

static bool one_of_two_deletes(struct run *r) {
        struct pair pairs[2] = {{r, NETWORK, S_OK}, {r, NETWORK, S_OK}};
        struct hcs_thread threads[2];
        void *handle = NULL;

        if (!check(r, "create", S_OK, networks_create(NETWORKS, NULL, NETWORK, "{}", &handle)))
                return false;
        networks_close(NETWORKS, handle);
        for (int k = 0; k < 2; k++)
                if (FAILED(hcs_thread_start(&threads[k], delete, &pairs[k], NULL)))
                        return conform_failed("no thread");
        for (int k = 0; k < 2; k++)
                hcs_thread_join(&threads[k]);
        return (pairs[0].hr == S_OK) != (pairs[1].hr == S_OK) ||
               conform_failed("0x%08X and 0x%08X", (unsigned)pairs[0].hr, (unsigned)pairs[1].hr);
}

static bool from_two_threads(struct run *r, const void *arg) {
        bool ok = true;

        for (int i = 0; ok && i < 50; i++)
                ok = one_of_two_deletes(r);
        if (!ok)
                networks_delete(NETWORKS, NETWORK);
        return ok;
}

const struct conformance_case handle_cases[] = {
        {"handles of another kind are refused", NULL,
         STEPS(CREATE(NETWORKS, "n", "{" V2 "}", S_OK), CREATE(NAMESPACES, "s", "{" V2 "}", S_OK)), of_another_kind,
         NULL, NEEDS_EMULATOR},
        {"a handle is closed once", NULL, STEPS(CREATE(NETWORKS, "n", "{" V2 "}", S_OK)), closed, NULL, NEEDS_EMULATOR},
        {"a handle outlives its object and says so", NULL,
         STEPS(CREATE(NETWORKS, "n", "{" V2 "}", S_OK), ENDPOINT("e", "n", "{" V2 "}", S_OK),
               REMOVE(NETWORKS, "n", S_OK)),
         of_what_is_gone, NULL},
        {"of two threads that delete one object one succeeds", NULL, NULL, from_two_threads, NULL},
        {"objects are deleted in any order", NULL,
         STEPS(CREATE(NETWORKS, "n", "{" V2 "}", S_OK), ENDPOINT("e", "n", "{" V2 "}", S_OK),
               CREATE(NAMESPACES, "s", "{" V2 ",'Resources':[{'Type':'Endpoint','Data':{'ID':'%e%'}}]}", S_OK),
               CREATE(LOADBALANCERS, "l", "{" V2 ",'HostComputeEndpoints':['%e%']}", S_OK),
               CREATE(ROUTES, "r", "{" V2 ",'HostComputeEndpoints':['%e%']}", S_OK), REMOVE(NETWORKS, "n", S_OK),
               REMOVE(LOADBALANCERS, "l", S_OK), REMOVE(ROUTES, "r", S_OK), REMOVE(NAMESPACES, "s", S_OK),
               LIST(ENDPOINTS, NULL, ""))},
        {"a guest network service is made, moved on and deleted", NULL,
         STEPS(CREATE(GUESTSERVICES, "g", "{'VirtualMachineId':'50b4e0c1-1111-4222-8333-444455556666'}", S_OK),
               EXPECT(GUESTSERVICES, "g", "State", "'Created'"), OPEN(GUESTSERVICES, "g", S_OK),
               OPEN(GUESTSERVICES, "d0b4e0c1-1111-4222-8333-444455556666", HCS_WIN32(0x490)),
               CREATE(GUESTSERVICES, "h", "{'VirtualMachineId':'50b4e0c1-1111-4222-8333-444455556666'}",
                      HCS_WIN32(0xB7)),
               CREATE(GUESTSERVICES, "h", "{'VirtualMachineId':'x'}", HCN_E_GUID_CONVERSION_FAILURE),
               MODIFY(GUESTSERVICES, "g",
                      "{'ResourceType':'State','RequestType':'Update','Settings':{'State':'Paused'}}", S_OK),
               EXPECT(GUESTSERVICES, "g", "State", "'Paused'"),
               MODIFY(GUESTSERVICES, "g", "{'ResourceType':'Policy','Settings':{}}", HCN_E_REQUEST_UNSUPPORTED),
               LIST(GUESTSERVICES, NULL, "g"), REMOVE(GUESTSERVICES, "g", S_OK))},
        {0}};
