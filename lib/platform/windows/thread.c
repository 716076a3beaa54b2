/* SPDX-License-Identifier: MIT */

/* Threads, locks and conditions over those of Windows. */

#include "platform/thread.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/process_end.h"
#include "platform/windows/last_error.h"

void hcs_mutex_init(struct hcs_mutex *m) {
        InitializeSRWLock(&m->m);
}

void hcs_mutex_deinit(struct hcs_mutex *m) {
}

/* What a thread held that the end of the process took away is nobody's: it would be waited for for ever. */
void hcs_mutex_lock(struct hcs_mutex *m) {
        if (!TryAcquireSRWLockExclusive(&m->m) && !hcs_process_has_ended())
                AcquireSRWLockExclusive(&m->m);
}

void hcs_mutex_unlock(struct hcs_mutex *m) {
        ReleaseSRWLockExclusive(&m->m);
}

void hcs_cond_init(struct hcs_cond *c) {
        InitializeConditionVariable(&c->c);
}

void hcs_cond_deinit(struct hcs_cond *c) {
}

void hcs_cond_wait(struct hcs_cond *c, struct hcs_mutex *m) {
        SleepConditionVariableSRW(&c->c, &m->m, INFINITE, 0);
}

bool hcs_cond_wait_until(struct hcs_cond *c, struct hcs_mutex *m, uint64_t deadline_ns) {
        return SleepConditionVariableSRW(&c->c, &m->m, hcs_windows_ms_until(deadline_ns), 0) ||
               hcs_clock_ns() < deadline_ns;
}

void hcs_cond_signal(struct hcs_cond *c) {
        WakeConditionVariable(&c->c);
}

void hcs_cond_broadcast(struct hcs_cond *c) {
        WakeAllConditionVariable(&c->c);
}

static DWORD WINAPI run(void *arg) {
        struct hcs_thread *t = arg;

        t->fn(t->arg);
        return 0;
}

HRESULT hcs_thread_start(struct hcs_thread *t, void (*fn)(void *arg), void *arg, struct hcs_error **err) {
        t->fn = fn;
        t->arg = arg;
        t->t = CreateThread(NULL, 0, run, t, 0, NULL);
        return t->t ? S_OK : hcs_windows_error(err, GetLastError(), "start thread");
}

void hcs_thread_join(struct hcs_thread *t) {
        WaitForSingleObject(t->t, INFINITE);
        CloseHandle(t->t);
}

static DWORD WINAPI run_detached(void *arg) {
        struct hcs_thread t = *(struct hcs_thread *)arg;

        free(arg);
        t.fn(t.arg);
        return 0;
}

HRESULT hcs_thread_start_detached(void (*fn)(void *arg), void *arg, struct hcs_error **err) {
        struct hcs_thread *t = hcs_malloc(sizeof(*t));
        HANDLE thread;

        *t = (struct hcs_thread){.fn = fn, .arg = arg};
        thread = CreateThread(NULL, 0, run_detached, t, 0, NULL);
        if (!thread) {
                free(t);
                return hcs_windows_error(err, GetLastError(), "start thread");
        }
        CloseHandle(thread);
        return S_OK;
}

bool hcs_thread_is_self(const struct hcs_thread *t) {
        return GetThreadId(t->t) == GetCurrentThreadId();
}

struct hcs_thread_watch {
        HANDLE t;
};

struct hcs_thread_watch *hcs_thread_watch_new(void) {
        struct hcs_thread_watch *w = hcs_calloc(1, sizeof(*w));

        if (DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &w->t, SYNCHRONIZE, FALSE, 0))
                return w;
        free(w);
        return NULL;
}

struct hcs_thread_watch *hcs_thread_watch_free(struct hcs_thread_watch *w) {
        if (!w)
                return NULL;
        CloseHandle(w->t);
        free(w);
        return NULL;
}

bool hcs_thread_watch_has_ended(const struct hcs_thread_watch *w) {
        return w && WaitForSingleObject(w->t, 0) == WAIT_OBJECT_0;
}

unsigned hcs_thread_processors(void) {
        SYSTEM_INFO info;

        GetSystemInfo(&info);
        return info.dwNumberOfProcessors ? (unsigned)info.dwNumberOfProcessors : 1;
}

static BOOL CALLBACK run_once(PINIT_ONCE once, PVOID fn, PVOID *context) {
        (*(void (**)(void))fn)();
        return TRUE;
}

void hcs_once(struct hcs_once *o, void (*fn)(void)) {
        InitOnceExecuteOnce(&o->o, run_once, &fn, NULL);
}
