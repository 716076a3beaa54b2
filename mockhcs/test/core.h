/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TEST_CORE_H
#define MOCKHCS_TEST_CORE_H

/*
 * computecore for tests: each call is made, waited for and closed, in UTF-8. Returns what the call refused with, else
 * how its operation ended. ret_document (may be NULL) is the result document or NULL; caller frees.
 */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computecore.h"
#include "hcsshim/hresult.h"

HRESULT core_create(const char *id, const char *configuration, HCS_SYSTEM *ret, char **ret_document);
HRESULT core_start(HCS_SYSTEM s);
HRESULT core_terminate(HCS_SYSTEM s);
HRESULT core_shutdown(HCS_SYSTEM s);
HRESULT core_pause(HCS_SYSTEM s);
HRESULT core_resume(HCS_SYSTEM s);
HRESULT core_save(HCS_SYSTEM s, const char *options);
HRESULT core_modify(HCS_SYSTEM s, const char *settings, char **ret_document);
HRESULT core_query(HCS_SYSTEM s, const char *query, char **ret_document);
HRESULT core_enumerate(const char *query, char **ret_document);
HRESULT core_service(const char *query, char **ret_document);
HRESULT core_modify_service(const char *settings, char **ret_document);
HRESULT core_process(HCS_SYSTEM s, const char *parameters, HCS_PROCESS *ret, char **ret_document);
/* Runs to its end; the exit code. Fails the test when it does not start. */
uint32_t core_run(HCS_SYSTEM s, const char *command);

/* Makes a call that takes `op`, with an operation of its own, and waits for it. */
#define DONE(call)                                                            \
        ({                                                                    \
                HCS_OPERATION op = HcsCreateOperation(NULL, NULL);            \
                HRESULT refused = (HRESULT)(call);                            \
                HRESULT done = HcsWaitForOperationResult(op, INFINITE, NULL); \
                HcsCloseOperation(op);                                        \
                FAILED(refused) ? refused : done;                             \
        })

#endif
