/* SPDX-License-Identifier: MIT */

/* hcsctl list, show and kill. */

#include <string.h>

#include "base/str.h"
#include "cmd/hcsctl/hcsctl.h"
#include "cmd/printed/printed.h"

#define COLUMNS 5

/* ---- list ---- */

static void usage_list(void) {
        puts("usage: hcsctl list [--owner NAME] [--type Container|VirtualMachine] [--ids]\n\n"
             "The compute systems of this host: id, type, state, owner, and the id that a virtual machine's sockets\n"
             "have. --ids prints nothing but ids, one a line.");
}

static char *cell(const struct hcs_json *system, const char *name) {
        return hcs_strdup(hcs_json_get_string(system, name));
}

static char *state_cell(const struct hcs_json *system) {
        const char *state = hcs_json_get_string(system, "State");

        return printed_coloured(state ? state : "-", hcs_streq(state, "Running")   ? PRINTED_GOOD
                                                     : hcs_streq(state, "Stopped") ? PRINTED_BAD
                                                                                   : PRINTED_CALM);
}

static void print_systems(const struct hcs_json *systems) {
        static const char *const titles[COLUMNS] = {"ID", "TYPE", "STATE", "OWNER", "RUNTIME ID"};
        size_t n = hcs_json_count(systems), i = 0;
        _cleanup_free_ char **cells = hcs_calloc(n * COLUMNS + 1, sizeof(*cells));

        for (const struct hcs_json *s = hcs_json_first(systems); s; s = hcs_json_next(s)) {
                cells[i++] = cell(s, "Id");
                cells[i++] = cell(s, "SystemType");
                cells[i++] = state_cell(s);
                cells[i++] = cell(s, "Owner");
                cells[i++] = cell(s, "RuntimeId");
        }
        printed_table(titles, COLUMNS, cells, n);
        for (i = 0; i < n * COLUMNS; i++)
                free(cells[i]);
}

static void print_ids(const struct hcs_json *systems) {
        for (const struct hcs_json *s = hcs_json_first(systems); s; s = hcs_json_next(s)) {
                _cleanup_free_ char *id = cell(s, "Id");

                printed_clean(id);
                puts(id);
        }
}

static char *query_of(const char *owner, const char *type) {
        _cleanup_json_ struct hcs_json *query = hcs_json_new_object();

        if (owner)
                hcs_json_append(hcs_json_set_new_array(query, "Owners"), hcs_json_new_string(owner));
        if (type)
                hcs_json_append(hcs_json_set_new_array(query, "Types"), hcs_json_new_string(type));
        return owner || type ? hcs_json_text(query, HCS_JSON_GO) : NULL;
}

int run_list(int argc, char **argv) {
        static const struct option options[] = {{"owner", required_argument, NULL, 'o'},
                                                {"type", required_argument, NULL, 't'},
                                                {"ids", no_argument, NULL, 'i'},
                                                HCSCTL_OPTIONS};
        struct hcsctl x = {.command = argv[0]};
        const char *owner = NULL, *type = NULL;
        _cleanup_json_ struct hcs_json *systems = NULL;
        _cleanup_free_ char *query = NULL, *text = NULL;
        struct hcs_error *err = NULL;
        bool ids = false;
        HRESULT hr;
        int c, code;

        while ((c = next_option(argc, argv, "", options, NULL)) != -1)
                if (c == 'o')
                        owner = optarg;
                else if (c == 't')
                        type = optarg;
                else if (c == 'i')
                        ids = true;
                else if ((code = hcsctl_option(&x, c, usage_list)) >= 0)
                        return code;
        if (optind != argc)
                return tell_usage(argv[0], "`%s' is one argument too many", argv[optind]);
        query = query_of(owner, type);
        hr = hcsctl_connect(&x, &err);
        if (SUCCEEDED(hr))
                hr = hcs_enumerate(x.client, query, NULL, &text, &err);
        if (SUCCEEDED(hr))
                hr = hcs_json_parse_cstr(text, &systems, &err);
        hcsctl_end(&x);
        if (FAILED(hr))
                return hcsctl_tell(&x, err);
        if (ids)
                print_ids(systems);
        else if (x.json)
                hcsctl_print(systems);
        else
                print_systems(systems);
        return EXIT_OK;
}

/* ---- show ---- */

static void usage_show(void) {
        puts("usage: hcsctl show [--property NAME]... [--query JSON] ID\n\n"
             "The basic properties of a system, those that are named (Statistics, ProcessList, Memory ...), or what "
             "the\n"
             "query asks for.");
}

static char *properties_query(const struct hcs_json *names) {
        _cleanup_json_ struct hcs_json *query = hcs_json_new_object();

        if (hcs_json_count(names) == 0)
                return NULL;
        hcs_json_set(query, "PropertyTypes", hcs_json_copy(names));
        return hcs_json_text(query, HCS_JSON_GO);
}

static HRESULT ask(struct hcsctl *x, const char *id, const char *query, struct hcs_json **ret, struct hcs_error **err) {
        _cleanup_(hcs_system_unrefp) struct hcs_system *s = NULL;
        _cleanup_free_ char *text = NULL;
        HRESULT hr = hcsctl_connect(x, err);

        if (SUCCEEDED(hr))
                hr = hcs_system_open(x->client, id, NULL, &s, err);
        if (SUCCEEDED(hr))
                hr = hcs_system_query(s, query, NULL, &text, err);
        if (SUCCEEDED(hr))
                hr = hcs_json_parse_cstr(text, ret, err);
        return hr;
}

int run_show(int argc, char **argv) {
        static const struct option options[] = {
                {"property", required_argument, NULL, 'p'}, {"query", required_argument, NULL, 'q'}, HCSCTL_OPTIONS};
        _cleanup_json_ struct hcs_json *names = hcs_json_new_array(), *answer = NULL;
        struct hcsctl x = {.command = argv[0]};
        _cleanup_free_ char *built = NULL;
        struct hcs_error *err = NULL;
        const char *query = NULL;
        HRESULT hr;
        int c, code;

        while ((c = next_option(argc, argv, "", options, NULL)) != -1)
                if (c == 'p')
                        hcs_json_append(names, hcs_json_new_string(optarg));
                else if (c == 'q')
                        query = optarg;
                else if ((code = hcsctl_option(&x, c, usage_show)) >= 0)
                        return code;
        if (optind + 1 != argc)
                return tell_usage(argv[0], "the id of one system is needed");
        if (query && hcs_json_count(names))
                return tell_usage(argv[0], "--query and --property do not go together");
        built = properties_query(names);
        hr = ask(&x, argv[optind], query ? query : built, &answer, &err);
        hcsctl_end(&x);
        if (FAILED(hr))
                return hcsctl_tell(&x, err);
        if (x.json)
                hcsctl_print(answer);
        else
                printed_tree(answer);
        return EXIT_OK;
}

/* ---- kill ---- */

static void usage_kill(void) {
        puts("usage: hcsctl kill [--shutdown] ID...\n"
             "       hcsctl kill --pid PID [--signal NUMBER|NAME] ID\n\n"
             "Terminates systems, and waits until they have ended; --shutdown asks their guests to end by themselves.\n"
             "With --pid it ends a process in a system, or sends it a signal: a number in a Linux system, CtrlC,\n"
             "CtrlBreak, CtrlClose, CtrlLogOff or CtrlShutdown in a Windows one.");
}

static HRESULT end_system(struct hcsctl *x, const char *id, bool shutdown, struct hcs_error **err) {
        _cleanup_(hcs_system_unrefp) struct hcs_system *s = NULL;
        HRESULT hr = hcs_system_open(x->client, id, NULL, &s, err);

        if (SUCCEEDED(hr))
                hr = shutdown ? hcs_system_shutdown(s, NULL, err) : hcs_system_terminate(s, NULL, err);
        return SUCCEEDED(hr) ? hcs_system_wait(s, NULL, err) : hr;
}

static char *signal_options(const char *signal) {
        _cleanup_json_ struct hcs_json *options = hcs_json_new_object();
        uint64_t number;

        if (hcs_str_to_u64(signal, &number))
                hcs_json_set_u64(options, "Signal", number);
        else
                hcs_json_set_string(options, "Signal", signal);
        return hcs_json_text(options, HCS_JSON_GO);
}

static HRESULT end_process(struct hcsctl *x, const char *id, uint32_t pid, const char *signal, struct hcs_error **err) {
        _cleanup_(hcs_system_unrefp) struct hcs_system *s = NULL;
        _cleanup_(hcs_process_unrefp) struct hcs_process *p = NULL;
        _cleanup_free_ char *options = signal ? signal_options(signal) : NULL;
        bool delivered = true;
        HRESULT hr = hcs_system_open(x->client, id, NULL, &s, err);

        if (SUCCEEDED(hr))
                hr = hcs_process_open(s, pid, NULL, &p, err);
        if (SUCCEEDED(hr))
                hr = signal ? hcs_process_signal(p, options, NULL, &delivered, err)
                            : hcs_process_kill(p, NULL, &delivered, err);
        if (SUCCEEDED(hr) && !delivered)
                hr = hcs_error_make(err, E_FAIL, "process %u does not take it", pid);
        return hr;
}

int run_kill(int argc, char **argv) {
        static const struct option options[] = {{"pid", required_argument, NULL, 'p'},
                                                {"signal", required_argument, NULL, 's'},
                                                {"shutdown", no_argument, NULL, 'd'},
                                                HCSCTL_OPTIONS};
        struct hcsctl x = {.command = argv[0]};
        struct hcs_json *ended;
        const char *signal = NULL;
        struct hcs_error *err = NULL;
        bool shutdown = false;
        uint64_t pid = 0;
        int c, code, worst = EXIT_OK;

        while ((c = next_option(argc, argv, "", options, NULL)) != -1)
                if (c == 'p' && (!hcs_str_to_u64(optarg, &pid) || pid == 0 || pid > UINT32_MAX))
                        return tell_usage(argv[0], "--pid %s: a process id is expected", optarg);
                else if (c == 's')
                        signal = optarg;
                else if (c == 'd')
                        shutdown = true;
                else if (c != 'p' && (code = hcsctl_option(&x, c, usage_kill)) >= 0)
                        return code;
        if (optind == argc || (pid && optind + 1 != argc))
                return tell_usage(argv[0], pid ? "the id of one system is needed" : "the id of a system is needed");
        if ((signal && !pid) || (shutdown && pid))
                return tell_usage(argv[0], "--signal is for processes, --shutdown for systems");
        if (FAILED(hcsctl_connect(&x, &err)))
                return hcsctl_tell(&x, err);
        ended = hcs_json_new_array();
        for (int i = optind; i < argc; i++) {
                HRESULT hr = pid ? end_process(&x, argv[i], (uint32_t)pid, signal, &err)
                                 : end_system(&x, argv[i], shutdown, &err);

                if (FAILED(hr)) {
                        worst = hcsctl_tell(&x, err);
                        err = NULL;
                } else {
                        hcs_json_append(ended, hcs_json_new_string(argv[i]));
                }
        }
        hcsctl_done(&x, pid ? "Signalled" : "Ended", ended);
        hcsctl_end(&x);
        return worst;
}
