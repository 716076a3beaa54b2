/* SPDX-License-Identifier: MIT */
#ifndef HCS_HCN_INTERNAL_H
#define HCS_HCN_INTERNAL_H

/*
 * The inside of the version 2 client. kind.c makes the exports of the kinds one table; step.c makes one platform call
 * each, with its error; the files above put steps into the sequences of hcsshim. A client's lock guards the version,
 * the version 1 client behind it and the handles left over; it is never held during a call into the platform.
 */

#include <stdatomic.h>

#include "base/json.h"
#include "hcsshim/hcn.h"
#include "hcsshim/hns.h"
#include "platform/thread.h"

struct hcn_client;

/* One kind of object. Handles of all kinds are void pointers here. */
struct hcn_kind_info {
        const char *name;                      /* "load balancer" */
        const char *exported;                  /* "LoadBalancer" */
        const char *invalid_id;                /* hcsshim's words */
        const char *by_id;                     /* what stands before the id in "... not found" */
        const char *by_name;                   /* NULL: it has no names */
        enum hcs_schema_type_id type, request; /* HCS_SCHEMA_TYPE_COUNT: none, documents pass as they are */
        HRESULT (*enumerate)(const struct hcs_computenetwork_api *api, PCWSTR query, PWSTR *ids, PWSTR *record);
        HRESULT(*create)
        (const struct hcs_computenetwork_api *api, void *network, const GUID *id, PCWSTR settings, void **ret,
         PWSTR *record);
        HRESULT (*open)(const struct hcs_computenetwork_api *api, const GUID *id, void **ret, PWSTR *record);
        HRESULT (*modify)(const struct hcs_computenetwork_api *api, void *handle, PCWSTR settings, PWSTR *record);
        HRESULT(*query)
        (const struct hcs_computenetwork_api *api, void *handle, PCWSTR query, PWSTR *properties, PWSTR *record);
        HRESULT (*remove)(const struct hcs_computenetwork_api *api, const GUID *id, PWSTR *record);
        HRESULT (*close)(const struct hcs_computenetwork_api *api, void *handle);
};
const struct hcn_kind_info *hcn_kind_info(enum hcn_kind kind); /* NULL for a value that is none */

#define HCN_LEFTOVERS 32u
#define HCN_MISSING   HCS_WIN32(127)

struct hcn_leftover {
        const struct hcn_kind_info *kind;
        void *handle;
};
struct hcn_client {
        atomic_uint refs;
        struct hcs_computenetwork_api api;
        bool keep_unknown;
        char *library_path;
        struct hcs_mutex lock;
        struct hns_client *hns; /* NULL until it is needed */
        bool has_version;
        struct hcs_schema_hns_version version;
        struct hcn_leftover leftovers[HCN_LEFTOVERS];
        size_t n_leftovers;
};
void hcn_client_sweep(struct hcn_client *c, size_t at_least); /* closes what is left over when there are that many */

/* step.c: one call of the platform. A handle goes to the leftovers when hcn_leave_open() says so. */
HRESULT hcn_step_enumerate(struct hcn_client *c, const struct hcn_kind_info *k, const char *query, char **ret,
                           struct hcs_error **err);
HRESULT hcn_step_create(struct hcn_client *c, const struct hcn_kind_info *k, void *network, const GUID *id,
                        const char *settings, void **ret, struct hcs_error **err);
HRESULT hcn_step_open(struct hcn_client *c, const struct hcn_kind_info *k, const GUID *id, void **ret,
                      struct hcs_error **err);
HRESULT hcn_step_modify(struct hcn_client *c, const struct hcn_kind_info *k, void *handle, const char *settings,
                        struct hcs_error **err);
HRESULT hcn_step_query(struct hcn_client *c, const struct hcn_kind_info *k, void *handle, const char *query, char **ret,
                       struct hcs_error **err);
HRESULT hcn_step_delete(struct hcn_client *c, const struct hcn_kind_info *k, const GUID *id, struct hcs_error **err);
HRESULT hcn_step_close(struct hcn_client *c, const struct hcn_kind_info *k, void *handle, struct hcs_error **err);
void hcn_leave_open(struct hcn_client *c, const struct hcn_kind_info *k, void *handle);
/* Makes the error of a failed export: "Hcn" verb exported suffix; record is freed. */
HRESULT hcn_fail(struct hcs_error **err, HRESULT hr, PWSTR record, const char *verb, const char *exported,
                 const char *suffix);

/* document.c: settings as hcsshim prints them, answers as it reads them. */
HRESULT hcn_settings(enum hcs_schema_type_id type, const char *text, void **ret, struct hcs_error **err);
HRESULT hcn_settings_text(enum hcs_schema_type_id type, const char *text, char **ret, struct hcs_error **err);
HRESULT hcn_answer(struct hcn_client *c, const struct hcn_kind_info *k, const char *text, char **ret,
                   struct hcs_error **err);
HRESULT hcn_needs(const void *argument, const char *name, struct hcs_error **err); /* E_POINTER for NULL */
HRESULT hcn_guid(const char *text, const char *invalid, GUID *ret, struct hcs_error **err);

/* sequence.c: what several files begin with. settings are printed already. */
HRESULT hcn_create_printed(struct hcn_client *c, enum hcn_kind kind, const char *settings, char **ret,
                           struct hcs_error **err);
HRESULT hcn_modify_printed(struct hcn_client *c, enum hcn_kind kind, const char *id, const char *request, char **ret,
                           struct hcs_error **err);
/* {"ResourceType":..,"RequestType":..,"Settings":..}; settings are printed already. Caller frees. */
char *hcn_request_text(const char *resource_type, const char *request_type, const char *settings);
/* endpoint.c */
HRESULT hcn_endpoint_create(struct hcn_client *c, struct hcs_schema_hcn_host_compute_endpoint *doc, char **ret,
                            struct hcs_error **err);
/* network.c: what hcsshim refuses before it asks. */
HRESULT hcn_network_check(const struct hcs_schema_hcn_host_compute_network *n, struct hcs_error **err);

/* object.c */
struct hcn_object {
        atomic_uint refs;
        struct hcn_client *client; /* counted */
        const struct hcn_kind_info *kind;
        enum hcn_kind kind_id;
        void *handle;
        struct hcs_mutex lock;
        struct hcs_cond changed;
        unsigned calls;   /* in flight on the handle */
        unsigned watches; /* that need the handle */
        bool closing;
};
/* A watch keeps the handle, also beyond the close of the object: the last one to go closes it. */
void hcn_object_add_watch(struct hcn_object *o);
void hcn_object_drop_watch(struct hcn_object *o);
HRESULT hcn_object_enter(struct hcn_object *o, struct hcs_error **err);
void hcn_object_leave(struct hcn_object *o);

#endif
