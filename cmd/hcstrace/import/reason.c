/* SPDX-License-Identifier: MIT */

/* Names of what the importer counts, and why a line that speaks of HCS makes no call. Pure functions. */

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

const char *import_family_name(enum import_family f) {
        static const char *const names[] = {"spans",         "notifications",     "begin and end",    "layers",
                                            "announcements", "networks",          "errors passed on", "other clients",
                                            "documents",     "the guest's bridge"};

        return names[f];
}

const char *import_note_kind_name(enum import_note_kind k) {
        static const char *const names[] = {"not understood", "no call", "repaired"};

        return names[k];
}

static const struct {
        const char *words, *reason;
} known[] = {
        {"+ CategoryInfo ", "PowerShell's shortened copy of the error above"},
        {"+ FullyQualifiedErrorId", "PowerShell's name of the error above"},
        {"CreateContainer options: ", "what the library was asked for; its calls have lines of their own"},
        {"CreateContainer using schema", "what the library was asked for; its calls have lines of their own"},
        {"hcsoci::", "a step of the library between its calls"},
        {"uvm::", "a step of the library between its calls"},
        {"newHcs", "a step of the library between its calls"},
        {"HCS: Available", "what a client found out at its start"},
        {"HCN: Available", "what a client found out at its start"},
        {"Creating HCS compute system...", "announces a call that has a line of its own"},
        {"Re-creating HCS compute system", "announces a call that has a line of its own"},
        {"StartUtilityVM: calling HCS with", "announces a call that has a line of its own"},
        {"HCN: Deleting endpoint", "a call without its code"},
        {"HCN: Endpoint deleted", "a call without its code"},
        {" (len=", "a dump of a program's structures; it tells no call"},
        {"hcsschema.", "a dump of the library's structures; the call has a line of its own"},
};

const char *import_reason(const struct import_line *line, enum import_note_kind *ret_kind) {
        *ret_kind = IMPORT_NO_CALL;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(known); i++)
                if (strstr(line->text, known[i].words))
                        return known[i].reason;
        *ret_kind = IMPORT_NOT_UNDERSTOOD;
        return line->cut ? "it ends in the middle" : "no family of messages knows it";
}
