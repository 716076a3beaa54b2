/* SPDX-License-Identifier: MIT */

/*
 * The ends of containers. A container is listed from before its create is sent until its notification came, so that one
 * which comes early is remembered. The list also keeps those whose object is gone: their notification is no surprise.
 */

#include "base/str.h"
#include "gcs/internal.h"

static void exit_unref(struct gcs_exit *e) {
        if (--e->refs)
                return;
        hcs_cond_deinit(&e->cond);
        free(e->notification);
        free(e->id);
        free(e);
}

/* With the lock held. */
static void unlist(struct hcs_gcs_connection *gc, struct gcs_exit *e) {
        struct gcs_exit **at = &gc->exits;

        if (!e->listed)
                return;
        while (*at != e)
                at = &(*at)->next;
        *at = e->next;
        e->listed = false;
        exit_unref(e);
}

/* With the lock held. A living one before one that is only remembered. */
static struct gcs_exit *find(struct hcs_gcs_connection *gc, const char *id) {
        struct gcs_exit *old = NULL;

        for (struct gcs_exit *e = gc->exits; e; e = e->next) {
                if (!hcs_streq(e->id, id))
                        continue;
                if (!e->released)
                        return e;
                old = e;
        }
        return old;
}

HRESULT gcs_exit_new(struct hcs_gcs_connection *gc, const char *id, struct gcs_exit **ret, struct hcs_error **err) {
        struct gcs_exit *e;
        hcs_guard(&gc->lock);

        e = find(gc, id);
        if (gc->ended)
                return hcs_error_make(err, HCS_E_CONNECTION_CLOSED, "guest connection closed");
        if (e && !e->released)
                return hcs_error_make(err, HCS_E_SYSTEM_ALREADY_EXISTS, "container %s already exists", id);
        e = hcs_calloc(1, sizeof(*e));
        e->refs = 2;
        e->id = hcs_strdup(id);
        e->listed = true;
        hcs_cond_init(&e->cond);
        e->next = gc->exits;
        gc->exits = e;
        *ret = e;
        return S_OK;
}

void gcs_exit_release(struct hcs_gcs_connection *gc, struct gcs_exit *e, bool forget) {
        hcs_guard(&gc->lock);

        e->released = true;
        if (forget)
                unlist(gc, e);
        exit_unref(e);
}

char *gcs_exit_notify(void *connection, const struct hcs_schema_gcs_container_notification *n, const char *body,
                      size_t len) {
        struct hcs_gcs_connection *gc = connection;
        const char *id = n->ContainerId ? n->ContainerId : "";
        struct gcs_exit *e;
        hcs_guard(&gc->lock);

        e = find(gc, id);
        if (!e)
                return hcs_asprintf("container %s not found", id);
        hcs_log(HCS_LOG_INFO, "container terminated in guest", "uvm-id", gc->bridge.name, "cid", id, "type", n->Type,
                NULL);
        e->exited = true;
        e->notification = hcs_strndup(body, len);
        hcs_cond_broadcast(&e->cond);
        unlist(gc, e);
        return NULL;
}

void gcs_exit_bridge_closed(struct hcs_gcs_connection *gc) {
        hcs_guard(&gc->lock);

        gc->ended = true;
        while (gc->exits) {
                struct gcs_exit *e = gc->exits;

                e->exited = true;
                hcs_cond_broadcast(&e->cond);
                unlist(gc, e);
        }
}
