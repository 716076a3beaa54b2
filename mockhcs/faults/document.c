/* SPDX-License-Identifier: MIT */

/* Answers with a member less or in another order; see document.h. */

#include "mockhcs/faults/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

uint64_t fault_next(uint64_t *state) {
        uint64_t z = *state += 0x9e3779b97f4a7c15u;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
}

static void set_tree(struct mock_value *v, const struct hcs_json *tree) {
        const char *name = v->name;
        char *text = hcs_json_text(tree, HCS_JSON_COMPACT);

        mock_value_deinit(v);
        mock_value_set_document(v, name, text);
}

static size_t count_members(const struct hcs_json *j) {
        size_t n = 0;

        for (const struct hcs_json *m = hcs_json_first(j); m; m = hcs_json_next(m))
                n += (hcs_json_is(j, HCS_JSON_OBJECT) ? 1 : 0) + count_members(m);
        return n;
}

/* The member that is number *left in the order of the text; its parent too. */
static struct hcs_json *member_at(struct hcs_json *j, size_t *left, struct hcs_json **ret_parent) {
        for (struct hcs_json *m = hcs_json_first(j); m; m = hcs_json_next(m)) {
                struct hcs_json *found;

                if (hcs_json_is(j, HCS_JSON_OBJECT) && (*left)-- == 0) {
                        *ret_parent = j;
                        return m;
                }
                found = member_at(m, left, ret_parent);
                if (found)
                        return found;
        }
        return NULL;
}

static struct hcs_json *parent_of(struct hcs_json *root, const char *path) {
        const char *dot = strrchr(path, '.');
        _cleanup_free_ char *above = dot ? hcs_strndup(path, (size_t)(dot - path)) : hcs_strdup("");

        return hcs_json_lookup(root, above);
}

bool fault_omit(struct mock_value *document, const char *path, uint64_t chance) {
        struct hcs_json *tree = mock_value_tree(document, NULL), *parent = NULL, *member = NULL;
        _cleanup_json_ struct hcs_json *copy = NULL;

        if (!tree)
                return false;
        copy = hcs_json_copy(tree);
        if (path) {
                parent = parent_of(copy, path);
                member = hcs_json_lookup(copy, path);
        } else {
                size_t n = count_members(copy), which = n ? (size_t)(chance % n) : 0;

                member = n ? member_at(copy, &which, &parent) : NULL;
        }
        if (!member || !parent)
                return false;
        hcs_json_free(hcs_json_detach(parent, member));
        set_tree(document, copy);
        return true;
}

static void shuffle(struct hcs_json *j, uint64_t *state) {
        size_t n = hcs_json_count(j);
        struct hcs_json **members;

        for (struct hcs_json *m = hcs_json_first(j); m; m = hcs_json_next(m))
                shuffle(m, state);
        if (!hcs_json_is(j, HCS_JSON_OBJECT) || n < 2)
                return;
        members = hcs_calloc(n, sizeof(struct hcs_json *));
        for (size_t i = 0; i < n; i++)
                members[i] = hcs_json_detach(j, hcs_json_first(j));
        for (size_t i = n; i-- > 0;) {
                size_t k = (size_t)(fault_next(state) % (i + 1));
                _cleanup_free_ char *key = hcs_strdup(hcs_json_key(members[k]));

                hcs_json_set(j, key, members[k]);
                members[k] = members[i];
        }
        free(members);
}

void fault_shuffle(struct mock_value *document, uint64_t chance) {
        struct hcs_json *tree = mock_value_tree(document, NULL);
        _cleanup_json_ struct hcs_json *copy = NULL;

        if (!tree)
                return;
        copy = hcs_json_copy(tree);
        shuffle(copy, &chance);
        set_tree(document, copy);
}
