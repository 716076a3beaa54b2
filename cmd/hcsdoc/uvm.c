/* SPDX-License-Identifier: MIT */

/* Utility VMs as kinds of documents. */

#include "cmd/hcsdoc/hcsdoc.h"
#include "uvm/case.h"

static HRESULT make(const struct hcs_json *description, enum uvm_case_kind kind, struct oci_made *ret,
                    struct hcs_error **err) {
        return uvm_document_from_case(description, kind, &ret->warnings, &ret->document, err);
}

HRESULT hcsdoc_lcow_uvm(const struct hcs_json *description, struct oci_made *ret, struct hcs_error **err) {
        return make(description, UVM_CASE_LCOW, ret, err);
}

HRESULT hcsdoc_lcow_uvm_v2(const struct hcs_json *description, struct oci_made *ret, struct hcs_error **err) {
        return make(description, UVM_CASE_LCOW_V2, ret, err);
}

HRESULT hcsdoc_wcow_uvm(const struct hcs_json *description, struct oci_made *ret, struct hcs_error **err) {
        return make(description, UVM_CASE_WCOW, ret, err);
}

static struct hcs_json *line_of(const struct uvm_step *s) {
        static const char *const procs[] = {[UVM_STEP_COPY] = "CopyFile",
                                            [UVM_STEP_GRANT_GROUP] = "security.GrantVmGroupAccessWithMask",
                                            [UVM_STEP_GRANT_VM] = "vmcompute.GrantVmAccess",
                                            [UVM_STEP_MAKE_DIRECTORY] = "CreateDirectory",
                                            [UVM_STEP_SET_DISK_ID] = "virtdisk.SetVirtualDiskIdentifier"};
        static const char *const paths[] = {[UVM_STEP_COPY] = "from",
                                            [UVM_STEP_GRANT_GROUP] = "name",
                                            [UVM_STEP_GRANT_VM] = "filepath",
                                            [UVM_STEP_MAKE_DIRECTORY] = "path",
                                            [UVM_STEP_SET_DISK_ID] = "path"};
        struct hcs_json *line = hcs_json_new_object();

        hcs_json_set_string(line, "proc", procs[s->kind]);
        hcs_json_set_string(line, paths[s->kind], s->path);
        if (s->target)
                hcs_json_set_string(line, s->kind == UVM_STEP_COPY ? "to" : "id", s->target);
        return line;
}

static void put_preparations(const struct hcs_json *description, enum uvm_case_kind kind, struct hcs_buf *out) {
        _cleanup_oci_warnings_ struct oci_warnings told_already = {0};
        _cleanup_uvm_case_ struct uvm_case c = {0};

        if (FAILED(uvm_case_run(description, kind, &c, &told_already, NULL)))
                return; /* nothing is prepared for a document that cannot be */
        for (size_t i = 0; i < c.plan.n_steps; i++)
                hcsdoc_put_line(line_of(&c.plan.steps[i]), out);
}

void hcsdoc_lcow_uvm_preparations(const struct hcs_json *description, struct hcs_buf *out) {
        put_preparations(description, UVM_CASE_LCOW, out);
}

void hcsdoc_lcow_uvm_v2_preparations(const struct hcs_json *description, struct hcs_buf *out) {
        put_preparations(description, UVM_CASE_LCOW_V2, out);
}

void hcsdoc_wcow_uvm_preparations(const struct hcs_json *description, struct hcs_buf *out) {
        put_preparations(description, UVM_CASE_WCOW, out);
}
