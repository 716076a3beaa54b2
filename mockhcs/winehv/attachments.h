/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WINEHV_ATTACHMENTS_H
#define MOCKHCS_WINEHV_ATTACHMENTS_H

/*
 * Which virtual disks are attached. Attaching gives a disk a number, and no device: nothing can be read at its path. An
 * attachment is known in this process, and lasts as long as the handle it was made with, or, when it is to be
 * permanent, to the end of the process. Results are codes of Windows: ERROR_SHARING_VIOLATION for a disk that is
 * attached already, and ERROR_NOT_READY for one that is not, are assumed. Any thread.
 */

#include <windows.h>

/* flags: ATTACH_VIRTUAL_DISK_FLAG_... */
DWORD disk_attach(HANDLE h, DWORD flags);
DWORD disk_detach(HANDLE h);
/* N of \\.\PhysicalDriveN. */
DWORD disk_number(HANDLE h, unsigned *ret);

#endif
