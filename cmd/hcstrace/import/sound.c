/* SPDX-License-Identifier: MIT */

/* See sound.h. */

#include "cmd/hcstrace/import/sound.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "mockhcs/trace/reader.h"

enum { ASKED = 1, RETURNED };

struct sound {
        uint8_t *calls;      /* by number, from 1 */
        uint64_t n_calls, t; /* of the newest record */
        uint64_t handles[2]; /* how many systems and processes were given */
        const char *problem;
};

/* "system/3" to its kind and number; -1: of no kind that is numbered here. */
static int handle_of(const char *symbol, uint64_t *ret) {
        static const char *const kinds[] = {"system/", "process/"};

        for (int k = 0; k < 2; k++)
                if (hcs_str_starts(symbol, kinds[k]) && hcs_str_to_u64(symbol + strlen(kinds[k]), ret))
                        return k;
        return -1;
}

static void expect(struct sound *s, bool holds, const char *problem) {
        if (!holds && !s->problem)
                s->problem = problem;
}

static void is_given(struct sound *s, const char *symbol) {
        uint64_t number;
        int kind = handle_of(symbol, &number);

        expect(s, kind >= 0, "a handle of a kind that no log gives");
        expect(s, kind < 0 || (number && number <= s->handles[kind]), "a handle that nobody was given");
}

static void gives(struct sound *s, const char *symbol) {
        uint64_t number;
        int kind = handle_of(symbol, &number);

        expect(s, kind >= 0 && number, "a handle of a kind that no log gives");
        if (kind >= 0 && number > s->handles[kind])
                s->handles[kind] = number;
}

static void check_call(struct sound *s, const struct mock_record *r) {
        expect(s, r->n == s->n_calls + 1, "a call with a number that is not the next");
        s->calls = hcs_realloc(s->calls, s->n_calls + 2);
        s->calls[++s->n_calls] = ASKED;
        for (size_t i = 0; i < r->n_args; i++)
                if (r->args[i].kind == MOCK_HANDLE)
                        is_given(s, r->args[i].text);
}

static void check_return(struct sound *s, const struct mock_record *r) {
        bool asked = r->n && r->n <= s->n_calls && s->calls[r->n] == ASKED;

        expect(s, asked, "a return of no call, or its second");
        if (asked)
                s->calls[r->n] = RETURNED;
        for (size_t i = 0; i < r->n_args; i++)
                if (r->args[i].kind == MOCK_HANDLE)
                        gives(s, r->args[i].text);
}

static void check_record(struct sound *s, const struct mock_record *r) {
        struct hcs_buf line = {0};
        struct mock_record again = {0};

        mock_record_print(r, &line);
        if (SUCCEEDED(mock_record_parse(line.data, line.len - 1, &again, NULL)))
                mock_record_deinit(&again);
        else
                expect(s, false, "a record that cannot be read once it is printed");
        hcs_buf_deinit(&line);
        expect(s, r->t >= s->t, "a time that runs backwards");
        s->t = r->t;
        if (r->kind == MOCK_RECORD_CALL)
                check_call(s, r);
        else if (r->kind == MOCK_RECORD_RETURN)
                check_return(s, r);
        else if (r->kind == MOCK_RECORD_EVENT || r->kind == MOCK_RECORD_STDIO)
                is_given(s, r->subject);
        else if (r->kind == MOCK_RECORD_FRAME)
                expect(s, hcs_str_starts(r->subject, "bridge/"), "a message on what is no bridge");
        else
                expect(s, false, "a record of a kind that no log makes");
}

const char *import_sound(const char *path, uint64_t *ret_records, uint64_t *ret_line) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        struct sound s = {0};
        struct mock_record r;
        HRESULT hr = mock_trace_reader_open(path, &reader, NULL);

        *ret_records = 0;
        *ret_line = 1;
        while (!s.problem && hr == S_OK && (hr = mock_trace_reader_next(reader, &r, NULL)) == S_OK) {
                check_record(&s, &r);
                *ret_line = r.line;
                ++*ret_records;
                mock_record_deinit(&r);
        }
        free(s.calls);
        expect(&s, SUCCEEDED(hr), "a line that cannot be read");
        expect(&s, FAILED(hr) || !mock_trace_reader_truncated(reader), "a line without its end");
        return s.problem;
}
