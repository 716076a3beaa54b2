/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCNCTL_HCNCTL_H
#define CMD_HCNCTL_HCNCTL_H

/* What the verbs of hcnctl share: the client, how output is wanted, exit codes, and how an error is told. */

#include <stdbool.h>
#include <stdio.h>

#include "base/json.h"
#include "hcsshim/hcn.h"
#include "hcsshim/hns.h"

enum {
        EXIT_OK = 0,
        EXIT_FAILED = 1, /* the service refused, cannot be reached, or the output cannot be written */
        EXIT_USAGE = 2,
        EXIT_NOT_FOUND = 3,
};

struct hcnctl {
        struct hcn_client *c;
        const char *library; /* NULL: the usual search */
        bool json;
        enum hcn_kind kind;
        const char *what; /* "network list": what an error begins with */
};

/* A verb gets "hcnctl KIND VERB" as argv[0]; returns the exit code. */
typedef int (*verb_fn)(struct hcnctl *x, int argc, char **argv);
int verb_list(struct hcnctl *x, int argc, char **argv);
int verb_show(struct hcnctl *x, int argc, char **argv);
int verb_create(struct hcnctl *x, int argc, char **argv);
int verb_delete(struct hcnctl *x, int argc, char **argv);
int verb_modify(struct hcnctl *x, int argc, char **argv);
int verb_add_policy(struct hcnctl *x, int argc, char **argv);
int verb_remove_policy(struct hcnctl *x, int argc, char **argv);
int verb_update_policy(struct hcnctl *x, int argc, char **argv);
int verb_add_endpoint(struct hcnctl *x, int argc, char **argv);
int verb_remove_endpoint(struct hcnctl *x, int argc, char **argv);
int verb_attach(struct hcnctl *x, int argc, char **argv);
int verb_detach(struct hcnctl *x, int argc, char **argv);
int verb_stats(struct hcnctl *x, int argc, char **argv);
int verb_sync(struct hcnctl *x, int argc, char **argv);
int verb_features(struct hcnctl *x, int argc, char **argv);
int verb_hns(struct hcnctl *x, int argc, char **argv);

void help_create(const struct hcnctl *x); /* its options for the kind */

/* Prints the error and frees it; EXIT_NOT_FOUND when it says that an object is not there, else EXIT_FAILED. */
int tell_error(const struct hcnctl *x, struct hcs_error *err);
/* Prints the message and how to get help; returns EXIT_USAGE. */
int tell_usage(const struct hcnctl *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* argument.c */
/* JSON text as it stands, "-" for standard input, else the name of a file. Caller frees. */
HRESULT argument_document(const char *argument, char **ret, struct hcs_error **err);
/* The object of that id or, where its kind has names, of that name. Caller frees. */
HRESULT argument_object(struct hcnctl *x, enum hcn_kind kind, const char *argument, char **ret_document,
                        struct hcs_error **err);
/* Only its id: an id is taken as it is. Caller frees. */
HRESULT argument_id(struct hcnctl *x, enum hcn_kind kind, const char *argument, char **ret_id, struct hcs_error **err);
/* The same for several at once; on success the list has as many texts as arguments. */
HRESULT argument_ids(struct hcnctl *x, enum hcn_kind kind, char **arguments, size_t n, struct hcs_documents *ret,
                     struct hcs_error **err);

/* output.c */
/* A document as JSON, or as lines of "Name: value" for people. */
void print_document(const struct hcnctl *x, const char *text);
/* Documents as a JSON array, or as the table of their kind. */
void print_documents(const struct hcnctl *x, enum hcn_kind kind, const struct hcs_documents *list);
/* What a change says: the id, as a line or as {"ID":..}. */
void print_id(const struct hcnctl *x, const char *document);

#endif
