/* SPDX-License-Identifier: MIT */

/* The sockets that stand for AF_HYPERV; see winehv.h. Any thread; the lock is held for a look only. */

#include "mockhcs/winehv/winehv.h"

#include "base/mem.h"

#define BUCKETS 64

struct entry {
        struct entry *next;
        struct hv_socket h;
};

static SRWLOCK lock = SRWLOCK_INIT;
static struct entry *table[BUCKETS];

static struct entry **slot_of(SOCKET s) {
        struct entry **at = &table[(s >> 2) % BUCKETS];

        while (*at && (*at)->h.s != s)
                at = &(*at)->next;
        return at;
}

bool hv_socket_get(SOCKET s, struct hv_socket *ret) {
        const struct entry *e;

        AcquireSRWLockShared(&lock);
        e = *slot_of(s);
        if (e)
                *ret = e->h;
        ReleaseSRWLockShared(&lock);
        return e != NULL;
}

void hv_socket_put(const struct hv_socket *h) {
        struct entry **at;

        AcquireSRWLockExclusive(&lock);
        at = slot_of(h->s);
        if (!*at)
                *at = hcs_calloc(1, sizeof(**at));
        (*at)->h = *h;
        ReleaseSRWLockExclusive(&lock);
}

bool hv_socket_take(SOCKET s, struct hv_socket *ret) {
        struct entry **at, *e;

        AcquireSRWLockExclusive(&lock);
        at = slot_of(s);
        e = *at;
        if (e)
                *at = e->next;
        ReleaseSRWLockExclusive(&lock);
        if (!e)
                return false;
        *ret = e->h;
        free(e);
        return true;
}

static bool is_among(SOCKET s, const SOCKET *passed, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (passed[i] == s)
                        return true;
        return false;
}

bool hv_socket_untold(const struct hyperv_client *told, const SOCKET *passed, size_t n_passed, struct hv_socket *ret) {
        bool found = false;

        AcquireSRWLockShared(&lock);
        for (size_t i = 0; !found && i < BUCKETS; i++)
                for (const struct entry *e = table[i]; e && !found; e = e->next)
                        if (e->h.listening && e->h.told != told && !is_among(e->h.s, passed, n_passed)) {
                                *ret = e->h;
                                found = true;
                        }
        ReleaseSRWLockShared(&lock);
        return found;
}

void hv_socket_forget_buffer(const void *buffer) {
        AcquireSRWLockExclusive(&lock);
        for (size_t i = 0; i < BUCKETS; i++)
                for (struct entry *e = table[i]; e; e = e->next)
                        if (e->h.buffer == buffer)
                                e->h.buffer = NULL;
        ReleaseSRWLockExclusive(&lock);
}

bool hv_socket_of_buffer(const void *buffer, struct hv_socket *ret) {
        bool found = false;

        AcquireSRWLockShared(&lock);
        for (size_t i = 0; !found && i < BUCKETS; i++)
                for (const struct entry *e = table[i]; e; e = e->next)
                        if (e->h.buffer == buffer) {
                                *ret = e->h;
                                found = true;
                                break;
                        }
        ReleaseSRWLockShared(&lock);
        return found;
}
