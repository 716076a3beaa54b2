/* SPDX-License-Identifier: MIT */

/*
 * hcsctl events: systems are held open and what happens to them is printed as it happens. Events come on threads of the
 * library, a line each; the main thread looks for systems that are new.
 */

#include <string.h>

#include "base/str.h"
#include "cmd/hcsctl/hcsctl.h"
#include "cmd/printed/printed.h"
#include "platform/clock.h"
#include "platform/terminal.h"
#include "platform/thread.h"

/* The platform does not tell of new systems: it is asked. */
#define LOOK_NS HCS_NS_PER_S

struct watched {
        struct watched *next;
        struct hcs_system *system;
        bool over;
};

static struct {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        bool json, ended;
        struct watched *list;
} watch = {.lock = HCS_MUTEX_INIT};

static void usage(void) {
        puts("usage: hcsctl events [ID]...\n\n"
             "Prints what happens to the systems, or to all that there are and those that come, until ^C; with ids "
             "until\n"
             "each of them has exited. --json prints an object a line. The systems are held open meanwhile: one that "
             "ends\n"
             "with its last handle ends when this command does.");
}

static void print_event(const char *id, const struct hcs_event *event) {
        _cleanup_json_ struct hcs_json *o = hcs_json_new_object(), *data = NULL;
        char time[40];

        hcs_wall_clock_format(hcs_wall_clock_ns(), time);
        if (event->data && FAILED(hcs_json_parse_cstr(event->data, &data, NULL)))
                data = hcs_json_new_string(event->data);
        if (watch.json) {
                _cleanup_free_ char *text = NULL;

                hcs_json_set_string(o, "Time", time);
                hcs_json_set_string(o, "System", id);
                hcs_json_set_string(o, "Event", event->name);
                if (data)
                        hcs_json_set(o, "Data", hcs_json_copy(data));
                text = hcs_json_text(o, HCS_JSON_COMPACT);
                puts(text);
        } else {
                bool bad =
                        event->kind == HCS_EVENT_SERVICE_DISCONNECT || event->kind == HCS_EVENT_SYSTEM_CRASH_INITIATED;
                _cleanup_free_ char *name = printed_coloured(event->name, bad ? PRINTED_BAD : PRINTED_GOOD),
                                    *shown = hcs_strdup(id),
                                    *text = data ? hcs_json_text(data, HCS_JSON_COMPACT) : hcs_strdup("");

                printed_clean(shown);
                printf("%s  %s  %s%s%s\n", time, shown, name, *text ? "  " : "", text);
        }
        fflush(stdout);
}

static void happened(void *ctx, const struct hcs_event *event) {
        struct watched *w = ctx;

        hcs_guard(&watch.lock);
        print_event(hcs_system_id(w->system), event);
        if (event->kind == HCS_EVENT_SYSTEM_EXITED || event->kind == HCS_EVENT_SERVICE_DISCONNECT) {
                w->over = true;
                hcs_cond_broadcast(&watch.changed);
        }
}

static void interrupted(void *ctx, enum hcs_interrupt what) {
        if (what != HCS_INTERRUPT_END)
                return;
        hcs_guard(&watch.lock);
        watch.ended = true;
        hcs_cond_broadcast(&watch.changed);
}

static HRESULT follow(struct hcsctl *x, const char *id, struct hcs_error **err) {
        struct watched *w = hcs_calloc(1, sizeof(*w));
        HRESULT hr = hcs_system_open(x->client, id, NULL, &w->system, err);

        if (SUCCEEDED(hr))
                hr = hcs_system_set_callback(w->system, happened, w, err);
        if (FAILED(hr)) {
                hcs_system_unref(w->system);
                free(w);
                return hr;
        }
        hcs_guard(&watch.lock);
        w->next = watch.list;
        watch.list = w;
        return S_OK;
}

/* Lets go of what is over, and of everything when all is true. */
static void let_go(bool all) {
        struct watched *gone = NULL;

        hcs_mutex_lock(&watch.lock);
        for (struct watched **at = &watch.list; *at;) {
                struct watched *w = *at;

                if (!all && !w->over) {
                        at = &w->next;
                        continue;
                }
                *at = w->next;
                w->next = gone;
                gone = w;
        }
        hcs_mutex_unlock(&watch.lock);
        while (gone) {
                struct watched *w = gone;

                gone = w->next;
                hcs_system_close(w->system, NULL);
                hcs_system_unref(w->system);
                free(w);
        }
}

static bool is_followed(const char *id) {
        hcs_guard(&watch.lock);
        for (const struct watched *w = watch.list; w; w = w->next)
                if (hcs_streq(hcs_system_id(w->system), id))
                        return true;
        return false;
}

/* Those that are there and not yet followed; one that is gone by now was none. */
static HRESULT look(struct hcsctl *x, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *systems = NULL;
        _cleanup_free_ char *text = NULL;
        HRESULT hr = hcs_enumerate(x->client, NULL, NULL, &text, err);

        if (SUCCEEDED(hr))
                hr = hcs_json_parse_cstr(text, &systems, err);
        for (const struct hcs_json *s = hcs_json_first(systems); s; s = hcs_json_next(s)) {
                const char *id = hcs_json_get_string(s, "Id");

                if (id && !hcs_streq(hcs_json_get_string(s, "State"), "Stopped") && !is_followed(id))
                        follow(x, id, NULL);
        }
        return hr;
}

/* With the lock held. */
static bool all_over(void) {
        for (const struct watched *w = watch.list; w; w = w->next)
                if (!w->over)
                        return false;
        return true;
}

/* Those that were named: until each of them is over, or ^C. */
static void wait_for_all(void) {
        hcs_guard(&watch.lock);
        while (!watch.ended && !all_over())
                hcs_cond_wait(&watch.changed, &watch.lock);
}

/* Until it is time to look again; false at the end. */
static bool wait_for_more(void) {
        hcs_guard(&watch.lock);
        if (!watch.ended)
                hcs_cond_wait_until(&watch.changed, &watch.lock, hcs_clock_ns() + LOOK_NS);
        return !watch.ended;
}

int run_events(int argc, char **argv) {
        static const struct option options[] = {HCSCTL_OPTIONS};
        struct hcsctl x = {.command = argv[0]};
        struct hcs_error *err = NULL;
        bool named;
        HRESULT hr;
        int c, code;

        while ((c = next_option(argc, argv, "", options, NULL)) != -1)
                if ((code = hcsctl_option(&x, c, usage)) >= 0)
                        return code;
        hcs_cond_init(&watch.changed);
        watch.json = x.json;
        named = optind < argc;
        hr = hcs_interrupts_watch(interrupted, NULL, &err);
        if (SUCCEEDED(hr))
                hr = hcsctl_connect(&x, &err);
        for (int i = optind; i < argc && SUCCEEDED(hr); i++)
                hr = follow(&x, argv[i], &err);
        if (SUCCEEDED(hr) && named)
                wait_for_all();
        while (SUCCEEDED(hr) && !named) {
                hr = look(&x, &err);
                if (FAILED(hr) || !wait_for_more())
                        break;
                let_go(false);
        }
        let_go(true);
        hcsctl_end(&x);
        return FAILED(hr) ? hcsctl_tell(&x, err) : EXIT_OK;
}
