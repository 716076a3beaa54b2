/* SPDX-License-Identifier: MIT */

/* Terminals of platform/terminal.h over termios; interrupts over sigwait(). */

#include "platform/terminal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "platform/thread.h"

bool hcs_terminal_wants_colour(void) {
        const char *off = getenv("NO_COLOR");

        return isatty(STDOUT_FILENO) && !(off && *off);
}

bool hcs_terminal_shows_progress(void) {
        return isatty(STDERR_FILENO) != 0;
}

bool hcs_terminal_is_interactive(void) {
        return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

bool hcs_terminal_size(uint16_t *ret_width, uint16_t *ret_height) {
        struct winsize size;

        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
                return false;
        *ret_width = size.ws_col;
        *ret_height = size.ws_row;
        return true;
}

struct hcs_terminal_raw {
        struct termios before;
};

HRESULT hcs_terminal_raw_new(struct hcs_terminal_raw **ret, struct hcs_error **err) {
        struct hcs_terminal_raw *r = hcs_calloc(1, sizeof(*r));
        struct termios raw;

        if (tcgetattr(STDIN_FILENO, &r->before) == 0) {
                raw = r->before;
                cfmakeraw(&raw);
                if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0) {
                        *ret = r;
                        return S_OK;
                }
        }
        free(r);
        return hcs_error_errno(err, errno, "set the terminal up");
}

struct hcs_terminal_raw *hcs_terminal_raw_free(struct hcs_terminal_raw *r) {
        if (!r)
                return NULL;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &r->before);
        free(r);
        return NULL;
}

struct watch {
        void (*fn)(void *ctx, enum hcs_interrupt what);
        void *ctx;
        sigset_t set;
};

static void wait_for_signals(void *arg) {
        struct watch w = *(struct watch *)arg;
        int ends = 0, signal;

        free(arg);
        for (;;) {
                if (sigwait(&w.set, &signal) != 0)
                        continue;
                if (signal != SIGWINCH && ++ends == 3)
                        _exit(128 + signal);
                w.fn(w.ctx, signal == SIGWINCH ? HCS_INTERRUPT_RESIZE
                            : signal == SIGINT ? HCS_INTERRUPT_KEY
                                               : HCS_INTERRUPT_END);
        }
}

HRESULT hcs_interrupts_watch(void (*fn)(void *ctx, enum hcs_interrupt what), void *ctx, struct hcs_error **err) {
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH};
        struct watch *w = hcs_calloc(1, sizeof(*w));
        HRESULT hr;

        *w = (struct watch){.fn = fn, .ctx = ctx};
        sigemptyset(&w->set);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(signals); i++)
                sigaddset(&w->set, signals[i]);
        pthread_sigmask(SIG_BLOCK, &w->set, NULL); /* and in every thread that is to come */
        hr = hcs_thread_start_detached(wait_for_signals, w, err);
        if (FAILED(hr))
                free(w);
        return hr;
}
