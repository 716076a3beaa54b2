/* SPDX-License-Identifier: MIT */

/*
 * Errors as Docker, containerd and their users pass them on; often the only thing that a bug report holds:
 *   container ID encountered an error during Op: failure in a Windows system call: .. (0x..) extra info: {..}
 *   hcs::Op ID: text: unknown            hcsshim::Op ID: text (extra info: {..})
 */

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

static bool encountered(struct import_ledger *l, const struct import_line *line, const char *text) {
        static const char during_mark[] = "encountered an error during ", container[] = "container ";
        const char *during = strstr(text, during_mark), *before = strstr(text, container);
        const char *extra = strstr(text, "extra info: "), *name, *stop;
        _cleanup_free_ char *id = NULL, *repair = NULL, *events = NULL,
                            *document = extra ? import_document_repaired(extra, &repair) : NULL;
        struct import_operation op = {.document = document, .document_repair = repair, .time = line->ns};

        if (!during)
                return false;
        name = during + strlen(during_mark);
        stop = name + strcspn(name, " ");
        while (stop > name && stop[-1] == ':')
                stop--;
        op.verb = import_verb(name, (size_t)(stop - name));
        if (op.verb == MOCK_VERB_NONE)
                return false;
        for (const char *next = before; next && next < during; next = strstr(next + 1, container))
                before = next;
        if (before && before < during)
                op.system = id = import_word(before + strlen(container));
        op.hr = import_failure(*stop ? stop : "failed", NULL);
        op.result = events = import_events(stop, op.hr);
        import_echo(l, &op);
        return true;
}

/* "hcs::Op ID: text" */
static bool prefixed(struct import_ledger *l, const struct import_line *line, const char *text) {
        static const char *const prefixes[] = {"hcsshim::", "hcs::"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(prefixes); i++) {
                const char *name = strstr(text, prefixes[i]), *rest;
                _cleanup_free_ char *id = NULL, *document = NULL, *repair = NULL, *events = NULL;
                struct import_operation op = {.time = line->ns};

                if (!name)
                        continue;
                rest = name + strcspn(name, " ");
                op.verb = import_verb(name, (size_t)(rest - name));
                if (op.verb == MOCK_VERB_NONE || !strstr(rest, ": "))
                        return false;
                document = import_document_repaired(rest, &repair);
                op.document = document;
                op.document_repair = repair;
                op.system = id = import_word(rest + 1);
                op.hr = import_failure(rest, NULL);
                op.result = events = import_events(rest, op.hr);
                import_echo(l, &op);
                return true;
        }
        return false;
}

/* An announcement may look like an error; no logger gives errors such a level. */
static bool is_chatter(const struct import_line *line) {
        const char *level = import_field(line, "level");

        return hcs_streq(level, "debug") || hcs_streq(level, "trace") || hcs_streq(level, "info");
}

bool import_say_error(struct import_ledger *l, const struct import_line *line) {
        const char *msg = import_field(line, "msg"), *error = import_field(line, "error");

        if (msg && !is_chatter(line) && (encountered(l, line, msg) || prefixed(l, line, msg)))
                return true;
        return error && (encountered(l, line, error) || prefixed(l, line, error));
}
