/* SPDX-License-Identifier: MIT */

/*
 * mockhcs run as a program of Windows: the second half of the command on Linux, inside the prefix. Starts a program
 * with winehv.dll in it, which also gets into the programs that it starts, and ends with its exit code.
 */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/mockhcs/mockhcs.h"
#include "platform/env.h"
#include "platform/file.h"
#include "platform/injection.h"

static void usage(void) {
        puts("usage: mockhcs run [--] PROGRAM.EXE [ARGUMENT...]\n\n"
             "Runs a program with winehv.dll, which is beside this one, in it and in what it starts: it has what Wine\n"
             "lacks. What it does is in the environment: WINEHV_SERVICE is the file of a service's door (`mockhcs\n"
             "service --loopback FILE'), WINEHV_MANIFEST=1 tells the build of the registry to programs without "
             "manifest.\n"
             "On Linux `mockhcs run' sets everything up and calls this.\n\n"
             "The exit code is the program's.");
}

static HRESULT find_library(char **ret, struct hcs_error **err) {
        _cleanup_free_ char *self = hcs_process_path(), *library = NULL;
        char *slash = self ? strrchr(self, '\\') : NULL;

        if (slash)
                *slash = '\0';
        library = hcs_asprintf("%s\\winehv.dll", slash ? self : ".");
        if (!hcs_file_exists(library))
                return hcs_error_make(err, HCS_WIN32(2), "there is no `%s`", library);
        *ret = steal_pointer(&library);
        return S_OK;
}

/* To our other half, which hears less of it from Wine. */
static void tell_code(const char *file, int code) {
        _cleanup_free_ char *text = hcs_asprintf("%u", (unsigned)code);

        hcs_file_write(file, text, strlen(text), NULL);
}

int run_program(int argc, char **argv) {
        static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
        _cleanup_free_ char *library = NULL, *code_file = hcs_env_get(RUN_CODE);
        struct hcs_child *child = NULL;
        struct hcs_error *err = NULL;
        int o = next_option(argc, argv, "+h", options, NULL), code = 0;
        HRESULT hr;

        if (o != -1)
                return end_of_options(argv[0], o, usage);
        if (optind == argc)
                return tell_usage(argv[0], "a PROGRAM.EXE to run is needed");
        hcs_env_set(RUN_CODE, NULL); /* not the program's business */
        hr = find_library(&library, &err);
        if (SUCCEEDED(hr))
                hr = hcs_injection_spawn(argv + optind, library, "", &child, &err);
        if (SUCCEEDED(hr))
                hr = hcs_child_wait(child, &code, &err);
        if (SUCCEEDED(hr) && code_file)
                tell_code(code_file, code);
        return FAILED(hr) ? tell_error(argv[0], err) : code;
}
