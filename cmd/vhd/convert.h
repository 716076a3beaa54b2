/* SPDX-License-Identifier: MIT */
#ifndef CMD_VHD_CONVERT_H
#define CMD_VHD_CONVERT_H

/* vhd convert, and the parents of disks on the command line. */

#include "ext4/vhd/image.h"

int command_convert(int argc, char **argv);

/* The format that a file's name asks for: VHD when it ends in .vhd, else VHDX. */
enum disk_format vhd_format_of(const char *path);
/* For disk_chain_open: `said` from the folder of the disk, with either separator. */
char *vhd_find_parent(const char *path, const char *said);

#endif
