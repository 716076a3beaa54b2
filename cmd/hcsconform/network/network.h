/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSCONFORM_NETWORK_NETWORK_H
#define CMD_HCSCONFORM_NETWORK_NETWORK_H

/*
 * The group of host networking: computenetwork and HNSCall. A case is a list of steps, or a function over them; it
 * names objects by variables and leaves nothing behind. Documents are written with ' for ", and %a% in them is the id
 * of the object `a`.
 */

#include <stdbool.h>
#include <stddef.h>

#include "cmd/hcsconform/suite.h"
#include "hcsshim/hresult.h"

enum op {
        OP_END,
        OP_CREATE, /* kind, name, doc, hr; other: the network of an endpoint */
        OP_OPEN,   /* kind, name: a handle of its own, closed at once; hr */
        OP_MODIFY, /* kind, name, doc, hr */
        OP_EXPECT, /* kind, name, path, value of its properties */
        OP_LIST,   /* kind, doc: the filter (NULL: none), value: the variables expected, in order, with commas */
        OP_DELETE, /* kind, name, hr */
        OP_HNS,    /* name: method, other: path, doc; hr: S_OK or the ErrorCode; path, value of the answer */
        OP_RECORD, /* value: a part of the last ErrorRecord */
};

struct step {
        enum op op;
        enum networks_kind kind;
        const char *name, *other, *doc;
        HRESULT hr;
        const char *path;
        const char *value; /* JSON; NULL: the member is absent; "*": anything */
};

#define CREATE(kind, name, doc, hr) \
        { OP_CREATE, kind, name, NULL, doc, hr, NULL, NULL }
#define ENDPOINT(name, network, doc, hr) \
        { OP_CREATE, ENDPOINTS, name, network, doc, hr, NULL, NULL }
#define OPEN(kind, name, hr) \
        { OP_OPEN, kind, name, NULL, NULL, hr, NULL, NULL }
#define MODIFY(kind, name, doc, hr) \
        { OP_MODIFY, kind, name, NULL, doc, hr, NULL, NULL }
#define EXPECT(kind, name, path, value) \
        { OP_EXPECT, kind, name, NULL, NULL, S_OK, path, value }
#define LIST(kind, filter, names) \
        { OP_LIST, kind, NULL, NULL, filter, S_OK, NULL, names }
#define REMOVE(kind, name, hr) \
        { OP_DELETE, kind, name, NULL, NULL, hr, NULL, NULL }
#define HNS(method, at, doc, hr, path, value) \
        { OP_HNS, NETWORKS, method, at, doc, hr, path, value }
#define RECORD(part) \
        { OP_RECORD, NETWORKS, NULL, NULL, NULL, S_OK, NULL, part }
#define END \
        { OP_END, NETWORKS, NULL, NULL, NULL, S_OK, NULL, NULL }

/* Has the platform the version of host networking that a case is about ("hns=9.1")? */
bool network_may_run(const char *options);

struct run;
struct conformance_case {
        const char *name;    /* a sentence */
        const char *options; /* of the emulator: "hns=9.1"; a platform of another version skips the case */
        const struct step *steps;
        bool (*fn)(struct run *r, const void *arg); /* instead of, or after, the steps */
        const void *arg;
        unsigned needs; /* besides the rights of an administrator */
};
#define V2 "'SchemaVersion':{'Major':2,'Minor':0}"
/* The settings of a network with one subnet, 10.0.0.0/29, whose gateway is 10.0.0.1: five addresses are free. */
#define SMALL(type)                                                                                         \
        "{'Name':'small','Type':'" type "'," V2 ",'Ipams':[{'Type':'Static','Subnets':[{'IpAddressPrefix':" \
        "'10.0.0.0/29','Routes':[{'NextHop':'10.0.0.1','DestinationPrefix':'0.0.0.0/0'}]}]}]}"
/* A list of cases, ended by one without a name. */
extern const struct conformance_case network_cases[], subnet_cases[], endpoint_cases[], namespace_cases[],
        balancer_cases[], legacy_cases[], version_cases[], handle_cases[], callback_cases[], port_cases[];
/* The policies are a table of their own: cases are made of its rows. */
size_t policy_case_count(void);
void policy_case_at(size_t i, char *name, size_t size, struct conformance_case *ret);

/* Where a platform is known to answer otherwise than the emulator. */
/* What hosts have to have (an adapter for types that need one) is said by the cases of those types alone. */
struct difference {
        const char *name; /* of the case */
        const char *what, *source;
};
extern const struct difference differences[];

/* How we know what a case expects, where it is more than assumed: by the name of the case, or its beginning. */
struct network_source {
        const char *name;
        enum conform_how how;
        const char *source;
};
extern const struct network_source network_sources[];

/* step.c: false when something is not as expected; the reason goes into the notes. */
bool run_steps(struct run *r, const struct step *steps);
bool run_step(struct run *r, const struct step *s);
/* The handle and id of a variable; NULL when it holds none. */
void *run_handle(struct run *r, const char *name);
const char *run_id(struct run *r, const char *name);
struct run *run_new(void);
/* Deletes what the case left, closes its handles. */
void run_free(struct run *r);

#endif
