/* SPDX-License-Identifier: MIT */
#ifndef CMD_VHD_CREATE_H
#define CMD_VHD_CREATE_H

/* The commands of vhd that make VHDX disks; argv[0] is the command's name, returns the exit code. */

int command_create(int argc, char **argv);
int command_grow(int argc, char **argv);

#endif
