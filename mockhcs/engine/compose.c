/* SPDX-License-Identifier: MIT */

/*
 * The composition string: "speed=0,record=run.trace,redact=no,emulate". It is cut into elements, elements are sorted
 * into engine options and layers, then the layers are opened from the innermost outwards. The grammar is in
 * mockhcs/mockhcs.h.
 */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/engine/element.h"
#include "mockhcs/engine/engine.h"

#define MAX_LAYERS 8

/* The kinds of layers; a new one is one row here. */
static const struct mock_backend_kind *const kinds[] = {
        &mock_emulate_kind, &mock_faults_kind, &mock_record_kind, &mock_remote_kind, &mock_replay_kind,
};

struct layer {
        const struct mock_backend_kind *kind;
        struct mock_options options;
};

struct composition {
        char *text; /* the cut-up copy that everything points into */
        struct layer layers[MAX_LAYERS];
        size_t n;
};

static const struct mock_backend_kind *find_kind(const char *name) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(kinds); i++)
                if (hcs_streq(kinds[i]->name, name))
                        return kinds[i];
        return NULL;
}

static bool known_key(const struct mock_backend_kind *kind, const char *key) {
        for (const char *const *k = kind->keys; k && *k; k++)
                if (hcs_streq(*k, key))
                        return true;
        return false;
}

static bool parse_bool(const char *value, bool *ret) {
        bool yes = hcs_strcaseeq(value, "yes") || hcs_strcaseeq(value, "true") || hcs_streq(value, "1");

        if (!yes && !hcs_strcaseeq(value, "no") && !hcs_strcaseeq(value, "false") && !hcs_streq(value, "0"))
                return false;
        *ret = yes;
        return true;
}

static HRESULT engine_option(struct mock_engine *e, const char *key, const char *value, struct hcs_error **err) {
        if (hcs_streq(key, "speed")) {
                char *end;

                e->speed = strtod(value, &end);
                if (!*value || *end || e->speed < 0 || e->speed > 1e6)
                        return hcs_error_make(err, E_INVALIDARG,
                                              "speed=%s: expected a number from 0 (at once) to 1000000", value);
                return S_OK;
        }
        if (hcs_streq(key, "pending") || hcs_streq(key, "leaks")) {
                bool *flag = *key == 'p' ? &e->v1_pending : &e->report_leaks;

                return parse_bool(value, flag)
                               ? S_OK
                               : hcs_error_make(err, E_INVALIDARG, "%s=%s: expected yes or no", key, value);
        }
        return hcs_error_make(err, E_INVALIDARG,
                              "\"%s\" is neither a layer (emulate, record=FILE, replay=FILE, faults=RULES, "
                              "remote=SOCKET) nor an engine option "
                              "(speed, pending, leaks)",
                              key);
}

static HRESULT add_layer(struct composition *c, const struct mock_backend_kind *kind, const char *argument,
                         struct hcs_error **err) {
        if (c->n && !c->layers[c->n - 1].kind->decorator)
                return hcs_error_make(err, E_INVALIDARG, "%s: nothing can stand behind %s, which answers every call",
                                      kind->name, c->layers[c->n - 1].kind->name);
        if (c->n == MAX_LAYERS)
                return hcs_error_make(err, E_INVALIDARG, "%s: more than %d layers", kind->name, MAX_LAYERS);
        if (kind->needs_argument && !*argument)
                return hcs_error_make(err, E_INVALIDARG, "%s needs an argument: %s=...", kind->name, kind->name);
        if (!kind->needs_argument && *argument)
                return hcs_error_make(err, E_INVALIDARG, "%s takes no argument, got \"%s\"", kind->name, argument);
        c->layers[c->n].kind = kind;
        c->layers[c->n++].options.argument = argument;
        return S_OK;
}

static HRESULT add_option(struct layer *l, const char *key, const char *value, struct hcs_error **err) {
        if (!known_key(l->kind, key))
                return hcs_error_make(err, E_INVALIDARG, "\"%s\" is neither a layer nor an option of %s", key,
                                      l->kind->name);
        if (l->options.n_pairs == HCS_ARRAY_SIZE(l->options.pairs))
                return hcs_error_make(err, E_INVALIDARG, "%s: too many options", l->kind->name);
        l->options.pairs[l->options.n_pairs].key = key;
        l->options.pairs[l->options.n_pairs++].value = value;
        return S_OK;
}

static HRESULT parse(struct mock_engine *e, struct composition *c, const char *spec, struct hcs_error **err) {
        char *at = c->text = hcs_strdup(spec), *element;
        HRESULT hr = S_OK;

        while (SUCCEEDED(hr) && (element = mock_element_next(&at))) {
                size_t n = strcspn(element, "=:");
                char *value = element[n] ? element + n + 1 : element + n;
                char separator = element[n];
                const struct mock_backend_kind *kind;

                if (!*element)
                        continue;
                element[n] = '\0';
                kind = find_kind(element);
                if (kind)
                        hr = add_layer(c, kind, value, err);
                else if (separator == ':')
                        hr = hcs_error_make(err, E_INVALIDARG, "no layer is called \"%s\"", element);
                else if (c->n)
                        hr = add_option(&c->layers[c->n - 1], element, value, err);
                else
                        hr = engine_option(e, element, value, err);
        }
        if (SUCCEEDED(hr) && c->n == 0)
                hr = add_layer(c, &mock_emulate_kind, "", err);
        if (SUCCEEDED(hr) && c->layers[c->n - 1].kind->decorator)
                hr = hcs_error_make(err, E_INVALIDARG,
                                    "nothing answers the calls behind %s: add emulate, replay=FILE or remote=SOCKET",
                                    c->layers[c->n - 1].kind->name);
        return hr;
}

/* A layer is given the sink of the layer above, which for the outermost is the engine. A decorator is its own sink: it
 * redirects the layer below when it is opened. */
static HRESULT open_layers(struct mock_engine *e, struct composition *c, struct hcs_error **err) {
        struct mock_backend *below = NULL;

        for (size_t i = c->n; i-- > 0;) {
                struct mock_backend *b = NULL;
                HRESULT hr = c->layers[i].kind->open(e, &e->sink, &c->layers[i].options, below, &b, err);

                if (FAILED(hr)) {
                        mock_backend_free(below);
                        return hr;
                }
                below = b;
        }
        e->top = below;
        return S_OK;
}

HRESULT mock_compose(struct mock_engine *e, const char *spec, struct hcs_error **err) {
        struct mock_dispatcher_pipes pipes = mock_stdio_pipes(e);
        struct composition c = {0};
        HRESULT hr;

        hr = parse(e, &c, spec, err);
        if (SUCCEEDED(hr))
                hr = mock_dispatcher_new(e->speed, &pipes, &e->dispatcher, err);
        if (SUCCEEDED(hr))
                hr = open_layers(e, &c, err);
        free(c.text);
        if (FAILED(hr))
                hcs_error_wrap(err, "MOCKHCS \"%s\"", spec);
        return hr;
}
