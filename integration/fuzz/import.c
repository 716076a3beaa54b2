/* SPDX-License-Identifier: MIT */

/*
 * The bytes are a log, or the halves of two that are put together. What must hold: it is imported, whatever it is; the
 * trace is sound and has as many records as the importer says; an engine opens over it, and every tool can read it.
 */

#include "integration/fuzz/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/hcstrace/import/import.h"
#include "cmd/hcstrace/import/sound.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/workbench/catalog.h"
#include "platform/clock.h"

enum { TWO_LOGS = 1, KEEP_SECRETS = 2, EAST = 4, ON_A_DAY = 8, IN_PIECES = 16 };

struct part {
        const char *text;
        size_t len, step;
};

static void must(bool ok) {
        if (!ok)
                abort();
}

static size_t read_part(void *ctx, char *buffer, size_t n) {
        struct part *p = ctx;

        n = n < p->step ? n : p->step;
        n = n < p->len ? n : p->len;
        memcpy(buffer, p->text, n);
        p->text += n;
        p->len -= n;
        return n;
}

static void check_note(void *ctx, const struct import_note *note) {
        must(note->kind <= IMPORT_REPAIRED && note->reason && note->text && note->log);
        ++*(uint64_t *)ctx;
}

static struct import_stats import_parts(uint8_t how, struct part *parts, const char *output) {
        struct import_log logs[2] = {{.name = "a", .read = read_part, .ctx = &parts[0]},
                                     {.name = "b", .read = read_part, .ctx = &parts[1]}};
        const struct import_stats *stats = NULL;
        struct import_stats copy;
        uint64_t notes = 0;
        struct import_options options = {
                .output = output, .keep_secrets = how & KEEP_SECRETS, .tell = check_note, .ctx = &notes};
        struct import *i;

        logs[0].zone_seconds = how & EAST ? 3600 : 0;
        logs[0].day_ns = how & ON_A_DAY ? 20000 * HCS_NS_PER_DAY : 0;
        i = import_new(&options, logs, how & TWO_LOGS ? 2 : 1);
        must(SUCCEEDED(import_run(i, &stats, NULL)));
        copy = *stats;
        must(notes == copy.notes[IMPORT_NOT_UNDERSTOOD] + copy.notes[IMPORT_NO_CALL] + copy.notes[IMPORT_REPAIRED]);
        must(copy.failures + copy.unreturned <= copy.calls);
        import_free(i);
        return copy;
}

static void look_at(const char *path, const struct import_stats *stats) {
        _cleanup_free_ char *spec = hcs_asprintf("replay=%s,order=any", path);
        _cleanup_(catalog_freep) struct catalog *c = NULL;
        uint64_t records, line;
        struct mockhcs *mock = NULL;
        const char *problem = import_sound(path, &records, &line);

        if (problem) {
                fprintf(stderr, "line %llu: %s\n", (unsigned long long)line, problem);
                abort();
        }
        must(records >= 2 * stats->calls - stats->unreturned + stats->exits + stats->frames);
        must(SUCCEEDED(catalog_open(path, NULL, &c, NULL)) && c->n == records);
        must(SUCCEEDED(mockhcs_open(spec, &mock, NULL)));
        mockhcs_close(mock);
}

bool fuzz_import(uint8_t which, const uint8_t *data, size_t size) {
        const char *text = (const char *)data + 1;
        struct import_stats stats;
        size_t first;
        char path[64];
        uint8_t how;
        int fd;

        if (which != 'I' || size == 0)
                return which == 'I';
        how = data[0];
        size--;
        first = how & TWO_LOGS ? size / 2 : size;
        fd = memfd_create("trace", MFD_CLOEXEC);
        must(fd >= 0);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        stats = import_parts(how,
                             (struct part[]){{text, first, how & IN_PIECES ? 7 : SIZE_MAX},
                                             {text + first, size - first, how & IN_PIECES ? 7 : SIZE_MAX}},
                             path);
        if (stats.calls + stats.exits + stats.frames)
                look_at(path, &stats);
        close(fd);
        return true;
}
