/* SPDX-License-Identifier: MIT */

/* Whether options go together, and with the host: before anything is made of them. */

#include "base/str.h"
#include "uvm/options.h"

static HRESULT refuse(struct hcs_error **err, const char *why) {
        return hcs_error_make(err, E_INVALIDARG, "UVM options incorrect: %s", why);
}

static bool is_set(const char *text) {
        return text && *text;
}

static bool has_both_groups(const struct hcs_schema_uvm_options *o) {
        return o->ResourcePartitionID && is_set(o->CPUGroupID);
}

#define BOTH_GROUPS "resource partition ID and CPU group ID cannot be set at the same time"
#define DEFERRED    "EnableDeferredCommit is not supported on physically backed VMs"

HRESULT uvm_lcow_options_verify(const struct hcs_schema_uvm_lcow_options *o, const struct uvm_host *host,
                                struct hcs_error **err) {
        if (o->EnableDeferredCommit && !o->AllowOvercommit)
                return refuse(err, DEFERRED);
        if (o->SCSIControllerCount > UVM_MAX_SCSI_CONTROLLERS)
                return refuse(err, "SCSI controller count can't be more than 4");
        if (host->is_arm64 && o->VPMemDeviceCount)
                return refuse(err, "VPMem devices are not supported on ARM64");
        if (o->VPMemDeviceCount > UVM_MAX_VPMEM_COUNT)
                return refuse(err, "VPMem device count cannot be greater than 128");
        if (o->VPMemDeviceCount && o->VPMemSizeBytes % 4096)
                return refuse(err, "VPMemSizeBytes must be a multiple of 4096");
        if (o->KernelDirect && host->build < UVM_BUILD_KERNEL_DIRECT)
                return refuse(err, "KernelDirectBoot is not supported on builds older than 18286");
        if (o->EnableColdDiscardHint && host->build < UVM_BUILD_COLD_DISCARD)
                return refuse(err, "EnableColdDiscardHint is not supported on builds older than 18967");
        if (has_both_groups((const struct hcs_schema_uvm_options *)o))
                return refuse(err, BOTH_GROUPS);
        return S_OK;
}

static HRESULT verify_boot_files(const struct hcs_schema_uvm_boot_files *f, struct hcs_error **err) {
        if (!f)
                return refuse(err, "boot files is nil");
        if (f->BootType > UVM_BOOT_BLOCK_CIM)
                return hcs_error_make(err, E_INVALIDARG, "UVM options incorrect: invalid boot type (%u) specified",
                                      f->BootType);
        if (f->BootType == UVM_BOOT_VMBFS && !f->VmbFSFiles)
                return refuse(err, "VmbFS boot files is empty");
        if (f->BootType == UVM_BOOT_BLOCK_CIM && !f->BlockCIMFiles)
                return refuse(err, "confidential boot files is empty");
        return S_OK;
}

HRESULT uvm_wcow_options_verify(const struct hcs_schema_uvm_wcow_options *o, const struct uvm_host *host,
                                struct hcs_error **err) {
        HRESULT hr;

        (void)host; /* nothing of these depends on the build; both kinds are asked alike */
        if (o->EnableDeferredCommit && !o->AllowOvercommit)
                return refuse(err, DEFERRED);
        if (o->SCSIControllerCount != 1)
                return refuse(err, "exactly 1 SCSI controller is required for WCOW");
        hr = verify_boot_files(o->BootFiles, err);
        if (FAILED(hr))
                return hr;
        if (o->SecurityPolicyEnabled && !is_set(o->GuestStateFilePath))
                return refuse(err, "GuestStateFilePath must be provided when enabling security policy");
        if (o->EnableGraphicsConsole && hcs_streq(o->IsolationType, "SecureNestedPaging"))
                return refuse(err, "graphics console cannot be enabled with SecureNestedPaging isolation mode");
        if (has_both_groups((const struct hcs_schema_uvm_options *)o))
                return refuse(err, BOTH_GROUPS);
        return S_OK;
}
