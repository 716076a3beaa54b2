/* SPDX-License-Identifier: MIT */

/*
 * Several headers about one entry: which of them counts, as Go's archive/tar has it. A case is what the archive holds,
 * a part a header, and what comes out of it.
 */

#include <string.h>

#include "ext4/tar/reader.h"
#include "ext4/test/make.h"

#define MAX_PARTS 5

/* Without a name: no more parts. Of 'x' and 'g' the text is records, one a line, "key=value"; of the others content. */
struct part {
        char type;
        const char *name, *link, *text;
};

static void add_records(const char *text, struct hcs_buf *out) {
        while (*text) {
                size_t key = strcspn(text, "="), value = strcspn(text + key, "\n") - 1;
                char name[64] = "";

                memcpy(name, text, key);
                make_record(out, name, text + key + 1, value);
                text += key + 1 + value;
                text += *text == '\n';
        }
}

static void add_part(struct hcs_buf *tar, const struct part *p) {
        _cleanup_buf_ struct hcs_buf records = {0};
        const char *text = p->text ? p->text : "";

        if (p->type == 'x' || p->type == 'g') {
                add_records(text, &records);
                make_entry(tar, p->type, p->name, NULL, records.data, records.len);
        } else {
                make_entry(tar, p->type, p->name, p->link, text, strlen(text));
        }
}

/* "name>link uid size type" of each entry, or why there are no more. */
static void list(const struct hcs_buf *tar, struct hcs_buf *out) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *file = make_file(tar->data, tar->len);
        _cleanup_(tar_stream_freep) struct tar_stream *stream = NULL;
        _cleanup_(tar_reader_freep) struct tar_reader *reader = NULL;
        const struct tar_entry *e;
        HRESULT hr;

        assert_ok(tar_stream_open(file, &stream, NULL), NULL);
        reader = tar_reader_new(stream);
        while ((hr = tar_reader_next(reader, &e, NULL)) == S_OK)
                hcs_buf_printf(out, "%s>%s %lld %lld %c, ", e->name, e->link, (long long)e->f.uid, (long long)e->f.size,
                               e->f.type);
        hcs_buf_puts(out, hr == S_FALSE ? "end" : hr == TAR_E_HEADER ? "bad header" : "other");
}

static void one_header_of_several_counts(void **state) {
        static const struct {
                struct part parts[MAX_PARTS];
                const char *expected;
        } cases[] = {
                /* The last extended header replaces the one before it whole. */
                {{{'x', "h", NULL, "uid=7\npath=first"}, {'x', "h", NULL, "path=second"}, {'0', "f", NULL, NULL}},
                 "second> 0 0 0, end"},
                /* GNU's long names are stronger than those of PAX, whichever comes first; empty ones say nothing. */
                {{{'x', "h", NULL, "path=pax\nuid=7"}, {'L', "h", NULL, "long"}, {'0', "f", NULL, NULL}},
                 "long> 7 0 0, end"},
                {{{'L', "h", NULL, "long"}, {'x', "h", NULL, "path=pax"}, {'0', "f", NULL, NULL}}, "long> 0 0 0, end"},
                {{{'L', "h", NULL, "long"}, {'L', "h", NULL, ""}, {'0', "f", NULL, NULL}}, "f> 0 0 0, end"},
                {{{'K', "h", NULL, "to"}, {'x', "h", NULL, "linkpath=pax"}, {'2', "f", "l", NULL}}, "f>to 0 0 2, end"},
                {{{'x', "h", NULL, "path=\nlinkpath=\nuid="}, {'2', "f", "l", NULL}}, "f>l 0 0 2, end"},
                /* A global header is an entry, takes what it says itself for its name, and ends what was before it. */
                {{{'x', "h", NULL, "path=pax\nuid=7"}, {'g', "g", NULL, "comment=none\nuid=5"}, {'0', "f", NULL, NULL}},
                 "g> 0 0 g, f> 0 0 0, end"},
                {{{'L', "h", NULL, "long"}, {'g', "g", NULL, "path=own"}, {'0', "f", NULL, NULL}},
                 "own> 0 0 g, f> 0 0 0, end"},
                /* The size of the records is that of the data; of links and folders it says nothing. */
                {{{'x', "h", NULL, "size=512"},
                  {'0', "f", NULL, NULL},
                  {'0', "data", NULL, NULL},
                  {'0', "g", NULL, NULL}},
                 "f> 0 512 0, g> 0 0 0, end"},
                {{{'x', "h", NULL, "size=512"}, {'5', "d", NULL, NULL}, {'0', "g", NULL, NULL}},
                 "d> 0 512 5, g> 0 0 0, end"},
                {{{'x', "h", NULL, "size=-1"}, {'0', "f", NULL, NULL}}, "bad header"},
                /* Old writers knew folders by their names alone. */
                {{{'\0', "d/", NULL, NULL}, {'\0', "f", NULL, NULL}}, "d/> 0 0 5, f> 0 0 0, end"},
                {{{'L', "h", NULL, "d/"}, {'\0', "f", NULL, NULL}}, "d/> 0 0 5, end"},
                /* A sparse file's own name is stronger than all others; maps of a format no one knows are content. */
                {{{'x', "h", NULL,
                   "GNU.sparse.map=0,1\nGNU.sparse.numblocks=1\nGNU.sparse.size=9\nGNU.sparse.name=own"},
                  {'L', "h", NULL, "long"},
                  {'0', "f", NULL, "x"}},
                 "own> 0 9 0, end"},
                {{{'x', "h", NULL, "GNU.sparse.map=0,1\nGNU.sparse.numblocks=1\nGNU.sparse.size=9\nGNU.sparse.major=2"},
                  {'0', "f", NULL, "x"}},
                 "f> 0 1 0, end"},
                {{{'x', "h", NULL, "GNU.sparse.map=0,1\nGNU.sparse.numblocks=2\nGNU.sparse.size=9"},
                  {'0', "f", NULL, "x"}},
                 "bad header"},
                {{{'x', "h", NULL, "GNU.sparse.map=0,0\nGNU.sparse.numblocks=1\nGNU.sparse.size=9"},
                  {'2', "f", "l", NULL}},
                 "bad header"},
                /* Numbers that are none are refused where they count, and ignored where they do not. */
                {{{'x', "h", NULL, "uid=x"}, {'0', "f", NULL, NULL}}, "bad header"},
                {{{'x', "h", NULL, "uid=9223372036854775808"}, {'0', "f", NULL, NULL}}, "bad header"},
                {{{'x', "h", NULL, "mtime=1.2.3"}, {'0', "f", NULL, NULL}}, "bad header"},
                {{{'x', "h", NULL, "uid=+7\nuname=x\nSCHILY.devmajor=x"}, {'0', "f", NULL, NULL}}, "f> 7 0 0, end"},
                {{{'g', "g", NULL, "uid=x"}, {'0', "f", NULL, NULL}}, "g> 0 0 g, f> 0 0 0, end"},
                /* What no entry follows is about none. */
                {{{'x', "h", NULL, "path=pax"}}, "end"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_buf_ struct hcs_buf tar = {0}, got = {0};

                for (size_t k = 0; k < MAX_PARTS && cases[i].parts[k].name; k++)
                        add_part(&tar, &cases[i].parts[k]);
                make_end(&tar);
                list(&tar, &got);
                assert_string_equal(hcs_buf_cstr(&got), cases[i].expected);
        }
}

HCS_TESTS(cmocka_unit_test(one_header_of_several_counts))
