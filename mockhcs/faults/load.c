/* SPDX-License-Identifier: MIT */

/* Rules from wherever an argument says they are. */

#include <string.h>

#include "mockhcs/faults/rule.h"
#include "mockhcs/faults/scenario.h"
#include "platform/file.h"

HRESULT fault_rules_load(const char *argument, struct fault_rules *ret, struct hcs_error **err) {
        const struct fault_scenario *scenario = fault_scenario_find(argument);
        _cleanup_json_ struct hcs_json *rules = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr;

        if (*argument != '@') {
                hr = fault_rules_parse(scenario ? scenario->rules : argument, ret, err);
                if (FAILED(hr) && !strchr(argument, ' '))
                        hcs_error_set_hint(err,
                                           "a scenario, rules, or @FILE is expected; hcstrace torture --list names "
                                           "the scenarios");
                return hr;
        }
        hr = hcs_file_read(argument + 1, (size_t)16 << 20, &text, err);
        if (SUCCEEDED(hr))
                hr = hcs_json_parse(hcs_buf_cstr(&text), text.len, NULL, &rules, err);
        if (SUCCEEDED(hr))
                hr = fault_rules_parse_json(rules, ret, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "faults %s", argument + 1);
        return hr;
}
