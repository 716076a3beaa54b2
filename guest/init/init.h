/* SPDX-License-Identifier: MIT */
#ifndef GUEST_INIT_INIT_H
#define GUEST_INIT_INIT_H

/*
 * The steps of /init, in the order main takes them. One process, one thread; a step that fails ends it, and the kernel
 * with it, with a word on the console. Source of steps, order, flags of mounts and limits: hcsshim init/init.c.
 */

#include <stdbool.h>
#include <stddef.h>

/* Prints "WHAT: THING: errno" and ends with errno. */
_Noreturn void init_die(const char *what, const char *thing);
/* The same without ending. */
void init_warn(const char *what, const char *thing);
/* A line in the kernel's log; level as of syslog(2). */
void init_log(int level, const char *text);

/* mount(2)s, folders, links: a table's rows one after the other. */
enum init_kind { INIT_MOUNT, INIT_FOLDER, INIT_LINK };
struct init_row {
        enum init_kind kind;
        const char *target;
        const char *source, *type; /* of a mount; a link's source is what it points to */
        unsigned long flags;
        const char *data;
};
void init_carry_out(const struct init_row *rows, size_t n);

void init_mounts(void);           /* /dev, /proc, /run, /tmp, /dev/shm, /dev/pts, /sys */
void init_writable_overlay(void); /* /etc and /var, over a tmpfs */
void init_cgroups(void);          /* version 2 unless it has no controllers or is switched off; else version 1 */
/* Does it while no other processor does anything; on a machine of more than 16 just so. */
void init_alone(void (*work)(const char *path), const char *path);
void init_loopback(void);
void init_limits(void);
/* The modules that a list names, one path a line, in that order: those before the line `soon`, or those behind it. No
 * list, no modules; one that will not load is told. */
void init_modules(const char *list, bool soon);
/* The control device of device-mapper, whose module the kernel asks for when it is opened. */
void init_device_mapper(void);
/* Credits the kernel with what a port of the host sends until it closes. */
void init_entropy(unsigned port);

/* Is the word on the kernel's command line? */
bool init_kernel_has(const char *command_line, const char *word);
/* "cpu memory\n" as "+cpu +memory". Returns buf, or NULL when it does not fit. */
const char *init_subtree_control(const char *controllers, char *buf, size_t size);

#endif
