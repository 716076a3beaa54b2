/* SPDX-License-Identifier: MIT */

/*
 * Where the paths of clients are. A path of this system is itself. One of Windows, on another system, is below a folder
 * of the emulator: "C:\a\b" is ROOT/c/a/b. A volume of an attached scratch is the layer's sandbox.files.
 */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/storage/storage.h"

#define VOLUME "\\\\?\\Volume{"

static bool is_separator(char c) {
        return c == '/' || c == '\\';
}

/* Is one of its parts ".."? It could leave the folder that stands for another system. */
static bool climbs(const char *path) {
        for (const char *p = path; (p = strstr(p, "..")); p += 2)
                if ((p == path || is_separator(p[-1])) && (!p[2] || is_separator(p[2])))
                        return true;
        return false;
}

/* Names of Windows match in either case: what is there keeps its own spelling, what is not there has the client's. */
static char *below_root(const struct storage *s, const char *path) {
        char *place = hcs_asprintf("%s/%c%s", s->root, *path | 32, path + 2);

        for (char *p = place; *p; p++)
                if (*p == '\\')
                        *p = '/';
        hcs_path_find_spelling(place, strlen(s->root));
        return place;
}

/* "C:\x" on a system that has no drives, or where `drives' says otherwise: its place below the root, which is made when
 * it is first needed. */
static char *foreign(struct storage *s, const char *path, struct hcs_error **err) {
        if (!s->root) {
                if (FAILED(hcs_work_folder_new(NULL, "storage", &s->work, err)))
                        return NULL;
                s->root = hcs_strdup(hcs_work_folder_path(s->work));
        }
        return below_root(s, path);
}

static bool has_drive(const char *path) {
        char letter = (char)(*path | 32);

        return letter >= 'a' && letter <= 'z' && path[1] == ':' && is_separator(path[2]);
}

/*
 * One name for each place: no separators twice or at the end, no "." on the way. Only where paths may begin so, what
 * begins with two is a server.
 */
static void tidy(char *path) {
        bool of_server = is_separator(path[0]) && is_separator(path[1]) && hcs_path_is_absolute("\\\\server");
        char *to = path + 1;

        for (const char *p = path + 1; *p; p++) {
                bool begins = is_separator(p[-1]);

                if (begins && p[0] == '.' && (is_separator(p[1]) || !p[1]))
                        continue;
                if (is_separator(*p) && is_separator(to[-1]) && !(of_server && to == path + 1))
                        continue;
                *to++ = *p;
        }
        while (to > path + 1 && is_separator(to[-1]))
                to--;
        *to = '\0';
}

/* What stands behind \\?\Volume{guid}. */
static char *of_volume(struct storage *s, const char *given, struct hcs_error **err) {
        const char *guid = given + strlen(VOLUME), *end = strchr(guid, '}');

        for (const struct storage_volume *v = s->volumes; v && end; v = v->next) {
                _cleanup_free_ char *name = hcs_strndup(guid, (size_t)(end - guid));
                const char *rest = end + 1;
                char *place;

                if (!hcs_strcaseeq(name, v->guid))
                        continue;
                while (is_separator(*rest))
                        rest++;
                place = hcs_asprintf(*rest ? "%s/%s/%s" : "%s/%s%s", v->folder, SANDBOX_FILES, rest);
                for (char *p = place + strlen(v->folder); *p; p++)
                        if (*p == '\\')
                                *p = '/';
                return place;
        }
        hcs_error_make(err, STORAGE_PATH_NOT_FOUND, "there is no volume \"%s\"", given);
        return NULL;
}

static char *find_place(struct storage *s, const char *given, struct hcs_error **err) {
        const char *path = hcs_str_starts(given, "\\\\?\\") ? given + 4 : given;
        char *place = NULL;

        if (climbs(path))
                hcs_error_make(err, E_INVALIDARG, "\"%s\" is not a full path", given);
        else if (hcs_str_starts(given, VOLUME))
                place = of_volume(s, given, err);
        else if (hcs_path_is_absolute(path) && !(s->root && has_drive(path)))
                place = hcs_strdup(path);
        else if (has_drive(path))
                place = foreign(s, path, err);
        else
                hcs_error_make(err, E_INVALIDARG, "\"%s\" is not a full path", given);
        if (place)
                tidy(place);
        return place;
}

char *storage_place_of(struct storage *s, struct mock_call *call, const char *given) {
        struct hcs_error *err = NULL;
        char *place = find_place(s, given, &err);

        if (!place)
                storage_refuse(call, err);
        return place;
}

bool storage_is_at(struct storage *s, const char *given, const char *place) {
        _cleanup_free_ char *own = find_place(s, given, NULL);

        return own && (hcs_path_is_same(own, place) ||
                       (s->root && hcs_path_is_within(own, s->root) && hcs_strcaseeq(own, place)));
}

char *storage_place(struct storage *s, struct mock_call *call, const char *argument) {
        return storage_place_of(s, call, mock_call_text(call, argument));
}

bool storage_lacks(const struct storage *s, const char *path) {
        _cleanup_free_ char *place = NULL;

        if (hcs_str_starts(path, "\\\\?\\"))
                path += 4;
        if (!s->root_is_given || !has_drive(path))
                return false;
        if (climbs(path))
                return true;
        place = below_root(s, path);
        return !hcs_file_exists(place);
}

struct storage_volume *storage_volume_of(struct storage *s, const char *folder) {
        struct storage_volume *v = s->volumes;

        while (v && !hcs_path_is_same(v->folder, folder))
                v = v->next;
        return v;
}

struct storage_volume *storage_mount(struct storage *s, const char *folder) {
        struct storage_volume *v = hcs_calloc(1, sizeof(*v));

        v->folder = hcs_strdup(folder);
        storage_volume_guid(folder, v->guid);
        v->next = s->volumes;
        s->volumes = v;
        return v;
}

void storage_unmount(struct storage *s, struct storage_volume *v) {
        struct storage_volume **at = &s->volumes;

        while (*at != v)
                at = &(*at)->next;
        *at = v->next;
        free(v->folder);
        free(v);
}

void storage_volume_guid(const char *path, char guid[static HCS_GUID_TEXT_SIZE]) {
        static const GUID ns = {0x0f2a6c3e, 0x5d0b, 0x4a6e, {0x9c, 0x41, 0x73, 0x0e, 0x2b, 0x88, 0x15, 0xd7}};
        GUID id;

        hcs_guid_v5(&ns, path, (uint32_t)strlen(path), &id);
        hcs_guid_format(&id, guid);
}
