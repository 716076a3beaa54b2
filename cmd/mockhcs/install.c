/* SPDX-License-Identifier: MIT */

/* mockhcs install, uninstall and status: our DLLs in a Wine prefix, beside a program, or in System32. */

#include <getopt.h>
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "cmd/mockhcs/dlls.h"
#include "cmd/mockhcs/mockhcs.h"
#include "platform/file.h"

#define PLACES                                                                          \
        "  --prefix PREFIX   System32 of a Wine prefix\n"                               \
        "  --beside PROGRAM  the folder of a program, for programs that search there\n" \
        "  --system          System32 of this Windows; for machines that are thrown away\n"

static const struct option options[] = {
        {"prefix", required_argument, NULL, 'p'}, {"beside", required_argument, NULL, 'b'},
        {"system", no_argument, NULL, 's'},       {"from", required_argument, NULL, 'f'},
        {"replace", no_argument, NULL, 'r'},      {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},         {0}};

static void usage_install(void) {
        puts("usage: mockhcs install (--prefix PREFIX | --beside PROGRAM | --system) [--from FOLDER] [--replace "
             "--replace]\n\n"
             "Copies mockhcs.dll and the DLLs under the system's names over it.\n\n" PLACES
             "  --from FOLDER     where they are; where this program is when left out\n"
             "  --replace         said twice: also over files that others made, which are kept (NAME" DLL_KEPT ",\n"
             "                    those kept before as NAME" DLL_KEPT ".1 and so on)");
}

static void usage_uninstall(void) {
        puts("usage: mockhcs uninstall (--prefix PREFIX | --beside PROGRAM | --system)\n\n"
             "Removes our DLLs, and no other; puts back what was kept last.\n\n" PLACES);
}

static void usage_status(void) {
        puts("usage: mockhcs status (--prefix PREFIX | --beside PROGRAM | --system) [--json]\n\n"
             "Tells for each DLL whose it is. Exit code 1 when one that we have is not ours there.\n\n" PLACES
             "  --json            as a document: the folder, and of each DLL name, owner (ours, others, none) and "
             "kept");
}

struct chosen {
        struct dll_place place;
        const char *from;
        unsigned replace;
        bool json;
};

/* The options of all three. -1: go on; else the exit code. */
static int parse(int argc, char **argv, void (*usage)(void), struct chosen *c) {
        bool installs = usage == usage_install;
        int o;

        while ((o = next_option(argc, argv, "h", options, NULL)) != -1)
                switch (o) {
                case 'p':
                        c->place.prefix = optarg;
                        break;
                case 'b':
                        c->place.beside = optarg;
                        break;
                case 's':
                        c->place.system = true;
                        break;
                case 'f':
                case 'r':
                        if (!installs)
                                return tell_usage(argv[0], "--from and --replace are for install");
                        if (o == 'f')
                                c->from = optarg;
                        else
                                c->replace++;
                        break;
                case 'j':
                        if (usage != usage_status)
                                return tell_usage(argv[0], "--json is for status");
                        c->json = true;
                        break;
                default:
                        return end_of_options(argv[0], o, usage);
                }
        if (optind != argc)
                return tell_usage(argv[0], "%s: only options are expected", argv[optind]);
        return -1;
}

int run_install(int argc, char **argv) {
        bool installs = hcs_streq(argv[0], "install");
        struct chosen c = {0};
        int code = parse(argc, argv, installs ? usage_install : usage_uninstall, &c);
        _cleanup_free_ char *from = NULL, *to = NULL;
        struct hcs_error *err = NULL;
        unsigned n = 0;
        HRESULT hr;

        if (code >= 0)
                return code;
        hr = dll_place_folder(&c.place, &to, &err);
        if (hr == E_INVALIDARG) {
                tell_error(argv[0], err);
                return EXIT_USAGE;
        }
        if (SUCCEEDED(hr) && installs)
                hr = dll_source_folder(c.from, &from, &err);
        if (SUCCEEDED(hr))
                hr = installs ? dlls_install(from, to, c.replace >= 2, &err) : dlls_uninstall(to, &n, &err);
        if (FAILED(hr))
                return tell_error(argv[0], err);
        if (!installs && n == 0)
                printf("%s: none of ours was there\n", to);
        return EXIT_OK;
}

static void tell_of(const char *name, enum dll_owner owner, bool kept) {
        static const char *const words[] = {[DLL_ABSENT] = "not there", [DLL_OURS] = "ours", [DLL_OTHERS] = "not ours"};

        printf("%-20s %s%s\n", name, words[owner], kept ? ", another is kept" : "");
}

static void note(struct hcs_json *list, const char *name, enum dll_owner owner, bool kept) {
        static const char *const words[] = {[DLL_ABSENT] = "none", [DLL_OURS] = "ours", [DLL_OTHERS] = "others"};
        struct hcs_json *dll = hcs_json_append(list, hcs_json_new_object());

        hcs_json_set_string(dll, "name", name);
        hcs_json_set_string(dll, "owner", words[owner]);
        hcs_json_set_bool(dll, "kept", kept);
}

int run_status(int argc, char **argv) {
        _cleanup_json_ struct hcs_json *doc = hcs_json_new_object();
        struct hcs_json *list = hcs_json_set(doc, "dlls", hcs_json_new_array());
        struct chosen c = {0};
        int code = parse(argc, argv, usage_status, &c);
        _cleanup_free_ char *folder = NULL;
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (code >= 0)
                return code;
        hr = dll_place_folder(&c.place, &folder, &err);
        if (FAILED(hr)) {
                code = tell_error(argv[0], err);
                return hr == E_INVALIDARG ? EXIT_USAGE : code;
        }
        code = EXIT_OK;
        for (const char *const *name = dll_names; *name; name++) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, *name),
                                    *kept = hcs_asprintf("%s%s", path, DLL_KEPT);
                enum dll_owner owner = dll_owner_of(path);

                if (c.json)
                        note(list, *name, owner, hcs_file_exists(kept));
                else
                        tell_of(*name, owner, hcs_file_exists(kept));
                if (owner != DLL_OURS)
                        code = EXIT_PROBLEMS;
        }
        if (c.json) {
                _cleanup_free_ char *text = NULL;

                hcs_json_set_string(doc, "folder", folder);
                text = hcs_json_text(doc, HCS_JSON_COMPACT);
                puts(text);
        }
        return code;
}
