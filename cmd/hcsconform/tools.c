/* SPDX-License-Identifier: MIT */

/* Where hcsworker is; see tools.h. */

#include "cmd/hcsconform/tools.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cmd/hcsconform/suite.h"
#include "platform/file.h"
#include "platform/job.h"
#include "platform/process.h"

#define IN_CONTAINER "C:\\\\hcsconform"

static char *directory, *worker;

/* This program's folder. Caller frees. */
static char *own_folder(void) {
        char *path = hcs_process_path(), *end = path ? strrchr(path, '\\') : NULL;

        if (end)
                *end = '\0';
        return path ? path : hcs_strdup(".");
}

bool tools_possible(const char **ret_missing) {
        _cleanup_free_ char *folder = own_folder(), *path = hcs_asprintf("%s/hcsworker.exe", folder);

        if (!hcs_job_possible())
                *ret_missing = "needs programs of Windows";
        else if (!hcs_file_exists(path))
                *ret_missing = "needs hcsworker.exe beside hcsconform.exe";
        else
                return true;
        return false;
}

const char *tools_directory(void) {
        _cleanup_json_ struct hcs_json *d = hcs_json_new_object();
        _cleanup_free_ char *folder = own_folder();

        if (directory)
                return directory;
        hcs_json_set_string(d, "HostPath", folder);
        hcs_json_set_string(d, "ContainerPath", "C:\\hcsconform");
        hcs_json_set_bool(d, "ReadOnly", true);
        directory = hcs_json_text(d, HCS_JSON_COMPACT);
        return directory;
}

/* Slashes do as well, and need no escape. */
const char *tools_worker(void) {
        _cleanup_free_ char *folder = own_folder();

        if (worker)
                return worker;
        for (char *p = folder; *p; p++)
                if (*p == '\\')
                        *p = '/';
        worker = conform_target.real ? hcs_strdup(IN_CONTAINER "\\\\hcsworker.exe")
                                     : hcs_asprintf("%s/hcsworker.exe", folder);
        return worker;
}

void tools_release(void) {
        free(directory);
        free(worker);
        directory = worker = NULL;
}
