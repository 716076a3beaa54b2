/* SPDX-License-Identifier: MIT */

/*
 * mockhcs run: a Windows program in a Wine prefix of its own, which has our DLLs in System32 and says it is the Windows
 * build that was asked for. The prefix is copied from a template, which is made once, and is gone when the program has
 * ended; --prefix keeps one. Where mockhcs.exe and winehv.dll are with the DLLs, the program is started through them
 * and has what Wine lacks; with --service what stands behind the DLLs is in this process, native, for as long as it
 * runs.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "cmd/mockhcs/dlls.h"
#include "cmd/mockhcs/mockhcs.h"
#include "mockhcs/service.h"
#include "platform/env.h"
#include "platform/file.h"
#include "platform/place.h"
#include "platform/process.h"
#include "platform/terminal.h"
#include "platform/thread.h"
#include "platform/work_folder.h"

#define LAUNCHER   "mockhcs.exe"
#define RANDOM_DLL "bcryptprimitives.dll"

struct run {
        const char *from, *prefix, *template, *backend, *record;
        uint64_t build;
        bool service, manifest;
        char **program;
        /* Made while it runs. */
        struct hcs_work_folder *work;
        struct mockhcs_service *server;
        char *door; /* the file, as Linux calls it */
};

/* What the thread that hears signals knows. */
static struct {
        struct hcs_mutex lock;
        struct hcs_child *child; /* that runs, or NULL */
        const char *mark;        /* of the program and what it starts, while it runs; else NULL */
        bool asked, ending, tidying;
} heard = {.lock = HCS_MUTEX_INIT};

/* ^C at a terminal is the program's too: it may go on. A second one, or a signal, ends it, and we tidy up; one more
 * does not hurry that, the next one does. */
static void interrupted(void *ctx, enum hcs_interrupt what) {
        hcs_guard(&heard.lock);
        if (what == HCS_INTERRUPT_RESIZE)
                return;
        if ((heard.tidying || (what == HCS_INTERRUPT_KEY && heard.mark)) && !heard.asked) {
                heard.asked = true;
                return;
        }
        heard.ending = true;
        if (heard.child)
                hcs_child_kill_all(heard.child, heard.mark);
}

/* One that begins when the end was asked for is ended at once. */
static void watch(struct hcs_child *child, const char *mark) {
        hcs_guard(&heard.lock);
        heard.child = child;
        heard.mark = mark;
        if (child && heard.ending)
                hcs_child_kill_all(child, mark);
}

static void usage(void) {
        puts("usage: mockhcs run [--build N] [--manifest] [--service [--backend COMPOSITION] [--record FILE]]\n"
             "                   [--from FOLDER] [--prefix PREFIX] [--template PREFIX] [--] PROGRAM.EXE "
             "[ARGUMENT...]\n\n"
             "Runs a Windows program under Wine with our DLLs in System32. What stands behind them is what MOCKHCS "
             "says.\n"
             "When mockhcs.exe and winehv.dll are with the DLLs the program has what Wine lacks, AF_HYPERV with a "
             "service.\n\n"
             "  --build N          the Windows build that the program sees, as in 20348 (the default)\n"
             "  --manifest         the program sees it even if it has no manifest for this Windows\n"
             "  --service          what answers is here, not in the program: machines are in QEMU, and AF_HYPERV "
             "leads\n"
             "                     to them; C:\\ of a document is that of the prefix\n"
             "  --backend TEXT     what answers, as in MOCKHCS: emulate (the default)\n"
             "  --record FILE      and what it answered is written there\n"
             "  --from FOLDER      where the DLLs are; where this program is when left out\n"
             "  --prefix PREFIX    the Wine prefix, made when there is none; stays. Else one that is gone afterwards\n"
             "  --template PREFIX  what a prefix is copied from, made when there is none\n"
             "                     (~/.cache/hcsshim/wine, or below XDG_CACHE_HOME)\n\n"
             "The exit code is the program's; a larger one than 255 is told, and is 255. ^C goes to the program; a\n"
             "second one, or a termination signal, ends it with what it started (137), and all that was made for it\n"
             "goes.");
}

/* Runs a helper program to its end; anything but exit code 0 is a failure. mark: of the environment, see heard. */
static HRESULT call_with(const char *const *argv, const char *prefix, const char *const *more, const char *mark,
                         enum hcs_child_output output, int *ret_code, struct hcs_error **err) {
        _cleanup_free_ char *where = hcs_asprintf("WINEPREFIX=%s", prefix), *debug = hcs_env_get("WINEDEBUG");
        const char *environment[10] = {where, "DISPLAY="};
        size_t n = 2;
        struct hcs_child *child = NULL;
        int code = 0;
        HRESULT hr;

        if (!debug)
                environment[n++] = "WINEDEBUG=-all";
        if (!hcs_env_is_utf8()) /* Wine loses letters of arguments and names that the locale has not */
                environment[n++] = "LC_ALL=C.UTF-8";
        for (; more && *more && n < HCS_ARRAY_SIZE(environment) - 1; more++)
                environment[n++] = *more;
        /* A program of Wine does not start whose heap is where Wine has a page of its own: see windows.md. */
        hr = hcs_child_spawn_settled((char *const *)(uintptr_t)argv, environment, output, &child, err);
        if (SUCCEEDED(hr)) {
                watch(child, mark);
                hcs_child_ended(child, HCS_FOREVER);
                watch(NULL, NULL);
                hr = hcs_child_wait(child, &code, err);
        }
        if (FAILED(hr))
                return hr;
        if (ret_code)
                *ret_code = code;
        else if (code)
                return hcs_error_make(err, E_FAIL, "%s %s: exit code %d", argv[0], argv[1], code);
        return S_OK;
}

#define CALL(prefix, err, ...) \
        call_with((const char *const[]){__VA_ARGS__, NULL}, prefix, NULL, NULL, HCS_CHILD_MUTE, NULL, err)

/* Made beside its place and moved there: two at once do not meet, and what is there is whole. */
static HRESULT make_template(const char *path, struct hcs_error **err) {
        _cleanup_(hcs_work_folder_freep) struct hcs_work_folder *work = NULL;
        _cleanup_free_ char *made = NULL;
        HRESULT hr = hcs_directory_create(path, err);

        if (SUCCEEDED(hr))
                hr = hcs_work_folder_new(path, "new", &work, err);
        if (FAILED(hr))
                return hr;
        made = hcs_asprintf("%s/wine", hcs_work_folder_path(work));
        fprintf(stderr, "mockhcs run: making the template `%s`, once\n", path);
        hr = CALL(made, err, "wine", "wineboot", "--init");
        if (SUCCEEDED(hr))
                hr = CALL(made, err, "wineserver", "-w");
        if (SUCCEEDED(hr)) {
                _cleanup_free_ char *place = hcs_asprintf("%s/prefix", path);

                if (rename(made, place) != 0 && !hcs_file_is_directory(place))
                        hr = hcs_error_make(err, E_FAIL, "cannot move the template to `%s`", place);
        }
        return hr;
}

/* Copied beside its place as well: one that was interrupted is not taken for a prefix. */
static HRESULT copy_template(const struct run *r, const char *to, struct hcs_error **err) {
        _cleanup_free_ char *cache = hcs_cache_folder(),
                            *template = r->template ? hcs_strdup(r->template) : hcs_asprintf("%s/wine", cache),
                            *from = hcs_asprintf("%s/prefix", template),
                            *made = hcs_asprintf("%s.%s", to, hcs_path_name(hcs_work_folder_path(r->work)));
        HRESULT hr = S_OK;

        if (hcs_place_at(to) != HCS_PLACE_NOTHING && !hcs_file_is_directory(to))
                return hcs_error_make(err, HCS_WIN32(267), "`%s` is no folder", to);
        if (!hcs_file_is_directory(from))
                hr = make_template(template, err);
        if (SUCCEEDED(hr))
                hr = CALL(to, err, "cp", "-a", "--reflink=auto", from, made);
        if (SUCCEEDED(hr) && rename(made, to) != 0 && !hcs_file_is_directory(to))
                hr = hcs_error_make(err, E_FAIL, "cannot move the prefix to `%s`", to);
        hcs_folder_remove(made, NULL); /* of one that failed, or came second */
        return hr;
}

/* What osversion and its like read. */
static HRESULT set_build(const char *prefix, uint64_t build, struct hcs_error **err) {
        _cleanup_free_ char *file = hcs_asprintf("%s/drive_c/build.reg", prefix), *text = NULL;
        HRESULT hr;

        text = hcs_asprintf("REGEDIT4\n\n"
                            "[HKEY_LOCAL_MACHINE\\Software\\Microsoft\\Windows NT\\CurrentVersion]\n"
                            "\"CurrentBuild\"=\"%llu\"\n\"CurrentBuildNumber\"=\"%llu\"\n\"CurrentVersion\"=\"10.0\"\n"
                            "\"CurrentMajorVersionNumber\"=dword:0000000a\n"
                            "\"CurrentMinorVersionNumber\"=dword:00000000\n\"CSDVersion\"=\"\"\n\n"
                            "[HKEY_LOCAL_MACHINE\\System\\CurrentControlSet\\Control\\Windows]\n"
                            "\"CSDVersion\"=dword:00000000\n",
                            (unsigned long long)build, (unsigned long long)build);
        hr = hcs_file_write(file, text, strlen(text), err);
        if (SUCCEEDED(hr))
                hr = CALL(prefix, err, "wine", "regedit", "/S", "C:\\build.reg");
        remove(file);
        return hr;
}

/* ---- the service ---- */

/* C: and Z: of the prefix as the emulator wants them; the service, and its door in the prefix, where a program of
 * Windows can read it. */
static HRESULT start_service(struct run *r, const char *prefix, struct hcs_error **err) {
        const char *work = hcs_work_folder_path(r->work);
        _cleanup_free_ char *socket = hcs_asprintf("%s/service.sock", work), *drives = hcs_asprintf("%s/drives", work),
                            *drive_c = hcs_asprintf("%s/drive_c", prefix), *whole = hcs_path_full(drive_c),
                            *emulator =
                                    hcs_asprintf("emulate,host=%llu,drives=%s", (unsigned long long)r->build, drives),
                            *backend = hcs_asprintf("%s%s%s%s", r->record ? "record=" : "", r->record ? r->record : "",
                                                    r->record ? "," : "", r->backend ? r->backend : emulator);
        HRESULT hr = hcs_directory_create(drives, err);

        if (SUCCEEDED(hr))
                hr = hcs_work_folder_link(r->work, "drives/c", whole, err);
        if (SUCCEEDED(hr))
                hr = hcs_work_folder_link(r->work, "drives/z", "/", err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "the drives of `%s`", prefix), hr;
        r->door = hcs_asprintf("%s/%s.door", whole, strrchr(work, '/') + 1);
        return mockhcs_service_open(
                &(struct mockhcs_service_options){.socket = socket, .backend = backend, .loopback = r->door},
                &r->server, err);
}

static void end_service(struct run *r) {
        mockhcs_service_close(r->server, NULL);
        free(r->door);
        r->server = NULL;
        r->door = NULL;
}

/* ---- the program ---- */

#define LARGEST_CODE 255 /* that a program of Linux can end with */

/* What the launcher says of the end: Wine passes on eight bits of it, and of 256 nothing is left. A larger one is told,
 * and ends us with the largest. */
static void take_code(const char *file, const char *program, int *code) {
        _cleanup_buf_ struct hcs_buf text = {0};
        uint64_t whole = 0;

        if (FAILED(hcs_file_read(file, 64, &text, NULL)))
                return; /* there is no launcher, or it was ended too */
        if (hcs_str_to_u64(hcs_buf_cstr(&text), &whole) && whole > LARGEST_CODE) {
                fprintf(stderr, "mockhcs run: `%s` ended with exit code %llu (0x%08llX)\n", program,
                        (unsigned long long)whole, (unsigned long long)whole);
                *code = LARGEST_CODE;
        }
        remove(file);
}

static HRESULT run_it(const struct run *r, const char *prefix, const char *from, int *ret_code,
                      struct hcs_error **err) {
        _cleanup_free_ char *launcher = hcs_asprintf("%s/" LAUNCHER, from), *remote = NULL, *door = NULL,
                            *name = hcs_asprintf("%s.code", hcs_path_name(hcs_work_folder_path(r->work))),
                            *mark = hcs_asprintf("MOCKHCS_RUN=%s", hcs_path_name(hcs_work_folder_path(r->work))),
                            *file = hcs_asprintf("%s/drive_c/%s", prefix, name),
                            *told = hcs_asprintf(RUN_CODE "=C:/%s", name);
        const char *environment[6] = {mark, told}, **argv = NULL;
        size_t n = 0, at = 0, e = 2;
        HRESULT hr;

        if (r->door) {
                remote = hcs_asprintf("MOCKHCS=remote=C:/%s", strrchr(r->door, '/') + 1);
                door = hcs_asprintf("WINEHV_SERVICE=C:/%s", strrchr(r->door, '/') + 1);
                environment[e++] = remote;
                environment[e++] = door;
        }
        if (r->manifest)
                environment[e++] = "WINEHV_MANIFEST=1";
        while (r->program[n])
                n++;
        argv = hcs_calloc(n + 5, sizeof(*argv));
        argv[at++] = "wine";
        if (hcs_file_exists(launcher)) {
                argv[at++] = launcher;
                argv[at++] = "run";
                argv[at++] = "--";
        }
        memcpy(argv + at, r->program, n * sizeof(*argv));
        hr = call_with(argv, prefix, environment, mark, HCS_CHILD_SHARES, ret_code, err);
        free(argv);
        take_code(file, r->program[0], ret_code);
        return hr;
}

/* What Wine has not got at all, and programs look for before winehv.dll is in them. */
static HRESULT add_missing(const char *from, const char *system32, struct hcs_error **err) {
        _cleanup_free_ char *source = hcs_asprintf("%s/" RANDOM_DLL, from),
                            *target = hcs_asprintf("%s/" RANDOM_DLL, system32);
        _cleanup_buf_ struct hcs_buf b = {0};
        HRESULT hr;

        if (!hcs_file_exists(source) || hcs_file_exists(target))
                return S_OK;
        hr = hcs_file_read(source, SIZE_MAX, &b, err);
        return SUCCEEDED(hr) ? hcs_file_write(target, hcs_buf_cstr(&b), b.len, err) : hr;
}

static HRESULT run_in(struct run *r, const char *prefix, const char *from, int *ret_code, struct hcs_error **err) {
        _cleanup_free_ char *system32 = NULL;
        HRESULT hr = S_OK;

        if (!hcs_file_is_directory(prefix))
                hr = copy_template(r, prefix, err);
        if (SUCCEEDED(hr))
                hr = dll_place_folder(&(struct dll_place){.prefix = prefix}, &system32, err);
        if (SUCCEEDED(hr))
                hr = dlls_install(from, system32, true, err); /* Wine's own placeholders are nobody's */
        if (SUCCEEDED(hr))
                hr = add_missing(from, system32, err);
        if (SUCCEEDED(hr))
                hr = set_build(prefix, r->build, err);
        if (SUCCEEDED(hr) && r->service)
                hr = start_service(r, prefix, err);
        if (SUCCEEDED(hr))
                hr = run_it(r, prefix, from, ret_code, err);
        end_service(r);
        return hr;
}

static int run(struct run *r) {
        _cleanup_free_ char *from = NULL, *own = NULL;
        struct hcs_error *err = NULL;
        int code = 0;
        HRESULT hr = hcs_interrupts_watch(interrupted, NULL, &err);

        if (SUCCEEDED(hr))
                hr = dll_source_folder(r->from, &from, &err);
        if (SUCCEEDED(hr))
                hr = hcs_work_folder_new(NULL, "wine", &r->work, &err);
        if (SUCCEEDED(hr) && !r->prefix)
                own = hcs_asprintf("%s/prefix", hcs_work_folder_path(r->work));
        if (SUCCEEDED(hr))
                hr = run_in(r, own ? own : r->prefix, from, &code, &err);
        hcs_mutex_lock(&heard.lock);
        heard.ending = heard.asked = false; /* of the program; what follows tidies up */
        heard.tidying = true;
        hcs_mutex_unlock(&heard.lock);
        if (own) { /* nothing holds what is removed now */
                CALL(own, NULL, "wineserver", "-k");
                CALL(own, NULL, "wineserver", "-w");
        }
        hcs_work_folder_free(r->work);
        return FAILED(hr) ? tell_error("run", err) : code;
}

/* At its end: others are made beside it. */
static char *without_separators(char *path) {
        for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
                path[n - 1] = '\0';
        return path;
}

int run_program(int argc, char **argv) {
        static const struct option options[] = {
                {"build", required_argument, NULL, 'b'},   {"from", required_argument, NULL, 'f'},
                {"prefix", required_argument, NULL, 'p'},  {"template", required_argument, NULL, 't'},
                {"backend", required_argument, NULL, 'k'}, {"record", required_argument, NULL, 'r'},
                {"service", no_argument, NULL, 's'},       {"manifest", no_argument, NULL, 'm'},
                {"help", no_argument, NULL, 'h'},          {0}};
        struct run r = {.build = 20348};
        int o;

        while ((o = next_option(argc, argv, "+h", options, NULL)) != -1)
                switch (o) {
                case 'b':
                        if (!hcs_str_to_u64(optarg, &r.build) || r.build < 10240 || r.build > 99999)
                                return tell_usage(argv[0], "--build %s: a build from 10240 to 99999 is expected",
                                                  optarg);
                        break;
                case 'f':
                        r.from = optarg;
                        break;
                case 'p':
                        r.prefix = without_separators(optarg);
                        break;
                case 't':
                        r.template = optarg;
                        break;
                case 'k':
                        r.backend = optarg;
                        break;
                case 'r':
                        r.record = optarg;
                        break;
                case 's':
                        r.service = true;
                        break;
                case 'm':
                        r.manifest = true;
                        break;
                default:
                        return end_of_options(argv[0], o, usage);
                }
        if (optind == argc)
                return tell_usage(argv[0], "a PROGRAM.EXE to run is needed");
        if ((r.backend || r.record) && !r.service)
                return tell_usage(argv[0], "--backend and --record are of a --service");
        r.program = argv + optind;
        return run(&r);
}
