/* SPDX-License-Identifier: MIT */

/* Profiles, and which Windows build knows which schema version. */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "schema/internal.h"

/*
 * Published: 2.1 to 2.6 with the client and server releases up to Windows 11 21H2. Later versions are not published;
 * 2.9 with 26100 follows from hcsshim, which sends members of 2.9 to guests of that build (issue 2739), and is assumed.
 */
static const struct {
        uint32_t build;
        unsigned major, minor;
} versions[] = {
        {14393, 1, 0}, {15063, 1, 0}, {16299, 1, 0}, {17134, 2, 0}, {17763, 2, 1}, {18362, 2, 2},
        {19041, 2, 3}, {19645, 2, 4}, {20348, 2, 5}, {22000, 2, 6}, {22621, 2, 7}, {26100, 2, 9},
};

void hcs_schema_version_of_build(uint32_t build, unsigned *ret_major, unsigned *ret_minor) {
        *ret_major = 1;
        *ret_minor = 0;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(versions); i++)
                if (build >= versions[i].build) {
                        *ret_major = versions[i].major;
                        *ret_minor = versions[i].minor;
                }
}

HRESULT hcs_schema_profile_parse(const char *text, struct hcs_schema_profile *ret, struct hcs_error **err) {
        struct hcs_schema_profile p = {0};
        uint64_t build;

        if (text && hcs_str_starts(text, "strict:")) {
                if (!hcs_str_to_u64(text + 7, &build) || build < versions[0].build || build > 99999)
                        return hcs_error_make(err, E_INVALIDARG,
                                              "profile \"%s\": \"%s\" is not a Windows build (17763, 20348, 26100 ...)",
                                              text, text + 7);
                p.strict = true;
                p.build = (uint32_t)build;
                hcs_schema_version_of_build(p.build, &p.major, &p.minor);
        } else if (text && !hcs_streq(text, "lenient")) {
                return hcs_error_make(err, E_INVALIDARG, "profile \"%s\": neither strict:<build> nor lenient", text);
        }
        *ret = p;
        return S_OK;
}
