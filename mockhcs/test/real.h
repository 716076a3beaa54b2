/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TEST_REAL_H
#define MOCKHCS_TEST_REAL_H

/* Windows only: a container whose processes are real, for tests. One at a time; a failure ends the test. */

#include "mockhcs/test/core.h"

#define REAL_CONTAINER "{\"Container\":{},\"ShouldTerminateOnLastHandleClosed\":true}"
#define REAL_PIPES     "\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true,\"CreateStdErrPipe\":true"

extern HCS_SYSTEM real_container; /* that of the test; NULL once the test has closed it */
int real_setup(void **state);
int real_teardown(void **state);

HRESULT real_create(const char *parameters, HCS_PROCESS *ret, HCS_PROCESS_INFORMATION *info);
HCS_PROCESS real_start(const char *parameters, HCS_PROCESS_INFORMATION *info);
/* hcsworker with those arguments and all three pipes. */
HCS_PROCESS real_work(const char *arguments, HCS_PROCESS_INFORMATION *info);
/* All that comes there, to the end; closes it. Caller frees. */
char *real_read_all(HANDLE h);
/* The next line, which is that one. */
void real_expect_line(HANDLE h, const char *line);
/* Waits for the end, and closes it. */
uint32_t real_exit_code(HCS_PROCESS p);

#endif
