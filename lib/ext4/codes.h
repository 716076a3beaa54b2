/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_CODES_H
#define HCS_EXT4_CODES_H

/* What the writer and the reader of ext4 refuse with; file errors come on top. */

#include "hcsshim/hresult.h"

#define EXT4_E_NO_FILE      HCS_WIN32(2)    /* file not found */
#define EXT4_E_NO_PATH      HCS_WIN32(3)    /* path not found: a parent is missing or no directory */
#define EXT4_E_WRONG_AMOUNT HCS_WIN32(24)   /* more or less content than the size said */
#define EXT4_E_LONG_LINK    HCS_WIN32(50)   /* a long symbolic link cannot be given attributes later */
#define EXT4_E_UNSUPPORTED  HCS_WIN32(50)   /* reading: a feature that is named in the message */
#define EXT4_E_DISK_FULL    HCS_WIN32(112)  /* disk exceeded maximum size */
#define EXT4_E_NAME         HCS_WIN32(123)  /* invalid name */
#define EXT4_E_EXISTS       HCS_WIN32(183)  /* cannot replace, overwrite or orphan what is there */
#define EXT4_E_FILE_TOO_BIG HCS_WIN32(223)  /* file too big */
#define EXT4_E_IS_DIRECTORY HCS_WIN32(267)  /* link target cannot be a directory */
#define EXT4_E_XATTR        HCS_WIN32(275)  /* could not fit an attribute */
#define EXT4_E_NO_IMAGE     HCS_WIN32(1005) /* reading: no ext4 file system here */
#define EXT4_E_LINKS        HCS_WIN32(1142) /* more links than an inode can have */
#define EXT4_E_CORRUPT      HCS_WIN32(1392) /* reading: the file system contradicts itself; says where */
#define EXT4_E_LINK_LOOP    HCS_WIN32(1921) /* reading: too many symbolic links on a path */

#endif
