/* SPDX-License-Identifier: MIT */
#ifndef GUEST_AGENT_OPTIONS_H
#define GUEST_AGENT_OPTIONS_H

/*
 * The agent's command line: the flags of hcsshim's cmd/gcs (written as Go's flag package takes them: -x, --x, -x=value,
 * -x value), and a few of its own for tests and for choosing the OCI runtime.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "hcsshim/error.h"
#include "hcsshim/log.h"

struct guest_options {
        /* As the original's. */
        bool v4, use_inouterr, disable_time_sync, scrub_logs;
        const char *log_level, *log_file, *log_format, *core_dump_location, *initial_policy_stance;
        uint64_t kmsg_log_level, root_mem_reserve_bytes, gcs_mem_limit_bytes;
        /* Ours. */
        const char *runtime, *transport;
        uint64_t runtime_timeout_ms, close_timeout_ms, device_timeout_ms;
        bool no_cgroups;

        bool help;
        enum hcs_log_level level; /* out of log_level */
};

/* E_INVALIDARG names the flag. The strings are argv's. */
HRESULT guest_options_parse(int argc, const char *const *argv, struct guest_options *ret, struct hcs_error **err);
void guest_options_print_usage(FILE *out, const char *program);

#endif
