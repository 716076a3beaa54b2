/* SPDX-License-Identifier: MIT */

/*
 * Which words of a kernel's command line are for Hyper-V only. Sources: the words are those that hcsshim puts there
 * (makeLCOWDoc); what they do is Linux' Documentation/admin-guide/kernel-parameters.txt.
 */

#include "mockhcs/machine/kernel_line.h"

#include <string.h>

#include "base/str.h"

struct rule {
        const char *word; /* the whole word; with a '*' at its end what it begins with */
        const char *to;   /* "": taken out */
        const char *why;
};

#define SERIAL "console=ttyS0,115200"

static const struct rule kernel_rules[] = {
        {"pci=off", "", "the devices of QEMU are found by PCI"},
        {"pmtmr=0", "", "the timer that Hyper-V lacks is there"},
        {"8250_core.nr_uarts=0", "8250_core.nr_uarts=1 " SERIAL, "the serial console is watched for a panic"},
        {"console=hvc*", SERIAL, "the console of the machine is a serial port"},
        {"console=tty", "", "the machine has no screen"},
        {"console=tty0", "", "the machine has no screen"},
};

/* Words behind "--" are init's. */
static const struct rule init_rules[] = {
        {"/bin/gcs", "/bin/gcs -disable-time-sync", "there is no clock of Hyper-V to take the time from"},
};

static void note(struct hcs_json *changes, const char *from, const char *to, const char *why) {
        struct hcs_json *c = hcs_json_append(changes, hcs_json_new_object());

        hcs_json_set_string(c, "From", from);
        if (*to)
                hcs_json_set_string(c, "To", to);
        hcs_json_set_string(c, "Why", why);
}

static bool fits(const struct rule *r, const char *word) {
        size_t n = strlen(r->word);

        return r->word[n - 1] == '*' ? strncmp(word, r->word, n - 1) == 0 : hcs_streq(word, r->word);
}

/* initcall_blacklist=a,b: virtio's vsock is what this guest has. */
static bool without_vsock(const char *word, struct hcs_json *changes, struct hcs_buf *out) {
        static const char list[] = "initcall_blacklist=", vsock[] = "virtio_vsock_init";
        _cleanup_buf_ struct hcs_buf rest = {0};
        bool found = false;

        if (!hcs_str_starts(word, list))
                return false;
        for (const char *at = word + sizeof(list) - 1; *at;) {
                size_t n = strcspn(at, ",");

                if (n == sizeof(vsock) - 1 && strncmp(at, vsock, n) == 0) {
                        found = true;
                } else if (n) {
                        hcs_buf_puts(&rest, rest.len ? "," : list);
                        hcs_buf_append(&rest, at, n);
                }
                at += n + (at[n] == ',');
        }
        if (!found)
                return false;
        note(changes, word, hcs_buf_cstr(&rest), "the sockets of this guest are virtio's");
        hcs_buf_puts(out, hcs_buf_cstr(&rest));
        return true;
}

static void translate_word(const char *word, const struct rule *rules, size_t n_rules, struct hcs_json *changes,
                           struct hcs_buf *out) {
        for (size_t i = 0; i < n_rules; i++)
                if (fits(&rules[i], word)) {
                        note(changes, word, rules[i].to, rules[i].why);
                        hcs_buf_puts(out, rules[i].to);
                        return;
                }
        hcs_buf_puts(out, word);
}

/* Up to the next blank; blanks in double quotes belong to it, as Linux cuts them. */
static size_t word_length(const char *at) {
        bool quoted = false;
        size_t n = 0;

        for (; at[n] && (quoted || at[n] != ' '); n++)
                if (at[n] == '"')
                        quoted = !quoted;
        return n;
}

/* A shell's line in quotes has the words of a program in it. */
static void translate_init_word(const char *word, bool has_flag, struct hcs_json *changes, struct hcs_buf *out) {
        const struct rule *r = &init_rules[0];
        const char *at = has_flag ? NULL : strstr(word, r->word);
        char end = at ? at[strlen(r->word)] : 'x';

        if (!at || (end && !strchr(" \"'", end))) {
                hcs_buf_puts(out, word);
                return;
        }
        note(changes, r->word, r->to, r->why);
        hcs_buf_append(out, word, (size_t)(at - word));
        hcs_buf_puts(out, r->to);
        hcs_buf_puts(out, at + strlen(r->word));
}

char *kernel_line_translate(const char *line, struct hcs_json *changes) {
        _cleanup_buf_ struct hcs_buf out = {0};
        bool is_init = false, has_flag = strstr(line, "-disable-time-sync") != NULL;

        for (const char *at = line; *at;) {
                size_t n = word_length(at);
                _cleanup_free_ char *word = hcs_strndup(at, n);
                _cleanup_buf_ struct hcs_buf translated = {0};

                at += n;
                while (*at == ' ')
                        at++;
                if (is_init)
                        translate_init_word(word, has_flag, changes, &translated);
                else if (!without_vsock(word, changes, &translated))
                        translate_word(word, kernel_rules, HCS_ARRAY_SIZE(kernel_rules), changes, &translated);
                is_init = is_init || hcs_streq(word, "--");
                if (translated.len && out.len)
                        hcs_buf_putc(&out, ' ');
                hcs_buf_puts(&out, hcs_buf_cstr(&translated));
        }
        return hcs_buf_steal(&out);
}
