/* SPDX-License-Identifier: MIT */

/* A service started on demand: the program says by its end that the service listens. See remote.h. */

#include "mockhcs/remote/remote.h"
#include "platform/process.h"

/* Nobody who started it this way ends it: it does so itself, when it has been of no use for a while. */
#define IDLE_EXIT "60"

HRESULT remote_start(const char *program, const char *socket, const char *backend, struct hcs_error **err) {
        const char *argv[] = {program ? program : "mockhcs", "service", "--socket", socket, "--idle-exit", IDLE_EXIT,
                              backend ? "--backend" : NULL,  backend,   NULL};
        struct hcs_child *child = NULL;
        int code = 0;
        HRESULT hr = hcs_child_spawn((char *const *)argv, NULL, HCS_CHILD_SHARES, &child, err);

        if (SUCCEEDED(hr))
                hr = hcs_child_wait(child, &code, err);
        /* Another client may have been quicker: then one listens all the same. */
        if (SUCCEEDED(hr) && code != 0 && code != 75)
                hr = hcs_error_make(err, HCS_E_SERVICE_NOT_AVAILABLE, "%s service ended with exit code %d", argv[0],
                                    code);
        if (FAILED(hr))
                hcs_error_wrap(err, "start a service on `%s`", socket);
        return hr;
}
