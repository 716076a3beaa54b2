/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_DOCUMENTS_H
#define HCSSHIM_DOCUMENTS_H

/* A list of texts, as the enumerating calls return it: documents, or ids. Zeroed is empty. */

#include <stddef.h>

#pragma GCC visibility push(default)

struct hcs_documents {
        char **items;
        size_t n;
};
/* Frees the texts; the list is empty afterwards. */
void hcs_documents_deinit(struct hcs_documents *d);
/* Takes the text over. */
void hcs_documents_take(struct hcs_documents *d, char *text);

#pragma GCC visibility pop

#endif
