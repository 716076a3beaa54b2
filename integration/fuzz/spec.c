/* SPDX-License-Identifier: MIT */

/*
 * Specifications and what is made of them. What must hold: a specification that was read prints to one that reads the
 * same; a document that was made is JSON; and of a container that could not be made nothing is left in its VM.
 */

#include "integration/fuzz/spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "oci/described.h"

static void must(bool ok) {
        if (!ok)
                abort();
}

static void read_spec(const char *text, size_t len) {
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = NULL, *copy = NULL;
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        _cleanup_free_ char *printed = NULL, *again = NULL;

        if (FAILED(oci_spec_parse(text, len, &spec, NULL)))
                return;
        printed = oci_spec_print(spec);
        copy = oci_spec_copy(spec);
        must(copy != NULL);
        again = oci_spec_print(copy);
        must(hcs_streq(printed, again));
        oci_annotations_check(copy, &w);
        oci_annotations_process(copy, &w, NULL);
}

/* What was added to the VM's devices, less what was removed. Shares that are mapped directly cannot be. */
static int left_over(const struct oci_steps *s) {
        int n = 0;

        for (size_t i = 0; i < s->n; i++) {
                const char *text = s->items[i].text;

                if (s->items[i].kind != OCI_STEP_MODIFY ||
                    hcs_str_starts(text, "{\"ResourcePath\":\"VirtualMachine/Devices/VirtualSmb/Shares\""))
                        continue;
                if (strstr(text, "\",\"RequestType\":\"Add\""))
                        n++;
                else
                        n--;
        }
        return n;
}

static void make(const char *text, size_t len, bool is_linux) {
        _cleanup_json_ struct hcs_json *description = NULL;
        _cleanup_oci_made_ struct oci_made made = {0}, job = {0};
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (FAILED(hcs_json_parse(text, len, NULL, &description, NULL)))
                return;
        hr = is_linux ? oci_make_lcow(description, &made, &err) : oci_make_wcow(description, &made, &err);
        must(SUCCEEDED(hr) == (made.document != NULL) && SUCCEEDED(hr) == (err == NULL));
        if (made.document)
                must(SUCCEEDED(hcs_json_check(made.document, strlen(made.document), NULL, NULL)));
        else
                must(left_over(&made.steps) == 0);
        for (size_t i = 0; i < made.steps.n; i++)
                if (made.steps.items[i].kind != OCI_STEP_GRANT)
                        must(SUCCEEDED(hcs_json_check(made.steps.items[i].text, strlen(made.steps.items[i].text), NULL,
                                                      NULL)));
        hcs_error_free(err);
        if (!is_linux)
                oci_make_job(description, &job, NULL);
}

bool fuzz_spec(uint8_t which, const uint8_t *data, size_t size) {
        switch (which) {
        case 'S':
                read_spec((const char *)data, size);
                return true;
        case 'w':
        case 'l':
                make((const char *)data, size, which == 'l');
                return true;
        default:
                return false;
        }
}
