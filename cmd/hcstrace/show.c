/* SPDX-License-Identifier: MIT */

/*
 * hcstrace show: a trace as a timeline, one line a record, in constant memory; or the records of each handle together;
 * or as JSON, one normalised record a line.
 */

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf.h"
#include "cmd/hcstrace/hcstrace.h"
#include "cmd/hcstrace/network.h"
#include "cmd/hcstrace/page/page.h"
#include "mockhcs/engine/handle.h"
#include "mockhcs/trace/reader.h"
#include "platform/place.h"

struct show {
        bool json, all, full, html;
        const char *handle;
        const char *output, *against; /* of a page */
        unsigned long long calls, failures, events, frames, shown;
};

static void usage(void) {
        puts("usage: hcstrace show [OPTIONS] TRACE\n\n"
             "  --handle NAME   only what concerns this handle (system/1, process/2)\n"
             "  --all           also the calls on operations and callbacks\n"
             "  --full          whole documents instead of their beginning\n"
             "  --json          one record a line as JSON\n"
             "  --html          one page for a browser, with lanes, search, and documents side by side\n"
             "  --against B     what differs from this other trace is shown in the page\n"
             "  -o PAGE         where the page goes; standard output without it\n\n"
             "TRACE may be - for standard input.");
}

static bool is_plumbing(const struct mock_record *r) {
        const struct mock_function *f = mock_function_find(r->dll, r->function);

        return f && mock_verb_is_local(f->verb);
}

static bool concerns(const struct mock_record *r, const char *handle) {
        if (!handle || hcs_streq(r->subject, handle))
                return true;
        for (size_t i = 0; i < r->n_args; i++)
                if (r->args[i].kind == MOCK_HANDLE && hcs_streq(r->args[i].text, handle))
                        return true;
        return false;
}

static void print_time(uint64_t t) {
        printf("%s%10.6f%s  ", colour(COLOUR_FAINT), (double)t / 1e9, colour(COLOUR_NONE));
}

/* A trace may be anybody's: nothing in it is for the terminal. */
static void print_plain(const char *text) {
        _cleanup_free_ char *plain = hcs_utf8_plain(text ? text : "");

        fputs(plain, stdout);
}

static void print_text(const struct show *s, const char *text, size_t len) {
        size_t n = s->full || len <= 100 ? len : 97;
        _cleanup_free_ char *part = NULL;

        while (n < len && n && ((unsigned char)text[n] & 0xc0) == 0x80)
                n--;
        part = hcs_strndup(text, n);
        for (char *c = part; *c; c++)
                *c = (char)(*c == '\n' || *c == '\r' ? ' ' : *c);
        print_plain(part);
        if (n < len)
                printf("...");
}

/* Numbers of the calls of host networking, so that their answers are told like them; a ring, as below. */
#define NETWORKING 1024
static uint64_t networking[NETWORKING];

static bool is_networking(const struct mock_record *r) {
        if (r->kind == MOCK_RECORD_CALL) {
                bool is = r->dll == MOCK_COMPUTENETWORK || hcs_streq(r->function, "HNSCall");

                networking[r->n % NETWORKING] = is ? r->n : 0;
        }
        return networking[r->n % NETWORKING] == r->n;
}

/* "Endpoint" for HcnCreateEndpoint; NULL for calls that make nothing. */
static const char *made_by(const struct mock_record *r) {
        return r->kind == MOCK_RECORD_CALL && hcs_str_starts(r->function, "HcnCreate")
                       ? r->function + strlen("HcnCreate")
                       : NULL;
}

/* The id of a create that leaves it to the settings, or to the service. */
static bool is_no_id(const struct mock_value *v) {
        return v->kind == MOCK_TEXT && strspn(v->text, "0-") == v->len && v->len == 36;
}

/* A document of host networking in a few words; false when it is to be shown as it is. */
static bool print_network(const struct show *s, const struct mock_record *r, struct mock_value *v) {
        _cleanup_buf_ struct hcs_buf words = {0};
        const struct hcs_json *doc;

        if (s->full || !is_networking(r) || v->kind != MOCK_DOCUMENT)
                return false;
        doc = mock_value_tree(v, NULL);
        if (!doc || !network_describe(doc, made_by(r), &words))
                return false;
        putchar(' ');
        print_plain(hcs_buf_cstr(&words));
        return true;
}

static void print_values(const struct show *s, const struct mock_record *r) {
        for (size_t i = 0; i < r->n_args; i++) {
                struct mock_value *v = &r->args[i];

                if (mock_value_is_empty(v) || (v->kind == MOCK_HANDLE && hcs_str_starts(v->text, "operation/")) ||
                    is_no_id(v) || print_network(s, r, v))
                        continue;
                if (v->kind == MOCK_NUMBER)
                        printf(" %s=%llu", v->name, (unsigned long long)v->number);
                else if (v->kind == MOCK_HANDLE) {
                        printf(" %s", colour(COLOUR_BLUE));
                        print_plain(v->text);
                        printf("%s", colour(COLOUR_NONE));
                } else {
                        putchar(' ');
                        print_plain(v->name);
                        putchar('=');
                        print_text(s, v->text, v->len);
                }
        }
}

static void print_code(HRESULT hr) {
        const char *name = hcs_hresult_name(hr);

        printf("%s%s%s0x%08X%s", colour(FAILED(hr) ? COLOUR_RED : COLOUR_GREEN), name ? name : "", name ? " " : "",
               (unsigned)hr, colour(COLOUR_NONE));
}

static void print_process(const struct mock_process_info *p) {
        if (p->present)
                printf(" pid=%u%s%s%s", (unsigned)p->process_id, p->stream[0] ? " stdin" : "",
                       p->stream[1] ? " stdout" : "", p->stream[2] ? " stderr" : "");
}

static void print_stdio(const struct show *s, const struct mock_record *r) {
        static const char *const streams[] = {"stdin", "stdout", "stderr"};

        printf("  ");
        print_plain(r->subject);
        printf(" %s%s%s ", colour(COLOUR_YELLOW), streams[r->stream], colour(COLOUR_NONE));
        if (r->len) {
                _cleanup_buf_ struct hcs_buf quoted = {0};

                hcs_json_print_string(r->data, strnlen(r->data, r->len), HCS_JSON_COMPACT, &quoted);
                print_text(s, quoted.data, quoted.len);
        }
        puts(r->end ? " (end)" : "");
}

/* What a message is about, without the base that all have, unless it is to be shown whole. */
static void print_message(const struct show *s, const struct mock_record *r, struct hcs_json *document) {
        const char *container = hcs_json_get_string(document, "ContainerId");
        _cleanup_free_ char *rest = NULL;

        if (s->full || !hcs_json_is(document, HCS_JSON_OBJECT)) {
                print_text(s, r->data, r->len && r->data[r->len - 1] == '\n' ? r->len - 1 : r->len);
                return;
        }
        if (container && *container) {
                _cleanup_free_ char *start = hcs_strndup(container, strnlen(container, 12));

                print_plain(start);
                printf("%s ", container[strlen(start)] ? ".." : "");
        }
        hcs_json_remove(document, "ContainerId");
        hcs_json_remove(document, "ActivityId");
        rest = hcs_json_text(document, HCS_JSON_COMPACT);
        print_text(s, rest, strlen(rest));
}

static void print_frame(const struct show *s, const struct mock_record *r) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        _cleanup_json_ struct hcs_json *document = NULL;
        int64_t result = 0;

        printf("  ");
        print_plain(r->subject);
        printf(" %s %s", r->from_guest ? "<-" : "->", colour(COLOUR_BLUE));
        print_plain(r->function);
        printf("%s #%llu ", colour(COLOUR_NONE), (unsigned long long)r->n);
        if (r->broken) {
                printf("%sno whole frame, %zu bytes%s\n", colour(COLOUR_RED), r->len, colour(COLOUR_NONE));
                return;
        }
        hcs_json_parse(r->data, r->len, &lax, &document, NULL); /* none is fine */
        if (r->from_guest && hcs_json_i64(hcs_json_get_nocase(document, "Result"), &result) && result) {
                print_code((HRESULT)result);
                putchar(' ');
        }
        print_message(s, r, document);
        putchar('\n');
}

/* What an importer has done to a part of the record. */
static void print_repairs(const struct mock_record *r) {
        for (const struct hcs_json *m = hcs_json_first(hcs_json_get(r->extra, "repaired")); m; m = hcs_json_next(m)) {
                printf("              %srepaired: ", colour(COLOUR_YELLOW));
                print_plain(hcs_json_key(m));
                printf(": ");
                print_plain(hcs_json_string(m));
                printf("%s\n", colour(COLOUR_NONE));
        }
}

static void print_record(struct show *s, const struct mock_record *r) {
        print_time(r->t);
        switch (r->kind) {
        case MOCK_RECORD_CALL:
                printf("%u %s", (unsigned)r->thread, colour(COLOUR_BLUE));
                print_plain(r->function);
                printf("%s", colour(COLOUR_NONE));
                print_values(s, r);
                putchar('\n');
                break;
        case MOCK_RECORD_RETURN:
                printf("  -> ");
                print_code(r->hr);
                printf("%s", r->pending ? " (pending)" : "");
                print_process(&r->process);
                print_values(s, r);
                putchar('\n');
                break;
        case MOCK_RECORD_COMPLETE:
                printf("  ");
                print_plain(r->subject);
                printf(" complete ");
                print_code(r->hr);
                print_process(&r->process);
                if (!mock_value_is_empty(&r->result)) {
                        putchar(' ');
                        print_text(s, r->result.text, r->result.len);
                }
                putchar('\n');
                break;
        case MOCK_RECORD_EVENT:
                printf("  ");
                print_plain(r->subject);
                printf(" %s", colour(COLOUR_YELLOW));
                print_plain(r->event);
                printf("%s ", colour(COLOUR_NONE));
                if (FAILED(r->hr))
                        print_code(r->hr);
                if (!mock_value_is_empty(&r->result))
                        print_text(s, r->result.text, r->result.len);
                putchar('\n');
                break;
        case MOCK_RECORD_STDIO:
                print_stdio(s, r);
                break;
        case MOCK_RECORD_FRAME:
                print_frame(s, r);
                break;
        default:
                puts("(a record of a kind this version does not know)");
        }
}

static void print_json(const struct mock_record *r) {
        _cleanup_buf_ struct hcs_buf line = {0};

        mock_record_print(r, &line);
        fwrite(line.data, 1, line.len, stdout);
}

/* Numbers of the calls that were left out: their returns are left out too. Calls overlap little, a ring is enough. */
#define HIDDEN 1024
static uint64_t hidden[HIDDEN];

static bool is_shown(const struct show *s, const struct mock_record *r) {
        if (r->kind == MOCK_RECORD_CALL && ((!s->all && is_plumbing(r)) || !concerns(r, s->handle))) {
                hidden[r->n % HIDDEN] = r->n;
                return false;
        }
        if (r->kind == MOCK_RECORD_RETURN)
                return hidden[r->n % HIDDEN] != r->n;
        return r->kind == MOCK_RECORD_CALL || concerns(r, s->handle);
}

static void count(struct show *s, const struct mock_record *r) {
        s->calls += r->kind == MOCK_RECORD_CALL;
        s->failures += r->kind == MOCK_RECORD_RETURN && FAILED(r->hr);
        s->events += r->kind == MOCK_RECORD_EVENT;
        s->frames += r->kind == MOCK_RECORD_FRAME;
}

static int show_trace(struct show *s, const char *path) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        struct hcs_error *err = NULL;
        HRESULT hr = mock_trace_reader_open(path, &reader, &err);

        if (FAILED(hr))
                return tell_error("show", err);
        if (!s->json) {
                _cleanup_free_ char *header = hcs_json_text(mock_trace_reader_header(reader), HCS_JSON_COMPACT);

                printf("%s", colour(COLOUR_FAINT));
                print_plain(header);
                printf("%s\n", colour(COLOUR_NONE));
        }
        for (;;) {
                struct mock_record r;

                hr = mock_trace_reader_next(reader, &r, &err);
                if (hr != S_OK)
                        break;
                count(s, &r);
                if (is_shown(s, &r)) {
                        s->shown++;
                        if (s->json)
                                print_json(&r);
                        else
                                print_record(s, &r);
                        if (!s->json)
                                print_repairs(&r);
                }
                mock_record_deinit(&r);
        }
        if (SUCCEEDED(hr) && s->handle && !s->shown)
                hr = hcs_error_make(&err, E_INVALIDARG, "%s: nothing is said of %s in it", path, s->handle);
        if (FAILED(hr))
                return tell_error("show", err);
        if (!s->json)
                printf("%llu calls, %llu failed, %llu events", s->calls, s->failures, s->events);
        if (!s->json && s->frames)
                printf(", %llu frames", s->frames);
        if (!s->json)
                putchar('\n');
        return EXIT_OK;
}

static int show_page(const struct show *s, const char *path) {
        FILE *out = s->output ? fopen(s->output, "we") : stdout;
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (!out) {
                hcs_error_errno(&err, errno, "open `%s`", s->output);
                return tell_error("show", err);
        }
        hr = page_write(out, path, s->against, &err);
        if (s->output && fclose(out) && SUCCEEDED(hr))
                hr = hcs_error_errno(&err, errno, "write `%s`", s->output);
        if (SUCCEEDED(hr))
                return EXIT_OK;
        if (s->output && (out = fopen(s->output, "we"))) /* half a page is none; what is no file stays what it is */
                fclose(out);
        return tell_error("show", err);
}

int cmd_show(int argc, char **argv) {
        static const struct option options[] = {{"handle", required_argument, NULL, 'H'},
                                                {"all", no_argument, NULL, 'a'},
                                                {"full", no_argument, NULL, 'f'},
                                                {"json", no_argument, NULL, 'j'},
                                                {"html", no_argument, NULL, 'p'},
                                                {"against", required_argument, NULL, 'g'},
                                                {"output", required_argument, NULL, 'o'},
                                                {"help", no_argument, NULL, 'h'},
                                                {0}};
        struct show s = {0};
        enum mock_handle_kind kind;
        uint32_t number;
        int c;

        while ((c = next_option(argc, argv, "o:h", options, NULL)) != -1)
                switch (c) {
                case 'p':
                        s.html = true;
                        break;
                case 'g':
                        s.against = optarg;
                        break;
                case 'o':
                        s.output = optarg;
                        break;
                case 'H':
                        s.handle = optarg;
                        if (!mock_handle_symbol_parse(optarg, &kind, &number))
                                return tell_usage("show", "--handle %s: a handle like system/1 is expected", optarg);
                        break;
                case 'a':
                        s.all = true;
                        break;
                case 'f':
                        s.full = true;
                        break;
                case 'j':
                        s.json = s.all = true;
                        break;
                default:
                        return end_of_options("show", c, usage);
                }
        if (optind + 1 != argc)
                return tell_usage("show", "one TRACE is needed");
        if (s.html && (s.json || s.handle || s.full || s.all))
                return tell_usage("show",
                                  "a page shows everything: --html goes with none of --handle, --all, --full, --json");
        if (!s.html && (s.against || s.output))
                return tell_usage("show", "--against and -o go with --html");
        if (s.against && (hcs_streq(s.against, "-") || hcs_streq(argv[optind], "-")))
                return tell_usage("show", "two traces are read from files");
        if (s.output && (hcs_path_is_same_file(s.output, argv[optind]) ||
                         (s.against && hcs_path_is_same_file(s.output, s.against))))
                return tell_usage("show", "-o %s: the page cannot go where a trace is", s.output);
        if (s.html)
                return show_page(&s, argv[optind]);
        return show_trace(&s, argv[optind]);
}
