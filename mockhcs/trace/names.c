/* SPDX-License-Identifier: MIT */

/* The table of known names, and the list of those that were met beyond it. The list only grows, under a lock. */

#include "mockhcs/trace/names.h"

#include <string.h>

#include "base/mem.h"
#include "platform/thread.h"

#define MAX_LENGTH 64
#define MAX_OTHERS 256

static const struct {
        const char *name;
        enum mock_value_kind kind;
} known[] = {
        {"access", MOCK_NUMBER},       {"callback", MOCK_HANDLE},  {"configuration", MOCK_DOCUMENT},
        {"count", MOCK_NUMBER},        {"endpoint", MOCK_HANDLE},  {"file", MOCK_TEXT},
        {"guestservice", MOCK_HANDLE}, {"id", MOCK_TEXT},          {"loadbalancer", MOCK_HANDLE},
        {"method", MOCK_TEXT},         {"namespace", MOCK_TEXT},   {"network", MOCK_HANDLE},
        {"object", MOCK_DOCUMENT},     {"operation", MOCK_HANDLE}, {"options", MOCK_DOCUMENT},
        {"parameters", MOCK_DOCUMENT}, {"path", MOCK_TEXT},        {"port", MOCK_NUMBER},
        {"process", MOCK_HANDLE},      {"processId", MOCK_NUMBER}, {"processInformation", MOCK_DOCUMENT},
        {"properties", MOCK_DOCUMENT}, {"protocol", MOCK_NUMBER},  {"query", MOCK_DOCUMENT},
        {"reservation", MOCK_HANDLE},  {"result", MOCK_DOCUMENT},  {"sdnroute", MOCK_HANDLE},
        {"settings", MOCK_DOCUMENT},   {"system", MOCK_HANDLE},    {"timeout", MOCK_NUMBER},
        {"type", MOCK_ABSENT},         {"uri", MOCK_TEXT},         {"vmId", MOCK_TEXT},
};

static struct hcs_once once = HCS_ONCE_INIT;
static struct hcs_mutex lock;
static char *others[MAX_OTHERS];
static size_t n_others;

static void make_lock(void) {
        hcs_mutex_init(&lock);
}

static size_t find_known(struct mock_slice name) {
        size_t i = 0;

        while (i < HCS_ARRAY_SIZE(known) &&
               (name.n == 0 || known[i].name[0] != name.p[0] || !mock_slice_is(name, known[i].name)))
                i++;
        return i;
}

enum mock_value_kind mock_name_kind(struct mock_slice name) {
        size_t i = find_known(name);

        return i < HCS_ARRAY_SIZE(known) ? known[i].kind : MOCK_ABSENT;
}

const char *mock_name_intern(struct mock_slice name) {
        size_t i = find_known(name);
        const char *found = NULL;

        if (i < HCS_ARRAY_SIZE(known))
                return known[i].name;
        if (name.n > MAX_LENGTH)
                return NULL;
        hcs_once(&once, make_lock);
        hcs_mutex_lock(&lock);
        for (i = 0; i < n_others && !found; i++)
                if (mock_slice_is(name, others[i]))
                        found = others[i];
        if (!found && n_others < MAX_OTHERS)
                found = others[n_others++] = hcs_strndup(name.p, name.n);
        hcs_mutex_unlock(&lock);
        return found;
}
