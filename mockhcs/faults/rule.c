/* SPDX-License-Identifier: MIT */

/* Reading rules; see rule.h for how they are written. */

#include "mockhcs/faults/rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define CALLS  (1u << FAULT_ON_CALL)
#define EVENTS (1u << FAULT_ON_EVENT)
#define FRAMES (1u << FAULT_ON_FRAME)

static const struct {
        const char *name;
        enum { NOTHING, TIME, CODE, PATH, BYTES } wants;
        unsigned on; /* what it can be done to */
} actions[FAULT_TYPES] = {
        [FAULT_DELAY] = {"delay", TIME, CALLS | EVENTS | FRAMES},
        [FAULT_NEVER] = {"never", NOTHING, CALLS | EVENTS | FRAMES},
        [FAULT_LATE] = {"late", NOTHING, CALLS | EVENTS},
        [FAULT_EARLY] = {"early", NOTHING, CALLS},
        [FAULT_SLOW] = {"slow", TIME, CALLS},
        [FAULT_FAIL] = {"fail", CODE, CALLS | FRAMES},
        [FAULT_COMPLETE] = {"complete", CODE, CALLS},
        [FAULT_DUPLICATE] = {"duplicate", NOTHING, CALLS | EVENTS | FRAMES},
        [FAULT_REORDER] = {"reorder", NOTHING, CALLS | EVENTS | FRAMES},
        [FAULT_STOPPED] = {"stopped", NOTHING, CALLS},
        [FAULT_EXIT] = {"exit", NOTHING, CALLS | FRAMES},
        [FAULT_DISCONNECT] = {"disconnect", TIME, CALLS},
        [FAULT_HANG] = {"hang", NOTHING, CALLS | FRAMES},
        [FAULT_OMIT] = {"omit", PATH, CALLS | FRAMES},
        [FAULT_SHUFFLE] = {"shuffle", NOTHING, CALLS | FRAMES},
        [FAULT_STALE] = {"stale", NOTHING, CALLS},
        [FAULT_CUT] = {"cut", BYTES, FRAMES},
        [FAULT_CORRUPT] = {"corrupt", BYTES, FRAMES},
};

bool fault_glob(const char *pattern, const char *text) {
        const char *star = NULL, *retry = NULL;

        while (*text) {
                if (*pattern == '*') {
                        star = ++pattern;
                        retry = text;
                } else if (*pattern == '?' || *pattern == *text) {
                        pattern++;
                        text++;
                } else if (star) {
                        pattern = star;
                        text = ++retry;
                } else {
                        return false;
                }
        }
        while (*pattern == '*')
                pattern++;
        return *pattern == '\0';
}

static HRESULT no_word(struct hcs_error **err, const struct fault_rule *r, const char *word, const char *expected) {
        return hcs_error_make(err, E_INVALIDARG, "rule `%s': `%s': %s", r->text, word, expected);
}

static HRESULT parse_range(struct fault_rule *r, char *text, struct hcs_error **err) {
        char *dots = strstr(text, "..");
        bool ok;

        if (dots)
                *dots = '\0';
        ok = hcs_str_to_u64(text, &r->from) && r->from > 0;
        r->to = r->from;
        if (ok && dots) {
                r->to = UINT64_MAX;
                ok = !dots[2] || (hcs_str_to_u64(dots + 2, &r->to) && r->to >= r->from);
        }
        return ok ? S_OK : no_word(err, r, text, "#N, #N..M or #N.. is expected, with numbers from 1 on");
}

/* P, P:W or :W */
static HRESULT parse_chance(struct fault_rule *r, const char *text, struct hcs_error **err) {
        char *end = (char *)(uintptr_t)text;
        bool ok = true;

        if (*text != ':') {
                r->probability = strtod(text, &end);
                ok = end != text && r->probability >= 0 && r->probability <= 1;
        }
        if (ok && *end == ':') {
                const char *weight = end + 1;

                r->weight = strtod(weight, &end);
                ok = end != weight && r->weight > 0 && r->weight <= 1e9;
        }
        return ok && *text && !*end ? S_OK
                                    : no_word(err, r, text,
                                              "a probability from 0 to 1 is expected, and behind `:' maybe a weight "
                                              "above 0");
}

static HRESULT parse_suffix(struct fault_rule *r, char mark, char *text, struct hcs_error **err) {
        char *equals;

        switch (mark) {
        case '@':
                free(r->object);
                r->object = hcs_strdup(text);
                return *text ? S_OK : no_word(err, r, "@", "a handle or an id is expected behind it");
        case '#':
                return parse_range(r, text, err);
        case '%':
                return parse_chance(r, text, err);
        default:
                equals = strchr(text, '=');
                if (equals)
                        *equals = '\0';
                free(r->path);
                free(r->value);
                r->path = hcs_strdup(text);
                r->value = equals ? hcs_strdup(equals + 1) : NULL;
                return *text ? S_OK : no_word(err, r, "[]", "an argument and maybe a path in it is expected");
        }
}

/* Where a suffix ends: a bracket at its partner, anything else at the next mark. */
static size_t suffix_length(const char *text) {
        if (*text == '[')
                return strcspn(text, "]");
        return 1 + strcspn(text + 1, "@#[%");
}

static HRESULT parse_where(struct fault_rule *r, char *word, struct hcs_error **err) {
        char *at;

        r->probability = 1;
        if (hcs_str_starts(word, "event:")) {
                r->on = FAULT_ON_EVENT;
                word += strlen("event:");
        } else if (hcs_str_starts(word, "frame:")) {
                r->on = FAULT_ON_FRAME;
                word += strlen("frame:");
        }
        at = word + strcspn(word, "@#[%");
        r->name = hcs_strndup(word, (size_t)(at - word));
        if (!*r->name)
                return no_word(err, r, word, "the name of a function, event or frame is expected, maybe with `*'");
        while (*at) {
                size_t n = suffix_length(at);
                _cleanup_free_ char *text = hcs_strndup(at + 1, n - 1);
                HRESULT hr;

                if (*at == '[' && at[n] != ']')
                        return no_word(err, r, at, "`]' is missing");
                hr = parse_suffix(r, *at, text, err);
                if (FAILED(hr))
                        return hr;
                at += n + (*at == '[');
                if (*at && !strchr("@#[%", *at))
                        return no_word(err, r, at, "@, #, [ or % is expected");
        }
        return S_OK;
}

/* The same for a rule that only has another number or probability, so that it draws what the first one drew. */
static void add_to_hash(struct fault_rule *r, const char *text) {
        for (; text && *text; text++)
                r->hash = (r->hash ^ (unsigned char)*text) * 0x100000001b3u;
        r->hash = (r->hash ^ 0xff) * 0x100000001b3u;
}

static HRESULT parse_action(struct fault_rule *r, char *word, struct hcs_error **err) {
        struct fault_action *a = &r->actions[r->n_actions];
        char *value = strchr(word, '=');
        size_t type = 0;
        bool ok = true;

        add_to_hash(r, word);
        if (value)
                *value++ = '\0';
        while (type < FAULT_TYPES && !hcs_streq(actions[type].name, word))
                type++;
        if (type == FAULT_TYPES)
                return no_word(err, r, word,
                               "delay, never, late, early, slow, fail, complete, duplicate, reorder, stopped, exit, "
                               "disconnect, hang, omit, shuffle, stale, cut or corrupt is expected");
        if (!(actions[type].on & 1u << r->on)) {
                static const char *const cannot[] = {"that cannot be done to a call", "that cannot be done to an event",
                                                     "that cannot be done to a frame"};

                return no_word(err, r, word, cannot[r->on]);
        }
        if (r->n_actions == FAULT_MAX_ACTIONS)
                return no_word(err, r, word, "a rule has at most four actions");
        a->type = (enum fault_type)type;
        switch (actions[type].wants) {
        case TIME:
                ok = value && fault_delay_parse(value, &a->delay);
                break;
        case CODE:
                ok = value && hcs_hresult_parse(value, &a->hr) && FAILED(a->hr);
                break;
        case BYTES:
                a->drawn = !value;
                ok = !value || (hcs_str_to_u64(value, &a->number) && a->number <= UINT32_MAX);
                break;
        case PATH:
                a->path = value ? hcs_strdup(value) : NULL;
                ok = !value || *value;
                break;
        default:
                ok = !value;
        }
        if (!ok) {
                static const char *const expected[] = {[NOTHING] = "it takes no value",
                                                       [TIME] = "a time is expected, as in delay=500ms",
                                                       [CODE] = "the name or number of a failure is expected",
                                                       [PATH] = "a path is expected",
                                                       [BYTES] = "a number of bytes is expected"};

                return no_word(err, r, value ? value : word, expected[actions[type].wants]);
        }
        r->n_actions++;
        return S_OK;
}

static char *next_word(char **at) {
        char *start = *at + strspn(*at, " \t\n"), *end = start;
        bool inside = false; /* brackets may hold blanks */

        while (*end && (inside || !strchr(" \t\n", *end))) {
                inside = (inside || *end == '[') && *end != ']';
                end++;
        }
        *at = *end ? end + 1 : end;
        *end = '\0';
        return *start ? start : NULL;
}

static HRESULT parse_rule(const char *text, size_t n, struct fault_rule *r, struct hcs_error **err) {
        _cleanup_free_ char *copy = hcs_strndup(text, n);
        char *at = copy, *word;
        HRESULT hr;

        r->text = hcs_strdup(copy);
        word = next_word(&at);
        hr = word ? parse_where(r, word, err) : no_word(err, r, "", "a rule is expected");
        add_to_hash(r, r->name);
        add_to_hash(r, r->object);
        add_to_hash(r, r->path);
        add_to_hash(r, r->value);
        while (SUCCEEDED(hr) && (word = next_word(&at)))
                hr = parse_action(r, word, err);
        if (SUCCEEDED(hr) && r->n_actions == 0)
                hr = no_word(err, r, r->name, "an action is expected behind it");
        return hr;
}

static struct fault_rule *add_rule(struct fault_rules *r) {
        r->rules = hcs_realloc(r->rules, (r->n + 1) * sizeof(*r->rules));
        memset(&r->rules[r->n], 0, sizeof(*r->rules));
        return &r->rules[r->n++];
}

static HRESULT done(HRESULT hr, struct fault_rules *r, struct fault_rules *ret) {
        if (SUCCEEDED(hr))
                *ret = *r;
        else
                fault_rules_deinit(r);
        return hr;
}

HRESULT fault_rules_parse(const char *text, struct fault_rules *ret, struct hcs_error **err) {
        struct fault_rules r = {0};
        HRESULT hr = S_OK;

        while (SUCCEEDED(hr) && *text) {
                size_t n = strcspn(text, ";");

                if (strspn(text, " \t\n") < n)
                        hr = parse_rule(text, n, add_rule(&r), err);
                text += n + (text[n] == ';');
        }
        return done(hr, &r, ret);
}

HRESULT fault_rules_parse_json(const struct hcs_json *array, struct fault_rules *ret, struct hcs_error **err) {
        struct fault_rules r = {0};
        HRESULT hr = S_OK;
        size_t i = 0;

        if (!hcs_json_is(array, HCS_JSON_ARRAY))
                return hcs_error_make(err, E_INVALIDARG, "$: an array of rules is expected");
        for (const struct hcs_json *j = hcs_json_first(array); SUCCEEDED(hr) && j; j = hcs_json_next(j), i++) {
                const char *line = hcs_json_string(hcs_json_is(j, HCS_JSON_OBJECT) ? hcs_json_get(j, "rule") : j);
                const struct hcs_json *document = hcs_json_get(j, "document");
                struct fault_rule *rule;

                if (!line) {
                        hr = hcs_error_make(err, E_INVALIDARG,
                                            "$[%zu]: a rule, or an object with \"rule\", is expected", i);
                        continue;
                }
                rule = add_rule(&r);
                hr = parse_rule(line, strlen(line), rule, err);
                if (SUCCEEDED(hr) && document)
                        rule->document = hcs_json_text(document, HCS_JSON_COMPACT);
                else if (FAILED(hr))
                        hcs_error_wrap(err, "$[%zu]", i);
        }
        return done(hr, &r, ret);
}

HRESULT fault_rules_check(const struct fault_rules *r, bool on_bridge, struct hcs_error **err) {
        for (size_t i = 0; i < r->n; i++)
                if ((r->rules[i].on == FAULT_ON_FRAME) != on_bridge)
                        return hcs_error_make(err, E_INVALIDARG, "rule `%s': %s", r->rules[i].text,
                                              on_bridge ? "a bridge knows frames only" : "only bridges know frames");
        return S_OK;
}

void fault_rules_deinit(struct fault_rules *r) {
        for (size_t i = 0; i < r->n; i++) {
                struct fault_rule *rule = &r->rules[i];

                for (size_t k = 0; k < FAULT_MAX_ACTIONS; k++)
                        free(rule->actions[k].path);
                free(rule->text);
                free(rule->name);
                free(rule->object);
                free(rule->path);
                free(rule->value);
                free(rule->document);
        }
        free(r->rules);
        *r = (struct fault_rules){0};
}

const struct fault_action *fault_rule_action(const struct fault_rule *r, enum fault_type type) {
        for (size_t i = 0; i < r->n_actions; i++)
                if (r->actions[i].type == type)
                        return &r->actions[i];
        return NULL;
}
