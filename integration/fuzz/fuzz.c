/* SPDX-License-Identifier: MIT */

/*
 * libFuzzer target over everything that parses outside bytes: the first byte chooses the parser. What must hold: the
 * check and the parser agree, what is printed parses to the same, and nothing reads or writes where it should not.
 */

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/scrub.h"
#include "hcsshim/schema.h"
#include "integration/fuzz/bridge.h"
#include "integration/fuzz/disk.h"
#include "integration/fuzz/emulate.h"
#include "integration/fuzz/guest.h"
#include "integration/fuzz/image.h"
#include "integration/fuzz/import.h"
#include "integration/fuzz/layer.h"
#include "integration/fuzz/machine.h"
#include "integration/fuzz/network.h"
#include "integration/fuzz/play.h"
#include "integration/fuzz/spec.h"
#include "integration/fuzz/trace.h"
#include "integration/fuzz/vsock.h"
#include "integration/fuzz/wire.h"
#include "integration/fuzz/workbench.h"
#include "mockhcs/trace/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
        if (!ok)
                abort();
}

static void fuzz_json(const char *text, size_t len) {
        _cleanup_json_ struct hcs_json *j = NULL, *again = NULL;
        HRESULT checked = hcs_json_check(text, len, NULL, NULL), parsed = hcs_json_parse(text, len, NULL, &j, NULL);

        must(SUCCEEDED(checked) || FAILED(parsed));
        if (FAILED(parsed))
                return;
        for (int style = HCS_JSON_COMPACT; style <= HCS_JSON_GO_NO_HTML; style++) {
                _cleanup_free_ char *printed = hcs_json_text(j, (enum hcs_json_style)style);

                again = hcs_json_free(again);
                must(SUCCEEDED(hcs_json_parse_cstr(printed, &again, NULL)));
                must(hcs_json_equal(j, again));
        }
        hcs_scrub_json(j);
}

static void fuzz_schema(const char *text, size_t len) {
        _cleanup_json_ struct hcs_json *j = NULL;
        const struct hcs_schema_type *type;
        struct hcs_schema_report report;
        void *doc = NULL;

        if (FAILED(hcs_json_parse(text, len, NULL, &j, NULL)))
                return;
        type = hcs_schema_guess(j);
        if (!type)
                type = hcs_schema_type_at(HCS_SCHEMA_COMPUTE_SYSTEM);
        hcs_schema_validate(
                type, j, &(struct hcs_schema_profile){.strict = true, .build = 17763, .major = 2, .minor = 1}, &report);
        hcs_schema_report_deinit(&report);
        if (SUCCEEDED(hcs_schema_parse(type, text, len, &doc, NULL))) {
                _cleanup_free_ char *printed = hcs_schema_print(type, doc);

                must(SUCCEEDED(hcs_json_check(printed, strlen(printed), NULL, NULL)));
                hcs_schema_free(type, doc);
        }
}

static void fuzz_record(const char *text, size_t len) {
        struct mock_record r, again;
        _cleanup_buf_ struct hcs_buf line = {0};

        if (FAILED(mock_record_parse(text, len, &r, NULL)))
                return;
        mock_record_print(&r, &line);
        must(line.len > 0);
        if (SUCCEEDED(mock_record_parse(line.data, line.len - 1, &again, NULL)))
                mock_record_deinit(&again);
        mock_record_deinit(&r);
}

static void fuzz_result(const char *text) {
        struct hcs_error *err = NULL;

        hcs_error_from_result(&err, E_FAIL, text);
        free(hcs_error_format(err));
        free(hcs_error_format_go(err));
        hcs_error_free(err);
}

/* Each knows its bytes, and says whether this one is. */
static bool (*const families[])(uint8_t which, const uint8_t *data, size_t size) = {
        fuzz_bridge,    //
        fuzz_disk,      //
        fuzz_emulate,   //
        fuzz_guest,     //
        fuzz_image,     //
        fuzz_import,    //
        fuzz_layer,     //
        fuzz_machine,   //
        fuzz_network,   //
        fuzz_play,      //
        fuzz_spec,      //
        fuzz_trace,     //
        fuzz_vsock,     //
        fuzz_wire,      //
        fuzz_workbench, //
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL;

        if (size == 0)
                return 0;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(families); i++)
                if (families[i](data[0], data + 1, size - 1))
                        return 0;
        text = hcs_strndup((const char *)data + 1, size - 1);
        switch (data[0] % 4) {
        case 0:
                fuzz_json(text, size - 1);
                break;
        case 1:
                fuzz_schema(text, size - 1);
                break;
        case 2:
                fuzz_record(text, size - 1);
                break;
        default:
                fuzz_result(text);
        }
        return 0;
}
