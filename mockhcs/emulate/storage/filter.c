/* SPDX-License-Identifier: MIT */

/*
 * Filters: what makes a scratch and the layers below look like one. PrepareLayer and HcsAttachLayerStorageFilter attach
 * the same one (WCIFS), the overlay filter is another (UnionFS). Remembered, nothing is filtered.
 */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/storage/storage.h"

/* A volume and the folder of its layer are the same place here. */
static void to_layer(const struct storage *s, char *place) {
        for (const struct storage_volume *v = s->volumes; v; v = v->next) {
                size_t n = strlen(v->folder);

                if (strncmp(place, v->folder, n) == 0 && hcs_streq(place + n, "/" SANDBOX_FILES))
                        place[n] = '\0';
        }
}

struct storage_filter *storage_filter_of(struct storage *s, const char *folder, bool overlay) {
        struct storage_filter *f = s->filters;

        while (f && !(f->overlay == overlay && hcs_path_is_same(f->on, folder)))
                f = f->next;
        return f;
}

void storage_filter_add(struct storage *s, const char *folder, bool overlay, struct storage_parents *parents) {
        struct storage_filter *f = hcs_calloc(1, sizeof(*f));

        *f = (struct storage_filter){.next = s->filters,
                                     .on = hcs_strdup(folder),
                                     .overlay = overlay,
                                     .parents = steal_pointer(&parents->items),
                                     .n_parents = parents->n};
        parents->n = 0;
        s->filters = f;
}

void storage_filter_remove(struct storage *s, struct storage_filter *f) {
        struct storage_parents parents = {f->parents, f->n_parents};
        struct storage_filter **at = &s->filters;

        while (*at != f)
                at = &(*at)->next;
        *at = f->next;
        storage_parents_free(&parents);
        free(f->on);
        free(f);
}

void storage_filters_drop(struct storage *s, const char *folder) {
        struct storage_filter *f;

        while ((f = storage_filter_of(s, folder, false)) || (f = storage_filter_of(s, folder, true)))
                storage_filter_remove(s, f);
}

bool storage_is_below_filter(const struct storage *s, const char *folder) {
        for (const struct storage_filter *f = s->filters; f; f = f->next)
                for (size_t i = 0; i < f->n_parents; i++)
                        if (hcs_path_is_same(f->parents[i], folder))
                                return true;
        return false;
}

static bool is_overlay(const struct mock_call *call) {
        return call->function->verb == MOCK_STORAGE_ATTACH_OVERLAY ||
               call->function->verb == MOCK_STORAGE_DETACH_OVERLAY;
}

/* The folder that the call is about; NULL after it was refused. */
static char *target(struct storage *s, struct mock_call *call) {
        char *place = storage_place(s, call, is_overlay(call) ? "mount" : "path");

        if (place)
                to_layer(s, place);
        if (!place || hcs_file_is_directory(place))
                return place;
        refuse(call, STORAGE_PATH_NOT_FOUND, "there is no folder \"%s\"", place);
        free(place);
        return NULL;
}

void filter_attach(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = target(s, call);
        bool overlay = is_overlay(call);
        struct storage_parents parents;
        const char *type;

        if (!folder || !storage_parents(s, call, true, &parents))
                return;
        if (storage_is_among(&parents, folder))
                refuse(call, E_INVALIDARG, "the layer \"%s\" cannot stand on itself", folder);
        type = hcs_json_get_string(mock_value_tree(mock_call_arg(call, "layerData"), NULL), "FilterType");
        if (!call->completed && overlay && !hcs_streq(type, "UnionFS"))
                refuse_path(call, "FilterType", "UnionFS is expected");
        else if (!call->completed && storage_filter_of(s, folder, overlay))
                refuse(call, STORAGE_FILTER_THERE, "there is a filter on \"%s\" already", folder);
        else if (!call->completed)
                storage_filter_add(s, folder, overlay, &parents);
        if (!call->completed)
                mock_call_done(call, NULL);
        storage_parents_free(&parents);
}

void filter_detach(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = target(s, call);
        struct storage_filter *f = folder ? storage_filter_of(s, folder, is_overlay(call)) : NULL;

        if (f) {
                storage_filter_remove(s, f);
                mock_call_done(call, NULL);
        } else if (folder) {
                refuse(call, STORAGE_NO_FILTER, "there is no filter on \"%s\"", folder);
        }
}
