/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ENGINE_ELEMENT_H
#define MOCKHCS_ENGINE_ELEMENT_H

/*
 * The elements of a composition string (mockhcs/mockhcs.h), for the engine and for programs that look into one. An
 * element lies in the caller's string. Pure.
 */

/* Cuts the next element off, resolving "\," and "\\" in place; NULL when there is none. *at is the string at first. */
char *mock_element_next(char **at);

#endif
