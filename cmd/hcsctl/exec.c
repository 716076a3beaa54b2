/* SPDX-License-Identifier: MIT */

/*
 * hcsctl exec and console: a process in a system, its streams here. Its output is copied by a thread for each stream;
 * input by one that nobody waits for, since our own input may never end.
 */

#include <string.h>

#include "base/str.h"
#include "cmd/hcsctl/hcsctl.h"
#include "platform/data_file.h"
#include "platform/terminal.h"
#include "platform/thread.h"

struct session {
        struct hcsctl x;
        bool input, terminal;
        const char *folder, *user;
        struct hcs_json *environment;
        char **command; /* NULL terminated; none: a shell */
        struct hcs_system *system;
        struct hcs_process *process;
        struct hcs_thread threads[2];
        struct {
                struct session *session;
                enum hcs_stdio stream;
        } outputs[2];
};

static void usage_exec(void) {
        puts("usage: hcsctl exec [-i] [-t] [-w FOLDER] [-e NAME=VALUE]... [-u USER] ID [--] COMMAND [ARGUMENT]...\n\n"
             "Runs a command in a system: its output comes here, with -i our input goes there, -t gives it a "
             "terminal.\n"
             "^C asks it to end. Ends with its exit code, 125 when it could not be run.");
}

static void usage_console(void) {
        puts("usage: hcsctl console [-w FOLDER] [-e NAME=VALUE]... [-u USER] ID [COMMAND [ARGUMENT]...]\n\n"
             "A shell in a system (sh, or cmd.exe), or another command, at this terminal: exec -i -t.");
}

/* ---- what is run ---- */

static void set_command(struct session *s, struct hcs_json *parameters) {
        bool is_linux = hcs_streq(hcs_system_os(s->system), "linux");
        static const char *const sh[] = {"sh", NULL}, *const cmd[] = {"cmd.exe", NULL};
        const char *const *command = *s->command ? (const char *const *)s->command : is_linux ? sh : cmd;
        _cleanup_buf_ struct hcs_buf line = {0};
        struct hcs_json *list;

        if (is_linux) {
                list = hcs_json_set_new_array(parameters, "CommandArgs");
                for (; *command; command++)
                        hcs_json_append(list, hcs_json_new_string(*command));
                return;
        }
        for (; *command; command++)
                hcs_str_append_windows_argument(&line, *command);
        hcs_json_set_string(parameters, "CommandLine", hcs_buf_cstr(&line));
}

static char *parameters_of(struct session *s) {
        _cleanup_json_ struct hcs_json *p = hcs_json_new_object();
        uint16_t width = 80, height = 24;
        struct hcs_json *size;

        set_command(s, p);
        if (s->folder)
                hcs_json_set_string(p, "WorkingDirectory", s->folder);
        if (s->user)
                hcs_json_set_string(p, "User", s->user);
        if (hcs_json_count(s->environment))
                hcs_json_set(p, "Environment", hcs_json_copy(s->environment));
        if (s->terminal) {
                hcs_terminal_size(&width, &height);
                hcs_json_set_bool(p, "EmulateConsole", true);
                size = hcs_json_set_new_array(p, "ConsoleSize");
                hcs_json_append(size, hcs_json_new_u64(height));
                hcs_json_append(size, hcs_json_new_u64(width));
        }
        hcs_json_set_bool(p, "CreateStdInPipe", s->input);
        hcs_json_set_bool(p, "CreateStdOutPipe", true);
        hcs_json_set_bool(p, "CreateStdErrPipe", !s->terminal);
        return hcs_json_text(p, HCS_JSON_GO);
}

/* ---- streams ---- */

static void copy_output(void *arg) {
        struct session *s = *(struct session **)arg;
        bool is_error = arg == &s->outputs[1];
        FILE *to = is_error ? stderr : stdout;
        char data[16384];
        size_t n = 0;

        while (hcs_process_read(s->process, is_error ? HCS_STDERR : HCS_STDOUT, data, sizeof(data), &n, NULL) == S_OK) {
                fwrite(data, 1, n, to);
                fflush(to);
        }
}

static void copy_input(void *arg) {
        struct hcs_process *p = arg;
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = NULL;
        char data[16384];
        size_t n = 0;

        if (SUCCEEDED(hcs_data_file_open("-", &in, NULL)))
                while (SUCCEEDED(hcs_data_file_read(in, data, sizeof(data), &n, NULL)) && n &&
                       SUCCEEDED(hcs_process_write(p, data, n, NULL)))
                        continue;
        hcs_process_close_stdin(p, NULL, NULL);
        hcs_process_unref(p);
}

/* ---- who is told of ^C and of the terminal's size ---- */

static struct {
        struct hcs_mutex lock;
        struct hcs_process *process;
        bool is_linux, asked;
} running = {.lock = HCS_MUTEX_INIT};

static void interrupted(void *ctx, enum hcs_interrupt what) {
        uint16_t width, height;

        hcs_guard(&running.lock);
        if (!running.process)
                return;
        if (what == HCS_INTERRUPT_RESIZE) {
                if (hcs_terminal_size(&width, &height))
                        hcs_process_resize_console(running.process, width, height, NULL, NULL);
        } else if (running.asked) {
                hcs_process_kill(running.process, NULL, NULL, NULL);
        } else {
                running.asked = true;
                hcs_process_signal(running.process, running.is_linux ? "{\"Signal\":2}" : "{\"Signal\":\"CtrlC\"}",
                                   NULL, NULL, NULL);
        }
}

static void set_running(struct session *s, bool on) {
        hcs_guard(&running.lock);
        running.process = on ? s->process : NULL;
        running.is_linux = hcs_streq(hcs_system_os(s->system), "linux");
}

/* ---- the run ---- */

static HRESULT start(struct session *s, const char *id, struct hcs_error **err) {
        _cleanup_free_ char *parameters = NULL;
        HRESULT hr = hcsctl_connect(&s->x, err);

        if (SUCCEEDED(hr))
                hr = hcs_system_open(s->x.client, id, NULL, &s->system, err);
        if (FAILED(hr))
                return hr;
        parameters = parameters_of(s);
        return hcs_process_create(s->system, parameters, NULL, &s->process, err);
}

static HRESULT relay(struct session *s, uint32_t *ret_code, struct hcs_error **err) {
        int n = s->terminal ? 1 : 2, started = 0;
        HRESULT hr = S_OK;

        for (int i = 0; i < n && SUCCEEDED(hr); i++) {
                s->outputs[i].session = s;
                hr = hcs_thread_start(&s->threads[i], copy_output, &s->outputs[i], err);
                started += SUCCEEDED(hr);
        }
        if (SUCCEEDED(hr) && s->input) {
                hr = hcs_thread_start_detached(copy_input, hcs_process_ref(s->process), err);
                if (FAILED(hr))
                        hcs_process_unref(s->process);
        }
        if (SUCCEEDED(hr))
                hr = hcs_process_wait(s->process, NULL, ret_code, err);
        for (int i = 0; i < started; i++)
                hcs_thread_join(&s->threads[i]);
        return hr;
}

static HRESULT run(struct session *s, const char *id, uint32_t *ret_code, struct hcs_error **err) {
        _cleanup_(hcs_terminal_raw_freep) struct hcs_terminal_raw *raw = NULL;
        HRESULT hr = start(s, id, err);

        if (SUCCEEDED(hr) && s->terminal && hcs_terminal_is_interactive())
                hr = hcs_terminal_raw_new(&raw, err);
        if (SUCCEEDED(hr)) {
                set_running(s, true);
                hr = relay(s, ret_code, err);
                set_running(s, false);
        }
        return hr;
}

static int run_session(struct session *s, const char *id) {
        struct hcs_error *err = NULL;
        uint32_t code = 0;
        HRESULT hr = hcs_interrupts_watch(interrupted, NULL, &err);

        if (SUCCEEDED(hr))
                hr = run(s, id, &code, &err);
        if (FAILED(hr))
                tell_error(s->x.command, err);
        hcs_process_unref(s->process);
        hcs_system_unref(s->system);
        hcsctl_end(&s->x);
        hcs_json_free(s->environment);
        /* A shell would see the low byte of what Windows gives: nothing that is no success may look like one. */
        return FAILED(hr) ? EXIT_OURS : code > 255 && (code & 255) == 0 ? 255 : (int)(code & 255);
}

static int parse(struct session *s, int argc, char **argv, const char *own, void (*usage)(void)) {
        static const struct option options[] = {
                {"interactive", no_argument, NULL, 'i'},   {"tty", no_argument, NULL, 't'},
                {"workdir", required_argument, NULL, 'w'}, {"env", required_argument, NULL, 'e'},
                {"user", required_argument, NULL, 'u'},    HCSCTL_OPTIONS};
        int c, code;

        s->environment = hcs_json_new_object();
        while ((c = next_option(argc, argv, own, options, NULL)) != -1)
                if (c == 'i') {
                        s->input = true;
                } else if (c == 't') {
                        s->terminal = true;
                } else if (c == 'w') {
                        s->folder = optarg;
                } else if (c == 'u') {
                        s->user = optarg;
                } else if (c == 'e') {
                        char *equals = strchr(optarg, '=');

                        if (!equals || equals == optarg)
                                return tell_usage(argv[0], "-e %s: NAME=VALUE is expected", optarg);
                        *equals = '\0';
                        hcs_json_set_string(s->environment, optarg, equals + 1);
                } else if ((code = hcsctl_option(&s->x, c, usage)) >= 0) {
                        return code;
                }
        if (optind == argc)
                return tell_usage(argv[0], "the id of a system is needed");
        return -1;
}

int run_exec(int argc, char **argv) {
        struct session s = {.x.command = argv[0]};
        int code = parse(&s, argc, argv, "+itw:e:u:", usage_exec);

        if (code < 0) {
                s.command = argv + optind + 1;
                if (hcs_streq(*s.command, "--"))
                        s.command++;
                if (*s.command)
                        return run_session(&s, argv[optind]);
                code = tell_usage(argv[0], "a command is needed");
        }
        hcs_json_free(s.environment);
        return code;
}

int run_console(int argc, char **argv) {
        struct session s = {.x.command = argv[0], .input = true, .terminal = true};
        int code = parse(&s, argc, argv, "+w:e:u:", usage_console);

        if (code < 0) {
                s.command = argv + optind + 1;
                if (hcs_streq(*s.command, "--"))
                        s.command++;
                return run_session(&s, argv[optind]);
        }
        hcs_json_free(s.environment);
        return code;
}
