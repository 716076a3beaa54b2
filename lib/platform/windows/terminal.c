/* SPDX-License-Identifier: MIT */

/* Terminals of platform/terminal.h over the console's functions; interrupts over its control handler. */

#include "platform/terminal.h"

#include <stdlib.h>

#include "platform/env.h"
#include "platform/thread.h"
#include "platform/windows/text.h"

static bool is_console(DWORD which) {
        DWORD mode;

        return GetConsoleMode(GetStdHandle(which), &mode);
}

/* Escape sequences are understood since Windows 10, where they are asked for. */
bool hcs_terminal_wants_colour(void) {
        HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
        _cleanup_free_ char *off = hcs_env_get("NO_COLOR");
        DWORD mode;

        return !off && GetConsoleMode(out, &mode) && SetConsoleMode(out, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

bool hcs_terminal_shows_progress(void) {
        return is_console(STD_ERROR_HANDLE);
}

bool hcs_terminal_is_interactive(void) {
        return is_console(STD_INPUT_HANDLE) && is_console(STD_OUTPUT_HANDLE);
}

bool hcs_terminal_size(uint16_t *ret_width, uint16_t *ret_height) {
        CONSOLE_SCREEN_BUFFER_INFO info;
        int width, height;

        if (!GetConsoleScreenBufferInfo(GetStdHandle(STD_OUTPUT_HANDLE), &info))
                return false;
        width = info.srWindow.Right - info.srWindow.Left + 1;
        height = info.srWindow.Bottom - info.srWindow.Top + 1;
        if (width <= 0 || height <= 0)
                return false;
        *ret_width = (uint16_t)width;
        *ret_height = (uint16_t)height;
        return true;
}

struct hcs_terminal_raw {
        DWORD before;
};

HRESULT hcs_terminal_raw_new(struct hcs_terminal_raw **ret, struct hcs_error **err) {
        HANDLE in = GetStdHandle(STD_INPUT_HANDLE);
        struct hcs_terminal_raw *r;
        DWORD before;

        if (!GetConsoleMode(in, &before) || !SetConsoleMode(in, ENABLE_VIRTUAL_TERMINAL_INPUT))
                return hcs_error_make(err, HCS_WIN32(GetLastError()), "set the console up");
        r = hcs_calloc(1, sizeof(*r));
        r->before = before;
        *ret = r;
        return S_OK;
}

struct hcs_terminal_raw *hcs_terminal_raw_free(struct hcs_terminal_raw *r) {
        if (!r)
                return NULL;
        SetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), r->before);
        free(r);
        return NULL;
}

/* One in a process: the control handler has no context. */
static struct {
        void (*fn)(void *ctx, enum hcs_interrupt what);
        void *ctx;
        struct hcs_mutex one_at_a_time;
        int ends;
} watch = {.one_at_a_time = HCS_MUTEX_INIT};

/* The system calls it on a thread of its own. What it hears of a closed console or a session's end it must not return
 * from before the program is through: that ends the process. */
static BOOL WINAPI on_control(DWORD what) {
        hcs_mutex_lock(&watch.one_at_a_time);
        if (++watch.ends == 3)
                TerminateProcess(GetCurrentProcess(), STATUS_CONTROL_C_EXIT);
        watch.fn(watch.ctx, what == CTRL_C_EVENT ? HCS_INTERRUPT_KEY : HCS_INTERRUPT_END);
        hcs_mutex_unlock(&watch.one_at_a_time);
        if (what != CTRL_C_EVENT && what != CTRL_BREAK_EVENT)
                Sleep(INFINITE);
        return TRUE;
}

HRESULT hcs_interrupts_watch(void (*fn)(void *ctx, enum hcs_interrupt what), void *ctx, struct hcs_error **err) {
        watch.fn = fn;
        watch.ctx = ctx;
        return SetConsoleCtrlHandler(on_control, TRUE)
                       ? S_OK
                       : hcs_error_make(err, HCS_WIN32(GetLastError()), "watch for interrupts");
}
