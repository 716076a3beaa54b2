/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_LOG_H
#define HCSSHIM_LOG_H

/*
 * Structured log: a message and key=value fields, to stderr as text (logfmt) or JSON, or to a sink of the program.
 * Values of the environment, credential specs, passwords and tokens are scrubbed unless that is switched off.
 * Thread safe. Environment: HCSSHIM_LOG=error|warn|info|debug|trace, HCSSHIM_LOG_FORMAT=text|json.
 */

#include <stdbool.h>

enum hcs_log_level { HCS_LOG_ERROR, HCS_LOG_WARN, HCS_LOG_INFO, HCS_LOG_DEBUG, HCS_LOG_TRACE };
enum hcs_log_format { HCS_LOG_TEXT, HCS_LOG_JSON };

/* Fields alternate key, value and end with a NULL key; values are strings (NULL prints as empty). */
void hcs_log(enum hcs_log_level level, const char *msg, ...) __attribute__((sentinel));
/* The same with the fields in an array. */
void hcs_log_list(enum hcs_log_level level, const char *msg, const char *const *fields);
void hcs_log_set_level(enum hcs_log_level level);
void hcs_log_set_format(enum hcs_log_format format);
bool hcs_log_enabled(enum hcs_log_level level);
void hcs_log_set_scrub(bool on);
/* line: one formatted record without newline; called under the log's lock. NULL restores stderr. */
typedef void (*hcs_log_sink)(void *ctx, enum hcs_log_level level, const char *line);
void hcs_log_set_sink(hcs_log_sink sink, void *ctx);

#endif
