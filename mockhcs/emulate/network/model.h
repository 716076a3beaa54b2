/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_EMULATE_NETWORK_MODEL_H
#define MOCKHCS_EMULATE_NETWORK_MODEL_H

/*
 * Host networking as objects: networks with their subnets, endpoints, namespaces, load balancers, routes and guest
 * network services. One model answers both APIs, each in its own shape: an object's document is kept as version 2
 * shows it and turned into version 1 when HNSCall asks. Everything here runs under the emulator's lock; what is to be
 * said goes to `out`. Functions that can refuse leave the model as it was and say why with a JSON path.
 */

#include "hcsshim/schema_network.h"
#include "mockhcs/emulate/emulate.h"
#include "mockhcs/emulate/network/pool.h"

enum net_kind { /* in the order of the handles and verbs */
                NET_NETWORK,
                NET_ENDPOINT,
                NET_NAMESPACE,
                NET_LOADBALANCER,
                NET_ROUTE,
                NET_GUESTSERVICE,
                NET_KINDS,
};

struct net_object {
        enum net_kind kind;
        GUID id;
        char id_text[HCS_GUID_TEXT_SIZE];
        char *name;                     /* "" when it has none */
        struct hcs_json *doc;           /* as version 2 shows it */
        unsigned refs;                  /* the model's, and one for each handle */
        bool gone;                      /* deleted: only handles keep it */
        struct net_object *prev, *next; /* of its kind, oldest first; when it is gone: of those */
        struct net_object *same_name_prev, *same_name_next;
};

struct net_subnet {
        struct net_prefix prefix;
        struct net_address gateway; /* zero: none */
        struct net_pool pool;
};

struct net_network {
        struct net_object o; /* first */
        const struct net_type *type;
        uint64_t flags;
        struct net_subnet **subnets; /* each stays where it is: endpoints point into it */
        size_t n_subnets;
        struct net_pool loose[2]; /* addresses outside of the subnets, by family */
        struct net_pool macs;
        struct net_endpoint *first, *last; /* oldest first */
        size_t n_endpoints, total_endpoints;
};

/* A claim on a port of the host, or of a network: who else asks for it is refused. */
struct net_port {
        struct net_port *next; /* of the same owner */
        char *key;
};

enum net_endpoint_state { /* as version 1 counts them */
                          NET_ENDPOINT_CREATED = 1,
                          NET_ENDPOINT_ATTACHED,
                          NET_ENDPOINT_ATTACHED_SHARING,
                          NET_ENDPOINT_DETACHED,
                          NET_ENDPOINT_DEGRADED,
                          NET_ENDPOINT_DESTROYED,
};

struct net_lease_of {
        struct net_pool *pool;
        net_number number;
        bool v6;
};

struct net_endpoint {
        struct net_object o; /* first */
        struct net_network *network;
        struct net_endpoint *prev, *next; /* in its network */
        struct net_lease_of *leases;      /* IP addresses and the MAC address */
        size_t n_leases;
        struct net_port *ports;
        struct net_namespace *space; /* NULL while it is in none */
        struct hcs_json *containers; /* ids of systems it is attached to, in order */
        enum net_endpoint_state state;
        struct net_object **referrers; /* load balancers and routes that name it */
        size_t n_referrers, cap_referrers;
};

struct net_namespace {
        struct net_object o; /* first */
        uint64_t number;     /* the compartment */
        bool is_default;
};

/* Load balancers and routes: what they have in common is that they name endpoints. */
struct net_policy_list {
        struct net_object o; /* first */
        struct net_port *ports;
};

/* Lives as long as its handle; without its service it reserves nothing. */
struct net_reservation {
        struct net_reservation *next;
        const struct net_object *service;
        uint64_t first, last, protocol, sharing;
};

struct net_table {
        struct net_object *first, *last;
        size_t n;
        struct net_map by_id, by_name;
};

/* A registration of a client: the handle that hears, and of what (NULL: the service). */
struct net_listener {
        struct net_listener *next;
        struct mock_handle *handle;
        struct net_object *of;
};

struct net_fault;
struct ghost;

struct net_model {
        struct emulator *em;
        struct emissions *out; /* of the call under way */
        struct hcs_schema_hns_version version;
        struct net_table tables[NET_KINDS];
        struct net_map ports;    /* net_port by key */
        struct net_object *gone; /* deleted objects that handles still name */
        struct net_reservation *reservations;
        struct net_listener *listeners;
        struct hcs_json *accelnet; /* what POST /accelnet/ said last; NULL */
        uint64_t next_id, next_mac, next_compartment, next_nat, next_port;
        struct net_fault *faults;
        size_t n_faults;
        struct ghost *ghosts; /* deleted objects that still show */
        struct hcs_cond wake; /* for calls that hang */
        uint64_t calls;
        /* By kind of handle: the newest given out, and the newest that a restart made useless. */
        uint32_t newest[MOCK_HANDLE_KINDS], unloaded[MOCK_HANDLE_KINDS];
        char *state_path;    /* NULL: nothing is kept */
        uint64_t generation; /* of the state file when it was read: how often it had been written */
        bool changed;        /* since the state was read */
};

#define NET_NO_TYPE ((enum hcs_schema_type_id) - 1)

/* What a kind of object can do; one row a kind. */
struct net_kind_ops {
        const char *noun;  /* "network" */
        const char *list;  /* its member in the state file */
        HRESULT not_found; /* version 1 and references in documents */
        HRESULT exists;    /* an id or name that is taken */
        bool unique_name;
        enum hcs_schema_type_id type; /* NET_NO_TYPE: not described by the schema */
        /* The object that settings (normalised, checked) ask for; not yet in its table. On success they are its
         * document. */
        HRESULT(*create)
        (struct net_model *m, struct net_object *parent, struct hcs_json *settings, struct net_object **ret,
         struct hcs_error **err);
        HRESULT(*modify)
        (struct net_model *m, struct net_object *o, const struct hcs_json *request, struct hcs_error **err);
        /* It stands in its table now: what refers to it can be set up. NULL: nothing does. */
        void (*entered)(struct net_model *m, struct net_object *o);
        /* Gives back everything it holds, and lets go of what refers to it. */
        void (*release)(struct net_model *m, struct net_object *o);
        const char *created, *deleted; /* events, NULL for none */
};
extern const struct net_kind_ops *const net_kinds[NET_KINDS];
extern const struct net_kind_ops net_network_ops, net_endpoint_ops, net_namespace_ops, net_loadbalancer_ops,
        net_route_ops, net_guest_service_ops;

/* model.c: its life. options are those of the emulator. */
HRESULT net_model_new(struct emulator *em, const struct mock_options *options, struct net_model **ret,
                      struct hcs_error **err);
struct net_model *net_model_free(struct net_model *m); /* writes the state */

/* object.c */
struct net_object *net_object_new(enum net_kind kind, size_t size, struct hcs_json *doc);
/* Never entered: free it at once. */
void net_object_free(struct net_object *o);
struct net_object *net_object_ref(struct net_object *o);
void net_object_unref(struct net_model *m, struct net_object *o);
struct net_object *net_find(struct net_model *m, enum net_kind kind, const char *id);
struct net_object *net_find_named(struct net_model *m, enum net_kind kind, const char *name);
/* Creates through the row of the kind and enters it; id (all zero: none given) wins over the one in the settings. */
HRESULT net_create(struct net_model *m, enum net_kind kind, struct net_object *parent, const char *id,
                   const struct hcs_json *settings, struct net_object **ret, struct hcs_error **err);
void net_delete(struct net_model *m, struct net_object *o);
/* Is the handle of this run of the service, and its object still there? */
HRESULT net_usable(const struct net_model *m, const struct mock_handle *h, struct hcs_error **err);
void net_clear(struct net_model *m); /* deletes everything */
/* An empty one of the same version, to be filled aside; and its objects in place of those that m has. */
struct net_model *net_model_aside(const struct net_model *m);
void net_model_take(struct net_model *m, struct net_model *aside);

/* refusal.c */
HRESULT net_refuse(struct hcs_error **err, HRESULT hr, const char *path, const char *fmt, ...) _printf_(4, 5);
/* {"Success":false,"Error":"..","ErrorCode":..}; caller frees. */
char *net_error_record(HRESULT hr, const struct hcs_error *err);

/* document.c */
/* Brings settings of a kind into the shape that the model keeps: names for numbers, members in their usual case. */
void net_normalise(enum hcs_schema_type_id type, struct hcs_json *doc);
HRESULT net_check(struct net_model *m, enum hcs_schema_type_id type, const struct hcs_json *doc,
                  struct hcs_error **err);
/* The DNS settings of a network or endpoint, at that path. */
HRESULT net_dns_check(const struct hcs_json *dns, const char *path, struct hcs_error **err);
/* Members in the order of the type, then those it does not know. */
void net_order(enum hcs_schema_type_id type, struct hcs_json *doc);
/* The member's value, made when it is absent or null. */
struct hcs_json *net_array_of(struct hcs_json *object, const char *name);
struct hcs_json *net_object_of(struct hcs_json *object, const char *name);
const char *net_text(const struct hcs_json *object, const char *name); /* "" when it is none */
uint64_t net_uint(const struct hcs_json *object, const char *name);    /* 0 when it is none */
bool net_feature(const struct net_model *m, const char *name);
HRESULT net_need(const struct net_model *m, const char *feature, const char *path, struct hcs_error **err);

/* filter.c: a query, whose filter is a JSON document inside a string. */
struct net_query {
        bool detailed, legacy;
        struct hcs_json *filter; /* NULL: everything */
};
HRESULT net_query_parse(const struct hcs_json *doc, struct net_query *ret, struct hcs_error **err);
void net_query_deinit(struct net_query *q);
bool net_query_fits(const struct hcs_json *doc, const struct hcs_json *filter);
/* Calls fn for what fits, oldest first. */
void net_query_each(struct net_model *m, enum net_kind kind, const struct net_query *q,
                    void (*fn)(void *ctx, struct net_object *o), void *ctx);

/* policy.c, policy_value.c */
/* sets: the policies of the network, whose sets rules may name. */
HRESULT net_policies_check(struct net_model *m, enum hcs_schema_policy_kind kind, const struct hcs_json *policies,
                           const struct hcs_json *sets, const char *path, struct hcs_error **err);
HRESULT net_policy_values_check(const struct net_model *m, const char *type, const struct hcs_json *settings,
                                const struct hcs_json *const *sets, const char *path, struct hcs_error **err);
/* What `doc`'s list is after a request with those policies; it is left alone. */
HRESULT net_policies_modify(struct net_model *m, enum hcs_schema_policy_kind kind, const struct hcs_json *doc,
                            const char *request, const struct hcs_json *policies, const struct hcs_json *sets,
                            struct hcs_json **ret, struct hcs_error **err);

bool net_request_known(const char *request); /* Add, Remove, Update, Refresh, Reset */

/* port.c */
/* Port 0 of the host is one of the system's choice: it is filled in. */
HRESULT net_ports_claim_mappings(struct net_model *m, const struct net_network *network, struct hcs_json *policies,
                                 struct net_port **ports, struct hcs_error **err);
HRESULT net_ports_claim_frontends(struct net_model *m, const struct hcs_json *doc, struct net_port **ports,
                                  struct hcs_error **err);
void net_ports_release(struct net_model *m, struct net_port **ports);

/* network.c, subnet.c */
struct net_type {
        const char *name, *legacy; /* as version 1 spells it */
        bool translates;           /* addresses behind the host's: it always has a subnet, and maps ports of the host */
};
const struct net_type *net_type_find(const char *name);
/* Reads the Ipams of a document, makes a subnet where the type always has one, and fills in its gateway. */
HRESULT net_subnets_read(struct net_model *m, struct net_network *n, struct hcs_json *doc, struct hcs_error **err);
HRESULT net_subnets_modify(struct net_model *m, struct net_network *n, const char *request,
                           const struct hcs_json *settings, struct hcs_error **err);
struct net_subnet *net_subnet_of(struct net_network *n, const struct net_address *a);
void net_subnets_deinit(struct net_network *n);

/* endpoint.c: all of an endpoint's policies, already checked; taken over, also on failure. */
HRESULT net_endpoint_set_policies(struct net_model *m, struct net_endpoint *e, struct hcs_json *policies,
                                  struct hcs_error **err);

/* attach.c: endpoints into namespaces and systems. */
HRESULT net_attach_space(struct net_model *m, struct net_endpoint *e, struct net_namespace *space, const char *path,
                         struct hcs_error **err);
HRESULT net_detach_space(struct net_model *m, struct net_endpoint *e, struct net_namespace *space, const char *path,
                         struct hcs_error **err);
HRESULT net_attach_system(struct net_model *m, struct net_endpoint *e, const char *system, struct hcs_error **err);
HRESULT net_detach_system(struct net_model *m, struct net_endpoint *e, const char *system, struct hcs_error **err);
/* The system that was attached last and is not the host; "" when there is none. */
const char *net_machine_of(const struct net_endpoint *e);

/* namespace.c */
void net_space_add_container(struct net_namespace *space, const char *id);
void net_space_remove(struct net_namespace *space, const char *type, const char *id);
/* As a client asks for it; request: Add, Remove, or one that changes nothing. */
HRESULT net_space_change_container(struct net_namespace *space, const char *request, const char *id, const char *path,
                                   struct hcs_error **err);

/* reference.c: the endpoints that load balancers and routes name. */
void net_references_add(struct net_model *m, struct net_object *o);
void net_references_remove(struct net_model *m, struct net_object *o);
void net_referrers_forget(struct net_endpoint *e); /* the endpoint goes */
/* A whole new document for an object of this kind, as HcnModifyLoadBalancer takes it; *doc is the object's on success.
 */
HRESULT net_replace_list(struct net_model *m, struct net_object *o, const struct hcs_json *settings,
                         struct hcs_error **err);

/* notify.c */
/* Tells those who listen to the service, and those who listen to `also`. */
void net_notify(struct net_model *m, const char *event, const struct net_object *about, const struct net_object *also);
void net_notify_data(struct net_model *m, const char *event, const struct net_object *about,
                     const struct net_object *also, struct hcs_json *data);
void net_listen(struct net_model *m, struct mock_call *call);
void net_unlisten(struct net_model *m, struct mock_call *call);
void net_listeners_free(struct net_model *m);
/* The service comes back: handles given out before are of no use, and who listens hears that. */
void net_restarted(struct net_model *m);

/* guestservice.c */
void net_reserve(struct net_model *m, struct mock_call *call);
void net_release(struct net_model *m, struct mock_call *call);
void net_reservations(struct net_model *m, struct mock_call *call);
void net_reservations_free(struct net_model *m);

/* legacy_*.c: version 1 shapes. The readers change the document to version 2 in place. */
bool net_is_legacy(enum net_kind kind, const struct hcs_json *doc);
HRESULT net_from_legacy(struct net_model *m, enum net_kind kind, struct hcs_json *doc, struct hcs_error **err);
struct hcs_json *net_to_legacy(struct net_model *m, const struct net_object *o);
void net_policies_from_legacy(struct hcs_json *policies);
struct hcs_json *net_policies_to_legacy(const struct hcs_json *policies);
struct hcs_json *net_list_to_legacy(const struct net_object *o);
void net_legacy_dns_in(struct hcs_json *doc);
void net_legacy_dns_out(const struct hcs_json *doc, struct hcs_json *legacy);
/* Members that the type does not know. */
void net_legacy_rest(enum hcs_schema_type_id type, const struct hcs_json *doc, struct hcs_json *legacy);
HRESULT net_list_from_legacy(struct hcs_json *doc, enum net_kind *ret, struct hcs_error **err);
HRESULT net_network_from_legacy(struct net_model *m, struct hcs_json *doc, struct hcs_error **err);
HRESULT net_endpoint_from_legacy(struct net_model *m, struct hcs_json *doc, struct hcs_error **err);
struct hcs_json *net_network_to_legacy(struct net_model *m, const struct net_object *o);
struct hcs_json *net_endpoint_to_legacy(struct net_model *m, const struct net_object *o);

/* state.c */
HRESULT net_state_load(struct net_model *m, const char *boot, struct hcs_error **err);
void net_state_save(struct net_model *m);
struct hcs_json *net_state_describe(struct net_model *m);
HRESULT net_state_write(struct net_model *m, const char *path, struct hcs_error **err);
HRESULT net_state_read(const char *path, struct hcs_json **ret, struct hcs_error **err);
/* Makes what a description holds, in a model that is empty. */
HRESULT net_state_apply(struct net_model *m, const struct hcs_json *root, bool reboot, struct hcs_error **err);

/* fault.c, fault_call.c, fault_ghost.c */
HRESULT net_faults_load(struct net_model *m, const char *path, struct hcs_error **err);
void net_faults_free(struct net_model *m);
/* Before a call is answered; true when it was answered here. May wait, without the lock. */
bool net_faults_before(struct net_model *m, struct mock_call *call, struct emissions *out);
/* What becomes of a notification, and how late it is. */
enum net_fate { NET_ARRIVES, NET_IS_LOST, NET_COMES_TWICE, NET_IS_LATE };
enum net_fate net_faults_event(struct net_model *m, const char *event, uint64_t *ret_ms);
/* To one listener. */
void net_faults_raise(struct net_model *m, struct mock_handle *on, const char *event, const char *data,
                      enum net_fate fate, uint64_t ms);
void net_faults_deleted(struct net_model *m, const struct net_object *o);
/* Is there something of that id or name that only the list shows? */
bool net_faults_haunts(const struct net_model *m, enum net_kind kind, const char *id, const char *name);
void net_faults_list(const struct net_model *m, enum net_kind kind, const struct hcs_json *filter,
                     void (*fn)(void *ctx, const char *id), void *ctx);

/* call.c */
char *net_stats(const struct net_object *o); /* statistics of an endpoint; caller frees */

#endif
