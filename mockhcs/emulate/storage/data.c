/* SPDX-License-Identifier: MIT */

/*
 * What calls say of the layers below: vmcompute's descriptors and computestorage's LayerData, both as folders, topmost
 * first. hcsshim gives the direct parent first; what is named has to be there.
 */

#include <stdlib.h>

#include "base/str.h"
#include "mockhcs/emulate/storage/storage.h"

void storage_parents_free(struct storage_parents *p) {
        for (size_t i = 0; i < p->n; i++)
                free(p->items[i]);
        free(p->items);
        *p = (struct storage_parents){0};
}

/* The array of layers of the call; NULL for none, or after the call was refused. */
static const struct hcs_json *layers_of(struct storage *s, struct mock_call *call) {
        struct mock_value *descriptors = mock_call_arg(call, "layers");
        const struct hcs_json *doc;

        if (descriptors)
                return mock_value_tree(descriptors, NULL);
        if (!mock_call_arg(call, "layerData"))
                return NULL;
        doc = document_of(call, "layerData", false);
        if (!doc || !document_fits(s->em, call, HCS_SCHEMA_LAYER_DATA, doc))
                return NULL;
        return hcs_json_get(doc, "Layers");
}

bool storage_is_among(const struct storage_parents *p, const char *folder) {
        for (size_t i = 0; i < p->n; i++)
                if (hcs_path_is_same(p->items[i], folder))
                        return true;
        return false;
}

bool storage_parents(struct storage *s, struct mock_call *call, bool needed, struct storage_parents *ret) {
        const struct hcs_json *layers = layers_of(s, call);
        struct storage_parents p = {0};

        if (call->completed)
                return false;
        p.items = hcs_calloc(hcs_json_count(layers) + 1, sizeof(*p.items));
        for (const struct hcs_json *l = hcs_json_first(layers); l && !call->completed; l = hcs_json_next(l)) {
                const char *path = hcs_json_get_string(l, "Path");
                char *folder = storage_place_of(s, call, path ? path : "");

                if (!folder)
                        break;
                if (storage_is_among(&p, folder))
                        refuse(call, E_INVALIDARG, "the layer \"%s\" is named twice", path);
                p.items[p.n++] = folder;
                if (!call->completed && !hcs_file_is_directory(folder))
                        refuse(call, STORAGE_PATH_NOT_FOUND, "there is no layer \"%s\"", path);
        }
        if (!call->completed && needed && p.n == 0)
                refuse(call, E_INVALIDARG, "no parent layer is given");
        if (call->completed) {
                storage_parents_free(&p);
                return false;
        }
        *ret = p;
        return true;
}

const struct hcs_json *storage_options(struct storage *s, struct mock_call *call, enum hcs_schema_type_id type) {
        const struct hcs_json *options = document_of(call, "options", true);

        return options && document_fits(s->em, call, type, options) ? options : NULL;
}
