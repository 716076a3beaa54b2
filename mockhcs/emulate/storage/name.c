/* SPDX-License-Identifier: MIT */

/*
 * NameToGuid. The platform's own hash is not published: what hosts were seen to answer is a table, anything else a
 * name-based GUID (version 5, as those seen are) over the upper-case UTF-16 name. Constant data.
 */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf.h"
#include "mockhcs/emulate/storage/storage.h"

/* Seen in logs of hosts: log-13 (numbers of containerd's snapshots) and log-07 (a layer of docker). */
static const struct {
        const char *name, *guid;
} seen[] = {
        {"15", "1957653c-bd5b-5449-83bd-f2bd4d680d6e"},
        {"22", "4ad40eeb-2906-5095-8a69-6bde9ed8804f"},
        {"23", "6c5d4cfe-f4ec-5594-a7d7-129b8517692b"},
        {"55307b2d3c36a79e79bac82a893449bf0504f4b70249e89098d09c94efe56d3f", "47145dc3-067c-50a2-8c8f-5c09c0604300"},
};

void storage_name_to_guid(const char *name, char guid[static HCS_GUID_TEXT_SIZE]) {
        static const GUID ns = {0x6ba7b810, 0x9dad, 0x11d1, {0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}};
        size_t n = 0;
        _cleanup_free_ uint16_t *wide = hcs_utf8_to_utf16_lossy(name, strlen(name), &n);
        GUID id;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(seen); i++)
                if (hcs_strcaseeq(seen[i].name, name)) {
                        memcpy(guid, seen[i].guid, HCS_GUID_TEXT_SIZE);
                        return;
                }
        for (size_t i = 0; i < n; i++)
                if (wide[i] >= 'a' && wide[i] <= 'z')
                        wide[i] = (uint16_t)(wide[i] - 32);
        hcs_guid_v5(&ns, wide, (uint32_t)(n * 2), &id);
        hcs_guid_format(&id, guid);
}
