/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TEST_NETWORKS_H
#define MOCKHCS_TEST_NETWORKS_H

/*
 * computenetwork and HNSCall for tests: in UTF-8, by kind of object, through a table of functions that is either that
 * of the linked libraries or of loaded ones. What the service refuses with stays readable until the next call of the
 * same thread. Documents that come back belong to the caller.
 */

#include "hcsshim/abi/computenetwork.h"

enum networks_kind {
        NETWORKS,
        ENDPOINTS,
        NAMESPACES,
        LOADBALANCERS,
        ROUTES,
        GUESTSERVICES,
        NETWORKS_KINDS,
};

typedef HCS_ABI_HRESULT(HCS_ABI_CALL *networks_hns_function)(PCWSTR method, PCWSTR path, PCWSTR object,
                                                             PWSTR *response);

/* For the whole program, before the first call. */
void networks_use(const struct hcs_computenetwork_api *api, networks_hns_function hns);
#ifdef HCS_ABI_PROTOTYPES
/* The exports that the program is linked with. */
static inline void networks_use_linked(networks_hns_function hns) {
#define ENTRY(ret, name, params) .name = name,
        static const struct hcs_computenetwork_api api = {HCS_COMPUTENETWORK_FUNCTIONS(ENTRY)};
#undef ENTRY

        networks_use(&api, hns);
}
#endif

/* id NULL: the all-zero one. parent: the network of an endpoint. */
HRESULT networks_create(enum networks_kind kind, void *parent, const char *id, const char *settings, void **ret);
HRESULT networks_open(enum networks_kind kind, const char *id, void **ret);
HRESULT networks_modify(enum networks_kind kind, void *object, const char *settings);
HRESULT networks_query(enum networks_kind kind, void *object, const char *query, char **ret);
HRESULT networks_enumerate(enum networks_kind kind, const char *query, char **ret);
HRESULT networks_delete(enum networks_kind kind, const char *id);
HRESULT networks_close(enum networks_kind kind, void *object);
HRESULT networks_hns(const char *method, const char *path, const char *object, char **ret);
/* The ErrorRecord of the last call, "" when it gave none. */
const char *networks_record(void);

#endif
