/* SPDX-License-Identifier: MIT */

/* The mapped end of a file, the same on every system; see append_window.h. */

#include "platform/append_window.h"

#include <errno.h>
#include <string.h>

#define FIRST_WINDOW ((size_t)64 << 10) /* what Windows maps at multiples of */
#define MAX_WINDOW   (16 * FIRST_WINDOW)

static int next_window(struct append_window *w, void *file) {
        size_t size = w->size == 0 ? FIRST_WINDOW : w->size < MAX_WINDOW ? 2 * w->size : MAX_WINDOW;
        int why = append_zeros(file, w->allocated, size);
        char *at = NULL;

        if (why)
                return why;
        w->plain = append_map(file, w->allocated, size, &at) != 0;
        if (w->at)
                append_unmap(w->at, w->size);
        w->at = at;
        if (w->plain) {
                append_cut(file, w->allocated);
                return 0;
        }
        w->size = size;
        w->used = 0;
        w->allocated += size;
        return 0;
}

int append_window_write(struct append_window *w, void *file, const char *data, size_t len) {
        size_t room = w->size - w->used;
        bool begun = false;

        if (w->torn)
                return EIO;
        if (w->plain)
                return append_plainly(file, data, len);
        while (len > room) {
                char *end = w->at ? w->at + w->used : NULL;
                size_t head = room;
                int why;

                /* The part that fits goes first, so that what a crash leaves is a beginning; it is taken back when
                 * there is no room for the rest. */
                if (head)
                        memcpy(end, data, head);
                why = next_window(w, file);
                if (why) {
                        if (begun)
                                w->used = w->size;
                        else if (head)
                                memset(end, 0, head);
                        w->torn = begun;
                        return why;
                }
                begun = head != 0;
                data += head;
                len -= head;
                if (w->plain) {
                        why = append_plainly(file, data, len);
                        w->torn = why && begun;
                        return why;
                }
                room = w->size;
        }
        memcpy(w->at + w->used, data, len);
        w->used += len;
        return 0;
}

void append_window_close(struct append_window *w, void *file, bool cut) {
        if (w->at)
                append_unmap(w->at, w->size);
        w->at = NULL;
        if (cut && !w->plain)
                append_cut(file, w->allocated - w->size + w->used);
}
