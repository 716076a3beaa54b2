/* SPDX-License-Identifier: MIT */
#ifndef HCS_SCHEMA_TEST_VALIDATE_H
#define HCS_SCHEMA_TEST_VALIDATE_H

/* A document checked by the name of its type and of a profile, for tests. */

#include "base/json.h"
#include "hcsshim/schema.h"
#include "testing/hcs_test.h"

static inline struct hcs_schema_report validate(const char *type, const char *text, const char *profile) {
        _cleanup_json_ struct hcs_json *json = NULL;
        struct hcs_schema_report report;
        struct hcs_schema_profile p;
        struct hcs_error *err = NULL;

        assert_ok(hcs_json_parse_cstr(text, &json, &err), err);
        assert_ok(hcs_schema_profile_parse(profile, &p, &err), err);
        hcs_schema_validate(hcs_schema_type_find(type), json, &p, &report);
        return report;
}

#endif
