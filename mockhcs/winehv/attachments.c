/* SPDX-License-Identifier: MIT */

/* The list of what is attached; see attachments.h. */

#include "mockhcs/winehv/attachments.h"

#include <stdbool.h>
#include <stdlib.h>

#include <virtdisk.h>

#include "base/mem.h"

/* Which file a handle is of. */
struct identity {
        DWORD volume, high, low;
};

struct attachment {
        struct attachment *next;
        struct identity file;
        HANDLE by;
        bool is_permanent;
        unsigned number;
};

static SRWLOCK lock = SRWLOCK_INIT;
static struct attachment *attachments;

static bool identify(HANDLE h, struct identity *ret) {
        BY_HANDLE_FILE_INFORMATION info;

        if (!GetFileInformationByHandle(h, &info))
                return false;
        *ret = (struct identity){info.dwVolumeSerialNumber, info.nFileIndexHigh, info.nFileIndexLow};
        return true;
}

static bool is_same(const struct identity *a, const struct identity *b) {
        return a->volume == b->volume && a->high == b->high && a->low == b->low;
}

/* What was attached with a handle that is closed by now, or is another file's, is attached no more. With the lock. */
static struct attachment **find_attachment(const struct identity *file) {
        struct attachment **at = &attachments;

        while (*at) {
                struct attachment *a = *at;
                struct identity now;

                if (!a->is_permanent && (!identify(a->by, &now) || !is_same(&now, &a->file))) {
                        *at = a->next;
                        free(a);
                        continue;
                }
                if (is_same(&a->file, file))
                        break;
                at = &a->next;
        }
        return at;
}

DWORD disk_attach(HANDLE h, DWORD flags) {
        struct attachment *a, **at;
        struct identity file;
        unsigned number = 1; /* the first disk is the system's own */
        DWORD rc = ERROR_SHARING_VIOLATION;

        if (!identify(h, &file))
                return ERROR_INVALID_PARAMETER;
        AcquireSRWLockExclusive(&lock);
        at = find_attachment(&file);
        if (!*at) {
                for (const struct attachment *other = attachments; other;)
                        if (other->number == number)
                                number++, other = attachments;
                        else
                                other = other->next;
                a = hcs_calloc(1, sizeof(*a));
                *a = (struct attachment){NULL, file, h, flags & ATTACH_VIRTUAL_DISK_FLAG_PERMANENT_LIFETIME, number};
                *at = a;
                rc = ERROR_SUCCESS;
        }
        ReleaseSRWLockExclusive(&lock);
        return rc;
}

/* ERROR_NOT_READY when it is not attached. */
static DWORD take_number(HANDLE h, bool detach, unsigned *ret) {
        struct attachment **at, *a;
        struct identity file;

        if (!identify(h, &file))
                return ERROR_INVALID_PARAMETER;
        AcquireSRWLockExclusive(&lock);
        at = find_attachment(&file);
        a = *at;
        if (a)
                *ret = a->number;
        if (a && detach) {
                *at = a->next;
                free(a);
        }
        ReleaseSRWLockExclusive(&lock);
        return a ? ERROR_SUCCESS : ERROR_NOT_READY;
}

DWORD disk_detach(HANDLE h) {
        unsigned number;

        return take_number(h, true, &number);
}

DWORD disk_number(HANDLE h, unsigned *ret) {
        return take_number(h, false, ret);
}
