/* SPDX-License-Identifier: MIT */

/* hcsctl service, snapshot and reboot: what is asked of a mockhcs service itself, at its socket. */

#include <string.h>

#include "base/str.h"
#include "cmd/hcsctl/hcsctl.h"
#include "cmd/printed/printed.h"
#include "mockhcs/engine/control.h"
#include "mockhcs/engine/element.h"
#include "mockhcs/remote/wire.h"
#include "platform/env.h"

#define COLUMNS 6

static void usage_service(void) {
        puts("usage: hcsctl service [--socket PATH] status|stop\n\n"
             "status: what stands behind a mockhcs service and who its clients are. stop: ends it, after its state "
             "was\n"
             "saved if it has a file for that. The socket is --socket, else that of MOCKHCS=remote=PATH, else\n"
             "$XDG_RUNTIME_DIR/hcsshim/service.sock.");
}

static void usage_snapshot(void) {
        puts("usage: hcsctl snapshot [--socket PATH] save|restore FILE\n\n"
             "The whole world of a mockhcs service: systems, their processes, networks. Restoring is a restart of the\n"
             "service to its clients: their handles are of no use any more. What ran in QEMU does not come back, and "
             "is\n"
             "named.");
}

static void usage_reboot(void) {
        puts("usage: hcsctl reboot [--socket PATH] [--without-networks]\n\n"
             "The host of a mockhcs service starts anew: systems are gone, persistent networks stay, or with\n"
             "--without-networks none.");
}

/* The argument of the layer remote in the composition of the environment; NULL: there is none. */
static char *socket_of_environment(void) {
        _cleanup_free_ char *spec = hcs_env_get("MOCKHCS");
        char *at = spec, *element;

        while ((element = mock_element_next(&at)))
                if (hcs_str_starts(element, "remote=") || hcs_str_starts(element, "remote:"))
                        return hcs_strdup(element + strlen("remote="));
        return NULL;
}

static HRESULT ask(struct hcsctl *x, struct hcs_json *request, struct hcs_json **ret, struct hcs_error **err) {
        _cleanup_free_ char *path = x->socket ? hcs_strdup(x->socket) : socket_of_environment();
        HRESULT hr = path ? S_OK : hcs_private_default_name("service", &path, err);

        if (SUCCEEDED(hr))
                hr = mock_wire_ask(path, request, ret, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "the service at `%s`", path ? path : "");
        return hr;
}

static HRESULT ask_simply(struct hcsctl *x, const char *what, struct hcs_json **ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object();

        hcs_json_set_string(request, "control", what);
        return ask(x, request, ret, err);
}

/* Takes the options; the arguments left over start at optind. -1: go on. */
static int parse(struct hcsctl *x, int argc, char **argv, bool *without_networks, void (*usage)(void)) {
        static const struct option options[] = {{"without-networks", no_argument, NULL, 'n'}, HCSCTL_OPTIONS};
        int c, code;

        while ((c = next_option(argc, argv, "", options, NULL)) != -1)
                if (c == 'n' && without_networks)
                        *without_networks = true;
                else if ((code = hcsctl_option(x, c, usage)) >= 0)
                        return code;
        return -1;
}

/* ---- service ---- */

static char *number_cell(const struct hcs_json *o, const char *name) {
        char text[32];

        return hcs_strdup(hcs_json_number_text(hcs_json_get(o, name), text, sizeof(text)));
}

static void print_clients(const struct hcs_json *clients) {
        static const char *const titles[COLUMNS] = {"PROCESS", "PROGRAM", "SINCE", "HANDLES", "PENDING", "CALLS"};
        size_t n = hcs_json_count(clients), i = 0;
        _cleanup_free_ char **cells = hcs_calloc(n * COLUMNS + 1, sizeof(*cells));

        for (const struct hcs_json *c = hcs_json_first(clients); c; c = hcs_json_next(c)) {
                cells[i++] = number_cell(c, "ProcessId");
                cells[i++] = hcs_strdup(hcs_json_get_string(c, "Program"));
                cells[i++] = hcs_strdup(hcs_json_get_string(c, "Since"));
                cells[i++] = number_cell(c, "Handles");
                cells[i++] = number_cell(c, "Pending");
                cells[i++] = number_cell(c, "Calls");
        }
        putchar('\n');
        printed_table(titles, COLUMNS, cells, n);
        for (i = 0; i < n * COLUMNS; i++)
                free(cells[i]);
}

int run_service(int argc, char **argv) {
        struct hcsctl x = {.command = argv[0]};
        _cleanup_json_ struct hcs_json *answer = NULL;
        struct hcs_json *clients;
        struct hcs_error *err = NULL;
        int code = parse(&x, argc, argv, NULL, usage_service);

        if (code >= 0)
                return code;
        if (optind + 1 != argc || (!hcs_streq(argv[optind], "status") && !hcs_streq(argv[optind], "stop")))
                return tell_usage(argv[0], "status or stop is expected");
        if (FAILED(ask_simply(&x, argv[optind], &answer, &err)))
                return hcsctl_tell(&x, err);
        if (hcs_streq(argv[optind], "stop")) {
                hcsctl_done(&x, "Stopped", hcs_json_new_bool(true));
                return EXIT_OK;
        }
        if (x.json) {
                hcsctl_print(answer);
                return EXIT_OK;
        }
        clients = hcs_json_detach(answer, hcs_json_get(answer, "Clients"));
        printed_tree(answer);
        print_clients(clients);
        hcs_json_free(clients);
        return EXIT_OK;
}

/* ---- snapshot ---- */

static HRESULT save(struct hcsctl *x, const char *path, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *world = NULL;
        HRESULT hr = ask_simply(x, "save", &world, err);

        if (SUCCEEDED(hr))
                hr = mock_world_write(path, world, err);
        if (SUCCEEDED(hr))
                hcsctl_done(x, "Saved", hcs_json_new_string(path));
        return hr;
}

static HRESULT restore(struct hcsctl *x, const char *path, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object(), *answer = NULL;
        struct hcs_json *world = NULL;
        HRESULT hr = mock_world_read(path, &world, err);

        if (FAILED(hr))
                return hcs_error_wrap(err, "%s", path), hr;
        hcs_json_set_string(request, "control", "restore");
        hcs_json_set(request, "world", world);
        hr = ask(x, request, &answer, err);
        if (FAILED(hr))
                return hr;
        if (x->json)
                hcsctl_print(answer);
        else
                for (const struct hcs_json *id = hcs_json_first(hcs_json_get(answer, "Lost")); id;
                     id = hcs_json_next(id))
                        printf("lost with its machine: %s\n", hcs_json_string(id) ? hcs_json_string(id) : "?");
        return S_OK;
}

int run_snapshot(int argc, char **argv) {
        struct hcsctl x = {.command = argv[0]};
        struct hcs_error *err = NULL;
        int code = parse(&x, argc, argv, NULL, usage_snapshot);
        bool saves;

        if (code >= 0)
                return code;
        if (optind + 2 != argc || (!hcs_streq(argv[optind], "save") && !hcs_streq(argv[optind], "restore")))
                return tell_usage(argv[0], "save or restore, and a file are expected");
        saves = hcs_streq(argv[optind], "save");
        if (FAILED(saves ? save(&x, argv[optind + 1], &err) : restore(&x, argv[optind + 1], &err)))
                return hcsctl_tell(&x, err);
        return EXIT_OK;
}

/* ---- reboot ---- */

int run_reboot(int argc, char **argv) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object(), *answer = NULL;
        struct hcsctl x = {.command = argv[0]};
        struct hcs_error *err = NULL;
        bool without_networks = false;
        int code = parse(&x, argc, argv, &without_networks, usage_reboot);

        if (code >= 0)
                return code;
        if (optind != argc)
                return tell_usage(argv[0], "`%s' is one argument too many", argv[optind]);
        hcs_json_set_string(request, "control", "reboot");
        hcs_json_set_bool(request, "networks", !without_networks);
        if (FAILED(ask(&x, request, &answer, &err)))
                return hcsctl_tell(&x, err);
        hcsctl_done(&x, "Rebooted", hcs_json_new_bool(true));
        return EXIT_OK;
}
