/* SPDX-License-Identifier: MIT */

/* hcsctl: compute systems from the command line; what hcsdiag is on Windows. */

#include <string.h>

#include "base/str.h"
#include "cmd/hcsctl/hcsctl.h"

int hcsctl_option(struct hcsctl *x, int option, void (*usage)(void)) {
        switch (option) {
        case 'j':
                x->json = true;
                return -1;
        case 'l':
                x->library = optarg;
                return -1;
        case 'S':
                x->socket = optarg;
                return -1;
        case 'a':
                if (hcs_streq(optarg, "computecore"))
                        x->api = HCS_API_COMPUTECORE;
                else if (hcs_streq(optarg, "vmcompute"))
                        x->api = HCS_API_VMCOMPUTE;
                else
                        return tell_usage(x->command, "--api %s: computecore or vmcompute is expected", optarg);
                return -1;
        default:
                return end_of_options(x->command, option, usage);
        }
}

HRESULT hcsctl_connect(struct hcsctl *x, struct hcs_error **err) {
        return hcs_client_open(&(struct hcs_client_options){.api = x->api, .library_path = x->library}, &x->client,
                               err);
}

void hcsctl_end(struct hcsctl *x) {
        hcs_client_unref(x->client);
}

int hcsctl_tell(const struct hcsctl *x, struct hcs_error *err) {
        HRESULT hr = hcs_error_hresult(err);

        tell_error(x->command, err);
        return hcs_is_not_exist(hr) ? EXIT_NOT_FOUND : EXIT_PROBLEMS;
}

void hcsctl_print(const struct hcs_json *j) {
        _cleanup_free_ char *text = hcs_json_text(j, HCS_JSON_PRETTY);

        puts(text);
}

void hcsctl_done(const struct hcsctl *x, const char *what, struct hcs_json *value) {
        _cleanup_json_ struct hcs_json *o = hcs_json_new_object();

        hcs_json_set(o, what, value);
        if (x->json)
                hcsctl_print(o);
}

int main(int argc, char **argv) {
        static const struct command commands[] = {
                {"list", run_list, "a table of the compute systems"},
                {"show", run_show, "one system with its properties, or what a query says of it"},
                {"exec", run_exec, "runs a command in a system, with its streams"},
                {"console", run_console, "a shell in a system, at this terminal"},
                {"kill", run_kill, "terminates a system, or a process in it"},
                {"events", run_events, "what happens to systems, as it happens"},
                {"snapshot", run_snapshot, "the whole world of a mockhcs service, saved to a file or put back"},
                {"reboot", run_reboot, "the host of a mockhcs service starts anew"},
                {"service", run_service, "a mockhcs service: its status, its end"},
        };
        static const struct command_set set = {
                .program = "hcsctl",
                .version = HCS_VERSION,
                .synopsis = "hcsctl COMMAND [OPTIONS] ...",
                .notes = "hcsctl COMMAND --help says what it takes. Every command takes --json (documents as they "
                         "are),\n"
                         "--library PATH and --api computecore|vmcompute; those of a mockhcs service take --socket "
                         "PATH.\n"
                         "Exit codes: 0 done, 1 refused or not reachable, 2 wrong usage, 3 no such system or process;\n"
                         "of exec and console the command's own, 125 when it could not be run.\n",
                .commands = commands,
                .n = HCS_ARRAY_SIZE(commands),
        };

        return commands_main(&set, argc, argv);
}
