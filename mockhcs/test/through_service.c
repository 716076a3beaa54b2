/* SPDX-License-Identifier: MIT */

/* A service for each world that a test opens; see through_service.h. One thread opens and closes. */

#include "mockhcs/test/through_service.h"

#include <string.h>

#include "base/str.h"
#include "mockhcs/service.h"
#include "platform/random.h"
#include "platform/stream.h"

#define MAX_OPEN 16

static struct {
        struct mockhcs *m;
        struct mockhcs_service *service;
} open_ones[MAX_OPEN];

/* The options of the engine, which are in front of the first layer, are for both sides. */
static char *engine_options(const char *spec) {
        static const char *const keys[] = {"speed=", "pending=", "leaks="};
        const char *end = spec;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(keys); i++)
                if (hcs_str_starts(end, keys[i]) && strchr(end, ',')) {
                        end = strchr(end, ',') + 1;
                        i = (size_t)-1;
                }
        return hcs_strndup(spec, (size_t)(end - spec));
}

static HRESULT new_name(char **ret, struct hcs_error **err) {
        uint64_t number = 0;
        HRESULT hr = hcs_random(&number, sizeof(number), err);
        _cleanup_free_ char *name = hcs_asprintf("test-%016llx", (unsigned long long)number);

        return FAILED(hr) ? hr : hcs_private_default_name(name, ret, err);
}

HRESULT through_service_open(const char *spec, struct mockhcs **ret, struct hcs_error **err) {
        _cleanup_free_ char *socket = NULL, *options = engine_options(spec ? spec : ""), *remote = NULL;
        struct mockhcs_service *service = NULL;
        struct mockhcs *m = NULL;
        size_t i = 0;
        HRESULT hr = new_name(&socket, err);

        while (i < MAX_OPEN && open_ones[i].m)
                i++;
        if (SUCCEEDED(hr))
                hr = mockhcs_service_open(&(struct mockhcs_service_options){.socket = socket, .backend = spec},
                                          &service, err);
        remote = hcs_asprintf("%sremote=%s", options, socket ? socket : "");
        if (SUCCEEDED(hr))
                hr = mockhcs_open(remote, &m, err);
        if (FAILED(hr)) {
                mockhcs_service_close(service, NULL);
                return hr;
        }
        open_ones[i].m = *ret = m;
        open_ones[i].service = service;
        return S_OK;
}

struct mockhcs *through_service_close(struct mockhcs *m) {
        for (size_t i = 0; m && i < MAX_OPEN; i++)
                if (open_ones[i].m == m) {
                        mockhcs_close(m);
                        mockhcs_service_close(open_ones[i].service, NULL);
                        open_ones[i].m = NULL;
                }
        return NULL;
}
