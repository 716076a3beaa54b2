/* SPDX-License-Identifier: MIT */

/* Taking a line apart: one strict pass over its bytes. Pure functions. */

#include "mockhcs/trace/line.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum member {
        M_NONE,
        M_ARGS,
        M_BASE64,
        M_BROKEN,
        M_CALL,
        M_COMPLETE,
        M_DATA,
        M_DLL,
        M_DOCUMENT,
        M_END,
        M_EVENT,
        M_EXACT,
        M_FRAME,
        M_FROM,
        M_HR,
        M_ID,
        M_N,
        M_OF,
        M_ON,
        M_OUT,
        M_PENDING,
        M_PORT,
        M_PROCESS,
        M_RESULT,
        M_RETURN,
        M_STDIO,
        M_STREAM,
        M_T,
        M_TEXT,
        M_THREAD,
        M_TRACE,
        M_MAX,
};

#define IN(kind) (1u << MOCK_RECORD_##kind)
static const struct {
        const char *name;
        unsigned kinds;
        enum mock_record_kind marks; /* the kind that a member of this name makes the record */
} members[M_MAX] = {
        [M_ARGS] = {"args", IN(CALL)},
        [M_BASE64] = {"base64", IN(STDIO) | IN(FRAME)},
        [M_BROKEN] = {"broken", IN(FRAME)},
        [M_CALL] = {"call", IN(CALL), MOCK_RECORD_CALL},
        [M_COMPLETE] = {"complete", IN(COMPLETE), MOCK_RECORD_COMPLETE},
        [M_DATA] = {"data", IN(EVENT)},
        [M_DLL] = {"dll", IN(CALL)},
        [M_DOCUMENT] = {"document", IN(FRAME)},
        [M_END] = {"end", IN(STDIO)},
        [M_EVENT] = {"event", IN(EVENT), MOCK_RECORD_EVENT},
        [M_EXACT] = {"exact", IN(CALL) | IN(RETURN) | IN(COMPLETE) | IN(EVENT) | IN(FRAME)},
        [M_FRAME] = {"frame", IN(FRAME), MOCK_RECORD_FRAME},
        [M_FROM] = {"from", IN(FRAME)},
        [M_HR] = {"hr", IN(RETURN) | IN(COMPLETE) | IN(EVENT)},
        [M_ID] = {"id", IN(FRAME)},
        [M_N] = {"n", IN(CALL)},
        [M_OF] = {"of", IN(COMPLETE)},
        [M_ON] = {"on", IN(EVENT) | IN(FRAME)},
        [M_OUT] = {"out", IN(RETURN)},
        [M_PENDING] = {"pending", IN(RETURN)},
        [M_PORT] = {"port", IN(STDIO)},
        [M_PROCESS] = {"process", IN(RETURN) | IN(COMPLETE)},
        [M_RESULT] = {"result", IN(COMPLETE)},
        [M_RETURN] = {"return", IN(RETURN), MOCK_RECORD_RETURN},
        [M_STDIO] = {"stdio", IN(STDIO), MOCK_RECORD_STDIO},
        [M_STREAM] = {"stream", IN(STDIO)},
        [M_T] = {"t", IN(CALL) | IN(RETURN) | IN(COMPLETE) | IN(EVENT) | IN(STDIO) | IN(FRAME)},
        [M_TEXT] = {"text", IN(STDIO)},
        [M_THREAD] = {"thread", IN(CALL)},
        [M_TRACE] = {"trace", IN(HEADER), MOCK_RECORD_HEADER},
};

static enum member find_member(struct mock_slice key) {
        for (enum member m = M_NONE + 1; m < M_MAX; m++)
                if (members[m].name[0] == key.p[0] && mock_slice_is(key, members[m].name))
                        return m;
        return M_NONE;
}

bool mock_line_knows(enum mock_record_kind kind, struct mock_slice key) {
        enum member m = key.n ? find_member(key) : M_NONE;

        return m != M_NONE && members[m].kinds >> kind & 1;
}

static HRESULT fail(struct mock_line_error *err, HRESULT hr, size_t column, const char *what, const char *member) {
        err->hr = hr;
        err->column = column;
        if (member)
                snprintf(err->text, sizeof(err->text), "member \"%s\": %s", member, what);
        else
                snprintf(err->text, sizeof(err->text), "%s", what);
        return hr;
}

static bool parse_bool(struct mock_slice v, bool *ret) {
        *ret = mock_slice_is(v, "true");
        return *ret || mock_slice_is(v, "false");
}

/* "0x80370110", a name, a signed or unsigned decimal as string, or a bare integer. */
static bool parse_hr(struct mock_slice v, HRESULT *ret) {
        struct mock_slice text = mock_slice_string(v);
        char buf[64];
        uint32_t hex = 0;

        if (!text.p)
                text = v;
        if (text.n == 10 && text.p[0] == '0' && text.p[1] == 'x') {
                for (size_t i = 2; i < 10; i++) {
                        unsigned char c = (unsigned char)text.p[i];
                        unsigned d = c >= '0' && c <= '9' ? (unsigned)(c - '0') : (c | 32u) - 'a' + 10;

                        if (d > 15)
                                return false;
                        hex = hex << 4 | d;
                }
                *ret = (HRESULT)hex;
                return true;
        }
        if (text.n == 0 || text.n >= sizeof(buf))
                return false;
        memcpy(buf, text.p, text.n);
        buf[text.n] = '\0';
        return hcs_hresult_parse(buf, ret);
}

static bool parse_dll(struct mock_slice v, enum mock_dll *ret) {
        struct mock_slice text = mock_slice_string(v);

        for (enum mock_dll d = MOCK_VMCOMPUTE; d <= MOCK_COMPUTESTORAGE; d++)
                if (mock_slice_is(text, mock_dll_name(d))) {
                        *ret = d;
                        return true;
                }
        return false;
}

static bool parse_stream(struct mock_slice v, enum mock_stream *ret) {
        struct mock_slice text = mock_slice_string(v);

        for (enum mock_stream s = MOCK_STDIN; s <= MOCK_STDERR; s++)
                if (mock_slice_is(text, mock_stream_name(s))) {
                        *ret = s;
                        return true;
                }
        return false;
}

static bool parse_from(struct mock_slice v, bool *ret_guest) {
        struct mock_slice text = mock_slice_string(v);

        *ret_guest = mock_slice_is(text, "guest");
        return *ret_guest || mock_slice_is(text, "host");
}

/* {"id":1234,"stdin":true,"stdout":true,"stderr":false}; other members are ignored. */
static bool parse_process(struct mock_slice v, struct mock_process_info *ret) {
        struct mock_scan s;
        struct mock_slice key;
        struct mock_slice value;
        uint64_t id;
        int more;

        mock_scan_init(&s, v.p, v.n);
        if (!mock_scan_enter(&s, '{'))
                return false;
        ret->present = true;
        while ((more = mock_scan_member(&s, &key)) > 0 && mock_scan_value(&s, &value)) {
                if (mock_slice_is(key, "id")) {
                        if (!mock_slice_u64(value, &id) || id > UINT32_MAX)
                                return false;
                        ret->process_id = (uint32_t)id;
                } else if (mock_slice_is(key, "stdin")) {
                        if (!parse_bool(value, &ret->stream[MOCK_STDIN]))
                                return false;
                } else if (mock_slice_is(key, "stdout")) {
                        if (!parse_bool(value, &ret->stream[MOCK_STDOUT]))
                                return false;
                } else if (mock_slice_is(key, "stderr")) {
                        if (!parse_bool(value, &ret->stream[MOCK_STDERR]))
                                return false;
                }
        }
        return more == 0;
}

/* An object whose members are all strings. */
static bool is_exact(struct mock_slice v) {
        struct mock_scan s;
        struct mock_slice key;
        struct mock_slice value;
        int more;

        mock_scan_init(&s, v.p, v.n);
        if (!mock_scan_enter(&s, '{'))
                return false;
        while ((more = mock_scan_member(&s, &key)) > 0)
                if (!mock_scan_value(&s, &value) || !mock_slice_string(value).p)
                        return false;
        return more == 0;
}

static const char *take_string(struct mock_slice v, struct mock_slice *ret) {
        *ret = mock_slice_string(v);
        return ret->p ? NULL : "expected a string";
}

static const char *take_object(struct mock_slice v, struct mock_slice *ret) {
        if (v.p[0] != '{')
                return "expected an object";
        *ret = v;
        return NULL;
}

static const char *take(enum member m, struct mock_slice v, struct mock_line *ret) {
        uint64_t u = 0;

        switch (m) {
        case M_CALL:
        case M_FRAME:
                return take_string(v, &ret->function);
        case M_EVENT:
                return take_string(v, &ret->event);
        case M_COMPLETE:
        case M_ON:
        case M_STDIO:
                return take_string(v, &ret->subject);
        case M_TEXT:
                return take_string(v, &ret->text);
        case M_BASE64:
                return take_string(v, &ret->base64);
        case M_ARGS:
        case M_OUT:
                return take_object(v, &ret->values);
        case M_DATA:
        case M_DOCUMENT:
        case M_RESULT:
                ret->result = v;
                return NULL;
        case M_EXACT:
                ret->exact = v;
                return is_exact(v) ? NULL : "expected an object of strings";
        case M_N:
        case M_OF:
        case M_RETURN:
                return mock_slice_u64(v, &ret->n) ? NULL : "expected a number of a call";
        case M_ID:
                return mock_slice_u64(v, &ret->n) ? NULL : "expected a message id";
        case M_PORT:
                return mock_slice_u64(v, &ret->n) && ret->n <= UINT32_MAX ? NULL : "expected a port";
        case M_FROM:
                return parse_from(v, &ret->from_guest) ? NULL : "expected \"host\" or \"guest\"";
        case M_BROKEN:
                return parse_bool(v, &ret->broken) ? NULL : "expected true or false";
        case M_T:
                return mock_slice_u64(v, &ret->t) ? NULL : "expected nanoseconds as an integer";
        case M_THREAD:
                if (!mock_slice_u64(v, &u) || u > UINT32_MAX)
                        return "expected an integer below 2^32";
                ret->thread = (uint32_t)u;
                return NULL;
        case M_DLL:
                return parse_dll(v, &ret->dll) ? NULL : "expected the name of a DLL (vmcompute, computecore ...)";
        case M_HR:
                return parse_hr(v, &ret->hr) ? NULL : "expected an HRESULT such as \"0x80370110\"";
        case M_PENDING:
                return parse_bool(v, &ret->pending) ? NULL : "expected true or false";
        case M_END:
                return parse_bool(v, &ret->end) ? NULL : "expected true or false";
        case M_STREAM:
                return parse_stream(v, &ret->stream) ? NULL : "expected \"stdin\", \"stdout\" or \"stderr\"";
        case M_PROCESS:
                return parse_process(v, &ret->process) ? NULL : "expected {\"id\":..,\"stdin\":..} of a process";
        default:
                return NULL;
        }
}

/* What a record of the kind cannot be without. */
static const enum member required[][3] = {
        [MOCK_RECORD_CALL] = {M_CALL, M_N},        [MOCK_RECORD_RETURN] = {M_RETURN, M_HR},
        [MOCK_RECORD_COMPLETE] = {M_COMPLETE},     [MOCK_RECORD_EVENT] = {M_EVENT, M_ON},
        [MOCK_RECORD_STDIO] = {M_STDIO, M_STREAM}, [MOCK_RECORD_FRAME] = {M_FRAME, M_ON, M_FROM},
};

HRESULT mock_line_parse(const char *text, size_t len, struct mock_line *ret, struct mock_line_error *err) {
        struct mock_slice values[M_MAX] = {{0}};
        struct mock_scan s;
        struct mock_slice key;
        struct mock_slice value;
        unsigned n_unnamed = 0;
        int more;

        *ret = (struct mock_line){.kind = MOCK_RECORD_UNKNOWN};
        mock_scan_init(&s, text, len);
        if (!mock_scan_enter(&s, '{'))
                return fail(err, HCS_E_INVALID_JSON, (size_t)(s.p - text) + 1, s.error, NULL);
        while ((more = mock_scan_member(&s, &key)) > 0 && mock_scan_value(&s, &value)) {
                enum member m = key.n ? find_member(key) : M_NONE;

                if (m == M_NONE) {
                        n_unnamed++;
                        continue;
                }
                if (values[m].p)
                        return fail(err, HCS_E_INVALID_JSON, (size_t)(key.p - text), "given twice", members[m].name);
                values[m] = value;
                if (ret->kind == MOCK_RECORD_UNKNOWN)
                        ret->kind = members[m].marks;
        }
        if (!mock_scan_done(&s))
                return fail(err, HCS_E_INVALID_JSON, (size_t)(s.p - text) + 1, s.error, NULL);
        if (ret->kind == MOCK_RECORD_UNKNOWN || ret->kind == MOCK_RECORD_HEADER)
                return S_OK;
        ret->n_unknown = n_unnamed;
        for (enum member m = M_NONE + 1; m < M_MAX; m++) {
                const char *why;

                if (!values[m].p)
                        continue;
                if (!(members[m].kinds >> ret->kind & 1)) {
                        ret->n_unknown++;
                        continue;
                }
                why = take(m, values[m], ret);
                if (why)
                        return fail(err, E_INVALIDARG, (size_t)(values[m].p - text) + 1, why, members[m].name);
        }
        for (size_t i = 0; i < 3 && required[ret->kind][i] != M_NONE; i++)
                if (!values[required[ret->kind][i]].p)
                        return fail(err, E_INVALIDARG, 1, "missing", members[required[ret->kind][i]].name);
        return S_OK;
}
