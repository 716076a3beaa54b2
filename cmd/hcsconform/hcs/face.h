/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSCONFORM_HCS_FACE_H
#define CMD_HCSCONFORM_HCS_FACE_H

/*
 * The two APIs of the compute service with one face: UTF-8, what is pending waited for, results as documents. Codes are
 * those of the API itself. Every handle has a watch, which hears what the API says of it.
 */

#include "cmd/hcsconform/suite.h"
#include "platform/thread.h"

enum face_event {
        EVENT_SYSTEM_EXITED,
        EVENT_CRASH_INITIATED,
        EVENT_CRASH_REPORT,
        EVENT_PROCESS_EXITED,
        EVENT_CREATED, /* these are of vmcompute: what was pending is complete */
        EVENT_STARTED,
        EVENT_PAUSED,
        EVENT_RESUMED,
        EVENT_SAVED,
        FACE_EVENTS,
};

/* What was heard of one handle. Its lock guards it; callbacks of the platform fill it. */
struct watch {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        unsigned counts[FACE_EVENTS];
        HRESULT status[FACE_EVENTS];
        char *data[FACE_EVENTS];  /* of the last one */
        unsigned n;               /* heard in all */
        unsigned at[FACE_EVENTS]; /* which of all was the first of its kind, counted from 1 */
        void *registration;       /* vmcompute */
        bool registered;
};
void watch_init(struct watch *w);
void watch_deinit(struct watch *w);
void watch_hear(struct watch *w, enum face_event event, HRESULT status, const char *data);
/* Waits until it was heard that often; false when the time of a case is over. */
bool watch_wait(struct watch *w, enum face_event event, unsigned count);

enum face_system {
        SYS_START,
        SYS_SHUTDOWN,
        SYS_TERMINATE,
        SYS_CRASH,
        SYS_PAUSE,
        SYS_RESUME,
        SYS_SAVE,
        SYS_QUERY,
        SYS_MODIFY
};
/* PROC_POLL and PROC_WAIT, for its exit, are of computecore alone. */
enum face_process { PROC_TERMINATE, PROC_SIGNAL, PROC_INFO, PROC_PROPERTIES, PROC_MODIFY, PROC_POLL, PROC_WAIT };

/* text may be NULL. ret is the document that came back, or NULL; caller frees. */
struct face {
        const char *name;
        bool v1;
        HRESULT (*create)(const char *id, const char *doc, struct watch *w, void **ret_handle, char **ret);
        HRESULT (*open)(const char *id, uint32_t access, struct watch *w, void **ret_handle, char **ret);
        void (*close)(void *handle, struct watch *w);
        HRESULT (*watch)(void *handle, struct watch *w); /* a further registration */
        HRESULT (*system)(enum face_system what, void *handle, struct watch *w, const char *text, char **ret);
        HRESULT (*enumerate)(const char *query, char **ret);
        HRESULT(*run)
        (void *handle, const char *parameters, struct watch *w, HCS_PROCESS_INFORMATION *info, void **ret_process,
         char **ret);
        HRESULT (*open_process)(void *handle, uint32_t pid, struct watch *w, void **ret_process, char **ret);
        void (*close_process)(void *process, struct watch *w);
        HRESULT(*process)
        (enum face_process what, void *process, const char *text, HCS_PROCESS_INFORMATION *info, char **ret);
        HRESULT (*service)(bool modify, const char *text, char **ret);
        HRESULT (*grant)(bool grant, const char *vm, const char *path); /* vm NULL: the group; vmcompute: E_NOTIMPL */
};
extern const struct face face_core, face_vmcompute;

/* What the platform gave, as UTF-8; the memory is given back. NULL for NULL. */
char *face_take(PWSTR text);
#define FACE_WIDE(name, text) \
        _cleanup_free_ uint16_t *name = text ? hcs_utf8_to_utf16_lossy(text, strlen(text), NULL) : NULL

#endif
