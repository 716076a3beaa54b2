/* SPDX-License-Identifier: MIT */

/* Programs: the user's script, then a few built-ins that every test needs. See program.h. */

#include "mockhcs/emulate/program.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "platform/clock.h"
#include "platform/pattern.h"

struct program *program_free(struct program *p) {
        if (!p)
                return NULL;
        free(p->out);
        free(p->err);
        hcs_buf_deinit(&p->line);
        free(p);
        return NULL;
}

static bool matches(const struct hcs_json *rule, const char *command) {
        const char *exact = hcs_json_get_string(rule, "command"), *glob = hcs_json_get_string(rule, "glob");
        const char *pattern = hcs_json_get_string(rule, "regex");
        _cleanup_(hcs_regex_freep) struct hcs_regex *regex = NULL;

        if (exact)
                return strcmp(exact, command) == 0;
        if (glob)
                return hcs_glob_matches(glob, command);
        regex = pattern ? hcs_regex_new(pattern) : NULL;
        return regex && hcs_regex_matches(regex, command);
}

static enum program_input input_of(const char *name) {
        if (hcs_streq(name, "echo"))
                return INPUT_ECHO;
        if (hcs_streq(name, "shell"))
                return INPUT_SHELL;
        return hcs_streq(name, "drain") ? INPUT_DRAIN : INPUT_IGNORE;
}

static struct program *from_rule(const struct hcs_json *rule) {
        struct program *p = hcs_calloc(1, sizeof(*p));
        uint64_t n;

        p->out = hcs_strdup(hcs_json_get_string(rule, "stdout"));
        p->err = hcs_strdup(hcs_json_get_string(rule, "stderr"));
        p->input = input_of(hcs_json_get_string(rule, "stdin"));
        p->runs_on = hcs_json_bool(hcs_json_get(rule, "runs")) || p->input != INPUT_IGNORE;
        if (hcs_json_u64(hcs_json_get(rule, "exit"), &n))
                p->exit_code = (uint32_t)n;
        if (hcs_json_u64(hcs_json_get(rule, "delay_ms"), &n))
                p->delay_ns = n * HCS_NS_PER_MS;
        return p;
}

static HRESULT check_rule(const struct hcs_json *rule, size_t i, struct hcs_error **err) {
        static const char *const known[] = {"command", "glob", "regex",    "stdout", "stderr",
                                            "stdin",   "exit", "delay_ms", "runs"};
        const char *pattern = hcs_json_get_string(rule, "regex");
        _cleanup_(hcs_regex_freep) struct hcs_regex *regex = NULL;
        uint64_t n;

        for (const struct hcs_json *m = hcs_json_first(rule); m; m = hcs_json_next(m)) {
                bool ok = false;

                for (size_t k = 0; k < HCS_ARRAY_SIZE(known); k++)
                        ok |= hcs_streq(known[k], hcs_json_key(m));
                if (!ok)
                        return hcs_error_make(err, E_INVALIDARG, "processes[%zu].%s: unknown member", i,
                                              hcs_json_key(m));
        }
        if (!hcs_json_get_string(rule, "command") && !hcs_json_get_string(rule, "glob") && !pattern)
                return hcs_error_make(err, E_INVALIDARG, "processes[%zu]: one of command, glob or regex is needed", i);
        if (hcs_json_get(rule, "exit") && (!hcs_json_u64(hcs_json_get(rule, "exit"), &n) || n > UINT32_MAX))
                return hcs_error_make(err, E_INVALIDARG,
                                      "processes[%zu].exit: a number from 0 to 4294967295 is expected", i);
        regex = pattern ? hcs_regex_new(pattern) : NULL;
        if (pattern && !regex)
                return hcs_error_make(err, E_INVALIDARG, "processes[%zu].regex: not a regular expression", i);
        return S_OK;
}

HRESULT program_check_script(const struct hcs_json *script, struct hcs_error **err) {
        const struct hcs_json *rules = hcs_json_get(script, "processes");
        size_t i = 0;

        if (!hcs_json_is(rules, HCS_JSON_ARRAY))
                return hcs_error_make(err, E_INVALIDARG, "processes: an array is expected");
        for (const struct hcs_json *r = hcs_json_first(rules); r; r = hcs_json_next(r), i++) {
                HRESULT hr = check_rule(r, i, err);

                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

/* The name of the executable: without its folder, quotes and ".exe"; *rest is what follows it. */
static void split(const char *command, char *name, size_t size, const char **rest) {
        char quote = *command == '"' ? *command++ : ' ';
        const char *end = strchr(command, quote), *base = command;
        size_t n;

        if (!end)
                end = command + strlen(command);
        for (const char *p = command; p < end; p++)
                if (*p == '\\' || *p == '/')
                        base = p + 1;
        n = (size_t)(end - base);
        if (n > 4 && strncasecmp(base + n - 4, ".exe", 4) == 0)
                n -= 4;
        snprintf(name, size, "%.*s", (int)n, base);
        *rest = end + (*end == '"');
        *rest += strspn(*rest, " ");
}

static struct program *print(const char *text, const char *newline) {
        struct program *p = hcs_calloc(1, sizeof(*p));

        p->out = hcs_asprintf("%s%s", text, newline);
        return p;
}

static struct program *exits(uint32_t code) {
        struct program *p = hcs_calloc(1, sizeof(*p));

        p->exit_code = code;
        return p;
}

static struct program *reads(enum program_input input, const char *greeting) {
        struct program *p = hcs_calloc(1, sizeof(*p));

        p->out = hcs_strdup(greeting);
        p->input = input;
        p->runs_on = true;
        return p;
}

static struct program *shell_command(const char *command, const char *newline) {
        char *end;

        if (strncasecmp(command, "echo ", 5) == 0)
                return print(command + 5, newline);
        if (strncasecmp(command, "exit", 4) == 0)
                return exits((uint32_t)strtoul(command + 4, &end, 10));
        return exits(1);
}

static struct program *built_in(const char *command) {
        const char *rest;
        char name[64];

        split(command, name, sizeof(name), &rest);
        if (hcs_strcaseeq(name, "cmd")) {
                if (strncasecmp(rest, "/c ", 3) == 0 || strncasecmp(rest, "/k ", 3) == 0)
                        return shell_command(rest + 3, "\r\n");
                return reads(INPUT_SHELL, NULL);
        }
        if (hcs_streq(name, "sh") || hcs_streq(name, "bash")) {
                _cleanup_free_ char *inner = NULL;

                if (strncmp(rest, "-c ", 3) != 0)
                        return reads(INPUT_SHELL, NULL);
                rest += 3;
                inner = hcs_strdup(rest + (*rest == '"' || *rest == '\''));
                if (*inner && inner != rest && strchr("\"'", inner[strlen(inner) - 1]))
                        inner[strlen(inner) - 1] = '\0';
                return shell_command(inner, "\n");
        }
        if (hcs_streq(name, "echo"))
                return print(rest, "\n");
        if (hcs_strcaseeq(name, "cat") || hcs_strcaseeq(name, "more"))
                return reads(INPUT_ECHO, NULL);
        if (hcs_strcaseeq(name, "ping")) {
                struct program *p = print("Pinging localhost [127.0.0.1] with 32 bytes of data:", "\r\n");

                p->runs_on = strstr(rest, "-t") != NULL;
                return p;
        }
        if (hcs_strcaseeq(name, "sleep")) {
                struct program *p = exits(0);

                p->delay_ns = strtoull(rest, NULL, 10) * (uint64_t)HCS_NS_PER_S;
                return p;
        }
        if (hcs_strcaseeq(name, "hostname"))
                return print("mockhcs", "\r\n");
        if (hcs_strcaseeq(name, "whoami"))
                return print("user manager\\containeradministrator", "\r\n");
        return NULL;
}

struct program *program_find(const struct hcs_json *script, const char *command) {
        for (const struct hcs_json *r = hcs_json_first(hcs_json_get(script, "processes")); r; r = hcs_json_next(r))
                if (matches(r, command))
                        return from_rule(r);
        return built_in(command);
}

/* True: the line ends the shell. */
static bool shell_line(const char *line, const struct program_voice *v, uint32_t *ret_code) {
        _cleanup_free_ char *text = NULL;

        if (strncasecmp(line, "exit", 4) == 0) {
                *ret_code = (uint32_t)strtoul(line + 4, NULL, 10);
                return true;
        }
        if (strncasecmp(line, "echo ", 5) == 0) {
                text = hcs_asprintf("%s%s", line + 5, v->newline);
                v->say(v->ctx, false, text, strlen(text));
        } else if (*line) {
                text = hcs_asprintf("'%s' is not a command the emulator knows\n", line);
                v->say(v->ctx, true, text, strlen(text));
        }
        return false;
}

static bool shell_input(struct hcs_buf *line, const char *data, size_t n, const struct program_voice *v,
                        uint32_t *ret_code) {
        for (size_t i = 0; i < n; i++) {
                if (data[i] == '\n') {
                        _cleanup_free_ char *text = hcs_strdup(hcs_buf_cstr(line));

                        hcs_buf_clear(line);
                        if (shell_line(text, v, ret_code))
                                return true;
                } else if (data[i] != '\r' && line->len < 65536) {
                        hcs_buf_putc(line, data[i]);
                }
        }
        return false;
}

bool program_take(struct program *p, const char *data, size_t n, bool end, const struct program_voice *voice,
                  uint32_t *ret_code) {
        if (p->input == INPUT_ECHO && n)
                voice->say(voice->ctx, false, data, n);
        if (p->input == INPUT_SHELL && shell_input(&p->line, data, n, voice, ret_code))
                return true;
        if (!end || p->input == INPUT_IGNORE)
                return false;
        *ret_code = p->exit_code;
        return true;
}

char *program_command_of(const struct hcs_json *params) {
        const char *line = hcs_json_get_string(params, "CommandLine");
        const struct hcs_json *args = hcs_json_get(params, "CommandArgs");
        _cleanup_buf_ struct hcs_buf b = {0};

        if (line && *line)
                return hcs_strdup(line);
        if (!hcs_json_count(args))
                args = hcs_json_lookup(params, "OCISpecification.process.args");
        if (!hcs_json_count(args))
                args = hcs_json_lookup(params, "OCIProcess.args");
        for (const struct hcs_json *a = hcs_json_first(args); a; a = hcs_json_next(a)) {
                if (b.len)
                        hcs_buf_putc(&b, ' ');
                hcs_buf_puts(&b, hcs_json_string(a) ? hcs_json_string(a) : "");
        }
        return hcs_buf_steal(&b);
}
